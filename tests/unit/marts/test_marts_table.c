#include "course_funnel/marts_table.h"
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The names are a contract with those who read the tables and files. */
static void test_headers_are_the_documented_ones(void)
{
    static const char *const headers[MARTS_TABLES] = {
        "course_id,cohort_week_start,users_started,users_completed_course,course_completion_rate,"
        "total_lessons",
        "course_id,cohort_week_start,lesson_id,users_started,users_completed,"
        "lesson_completion_rate,funnel_retention_rate,avg_time_spent_sec",
        "course_id,cohort_week_start,lesson_id,observed_days,users_reached,users_stopped,stop_rate,"
        "completions_timed,time_spent_p50_sec,time_spent_p90_sec",
        "course_id,cohort_week_start,observed_days,completed_within_7d,completed_within_14d,"
        "completed_within_30d,completed_within_90d,completed_timed,completed_unordered,"
        "days_to_complete_p50,days_to_complete_p90",
        "course_id,cohort_week_start,entry_point,users_started,users_completed_course,"
        "completion_rate",
        "course_id,cohort_week_start,cell,lesson_id,change,old_users_started,new_users_started,"
        "old_users_completed,new_users_completed,was_mature",
        "course_id,users,users_with_session,users_without_session"};
    static const char *const keys[MARTS_TABLES] = {"course_id,cohort_week_start",
                                                   "course_id,cohort_week_start,lesson_id",
                                                   "course_id,cohort_week_start,lesson_id",
                                                   "course_id,cohort_week_start",
                                                   "course_id,cohort_week_start,entry_point",
                                                   "course_id,cohort_week_start,cell,lesson_id",
                                                   "course_id"};
    char text[MARTS_COLUMNS_BYTES];
    for (enum marts_table table = 0; table < MARTS_TABLES; table++) {
        marts_columns(table, marts_shapes[table].column_count, text);
        CU_ASSERT_STRING_EQUAL(text, headers[table]);
        marts_columns(table, marts_shapes[table].key_count, text);
        CU_ASSERT_STRING_EQUAL(text, keys[table]);
    }
}

