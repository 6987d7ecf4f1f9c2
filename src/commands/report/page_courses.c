#include "page_parts.h"

#include "course_funnel/calendar.h"
#include "page_numbers.h"

#include <inttypes.h>
#include <stdlib.h>

/* Up to here the table shows all rows at once. */
#define TALL 12

static double share_of(int64_t completed, int64_t started)
{
    return started > 0 ? (double)completed / (double)started : 0;
}

/* The highest share among courses and their cohorts: the scale of all bars and lines. */
static double find_highest(const struct page_course *courses, size_t count)
{
    double highest = .0001;
    for (size_t i = 0; i < count; i++) {
        const struct page_course *course = &courses[i];
        double share = share_of(course->total.completed, course->total.started);
        highest = share > highest ? share : highest;
        for (size_t j = 0; j < course->cohort_count; j++) {
            const struct page_cohort *cohort = &course->cohorts[j];
            share = share_of(cohort->completed, cohort->started);
            if (cohort->started >= PAGE_FEW && share > highest)
                highest = share;
        }
    }
    return highest < 1 ? highest : 1;
}

/* Never a sum: a learner may be in several courses. */
static void add_sentence(struct page_text *text, const struct page_course *courses, size_t count)
{
    const struct page_course *low = NULL, *high = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct page_total *total = &courses[i].total;
        if (total->started < PAGE_FEW)
            continue;
        if (low == NULL ||
            total->completed * low->total.started < low->total.completed * total->started)
            low = &courses[i];
        if (high == NULL ||
            total->completed * high->total.started > high->total.completed * total->started)
            high = &courses[i];
    }
    page_text_add(text, "<p class=\"lede\">");
    if (low != high) {
        page_text_format(text, "Completion ranges from %s" PAGE_THIN "%% in ",
                         page_share(low->total.completed, low->total.started).text);
        page_text_html(text, low->name);
        page_text_format(text, " to %s" PAGE_THIN "%% in ",
                         page_share(high->total.completed, high->total.started).text);
        page_text_html(text, high->name);
        page_text_add(text, ".");
    }
    page_text_add(text, "</p>");
}

static int add_spark(struct page_text *text, const struct page_course *course, double highest,
                     struct failure *failure)
{
    size_t count = 0;
    struct page_point *points = calloc(course->cohort_count + 1, sizeof *points);
    if (points == NULL)
        return failure_memory(failure, "the page", course->cohort_count * sizeof *points);
    for (size_t i = course->cohort_count; i > 0; i--) {
        const struct page_cohort *cohort = &course->cohorts[i - 1];
        if (cohort->started >= PAGE_FEW && !page_course_is_young(cohort))
            points[count++] =
                (struct page_point){cohort->week, share_of(cohort->completed, cohort->started)};
    }
    page_parts_spark(text, points, count, highest);
    free(points);
    return 0;
}

/* data-v is what a column is sorted by. */
static int add_row(struct page_text *text, const struct page_course *course, bool alone,
                   double highest, struct failure *failure)
{
    const struct page_total *total = &course->total;
    char newest[CALENDAR_DATE_BYTES];
    int64_t tenths = page_tenths(total->completed, total->started);
    calendar_format_date(course->cohorts[0].week, newest);
    page_text_format(text, "<tr data-id=\"%" PRId32 "\"><th scope=\"row\" data-v=\"", course->id);
    page_text_html(text, course->name);
    page_text_format(text,
                     alone ? "\"><a href=\"course-%" PRId32 ".html\">"
                           : "\"><a href=\"#course=%" PRId32 "\">",
                     course->id);
    page_text_html(text, course->name);
    page_text_format(text,
                     "</a></th><td data-v=\"%zu\">%zu</td><td data-v=\"%s\">%s</td>"
                     "<td data-v=\"%" PRId64 "\">%s</td><td data-v=\"%" PRId64 "\">%s</td>"
                     "<td data-v=\"%" PRId64 "\">",
                     course->cohort_count, course->cohort_count, newest,
                     page_day(course->cohorts[0].week).text, total->started,
                     page_count(total->started).text, total->completed,
                     page_count(total->completed).text, tenths);
    page_parts_bar(text, page_share(total->completed, total->started).text, "c",
                   page_width(tenths, (int64_t)(highest * 1000 + .5)).text);
    page_text_add(text, "</td><td class=\"l\">");
    if (add_spark(text, course, highest, failure) != 0)
        return -1;
    if (total->worst_count == 0) {
        page_text_add(text, "</td><td class=\"l\" data-v=\"\">" PAGE_NONE
                            "</td><td data-v=\"0\">" PAGE_NONE "</td></tr>\n");
        return 0;
    }
    const char *worst = course->lessons[total->worst[0]].title;
    int64_t stopped = total->values[total->worst[0]].stopped;
    page_text_add(text, "</td><td class=\"l\" data-v=\"");
    page_text_html(text, worst);
    page_text_add(text, "\">");
    page_text_html(text, worst);
    page_text_format(text, "</td><td data-v=\"%" PRId64 "\">%s</td></tr>\n", stopped,
                     page_count(stopped).text);
    return 0;
}

int page_courses(struct page_text *text, const struct page_course *courses, size_t count,
                 bool alone, struct failure *failure)
{
    double highest = find_highest(courses, count);
    if (count < 2 && !alone)
        return 0;
    add_sentence(text, courses, count);
    page_text_format(
        text,
        "<div class=\"box wide%s\" id=\"courses\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"Courses table\"><table><caption class=\"sr\">Courses, most learners first"
        "</caption><thead><tr><th scope=\"col\">Course</th><th scope=\"col\" class=\"n\">Cohorts"
        "</th><th scope=\"col\" class=\"n\">Newest</th><th scope=\"col\" class=\"n\">Started</th>"
        "<th scope=\"col\" class=\"n\">Completed</th><th scope=\"col\">%% completed</th>"
        "<th scope=\"col\" data-plain>By cohort</th><th scope=\"col\">Most stop at</th>"
        "<th scope=\"col\" class=\"n\">Stopped there</th></tr></thead><tbody>\n",
        count > TALL ? " tall" : "");
    for (size_t i = 0; i < count; i++)
        if (add_row(text, &courses[i], alone, highest, failure) != 0)
            return -1;
    page_text_add(text, "</tbody></table></div>\n");
    return 0;
}
