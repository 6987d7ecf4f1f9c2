#include "report_cells.h"

#include "course_funnel/calendar.h"

#include <inttypes.h>

void report_cells_text(struct report_cells *cells, const char *text)
{
    if (cells->failure->code == 0)
        (void)report_table_add(cells->table, text, cells->failure);
}

void report_cells_head(struct report_cells *cells, const char *const *head, size_t columns)
{
    for (size_t i = 0; i < columns; i++)
        report_cells_text(cells, head[i]);
}

/* 1234567 as 1,234,567. */
void report_format_count(int64_t count, char text[32])
{
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRId64, count < 0 ? -count : count);
    char *at = text;
    if (count < 0)
        *at++ = '-';
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
}

void report_cells_count(struct report_cells *cells, int64_t count)
{
    char text[32];
    report_format_count(count, text);
    report_cells_text(cells, text);
}

/* An id is a name rather than a number: no commas. */
void report_cells_id(struct report_cells *cells, int32_t id)
{
    char text[16];
    snprintf(text, sizeof text, "%" PRId32, id);
    report_cells_text(cells, text);
}

void report_cells_date(struct report_cells *cells, int32_t days)
{
    char text[CALENDAR_DATE_BYTES];
    calendar_format_date(days, text);
    report_cells_text(cells, text);
}

/* In tenths of a percent, rounded half up (away from zero below it); "-" when there is no whole. */
void report_format_share(int64_t part, int64_t whole, char text[32])
{
    snprintf(text, 32, "-");
    if (whole > 0) {
        int64_t size = part < 0 ? -part : part;
        int64_t tenths = (2000 * size + whole) / (2 * whole);
        snprintf(text, 32, "%s%" PRId64 ".%" PRId64 " %%", part < 0 && tenths > 0 ? "-" : "",
                 tenths / 10, tenths % 10);
    }
}

void report_cells_share(struct report_cells *cells, bool has, int64_t part, int64_t whole)
{
    char text[32];
    report_format_share(part, has ? whole : 0, text);
    report_cells_text(cells, text);
}

void report_cells_time(struct report_cells *cells, bool has, int64_t time_e3)
{
    char text[32] = "-";
    int64_t seconds = (time_e3 + 500) / 1000;
    if (has)
        snprintf(text, sizeof text, "%" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600,
                 seconds / 60 % 60, seconds % 60);
    report_cells_text(cells, text);
}

int report_cells_print(struct report_cells *cells, FILE *out)
{
    if (cells->failure->code == 0)
        report_table_print(cells->table, out);
    report_table_free(cells->table);
    return cells->failure->code == 0 ? 0 : -1;
}
