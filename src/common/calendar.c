#include "course_funnel/calendar.h"

#include <string.h>

#define DAYS_TO_1970 719162 /* from 0001-01-01 */
#define DAYS_IN_400_YEARS 146097
#define DAYS_IN_100_YEARS 36524
#define DAYS_IN_4_YEARS 1461

/* Days of the year before each month, without 29 February; the last is the whole year. */
static const int days_before[13] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
    return days_before[month] - days_before[month - 1] + (month == 2 && is_leap(year));
}

int32_t calendar_days(int year, int month, int day)
{
    int before = year - 1;
    int days = 365 * before + before / 4 - before / 100 + before / 400;
    days += days_before[month - 1] + (month > 2 && is_leap(year)) + day - 1;
    return days - DAYS_TO_1970;
}

/* Two digits as a number; sets ${bad} when they are none. */
static int two_digits(const char *text, bool *bad)
{
    unsigned tens = (unsigned char)text[0] - (unsigned)'0';
    unsigned ones = (unsigned char)text[1] - (unsigned)'0';
    *bad |= tens > 9 || ones > 9;
    return (int)(10 * tens + ones);
}

/* `Z`, ` UTC`, `+HH`, `+HHMM`, `+HH:MM`, a blank before these or none, or nothing: all of [at,
 * end). */
static bool read_offset(const char *at, const char *end, int *offset_minutes)
{
    *offset_minutes = 0;
    if (at == end || (*at == 'Z' && end - at == 1))
        return true;
    if (end - at == 4 && memcmp(at, " UTC", 4) == 0)
        return true;
    if (*at == ' ')
        at++;
    if (at == end || (*at != '+' && *at != '-'))
        return false;

    bool bad = false;
    ptrdiff_t bytes = end - at;
    if (bytes != 3 && bytes != 5 && !(bytes == 6 && at[3] == ':'))
        return false;
    int hours = two_digits(at + 1, &bad);
    int minutes = bytes == 3 ? 0 : two_digits(end - 2, &bad);
    if (bad || hours > 23 || minutes > 59)
        return false;
    *offset_minutes = (60 * hours + minutes) * (*at == '-' ? -1 : 1);
    return true;
}

/* The digits behind the point; those behind the sixth are passed over. */
static const char *read_fraction(const char *at, const char *end, int *fraction_us)
{
    int value = 0;
    int unit = 100000;
    for (; at < end && (unsigned char)(*at - '0') <= 9; at++) {
        value += (*at - '0') * unit;
        unit /= 10;
    }
    *fraction_us = value;
    return at;
}

bool calendar_parse_time(const char *text, size_t bytes, int64_t *time_us)
{
    if (bytes < 19)
        return false;

    bool bad = text[4] != '-' || text[7] != '-' || (text[10] != ' ' && text[10] != 'T') ||
               text[13] != ':' || text[16] != ':';
    int century = two_digits(text, &bad);
    int year = 100 * century + two_digits(text + 2, &bad);
    int month = two_digits(text + 5, &bad);
    int day = two_digits(text + 8, &bad);
    int hour = two_digits(text + 11, &bad);
    int minute = two_digits(text + 14, &bad);
    int second = two_digits(text + 17, &bad);
    if (bad || year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
        hour > 23 || minute > 59 || second > 59)
        return false;

    const char *at = text + 19;
    const char *end = text + bytes;
    int fraction_us = 0;
    if (at < end && *at == '.')
        at = read_fraction(at + 1, end, &fraction_us);
    int offset_minutes = 0;
    if (!read_offset(at, end, &offset_minutes))
        return false;

    int64_t seconds = INT64_C(86400) * calendar_days(year, month, day) + 3600 * hour + 60 * minute +
                      second - 60 * offset_minutes;
    int64_t value = seconds * CALENDAR_US_PER_SECOND + fraction_us;
    int64_t first = calendar_days(1, 1, 1) * CALENDAR_US_PER_DAY;
    int64_t behind_last = (calendar_days(9999, 12, 31) + 1) * CALENDAR_US_PER_DAY;
    if (value < first || value >= behind_last)
        return false;
    *time_us = value;
    return true;
}

/* The day of a time: division that rounds down, also before 1970. */
static int32_t day_of(int64_t time_us)
{
    int64_t days = time_us / CALENDAR_US_PER_DAY;
    return (int32_t)(days - (time_us % CALENDAR_US_PER_DAY < 0));
}

int32_t calendar_monday(int64_t time_us)
{
    /* 0001-01-01 is a Monday, and no day comes before it. */
    int32_t days = day_of(time_us);
    return days - (days + DAYS_TO_1970) % 7;
}

static int at_most(int value, int maximum)
{
    return value < maximum ? value : maximum;
}

static void put_digits(char *to, int digits, int value)
{
    while (digits > 0) {
        to[--digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

void calendar_format_date(int32_t days, char text[CALENDAR_DATE_BYTES])
{
    int left = days + DAYS_TO_1970;
    int year = left / DAYS_IN_400_YEARS * 400;
    left %= DAYS_IN_400_YEARS;
    /* The last century of four and the last year of four are a day longer than the others. */
    int centuries = at_most(left / DAYS_IN_100_YEARS, 3);
    left -= centuries * DAYS_IN_100_YEARS;
    int fours = left / DAYS_IN_4_YEARS;
    left -= fours * DAYS_IN_4_YEARS;
    int ones = at_most(left / 365, 3);
    left -= ones * 365;
    year += 100 * centuries + 4 * fours + ones + 1;

    int month = 1;
    while (left >= days_in_month(year, month)) {
        left -= days_in_month(year, month);
        month++;
    }
    put_digits(text, 4, year);
    text[4] = '-';
    put_digits(text + 5, 2, month);
    text[7] = '-';
    put_digits(text + 8, 2, left + 1);
    text[10] = '\0';
}

void calendar_format_time(int64_t time_us, char text[CALENDAR_TIME_BYTES])
{
    int32_t days = day_of(time_us);
    int64_t of_day = time_us - days * CALENDAR_US_PER_DAY;
    int seconds = (int)(of_day / CALENDAR_US_PER_SECOND);

    calendar_format_date(days, text);
    text[10] = ' ';
    put_digits(text + 11, 2, seconds / 3600);
    text[13] = ':';
    put_digits(text + 14, 2, seconds / 60 % 60);
    text[16] = ':';
    put_digits(text + 17, 2, seconds % 60);
    text[19] = '.';
    put_digits(text + 20, 6, (int)(of_day % CALENDAR_US_PER_SECOND));
    text[26] = 'Z';
    text[27] = '\0';
}
