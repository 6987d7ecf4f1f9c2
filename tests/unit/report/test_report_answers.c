#include "commands/report/report_sums.h"
#include "commands/report/report_view.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define WEEK 7
#define MONDAY 20269 /* 2025-06-30 */
#define COHORT(course, week, users)                                                                \
    {                                                                                              \
        .course_id = (course), .cohort_week_start = MONDAY + (week)*WEEK, .users_started = (users) \
    }
#define LESSON(course, week, lesson, users)                                                        \
    {                                                                                              \
        .course_id = (course), .cohort_week_start = MONDAY + (week)*WEEK, .lesson_id = (lesson),   \
        .users_started = (users)                                                                   \
    }
#define STEP(course, week, lesson, days, reached, stopped, timed, median_sec)                      \
    {                                                                                              \
        .course_id = (course), .cohort_week_start = MONDAY + (week)*WEEK, .lesson_id = (lesson),   \
        .observed_days = (days), .users_reached = (reached), .users_stopped = (stopped),           \
        .completions_timed = (timed), .has_time_spent = (timed) > 0,                               \
        .time_spent_p50_sec_e3 = (median_sec)*INT64_C(1000)                                        \
    }
#define ENTRY(course, week, text, started, completed)                                              \
    {                                                                                              \
        .course_id = (course), .cohort_week_start = MONDAY + (week)*WEEK, .entry_point = (text),   \
        .users_started = (started), .users_completed_course = (completed)                          \
    }

/* Course 1 has two cohorts that were watched long enough, and a young one; course 2 a young one. */
static struct mart_cohort_row cohorts[] = {COHORT(1, 0, 10), COHORT(1, 1, 20), COHORT(1, 2, 100),
                                           COHORT(2, 0, 50)};
static struct mart_completion_row completions[] = {
    {.course_id = 1, .observed_days = 40},
    {.course_id = 1, .observed_days = MARTS_MATURE_DAYS},
    {.course_id = 1, .observed_days = MARTS_MATURE_DAYS - 1},
    {.course_id = 2, .observed_days = 3}};
static struct mart_lesson_row lessons[] = {LESSON(1, 0, 1, 10),  LESSON(1, 0, 3, 8),
                                           LESSON(1, 1, 2, 20),  LESSON(1, 1, 3, 16),
                                           LESSON(1, 2, 1, 100), LESSON(2, 0, 7, 50)};
static struct mart_step_row steps[] = {
    STEP(1, 0, 1, 40, 10, 2, 3, 60),    STEP(1, 0, 3, 40, 8, 5, 4, 10),
    STEP(1, 1, 2, 28, 20, 4, 0, 0),     STEP(1, 1, 3, 28, 16, 16, 3, 4),
    STEP(1, 2, 1, 27, 100, 100, 50, 1), STEP(2, 0, 7, 3, 50, 50, 0, 0)};
static struct mart_entry_row entries[] = {
    ENTRY(1, 0, "\x1b[31mred", 3, 1), ENTRY(1, 0, "home", 7, 2),    ENTRY(1, 1, "(none)", 3, 0),
    ENTRY(1, 1, "home", 17, 3),       ENTRY(1, 2, "young", 100, 9), ENTRY(2, 0, "push", 50, 0)};
static const struct marts marts = {.cohorts = cohorts,
                                   .cohort_count = 4,
                                   .completions = completions,
                                   .completion_count = 4,
                                   .lessons = lessons,
                                   .lesson_count = 6,
                                   .steps = steps,
                                   .step_count = 6,
                                   .entries = entries,
                                   .entry_count = 6};
static const struct report_course first = {
    .course_id = 1, .cohort_begin = 0, .cohort_end = 3, .lesson_begin = 0, .lesson_end = 5};
static const struct report_course second = {
    .course_id = 2, .cohort_begin = 3, .cohort_end = 4, .lesson_begin = 5, .lesson_end = 6};

static void test_mature_cohorts_are_pooled(void)
{
    struct marts two = marts;
    two.completion_count = 0;
    CU_ASSERT(report_steps_is_mature(&marts, 0) && report_steps_is_mature(&marts, 1));
    CU_ASSERT(!report_steps_is_mature(&marts, 2) && !report_steps_is_mature(&marts, 3));
    CU_ASSERT(report_steps_pools_mature(&marts, &first));
    CU_ASSERT(!report_steps_pools_mature(&marts, &second));
    CU_ASSERT(report_steps_is_mature(&two, 2)); /* of two marts alone nobody knows */
}

