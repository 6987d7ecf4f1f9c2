#include "course_funnel/calendar.h"
#include "course_funnel/marts_table.h"
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEEK 20241 /* 2025-06-02, a Monday */

static struct mart_cohort_row cohort(int32_t course, int32_t week, int32_t started,
                                     int32_t completed)
{
    return (struct mart_cohort_row){.course_id = course,
                                    .cohort_week_start = week,
                                    .users_started = started,
                                    .users_completed_course = completed};
}

static struct mart_lesson_row lesson(int32_t course, int32_t week, int32_t id, int32_t started,
                                     int32_t completed)
{
    return (struct mart_lesson_row){.course_id = course,
                                    .cohort_week_start = week,
                                    .lesson_id = id,
                                    .users_started = started,
                                    .users_completed = completed};
}

#define TEXT_BYTES 1000

/* The rows found, as lines of CSV. */
static void changes_of(const struct marts *old, const int64_t *as_of_us, const struct marts *now,
                       char *text)
{
    size_t used = 0;
    struct failure failure = {0};
    struct marts found = {.change_count = 0};
    char row[MARTS_ROW_BYTES];
    text[0] = '\0';
    CU_ASSERT_EQUAL_FATAL(marts_changes(old, as_of_us, now, &found, &failure), 0);
    for (size_t i = 0; i < found.change_count; i++) {
        (void)marts_format(&found, MARTS_CHANGES, i, row);
        used += (size_t)snprintf(text + used, TEXT_BYTES - used, "%s\n", row);
        CU_ASSERT_FATAL(used < TEXT_BYTES);
    }
    free(found.changes);
}

/* Rows of one key in both are one cell; the cohort's cell comes before those of its lessons. */
static void test_each_kind_in_the_order_of_keys(void)
{
    struct mart_cohort_row old_cohorts[] = {cohort(-1, WEEK, 5, 1), cohort(2, WEEK, 7, 0)};
    struct mart_cohort_row new_cohorts[] = {cohort(-1, WEEK, 6, 1), cohort(-1, WEEK + 7, 1, 0),
                                            cohort(2, WEEK, 7, 0)};
    struct mart_lesson_row old_lessons[] = {lesson(-1, WEEK, -3, 5, 5), lesson(-1, WEEK, 0, 2, 1),
                                            lesson(2, WEEK, 1, 4, 4)};
    struct mart_lesson_row new_lessons[] = {
        lesson(-1, WEEK, -3, 5, 4), lesson(-1, WEEK + 7, 0, 0, 1), lesson(2, WEEK, 1, 4, 4)};
    const struct marts old = {
        .cohorts = old_cohorts, .cohort_count = 2, .lessons = old_lessons, .lesson_count = 3};
    const struct marts now = {
        .cohorts = new_cohorts, .cohort_count = 3, .lessons = new_lessons, .lesson_count = 3};
    char text[TEXT_BYTES];
    changes_of(&old, NULL, &now, text);
    CU_ASSERT_STRING_EQUAL(text, "-1,2025-06-02,cohort,0,changed,5,6,1,1,\n"
                                 "-1,2025-06-02,lesson,-3,changed,5,5,5,4,\n"
                                 "-1,2025-06-02,lesson,0,removed,2,,1,,\n"
                                 "-1,2025-06-09,cohort,0,added,,1,,0,\n"
                                 "-1,2025-06-09,lesson,0,added,,0,,1,\n");
    changes_of(&old, NULL, &old, text);
    CU_ASSERT_STRING_EQUAL(text, "");
}

/* 28 days from the Monday after the cohort's week, to the microsecond. */
static void test_maturity_is_that_of_the_replaced_run(void)
{
    struct mart_cohort_row before = cohort(1, WEEK, 5, 1), after = cohort(1, WEEK, 5, 2);
    const struct marts old = {.cohorts = &before, .cohort_count = 1};
    const struct marts now = {.cohorts = &after, .cohort_count = 1};
    int64_t as_of_us = (WEEK + 35) * CALENDAR_US_PER_DAY;
    char text[TEXT_BYTES];
    changes_of(&old, &as_of_us, &now, text);
    CU_ASSERT_STRING_EQUAL(text, "1,2025-06-02,cohort,0,changed,5,5,1,2,t\n");
    as_of_us--;
    changes_of(&old, &as_of_us, &now, text);
    CU_ASSERT_STRING_EQUAL(text, "1,2025-06-02,cohort,0,changed,5,5,1,2,f\n");
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"each kind in the order of keys", test_each_kind_in_the_order_of_keys},
        {"maturity is that of the replaced run", test_maturity_is_that_of_the_replaced_run}};
    return unit_main("marts_changes", tests, sizeof tests / sizeof tests[0]);
}
