#include "commands/report/page.h"
#include "commands/report/page_course.h"
#include "commands/report/page_map.h"
#include "commands/report/page_names.h"
#include "commands/report/page_numbers.h"
#include "commands/report/page_text.h"
#include "commands/report/page_words.h"
#include "unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WEEK 7
#define MONDAY 20269 /* 2025-06-30 */

/* Two lessons, of which the second has no row in the first cohort; the last cohort is young. */
static struct mart_cohort_row cohorts[] = {
    {.course_id = 1, .cohort_week_start = MONDAY - WEEK, .users_completed_course = 2},
    {.course_id = 1, .cohort_week_start = MONDAY, .users_started = 30, .users_completed_course = 3},
    {.course_id = 1,
     .cohort_week_start = MONDAY + WEEK,
     .users_started = 40,
     .users_completed_course = 4},
    {.course_id = 1, .cohort_week_start = MONDAY + 2 * WEEK, .users_started = 5},
};
static struct mart_completion_row completions[] = {
    {.observed_days = 90}, {.observed_days = 60}, {.observed_days = 50}, {.observed_days = 27}};
static struct mart_lesson_row lessons[] = {
    {1, MONDAY, 1, .users_started = 29, .users_completed = 25},
    {1, MONDAY, 3, .users_started = 10, .users_completed = 4},
    {1, MONDAY + WEEK, 1, .users_started = 40, .users_completed = 30},
    {1, MONDAY + WEEK, 2, .users_started = 20, .users_completed = 12},
    {1, MONDAY + WEEK, 3, .users_started = 9, .users_completed = 8},
    {1, MONDAY + 2 * WEEK, 1, .users_started = 5},
};
static struct mart_step_row steps[] = {
    {1, MONDAY, 1, 60, .users_reached = 30, .users_stopped = 17},
    {1, MONDAY, 3, 60, .users_reached = 12, .users_stopped = 9},
    {1, MONDAY + WEEK, 1, 50, .users_reached = 40, .users_stopped = 19},
    {1, MONDAY + WEEK, 2, 50, .users_reached = 21, .users_stopped = 12, .has_time_spent = true,
     .time_spent_p50_sec_e3 = 241000, .time_spent_p90_sec_e3 = 900000},
    {1, MONDAY + WEEK, 3, 50, .users_reached = 9, .users_stopped = 5},
    {1, MONDAY + 2 * WEEK, 1, 27, .users_reached = 5, .users_stopped = 5},
};
static const struct marts marts = {.cohorts = cohorts,
                                   .cohort_count = 4,
                                   .lessons = lessons,
                                   .lesson_count = 6,
                                   .steps = steps,
                                   .step_count = 6,
                                   .completions = completions,
                                   .completion_count = 4};
static const struct report_course all = {.course_id = 1, .cohort_end = 4, .lesson_end = 6};

static void make(struct report_course from, const struct page_names *names,
                 struct page_course *course)
{
    struct failure failure = {0};
    CU_ASSERT_EQUAL_FATAL(page_course_make(&marts, &from, names, course, &failure), 0);
}

static void test_numbers(void)
{
    CU_ASSERT_STRING_EQUAL(page_count(0).text, "0");
    CU_ASSERT_STRING_EQUAL(page_count(999).text, "999");
    CU_ASSERT_STRING_EQUAL(page_count(1234567).text, "1,234,567");
    CU_ASSERT_STRING_EQUAL(page_plural(1, "learner").text, "1 learner");
    CU_ASSERT_STRING_EQUAL(page_plural(2000, "learner").text, "2,000 learners");
    CU_ASSERT_STRING_EQUAL(page_share(1726, 6258).text, "27.6");
    CU_ASSERT_STRING_EQUAL(page_share(1, 2000).text, "0.1"); /* half up */
    CU_ASSERT_STRING_EQUAL(page_share(1, 0).text, PAGE_NONE);
    CU_ASSERT_STRING_EQUAL(page_one(-105).text, "\xe2\x88\x92"
                                                "10.5");
    CU_ASSERT_STRING_EQUAL(page_day(MONDAY).text, "30\xc2\xa0Jun\xc2\xa0"
                                                  "2025");
    CU_ASSERT_STRING_EQUAL(page_day(MONDAY + 1).text, "1\xc2\xa0Jul\xc2\xa0"
                                                      "2025");
    CU_ASSERT_STRING_EQUAL(page_days(true, 11349).text, "11.3");
    CU_ASSERT_STRING_EQUAL(page_width(689, 1000).text, "a68 b9");
    CU_ASSERT_STRING_EQUAL(page_width(1, 100000).text, "a0 b1");
    CU_ASSERT_STRING_EQUAL(page_width(0, 0).text, "a0 b0");
    CU_ASSERT_STRING_EQUAL(page_width(3, 2).text, "a100 b0");
}