/* The lessons with what the steps say of them, to be freed. */
static struct report_lesson *added(const struct report_course *course,
                                   const struct mart_cohort_row *cohort, size_t due)
{
    struct report_lesson *sums = NULL;
    struct failure failure = {0};
    size_t count = 0;
    CU_ASSERT_FATAL(report_sums_lessons(&marts, course, cohort, &sums, &count, &failure) == 0);
    CU_ASSERT_EQUAL_FATAL(count, due);
    CU_ASSERT_FATAL(report_steps_add(&marts, course, cohort, sums, count, &failure) == 0);
    return sums;
}

static void test_reached_counts_who_came_later(void)
{
    struct report_lesson *sums = added(&first, NULL, 3);
    CU_ASSERT_EQUAL(sums[0].users_reached, 30); /* a cohort without lesson 1 by its lesson 2 */
    CU_ASSERT_EQUAL(sums[1].users_reached, 28);
    CU_ASSERT_EQUAL(sums[2].users_reached, 24);
    CU_ASSERT_EQUAL(sums[0].users_stopped, 2);
    CU_ASSERT_EQUAL(sums[1].users_stopped, 4);
    CU_ASSERT_EQUAL(sums[2].users_stopped, 21);
    free(sums);
    sums = added(&first, &cohorts[2], 1); /* a young one by itself */
    CU_ASSERT_EQUAL(sums[0].users_reached, 100);
    CU_ASSERT(sums[0].has_median && sums[0].median_e3 == 1000);
    free(sums);
    sums = added(&second, NULL, 1); /* where none is mature, all */
    CU_ASSERT_EQUAL(sums[0].users_reached, 50);
    CU_ASSERT(!sums[0].has_median);
    free(sums);
}

static void test_medians_weigh_by_completions(void)
{
    struct report_lesson *sums = added(&first, NULL, 3);
    CU_ASSERT(sums[0].has_median && sums[0].median_e3 == 60000);
    CU_ASSERT(!sums[1].has_median);
    CU_ASSERT(sums[2].has_median && sums[2].median_e3 == 10000); /* 4 of 10 s, 3 of 4 s */
    free(sums);
    steps[1].completions_timed = 3; /* as many: the lower */
    sums = added(&first, NULL, 3);
    steps[1].completions_timed = 4;
    CU_ASSERT_EQUAL(sums[2].median_e3, 4000);
    free(sums);
}

static void test_biggest_is_never_the_last(void)
{
    struct report_lesson some[] = {
        {.users_stopped = 3}, {.users_stopped = 5}, {.users_stopped = 5}, {.users_stopped = 90}};
    CU_ASSERT_EQUAL(report_steps_biggest(some, 4), 1);
    CU_ASSERT_EQUAL(report_steps_biggest(some, 1), 1);
    CU_ASSERT_EQUAL(report_steps_biggest(some, 0), 0);
    some[0].users_stopped = 0;
    CU_ASSERT_EQUAL(report_steps_biggest(some, 2), 2); /* nobody stopped before the last */
}

static char red[] = "red \x1b[31m", none[] = "", first_title[] = "The very first of all lessons",
            course_title[] = "Course of courses";
static struct page_name named[] = {
    {.course_id = 1, .is_course = true, .title = course_title, .module = none},
    {.course_id = 1,
     .lesson_id = 1,
     .title = first_title,
     .module = none,
     .has_position = true,
     .position = 9},
    {.course_id = 1,
     .lesson_id = 3,
     .title = red,
     .module = none,
     .has_position = true,
     .position = 2}};
static const struct page_names no_names = {NULL, 0}, names = {named, 3};

/* The lessons, or the ${most} entry points, as they are written; to be freed. */
static char *shown(const struct report_course *course, const struct mart_cohort_row *cohort,
                   const struct page_names *with, bool shows_mean, size_t most)
{
    char *text = NULL;
    size_t bytes = 0;
    struct failure failure = {0};
    struct report_view view = {.marts = &marts,
                               .courses = course,
                               .course_count = 1,
                               .has_further = true,
                               .shows_mean = shows_mean,
                               .names = with,
                               .bar = "#",
                               .out = open_memstream(&text, &bytes)};
    CU_ASSERT_FATAL(view.out != NULL);
    if (most > 0)
        CU_ASSERT(report_answers_entries(&view, course, cohort, most, &failure) == 0)
    else
        CU_ASSERT(report_answers_lessons(&view, course, cohort, &failure) == 0)
    CU_ASSERT(fclose(view.out) == 0);
    return text;
}

