#include "unit/unit.h"

#include "course_funnel/calendar.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MORNING INT64_C(1751387694) /* 2025-07-01 16:34:54 UTC */

static bool is_time(const char *text, int64_t seconds, int64_t us)
{
    int64_t value = 0;
    bool right = calendar_parse_time(text, strlen(text), &value) && value == seconds * 1000000 + us;
    if (!right)
        fprintf(stderr, "time %s: %" PRId64 "\n", text, value);
    return right;
}

static void test_times(void)
{
    CU_ASSERT(is_time("2025-07-01 16:34:54", MORNING, 0));
    CU_ASSERT(is_time("2025-07-01T16:34:54", MORNING, 0));
    CU_ASSERT(is_time("2025-07-01T16:34:54Z", MORNING, 0));
    CU_ASSERT(is_time("2025-07-01 16:34:54.837000", MORNING, 837000));
    CU_ASSERT(is_time("2025-07-01 16:34:54.8", MORNING, 800000));
    CU_ASSERT(is_time("2025-07-01 16:34:54.", MORNING, 0));
    CU_ASSERT(is_time("2025-07-01 16:34:54.Z", MORNING, 0));
    CU_ASSERT(is_time("2025-07-01 16:34:54.8370009999999999999999999", MORNING, 837000));
    CU_ASSERT(is_time("2025-07-01T16:34:54.837Z", MORNING, 837000));
    CU_ASSERT(is_time("2025-07-01T16:34:54+00", MORNING, 0));
    CU_ASSERT(is_time("2025-07-01T18:34:54+02", MORNING, 0));
    CU_ASSERT(is_time("2025-07-01T18:34:54.5+0200", MORNING, 500000));
    CU_ASSERT(is_time("2025-07-01T22:04:54+05:30", MORNING, 0));
    CU_ASSERT(is_time("2025-07-01 16:34:54 UTC", MORNING, 0));
    CU_ASSERT(is_time("2025-07-01 16:34:54.25 UTC", MORNING, 250000));
    CU_ASSERT(is_time("2025-07-01 16:34:54 +0000", MORNING, 0));
    CU_ASSERT(is_time("2025-07-01 16:34:54.000 -00", MORNING, 0));
    CU_ASSERT(is_time("2025-07-01T22:04:54 +05:30", MORNING, 0));
    CU_ASSERT(is_time("2025-07-01T13:04:54-03:30", MORNING, 0));
    CU_ASSERT(is_time("2025-07-02T16:33:54+23:59", MORNING, 0));
    CU_ASSERT(is_time("1970-01-01 00:00:00", 0, 0));
    CU_ASSERT(is_time("1969-12-31 23:59:59.999999", -1, 999999));
    CU_ASSERT(is_time("2024-02-29 00:00:00", 1709164800, 0));
    CU_ASSERT(is_time("2000-02-29 00:00:00", 951782400, 0));
    CU_ASSERT(is_time("0001-01-01 00:00:00", INT64_C(-62135596800), 0));
    CU_ASSERT(is_time("0001-01-01 02:00:00+02", INT64_C(-62135596800), 0));
    CU_ASSERT(is_time("9999-12-31 23:59:59.999999", INT64_C(253402300799), 999999));
    CU_ASSERT(is_time("9999-12-31 22:59:59-01", INT64_C(253402300799), 0));
}