static void test_times_take_the_unit_that_fits(void)
{
    CU_ASSERT_STRING_EQUAL(page_span(false, 0).text, PAGE_NONE);
    CU_ASSERT_STRING_EQUAL(page_span(true, 59499).text, "59 s");
    CU_ASSERT_STRING_EQUAL(page_span(true, 59500).text, "1 min");
    CU_ASSERT_STRING_EQUAL(page_span(true, 3569999).text, "59 min");
    CU_ASSERT_STRING_EQUAL(page_span(true, 3570000).text, "1 h");
    CU_ASSERT_STRING_EQUAL(page_span(true, 171000000).text, "2 days");
}

static void test_ranges_are_wilsons(void)
{
    /* 10 of 100: 5.52 to 17.44 %, as in the tables of the books. */
    struct page_range range = page_wilson(10, 100);
    CU_ASSERT_DOUBLE_EQUAL(range.low, 0.05523, 0.0001);
    CU_ASSERT_DOUBLE_EQUAL(range.high, 0.17437, 0.0001);
    CU_ASSERT_EQUAL(page_wilson(0, 5).low, 0);
    CU_ASSERT_STRING_EQUAL(page_wilson_text(0, 0).text, PAGE_NONE);
    /* More may complete than started. */
    CU_ASSERT_EQUAL(page_wilson(500, 5).high, 1);
}

static void test_a_lesson_without_a_row_was_reached_by_those_of_the_next(void)
{
    struct page_course course;
    make(all, &(struct page_names){0}, &course);
    CU_ASSERT_EQUAL_FATAL(course.cohort_count, 3);
    CU_ASSERT_EQUAL_FATAL(course.lesson_count, 3);
    CU_ASSERT_EQUAL(course.cohorts[0].week, MONDAY + 2 * WEEK); /* newest first */
    CU_ASSERT_EQUAL(course.cohorts[2].values[1].reached, 12);
    CU_ASSERT_EQUAL(course.cohorts[2].values[1].started, 0);
    CU_ASSERT_EQUAL(course.cohorts[0].values[2].reached, 0);
    CU_ASSERT_EQUAL(course.idle_weeks, 1);
    CU_ASSERT_EQUAL(course.idle_completed, 2);
    page_course_free(&course);
}

static void test_the_total_is_of_mature_cohorts(void)
{
    struct page_course course;
    make(all, &(struct page_names){0}, &course);
    const struct page_total *total = &course.total;
    CU_ASSERT_EQUAL(total->cohorts, 2);
    CU_ASSERT_EQUAL(total->started, 70);
    CU_ASSERT_EQUAL(total->base, 70);
    CU_ASSERT_EQUAL(total->values[1].reached, 33);
    CU_ASSERT_EQUAL(course.cohorts[total->largest].week, MONDAY + WEEK);
    CU_ASSERT_EQUAL(total->values[1].p50_e3, 241000);
    /* The last lesson has most but one, and is never among them. */
    CU_ASSERT_EQUAL_FATAL(total->worst_count, 2);
    CU_ASSERT_EQUAL(total->worst[0], 0);
    CU_ASSERT_EQUAL(total->worst[1], 1);
    CU_ASSERT_STRING_EQUAL(page_map_class(&total->values[0], total->base).text, "h9");
    CU_ASSERT_STRING_EQUAL(page_map_class(&total->values[1], total->base).text, "h5");
    page_course_free(&course);
}

static void says(void (*words)(struct page_text *text, const struct page_course *course,
                               const struct page_total *total),
                 const struct page_course *course, const char *wanted)
{
    struct page_text text = {0};
    words(&text, course, &course->total);
    CU_ASSERT_STRING_EQUAL(text.bytes, wanted);
    page_text_free(&text);
}