static void is_shown(char *text, const char *due)
{
    CU_ASSERT_STRING_EQUAL(text, due);
    if (strcmp(text, due) != 0)
        fprintf(stderr, "shown:\n%s", text);
    free(text);
}

static void test_lessons_are_shown(void)
{
    is_shown(shown(&first, NULL, &no_names, false, 0),
             "Course 1, lessons, all cohorts watched for 28 days or more\n"
             "\n"
             "lesson  reached  of cohort  completed  median*  stopped    rate\n"
             "     1       30    100.0 %          0  0:01:00        2   6.7 %\n"
             "     2       28     93.3 %          0        -        4  14.3 %  # biggest\n"
             "     3       24     80.0 %          0  0:00:10       21       -\n"
             "\n"
             "* the median of the cohorts' medians, weighted by timed completions\n"
             "\n"
             "Most users stop at lesson 2: 4 of 28 (14.3 %).\n");
    is_shown(shown(&first, &cohorts[2], &no_names, false, 0),
             "Course 1, lessons, cohort of the week of 2025-07-14\n"
             "\n"
             "lesson  reached  of cohort  completed   median  stopped  rate\n"
             "     1      100    100.0 %          0  0:00:01      100     -\n");
    is_shown(shown(&second, NULL, &no_names, true, 0),
             "Course 2, lessons, all cohorts, none watched for 28 days yet\n"
             "\n"
             "lesson  reached  of cohort  completed  mean  stopped  rate\n"
             "     7       50    100.0 %          0     -       50     -\n");
}

static void test_lessons_are_shown_by_name(void)
{
    is_shown(shown(&first, NULL, &names, false, 0),
             "Course of courses\n"
             "Course 1, lessons, all cohorts watched for 28 days or more\n"
             "\n"
             "reached  of cohort   median  stopped    rate             lesson\n"
             "     24     80.0 %  0:00:10       21       -             red \\x1B[31m\n"
             "     30    100.0 %  0:01:00        2   6.7 %             The very first of al...\n"
             "     28     93.3 %        -        4  14.3 %  # biggest  2\n"
             "\n"
             "* the median of the cohorts' medians, weighted by timed completions\n"
             "\n"
             "Most users stop at lesson 2: 4 of 28 (14.3 %).\n");
}

static void test_entry_points_are_shown(void)
{
    is_shown(shown(&first, NULL, &no_names, false, 9),
             "Course 1, entry points, all cohorts watched for 28 days or more\n"
             "\n"
             "started  completed    rate  entry point\n"
             "     24          5  20.8 %  home\n"
             "      3          1  33.3 %  \\x1B[31mred\n"
             "      3          0   0.0 %  (none)\n");
    is_shown(shown(&first, NULL, &no_names, false, 2),
             "Course 1, entry points, all cohorts watched for 28 days or more\n"
             "\n"
             "started  completed    rate  entry point\n"
             "     24          5  20.8 %  home\n"
             "      3          1  33.3 %  \\x1B[31mred\n"
             "\n"
             "1 further entry point\n");
    is_shown(shown(&first, NULL, &no_names, false, 1),
             "Course 1, entry points, all cohorts watched for 28 days or more\n"
             "\n"
             "started  completed    rate  entry point\n"
             "     24          5  20.8 %  home\n"
             "\n"
             "2 further entry points\n");
    is_shown(shown(&first, &cohorts[2], &no_names, false, 9),
             "Course 1, entry points, cohort of the week of 2025-07-14\n"
             "\n"
             "started  completed   rate  entry point\n"
             "    100          9  9.0 %  young\n");
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"mature cohorts are pooled", test_mature_cohorts_are_pooled},
        {"reached counts who came later", test_reached_counts_who_came_later},
        {"medians weigh by completions", test_medians_weigh_by_completions},
        {"the biggest is never the last", test_biggest_is_never_the_last},
        {"lessons are shown", test_lessons_are_shown},
        {"lessons are shown by name", test_lessons_are_shown_by_name},
        {"entry points are shown", test_entry_points_are_shown},
    };
    return unit_main("report_answers", tests, sizeof tests / sizeof tests[0]);
}
