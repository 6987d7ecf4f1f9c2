#include "table_time.h"

#include "course_funnel/calendar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* From 1970-01-01 to 2000-01-01. */
#define EPOCH_US (10957 * CALENDAR_US_PER_DAY)

/* The calendar repeats itself after so long. */
#define YEARS_400_US (146097 * CALENDAR_US_PER_DAY)

static int64_t read_number(const char bytes[TABLE_TIME_BYTES])
{
    uint64_t number = 0;
    for (int i = 0; i < TABLE_TIME_BYTES; i++)
        number = number << 8 | (unsigned char)bytes[i];
    int64_t value;
    memcpy(&value, &number, sizeof value);
    return value;
}

bool table_time_read(const char bytes[TABLE_TIME_BYTES], int64_t *time_us)
{
    int64_t value = read_number(bytes);
    int64_t first = calendar_days(1, 1, 1) * CALENDAR_US_PER_DAY - EPOCH_US;
    int64_t behind_last = (calendar_days(9999, 12, 31) + 1) * CALENDAR_US_PER_DAY - EPOCH_US;
    if (value < first || value >= behind_last)
        return false;
    *time_us = value + EPOCH_US;
    return true;
}

void table_time_format(const char bytes[TABLE_TIME_BYTES], char text[TABLE_TIME_TEXT_BYTES])
{
    int64_t value = read_number(bytes);
    if (value == INT64_MAX || value == INT64_MIN) {
        snprintf(text, TABLE_TIME_TEXT_BYTES, "%s", value < 0 ? "-infinity" : "infinity");
        return;
    }
    /* A year of the same days within 2000 to 2399 is formatted, and given its number back. */
    int64_t cycles = value / YEARS_400_US - (value % YEARS_400_US < 0);
    char within[CALENDAR_TIME_BYTES];
    calendar_format_time(value - cycles * YEARS_400_US + EPOCH_US, within);
    int year_within = 1000 * (within[0] - '0') + 100 * (within[1] - '0') + 10 * (within[2] - '0') +
                      (within[3] - '0');
    int64_t year = year_within + 400 * cycles;
    /* There is no year 0: before 1 stands 1 BC. */
    snprintf(text, TABLE_TIME_TEXT_BYTES, "%04" PRId64 "%s%s", year > 0 ? year : 1 - year,
             within + 4, year > 0 ? "" : " BC");
}
