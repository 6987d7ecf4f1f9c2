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
        "course_id,users,users_with_session,users_without_session"};
    static const char *const keys[MARTS_TABLES] = {
        "course_id,cohort_week_start", "course_id,cohort_week_start,lesson_id", "course_id"};
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
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        union marts_row row;
        char text[MARTS_ROW_BYTES];
        struct marts marts = {
            .cohorts = &row.cohort, .lessons = &row.lesson, .matches = &row.match};
        CU_ASSERT_FATAL(marts_parse(lines[i].table, lines[i].line, strlen(lines[i].line), &row));
        CU_ASSERT_EQUAL(marts_format(&marts, lines[i].table, 0, text), strlen(lines[i].line));
        CU_ASSERT_STRING_EQUAL(text, lines[i].line);
    }
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
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        union marts_row row;
        CU_ASSERT_FALSE(marts_parse(lines[i].table, lines[i].line, strlen(lines[i].line), &row));
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"headers are the documented ones", test_headers_are_the_documented_ones},
        {"lines come back", test_lines_come_back},
        {"lines that no row has are refused", test_lines_that_no_row_has_are_refused},
    };
    return unit_main("marts_table", tests, sizeof tests / sizeof tests[0]);
}
