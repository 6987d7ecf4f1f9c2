#include "page_parts.h"

#include "course_funnel/calendar.h"
#include "page_numbers.h"

#include <inttypes.h>

/* The share that completed within some days, once the whole cohort was watched for so long. */
static void add_within(struct page_text *text, bool is_known, int32_t completed, int64_t started)
{
    page_text_format(text, "<td>%s</td>",
                     is_known ? page_share(completed, started).text : PAGE_NONE);
}

static void add_row(struct page_text *text, const struct page_cohort *cohort)
{
    const struct mart_completion_row *within = cohort->within;
    char week[CALENDAR_DATE_BYTES];
    calendar_format_date(cohort->week, week);
    page_text_format(text, "<tr data-w=\"%s\"%s><th scope=\"row\">%s", week,
                     cohort->started < PAGE_FEW ? " class=\"small-n\"" : "",
                     page_day(cohort->week).text);
    if (page_course_is_young(cohort))
        page_text_format(text, "<abbr title=\"watched for %" PRId32 " days\">*</abbr>",
                         within->observed_days);
    page_text_format(text,
                     "</th><td><span class=\"nn\">%s</span></td><td>%s</td><td>%s</td>"
                     "<td class=\"soft\">%s</td>",
                     page_count(cohort->started).text, page_count(cohort->completed).text,
                     page_share(cohort->completed, cohort->started).text,
                     page_wilson_text(cohort->completed, cohort->started).text);
    add_within(text, within->has_within_7d, within->completed_within_7d, cohort->started);
    add_within(text, within->has_within_30d, within->completed_within_30d, cohort->started);
    add_within(text, within->has_within_90d, within->completed_within_90d, cohort->started);
    page_text_format(text, "<td>%s</td><td>%s</td></tr>\n",
                     page_days(within->has_days_to_complete, within->days_to_complete_p50_e3).text,
                     page_days(within->has_days_to_complete, within->days_to_complete_p90_e3).text);
}

static void add_note(struct page_text *text, const struct page_course *course, bool is_drawn)
{
    int64_t completed = 0;
    for (size_t i = 0; i < course->cohort_count; i++)
        completed += course->cohorts[i].completed;
    if (is_drawn)
        page_text_format(text,
                         "The line is the share that has completed; the band holds the true rate "
                         "in 95 of 100 cases, so that small weeks are not over-read. Cohorts of %d "
                         "learners or more.",
                         PAGE_FEW);
    else if (completed == 0)
        page_text_add(text, "Nobody has completed, so there is no line to draw.");
    else
        page_text_format(text, "A line needs two cohorts of %d learners or more.", PAGE_FEW);
}

static void add_table(struct page_text *text, const struct page_course *course, size_t rows)
{
    static const char *const heads[] = {"Started",      "Compl.",      "%",
                                        "95 % range",   "in 7 days %", "in 30 days %",
                                        "in 90 days %", "Median days", "9 in 10 within days"};
    page_parts_box(text, course, "box wide", "Cohorts table",
                   "Completion and time to complete of each weekly cohort");
    page_text_add(text, "<thead><tr><th scope=\"col\">Week of start</th>");
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        page_text_format(text, "<th scope=\"col\" class=\"n\">%s</th>", heads[i]);
    page_text_add(text, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < rows; i++)
        add_row(text, &course->cohorts[i]);
    page_text_add(text, "</tbody></table></div>");
}

/* What is not in the table. */
static void add_rest(struct page_text *text, const struct page_course *course, size_t rows)
{
    page_text_add(text, "<p class=\"note\">");
    if (rows < course->cohort_count)
        page_text_format(text, "The newest %zu of %zu cohorts. ", rows, course->cohort_count);
    if (course->idle_weeks > 0)
        page_text_format(text,
                         "%zu week%s in which nobody started: %s completed without a start; they "
                         "are in no rate.",
                         course->idle_weeks, course->idle_weeks == 1 ? "" : "s",
                         page_count(course->idle_completed).text);
    page_text_add(text, "</p>");
}

void page_cohorts(struct page_text *text, const struct page_course *course)
{
    size_t rows = course->cohort_count < PAGE_ROWS ? course->cohort_count : PAGE_ROWS;
    struct page_text chart = {.bytes = NULL};
    bool is_drawn = page_chart(&chart, course);
    page_text_format(text,
                     "<section class=\"cohorts\"><div class=\"title\"><div><h3 id=\"c%" PRId32
                     "\">Completion by cohort</h3><p class=\"note\">",
                     course->id);
    add_note(text, course, is_drawn);
    page_text_add(text, "</p></div><div class=\"tools\">");
    page_parts_course_csv(text, course, "cohorts", "the cohorts");
    page_text_format(text, "</div></div>\n<div%s>", is_drawn ? " class=\"two\"" : "");
    if (is_drawn) {
        page_text_add(text, "<div>");
        page_text_add(text, chart.bytes);
        page_text_add(text, "</div>");
    }
    text->is_short = text->is_short || chart.is_short;
    page_text_free(&chart);
    add_table(text, course, rows);
    page_text_add(text, "</div>\n");
    add_rest(text, course, rows);
    page_text_add(text, "</section>\n");
}
