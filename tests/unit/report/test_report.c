#include "commands/report/report_sums.h"
#include "commands/report/report_table.h"
#include "commands/report/report_view.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define WEEK 7
#define MONDAY 20269 /* 2025-06-30 */

static struct mart_cohort_row cohorts[] = {
    {.course_id = 1, .cohort_week_start = MONDAY, .users_started = 10, .users_completed_course = 4},
    {.course_id = 1, .cohort_week_start = MONDAY + WEEK, .users_started = 30},
    {.course_id = 2, .cohort_week_start = MONDAY, .users_started = 50, .users_completed_course = 5},
};

static struct mart_lesson_row lessons[] = {
    {.course_id = 1,
     .cohort_week_start = MONDAY,
     .lesson_id = 1,
     .users_started = 10,
     .users_completed = 9,
     .has_avg_time_spent = true,
     .avg_time_spent_sec_e3 = 60000},
    {.course_id = 1, .cohort_week_start = MONDAY, .lesson_id = 5, .users_started = 4},
    {.course_id = 1,
     .cohort_week_start = MONDAY + WEEK,
     .lesson_id = 1,
     .users_started = 30,
     .users_completed = 1,
     .has_avg_time_spent = true,
     .avg_time_spent_sec_e3 = 10000},
    {.course_id = 2, .cohort_week_start = MONDAY, .lesson_id = -3, .users_started = 50},
};

static const struct marts marts = {
    .cohorts = cohorts, .cohort_count = 3, .lessons = lessons, .lesson_count = 4};

static void test_courses_come_by_their_users(void)
{
    struct report_course *courses = NULL;
    struct failure failure = {0};
    size_t count = 0;
    CU_ASSERT_FATAL(report_sums_courses(&marts, &courses, &count, &failure) == 0);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    CU_ASSERT_EQUAL(courses[0].course_id, 2);
    CU_ASSERT_EQUAL(courses[1].users_started, 40);
    CU_ASSERT_EQUAL(courses[1].users_completed_course, 4);
    CU_ASSERT_EQUAL(courses[1].cohort_end - courses[1].cohort_begin, 2);
    CU_ASSERT_EQUAL(courses[1].lesson_end, 3);
    free(courses);
}

static void test_lessons_of_all_cohorts_are_summed(void)
{
    const struct report_course course = {
        .course_id = 1, .cohort_begin = 0, .cohort_end = 2, .lesson_begin = 0, .lesson_end = 3};
    struct report_lesson *sums = NULL;
    struct failure failure = {0};
    size_t count = 0;
    CU_ASSERT_FATAL(report_sums_lessons(&marts, &course, NULL, &sums, &count, &failure) == 0);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    CU_ASSERT_EQUAL(sums[0].users_started, 40);
    CU_ASSERT_EQUAL(sums[0].avg_time_spent_sec_e3, 55000); /* (9 × 60 + 1 × 10) / 10 */
    CU_ASSERT_EQUAL(sums[1].lesson_id, 5);
    CU_ASSERT(sums[1].has_previous && !sums[0].has_previous);
    CU_ASSERT_EQUAL(sums[1].previous_users_started, 40);
    CU_ASSERT_EQUAL(report_sums_biggest_drop(sums, count), 1);
    CU_ASSERT_EQUAL(report_sums_biggest_drop(sums, 1), 1);
    free(sums);

    CU_ASSERT_FATAL(report_sums_lessons(&marts, &course, &cohorts[1], &sums, &count, &failure) ==
                    0);
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_EQUAL(sums[0].users_started, 30);
    free(sums);
}

/* What ${print} writes, to be freed. */
static char *printed(int (*print)(FILE *out))
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    CU_ASSERT_FATAL(out != NULL);
    CU_ASSERT(print(out) == 0);
    CU_ASSERT(fclose(out) == 0);
    return text;
}

static int print_cells(FILE *out)
{
    static const char *const cells[] = {"week", "n", "", "1", "1,000", "██", "22", "3", ""};
    struct report_table *table = NULL;
    struct failure failure = {0};
    int status = report_table_create(3, 1, &table, &failure);
    for (size_t i = 0; i < sizeof cells / sizeof cells[0] && status == 0; i++)
        status = report_table_add(table, cells[i], &failure);
    report_table_print(table, out);
    report_table_free(table);
    return status;
}

static void test_columns_are_aligned(void)
{
    char *text = printed(print_cells);
    CU_ASSERT_STRING_EQUAL(text, "week      n\n   1  1,000  ██\n  22      3\n");
    free(text);
}

static int print_cohorts(FILE *out)
{
    struct failure failure = {0};
    struct report_course course = {.course_id = 1, .cohort_begin = 0, .cohort_end = 2};
    const struct report_view view = {
        .marts = &marts, .courses = &course, .course_count = 1, .out = out, .bar = "#"};
    return report_view_cohorts(&view, &course, 1, &failure);
}

static void test_the_newest_cohorts_are_shown(void)
{
    char *text = printed(print_cohorts);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "Course 1, weekly cohorts: the newest 1 of 2\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "2025-07-07"));
    CU_ASSERT_PTR_NULL(strstr(text, "2025-06-30"));
    free(text);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"courses come by their users", test_courses_come_by_their_users},
        {"lessons of all cohorts are summed", test_lessons_of_all_cohorts_are_summed},
        {"columns are aligned", test_columns_are_aligned},
        {"the newest cohorts are shown", test_the_newest_cohorts_are_shown},
    };
    return unit_main("report", tests, sizeof tests / sizeof tests[0]);
}