static void lead_says(const struct page_course *course, const char *wanted)
{
    struct page_text text = {0};
    page_words_lead(&text, course);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text.bytes);
    CU_ASSERT_PTR_NOT_NULL(strstr(text.bytes, wanted));
    page_text_free(&text);
}

static void test_words_of_a_course(void)
{
    struct page_course course;
    make(all, &(struct page_names){0}, &course);
    says(page_words_head, &course,
         "Of 70 learners in 2 mature cohorts, 7 (10.0" PAGE_THIN "%) completed the course.");
    says(page_words_scope, &course,
         "2 mature cohorts; a full bar is 70 learners. Times: the largest cohort, "
         "7\xc2\xa0Jul\xc2\xa0"
         "2025.");
    lead_says(&course, "Most stop at Lesson 1: 36, 51.4" PAGE_THIN "% of all. Half of the 48 who "
                       "left on the way were gone by Lesson 1.");
    lead_says(&course, "14 reached the last lesson but did not complete the course.");
    lead_says(&course, "Longest is Lesson 2: a median of 4 min.");
    lead_says(&course, "One younger cohort (5 learners) is shown but not added up.");
    page_course_free(&course);
}

static void test_words_of_young_and_few(void)
{
    struct page_course course;
    struct report_course young = all;
    young.cohort_begin = 3;
    young.lesson_begin = 5;
    make(young, &(struct page_names){0}, &course);
    says(page_words_head, &course,
         "None of 5 learners in the young cohort of 14\xc2\xa0Jul\xc2\xa0"
         "2025 completed the "
         "course so far.");
    lead_says(&course, "It is too early to say who has stopped");
    CU_ASSERT_EQUAL(course.total.worst_count, 0);
    page_course_free(&course);
}

static int parse(const char *text, struct page_names *names, struct failure *failure)
{
    return page_names_parse(text, strlen(text), "n.csv", names, failure);
}

static void test_names_give_titles_modules_and_order(void)
{
    struct page_names names;
    struct page_course course;
    struct failure failure = {0};
    CU_ASSERT_EQUAL_FATAL(parse("\xef\xbb\xbf"
                                "module,course_id,lesson_id,title,position\r\n"
                                "One,1,3,\"First, \"\"so\"\" it is\",1\r\n"
                                "One,1,1,,2\n"
                                ",1,,Knots,\n",
                                &names, &failure),
                          0);
    make(all, &names, &course);
    CU_ASSERT_STRING_EQUAL(course.name, "Knots");
    CU_ASSERT_STRING_EQUAL(course.lessons[0].title, "First, \"so\" it is");
    CU_ASSERT_STRING_EQUAL(course.lessons[0].module, "One");
    CU_ASSERT_STRING_EQUAL(course.lessons[1].module, ""); /* the same goes on */
    CU_ASSERT_STRING_EQUAL(course.lessons[1].title, "1");
    CU_ASSERT_FALSE(course.is_by_id);
    /* By id, not by place: 100 % is lesson 1, and lesson 3 is the last. */
    CU_ASSERT_EQUAL(course.total.base, 70);
    CU_ASSERT_EQUAL(course.last, 0);
    page_course_free(&course);
    page_names_free(&names);
}

static void test_lessons_without_a_module_are_in_none(void)
{
    struct page_names names;
    struct page_course course;
    struct failure failure = {0};
    CU_ASSERT_EQUAL_FATAL(
        parse("course_id,lesson_id,title,module\n1,1,,\n1,2,,One\n", &names, &failure), 0);
    make(all, &names, &course);
    CU_ASSERT_TRUE(course.has_modules);
    CU_ASSERT_STRING_EQUAL(course.lessons[0].module, "Other lessons");
    CU_ASSERT_STRING_EQUAL(course.lessons[1].module, "One");
    CU_ASSERT_STRING_EQUAL(course.lessons[2].module, "Other lessons");
    page_course_free(&course);
    page_names_free(&names);
}

