#include "course_funnel/calendar.h"
#include "table/table_time.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#define EPOCH_US INT64_C(946684800000000) /* 2000-01-01 */

static void put(int64_t value, char bytes[TABLE_TIME_BYTES])
{
    for (int i = 0; i < TABLE_TIME_BYTES; i++)
        bytes[i] = (char)((uint64_t)value >> (56 - 8 * i));
}

/* Microseconds since 2000, as extract(epoch from ...) of PostgreSQL has them, and the text. */
static const struct {
    int64_t value;
    bool good;
    const char *text;
} times[] = {
    {INT64_C(804702894837000), true, "2025-07-01 16:34:54.837000Z"},
    {-EPOCH_US, true, "1970-01-01 00:00:00.000000Z"},
    {0, true, "2000-01-01 00:00:00.000000Z"},
    {-1, true, "1999-12-31 23:59:59.999999Z"},
    {INT64_C(5097600000000), true, "2000-02-29 00:00:00.000000Z"},
    {INT64_C(-3150576000000001), true, "1900-02-28 23:59:59.999999Z"},
    {INT64_C(-63082281600000000), true, "0001-01-01 00:00:00.000000Z"},
    {INT64_C(-63082281600000001), false, "0001-12-31 23:59:59.999999Z BC"},
    {INT64_C(252455615999999999), true, "9999-12-31 23:59:59.999999Z"},
    {INT64_C(252455616000000000), false, "10000-01-01 00:00:00.000000Z"},
    {INT64_C(-64463817600000000), false, "0044-03-23 00:00:00.000000Z BC"},
    {INT64_C(9223371331199999999), false, "294276-12-31 23:59:59.999999Z"},
    {INT64_C(-211813488000000000), false, "4714-11-24 00:00:00.000000Z BC"},
};

static void test_times(void)
{
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char bytes[TABLE_TIME_BYTES];
        char text[TABLE_TIME_TEXT_BYTES];
        int64_t time_us = 42;
        put(times[i].value, bytes);
        bool good = table_time_read(bytes, &time_us);
        table_time_format(bytes, text);
        if (good != times[i].good || time_us != (good ? times[i].value + EPOCH_US : 42) ||
            strcmp(text, times[i].text) != 0) {
            printf("\n%s is read as %s\n", times[i].text, text);
            CU_FAIL("a time is read wrongly");
        }
        if (good) {
            int64_t parsed;
            CU_ASSERT(calendar_parse_time(text, strlen(text), &parsed) && parsed == time_us);
        }
    }
}

static void test_infinity(void)
{
    static const int64_t values[2] = {INT64_MIN, INT64_MAX};
    static const char *const names[2] = {"-infinity", "infinity"};
    for (int i = 0; i < 2; i++) {
        char bytes[TABLE_TIME_BYTES];
        char text[TABLE_TIME_TEXT_BYTES];
        int64_t time_us = 42;
        put(values[i], bytes);
        CU_ASSERT_FALSE(table_time_read(bytes, &time_us));
        CU_ASSERT_EQUAL(time_us, 42);
        table_time_format(bytes, text);
        CU_ASSERT_STRING_EQUAL(text, names[i]);
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"times", test_times},
        {"infinity", test_infinity},
    };
    return unit_main("table_time", tests, sizeof tests / sizeof tests[0]);
}