/* Whatever a line says is read and written as it was. */
static void test_lines_come_back(void)
{
    static const struct {
        enum marts_table table;
        const char *line;
    } lines[] = {
        {MARTS_COHORTS, "-2147483648,0001-01-01,0,2147483647,,"},
        {MARTS_COHORTS, "2147483647,9999-12-27,1,1,1.000000,-5"},
        {MARTS_LESSONS, "1,1969-12-29,-7,3,2,0.666667,0.093750,18446744073.552"},
        {MARTS_LESSONS, "1,1969-12-29,0,0,0,,,"},
        {MARTS_MATCHES, "7,4294967297,4294967296,1"},
        {MARTS_STEPS, "1,2025-01-06,-3,28,5,1,0.200000,4294967297,0.000,9223372036854.775"},
        {MARTS_STEPS, "1,2025-01-06,2147483647,0,0,0,,0,,"},
        {MARTS_COMPLETION, "1,2025-01-06,98,0,1,2,3,3,1,9.000,2958463.999"},
        {MARTS_COMPLETION, "1,2025-01-06,0,,,,,0,0,,"},
        {MARTS_ENTRY_POINTS, "1,2025-01-06,(none),3,1,0.333333"},
        {MARTS_ENTRY_POINTS, "1,2025-01-06, a;\\N \t\xf0\x9f\x98\x80 '=1',0,1,"},
        {MARTS_ENTRY_POINTS, "1,2025-01-06,\"a,\"\"b\"\"\n\\.\r\n,\",1,0,0.000000"},
        {MARTS_ENTRY_POINTS, "1,2025-01-06,\"\"\"\",1,0,0.000000"},
        {MARTS_CHANGES, "1,2025-01-06,cohort,0,added,,3,,1,"},
        {MARTS_CHANGES, "1,2025-01-06,lesson,-3,removed,1,,0,,t"},
        {MARTS_CHANGES, "1,2025-01-06,lesson,7,changed,1,2,0,0,f"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        union marts_row row;
        char buffer[MARTS_ROW_BYTES], text[MARTS_ROW_BYTES];
        struct marts marts = {.cohorts = &row.cohort,
                              .lessons = &row.lesson,
                              .steps = &row.step,
                              .completions = &row.completion,
                              .entries = &row.entry,
                              .changes = &row.change,
                              .matches = &row.match};
        CU_ASSERT_FATAL(
            marts_parse(lines[i].table, lines[i].line, strlen(lines[i].line), buffer, &row));
        CU_ASSERT_EQUAL(marts_format(&marts, lines[i].table, 0, text), strlen(lines[i].line));
        CU_ASSERT_STRING_EQUAL(text, lines[i].line);
    }
}

/* A text of the most bytes, each of which is quoted, is whole in a row of the widest numbers. */
static void test_the_longest_row_fits(void)
{
    char longest[257], text[MARTS_ROW_BYTES], buffer[MARTS_ROW_BYTES];
    memset(longest, '"', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    struct mart_entry_row entry = {.course_id = INT32_MIN,
                                   .cohort_week_start = 2932896,
                                   .entry_point = longest,
                                   .users_started = INT32_MAX,
                                   .users_completed_course = INT32_MAX,
                                   .has_completion_rate = true,
                                   .completion_rate_e6 = INT64_C(2147483647000000)};
    struct marts marts = {.entries = &entry, .entry_count = 1};
    union marts_row row;
    size_t bytes = marts_format(&marts, MARTS_ENTRY_POINTS, 0, text);
    CU_ASSERT_TRUE(bytes > 512 && bytes + 1 < sizeof text);
    CU_ASSERT_FATAL(marts_parse(MARTS_ENTRY_POINTS, text, bytes, buffer, &row));
    CU_ASSERT_STRING_EQUAL(row.entry.entry_point, longest);
    CU_ASSERT_EQUAL(row.entry.completion_rate_e6, entry.completion_rate_e6);
}

static void test_lines_that_no_row_has_are_refused(void)
{
    static const struct {
        enum marts_table table;
        const char *line;
    } lines[] = {
        {MARTS_COHORTS, "1,2025-01-06,1,1,1.000000,1,"},
        {MARTS_COHORTS, "1,2025-01-06,1,1,1.000000"},
        {MARTS_COHORTS, "1,2025-02-30,1,1,,"},
        {MARTS_COHORTS, "1,2025-01-06,-1,1,,"},
        {MARTS_COHORTS, "2147483648,2025-01-06,1,1,,"},
        {MARTS_COHORTS, ",2025-01-06,1,1,,"},
        {MARTS_LESSONS, "1,2025-01-06,1,1,1,1.0,,"},
        {MARTS_LESSONS, "1,2025-01-06,1,1,1,,,1.5"},
        {MARTS_MATCHES, "1,-1,0,0"},
        {MARTS_MATCHES, "1,9223372036854775808,0,0"},
        {MARTS_MATCHES, " 1,1,0,0"},
        {MARTS_MATCHES, ""},
        {MARTS_ENTRY_POINTS, "1,2025-01-06,,1,0,0.000000"},
        {MARTS_ENTRY_POINTS, "1,2025-01-06,\"a,1,0,0.000000"},
        {MARTS_ENTRY_POINTS, "1,2025-01-06,\"a\"b,1,0,0.000000"},
        {MARTS_CHANGES, "1,2025-01-06,cohort,0,added,,3,,1,true"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        union marts_row row;
        char buffer[MARTS_ROW_BYTES];
        CU_ASSERT_FALSE(
            marts_parse(lines[i].table, lines[i].line, strlen(lines[i].line), buffer, &row));
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"headers are the documented ones", test_headers_are_the_documented_ones},
        {"lines come back", test_lines_come_back},
        {"the longest row fits", test_the_longest_row_fits},
        {"lines that no row has are refused", test_lines_that_no_row_has_are_refused},
    };
    return unit_main("marts_table", tests, sizeof tests / sizeof tests[0]);
}