static void test_names_that_are_wrong_are_told_by_line(void)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"course_id,title\n1,x\n", "no column lesson_id"},
        {"course_id,lesson_id,title\n1,2,\"a\nb\"\nx,2,b\n", "line 4: course_id"},
        {"course_id,lesson_id,title\n1,2x,a\n", "line 2: lesson_id"},
        {"course_id,lesson_id,title,position\n1,2,a,z\n", "line 2: position"},
        {"course_id,lesson_id,title\n1,2,a\n1,2,b\n", "lesson 2 of course 1 is named twice"},
        {"course_id,lesson_id,title\n1,,a\n1,,b\n", "course 1 is named twice"},
        {"", "no column course_id"},
        {"course_id,lesson_id,title\n1,2,a\n1,3,\"b\n1,4,c\n", "begins in line 3 is never closed"},
        {"course_id,lesson_id,title\n1,2,\xfc"
         "ber\n",
         "line 2 is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct page_names names;
        struct failure failure = {0};
        CU_ASSERT_EQUAL(parse(wrong[i].text, &names, &failure), -1);
        CU_ASSERT_EQUAL(failure.code, EXIT_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, wrong[i].says));
        CU_ASSERT_EQUAL(names.count, 0);
    }
}

static void test_texts_from_elsewhere_do_nothing(void)
{
    struct page_text text = {0};
    page_text_html(&text, "<b a='1'>\"&\x01\xff\xe2\x80\xae"
                          "x\xe2\x81\xa6\xd8\x9c\xc2\x85\xc3\xa9");
    CU_ASSERT_STRING_EQUAL(text.bytes, "&lt;b a=&#39;1&#39;&gt;&quot;&amp;x\xc3\xa9");
    page_text_free(&text);
    page_text_json(&text, "</script>\"\\\n\xe2\x80\xa8");
    CU_ASSERT_STRING_EQUAL(text.bytes, "\"\\u003c/script>\\\"\\\\\"");
    page_text_free(&text);
}

/* What course 1 alone is written as, in a directory, where a file has so many bytes at most. */
static char *write_alone(const char *folder, size_t most_bytes)
{
    static const struct marts_origin origin = {.known = true, .matches = true};
    struct page_source source = {&marts, &origin, &all, 1, &(struct page_names){0}, most_bytes};
    struct failure failure = {0};
    char path[64];
    char *text = calloc(1, 1 << 20);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL_FATAL(page_write(&source, folder, &failure), 0);
    snprintf(path, sizeof path, "%s/course-1.html", folder);
    FILE *in = fopen(path, "re");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    CU_ASSERT_TRUE(fread(text, 1, (1 << 20) - 1, in) > 0);
    fclose(in);
    unlink(path);
    snprintf(path, sizeof path, "%s/index.html", folder);
    unlink(path);
    return text;
}

static void test_a_course_that_is_too_large_has_no_choices(void)
{
    static const char data[] = "id=\"data-1\"", left_out[] = "too large for choices";
    struct page_source source = {
        &marts, &(struct marts_origin){.known = true}, &all, 1, &(struct page_names){0}, 1000};
    struct failure failure = {0};
    char folder[] = "/tmp/test_page.XXXXXX";
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    char *whole = write_alone(folder, 1 << 20);
    CU_ASSERT_PTR_NOT_NULL(strstr(whole, data));
    CU_ASSERT_PTR_NULL(strstr(whole, left_out));
    char *plain = write_alone(folder, strlen(whole) - 1);
    CU_ASSERT_PTR_NULL(strstr(plain, data));
    CU_ASSERT_PTR_NOT_NULL(strstr(plain, left_out));
    CU_ASSERT_EQUAL(page_write(&source, folder, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_USAGE);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
    free(whole);
    free(plain);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"numbers", test_numbers},
        {"times take the unit that fits", test_times_take_the_unit_that_fits},
        {"ranges are wilsons", test_ranges_are_wilsons},
        {"a lesson without a row was reached by those of the next",
         test_a_lesson_without_a_row_was_reached_by_those_of_the_next},
        {"the total is of mature cohorts", test_the_total_is_of_mature_cohorts},
        {"words of a course", test_words_of_a_course},
        {"words of young and few", test_words_of_young_and_few},
        {"names give titles modules and order", test_names_give_titles_modules_and_order},
        {"lessons without a module are in none", test_lessons_without_a_module_are_in_none},
        {"names that are wrong are told by line", test_names_that_are_wrong_are_told_by_line},
        {"a course that is too large has no choices",
         test_a_course_that_is_too_large_has_no_choices},
        {"texts from elsewhere do nothing", test_texts_from_elsewhere_do_nothing},
    };
    return unit_main("page", tests, sizeof tests / sizeof tests[0]);
}