static void test_no_times(void)
{
    static const char *const texts[] = {"",
                                        "2025",
                                        "2025-07-01",
                                        "2025-07-01 16:34",
                                        "2025-07-01 16:34:5",
                                        "2025-07-01  16:34:54",
                                        "2025-07-01t16:34:54",
                                        "2025-07-01_16:34:54",
                                        "2025/07/01 16:34:54",
                                        "2025-07-01 16-34-54",
                                        " 2025-07-01 16:34:54",
                                        "2025-07-01 16:34:54 ",
                                        "2025-07-01 16:34:54z",
                                        "2025-07-01 16:34:54ZZ",
                                        "2025-07-01 16:34:54 Z",
                                        "2025-07-01 16:34:54,5",
                                        "2025-07-01 16:34:54..5",
                                        "2025-07-01 16:34:54.5x",
                                        "2025-07-01 16:34:54+",
                                        "2025-07-01 16:34:54+2",
                                        "2025-07-01 16:34:54+020",
                                        "2025-07-01 16:34:54+02:0",
                                        "2025-07-01 16:34:54+02:",
                                        "2025-07-01 16:34:54+02:000",
                                        "2025-07-01 16:34:54+24",
                                        "2025-07-01 16:34:54+02:60",
                                        "2025-07-01 16:34:54+02-30",
                                        "2025-07-01 16:34:54+0a",
                                        "2025-07-01 16:34:54UTC",
                                        "2025-07-01 16:34:54  UTC",
                                        "2025-07-01 16:34:54 utc",
                                        "2025-07-01 16:34:54 UTC ",
                                        "2025-07-01 16:34:54 ",
                                        "2025-07-01 16:34:54 Z",
                                        "2025-07-01 16:34:54  +00",
                                        "2025-07-01 16:34:54 +",
                                        "2025-07-01 16:34:54 UTC+00",
                                        "2025-00-01 16:34:54",
                                        "2025-13-01 16:34:54",
                                        "2025-07-00 16:34:54",
                                        "2025-07-32 16:34:54",
                                        "2025-06-31 16:34:54",
                                        "2025-02-29 16:34:54",
                                        "2025-02-30 16:34:54",
                                        "1900-02-29 16:34:54",
                                        "2025-07-01 24:00:00",
                                        "2025-07-01 16:60:54",
                                        "2025-07-01 16:34:60",
                                        "0000-12-31 00:00:00",
                                        "0001-01-01 00:00:00+00:01",
                                        "9999-12-31 23:59:59-00:01",
                                        "-025-07-01 16:34:54",
                                        "2025-07-01 16:34:5:",
                                        "202507-01 16:34:544",
                                        "2025-7-001 16:34:54",
                                        "12025-07-01 16:34:54",
                                        "1751387694",
                                        "2025-07-01 1\xb6:34:54"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t value;
        bool taken = calendar_parse_time(texts[i], strlen(texts[i]), &value);
        CU_ASSERT_FALSE(taken);
        if (taken)
            fprintf(stderr, "taken for a time: %s\n", texts[i]);
    }
    int64_t value;
    CU_ASSERT_FALSE(calendar_parse_time("2025-07-01 16:34:54\0", 20, &value));
    CU_ASSERT_TRUE(calendar_parse_time("2025-07-01 16:34:54junk", 19, &value));
}

/* All days of all years, against the C library. */
static void test_every_day(void)
{
    unsigned wrong = 0;
    int32_t first = calendar_days(1, 1, 1);
    int32_t last = calendar_days(9999, 12, 31);
    CU_ASSERT_EQUAL(first, -719162);
    CU_ASSERT_EQUAL(last, 2932896);
    for (int32_t day = first; day <= last; day++) {
        struct tm parts;
        time_t seconds = (time_t)day * 86400;
        char expected[64], text[CALENDAR_DATE_BYTES];
        if (gmtime_r(&seconds, &parts) == NULL)
            break;
        snprintf(expected, sizeof expected, "%04d-%02d-%02d", parts.tm_year + 1900,
                 parts.tm_mon + 1, parts.tm_mday);
        calendar_format_date(day, text);
        int32_t monday = day - (parts.tm_wday + 6) % 7;
        wrong += strcmp(text, expected) != 0;
        wrong += calendar_days(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday) != day;
        wrong += calendar_monday(day * CALENDAR_US_PER_DAY) != monday;
        wrong += calendar_monday((day + 1) * CALENDAR_US_PER_DAY - 1) != monday;
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void test_formatted_times(void)
{
    char text[CALENDAR_TIME_BYTES];
    calendar_format_time(MORNING * 1000000 + 837000, text);
    CU_ASSERT_STRING_EQUAL(text, "2025-07-01 16:34:54.837000Z");
    calendar_format_time(-1, text);
    CU_ASSERT_STRING_EQUAL(text, "1969-12-31 23:59:59.999999Z");
    calendar_format_time(calendar_days(1, 1, 1) * CALENDAR_US_PER_DAY, text);
    CU_ASSERT_STRING_EQUAL(text, "0001-01-01 00:00:00.000000Z");
    calendar_format_time(calendar_days(9999, 12, 31) * CALENDAR_US_PER_DAY, text);
    CU_ASSERT_STRING_EQUAL(text, "9999-12-31 00:00:00.000000Z");

    /* What is written is read back. */
    for (int64_t time_us = INT64_C(-62135596800000000); time_us < INT64_C(253402300800000000);
         time_us += INT64_C(98765432123456)) {
        int64_t read = 0;
        calendar_format_time(time_us, text);
        CU_ASSERT_TRUE(calendar_parse_time(text, strlen(text), &read));
        CU_ASSERT_EQUAL(read, time_us);
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"times", test_times},
        {"what is no time", test_no_times},
        {"every day of 9,999 years", test_every_day},
        {"times are written", test_formatted_times},
    };
    return unit_main("calendar", tests, sizeof tests / sizeof *tests);
}
