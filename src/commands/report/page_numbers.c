#include "page_numbers.h"

#include "course_funnel/calendar.h"
#include "report_cells.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct page_number none(void)
{
    return (struct page_number){PAGE_NONE};
}

struct page_number page_count(int64_t count)
{
    struct page_number number;
    report_format_count(count, number.text);
    return number;
}

struct page_number page_plural(int64_t count, const char *word)
{
    struct page_number number;
    snprintf(number.text, sizeof number.text, "%.30s %.30s%s", page_count(count).text, word,
             count == 1 ? "" : "s");
    return number;
}

int64_t page_tenths(int64_t part, int64_t whole)
{
    return whole > 0 ? (2000 * part + whole) / (2 * whole) : -1;
}

struct page_number page_one(int64_t tenths)
{
    struct page_number number;
    int64_t size = tenths < 0 ? -tenths : tenths;
    snprintf(number.text, sizeof number.text, "%s%" PRId64 ".%d", tenths < 0 ? "\xe2\x88\x92" : "",
             size / 10, (int)(size % 10));
    return number;
}

struct page_number page_share(int64_t part, int64_t whole)
{
    return whole > 0 ? page_one(page_tenths(part, whole)) : none();
}

struct page_number page_day(int32_t day)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct page_number number;
    char date[CALENDAR_DATE_BYTES]; /* YYYY-MM-DD */
    calendar_format_date(day, date);
    int month = (date[5] - '0') * 10 + date[6] - '1';
    const char *of_month = date[8] == '0' ? date + 9 : date + 8;
    snprintf(number.text, sizeof number.text, "%s\xc2\xa0%s\xc2\xa0%.4s", of_month,
             months[month >= 0 && month < 12 ? month : 0], date);
    return number;
}

struct page_number page_span(bool is_known, int64_t seconds_e3)
{
    static const struct {
        const char *name;
        int64_t seconds;
        int64_t below_e3; /* from here on the next unit */
    } units[] = {
        {"s", 1, 59500}, {"min", 60, 3570000}, {"h", 3600, 171000000}, {"days", 86400, INT64_MAX}};
    struct page_number number;
    size_t unit = 0;
    if (!is_known)
        return none();
    while (seconds_e3 >= units[unit].below_e3)
        unit++;
    int64_t whole_e3 = 1000 * units[unit].seconds;
    snprintf(number.text, sizeof number.text, "%" PRId64 " %s",
             (seconds_e3 + whole_e3 / 2) / whole_e3, units[unit].name);
    return number;
}

struct page_number page_days(bool is_known, int64_t days_e3)
{
    return is_known ? page_one((days_e3 + 50) / 100) : none();
}

struct page_number page_width(int64_t part, int64_t whole)
{
    struct page_number number;
    int64_t tenths = page_tenths(part, whole);
    if (tenths < (part > 0))
        tenths = part > 0;
    if (tenths > 1000)
        tenths = 1000;
    snprintf(number.text, sizeof number.text, "a%d b%d", (int)(tenths / 10), (int)(tenths % 10));
    return number;
}

struct page_range page_wilson(int64_t part, int64_t whole)
{
    /* Of the normal distribution 95 % lie within so many standard deviations. */
    const double z = 1.959964, n = (double)whole;
    double share = (double)part / n, scale = 1 + z * z / n;
    double middle = (share + z * z / (2 * n)) / scale;
    double reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale;
    /* More may complete than started, where their starts are missing. */
    if (!(reach >= 0))
        return (struct page_range){1, 1};
    return (struct page_range){middle - reach > 0 ? middle - reach : 0,
                               middle + reach < 1 ? middle + reach : 1};
}

struct page_number page_wilson_text(int64_t part, int64_t whole)
{
    struct page_number number;
    if (whole <= 0)
        return none();
    struct page_range range = page_wilson(part, whole);
    snprintf(number.text, sizeof number.text, "%.30s" PAGE_NONE "%.30s",
             page_one((int64_t)floor(range.low * 1000 + .5)).text,
             page_one((int64_t)floor(range.high * 1000 + .5)).text);
    return number;
}
