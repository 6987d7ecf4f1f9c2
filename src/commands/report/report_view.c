#include "report_view.h"

#include "course_funnel/calendar.h"
#include "report_cells.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A bar of this many steps is a drop-off of 100 %. */
#define BAR_STEPS 5

/*
 * Users of the cohorts whose rates are pooled, as everywhere in the report; and of those who
 * completed the ones in whose cohort anybody started, which the rate is of. Returns whether younger
 * cohorts were left out.
 */
static bool add_pooled(const struct report_view *view, const struct report_course *course,
                       int64_t *started, int64_t *completed, int64_t *of_started)
{
    bool only_mature = report_steps_pools_mature(view->marts, course);
    bool has_younger = false;
    for (size_t i = course->cohort_begin; i < course->cohort_end; i++)
        if (!only_mature || report_steps_is_mature(view->marts, i)) {
            *started += view->marts->cohorts[i].users_started;
            *completed += view->marts->cohorts[i].users_completed_course;
            if (view->marts->cohorts[i].users_started > 0)
                *of_started += view->marts->cohorts[i].users_completed_course;
        } else {
            has_younger = true;
        }
    return has_younger;
}

int report_view_courses(const struct report_view *view, size_t most, struct failure *failure)
{
    static const char *const head[] = {"course",  "cohorts",   "first week", "last week",
                                       "started", "completed", "rate"};
    struct report_cells cells = {NULL, failure};
    size_t shown = view->course_count < most ? view->course_count : most;
    if (report_table_create(7, 0, &cells.table, failure) != 0)
        return -1;
    if (shown < view->course_count)
        fprintf(view->out, "Courses: the %zu with most users, of %zu\n\n", shown,
                view->course_count);
    else
        fprintf(view->out, "Courses\n\n");
    report_cells_head(&cells, head, 7);
    bool has_younger = false;
    for (size_t i = 0; i < shown; i++) {
        const struct report_course *course = &view->courses[i];
        int64_t started = 0, completed = 0, of_started = 0;
        has_younger = add_pooled(view, course, &started, &completed, &of_started) || has_younger;
        report_cells_id(&cells, course->course_id);
        report_cells_count(&cells, (int64_t)(course->cohort_end - course->cohort_begin));
        report_cells_date(&cells, view->marts->cohorts[course->cohort_begin].cohort_week_start);
        report_cells_date(&cells, view->marts->cohorts[course->cohort_end - 1].cohort_week_start);
        report_cells_count(&cells, started);
        report_cells_count(&cells, completed);
        report_cells_share(&cells, of_started > 0, of_started, started);
    }
    if (report_cells_print(&cells, view->out) != 0)
        return -1;
    if (has_younger)
        fprintf(view->out,
                "\nUsers of cohorts watched for 28 days or more; where a course has none, "
                "of all.\n");
    return 0;
}

/* Of which so much is known by now that ${row} may be said of all, or "-". */
static void add_completion(struct report_cells *cells, const struct mart_completion_row *row,
                           int32_t started)
{
    char text[48] = "-";
    report_cells_share(cells, row->has_within_30d, row->completed_within_30d, started);
    if (row->has_days_to_complete)
        snprintf(text, sizeof text, "%" PRId64 ".%" PRId64,
                 (row->days_to_complete_p50_e3 + 50) / 1000,
                 (row->days_to_complete_p50_e3 + 50) / 100 % 10);
    report_cells_text(cells, text);
}

static void add_week(struct report_cells *cells, int32_t week, bool is_mature)
{
    char date[CALENDAR_DATE_BYTES], text[CALENDAR_DATE_BYTES + 1];
    calendar_format_date(week, date);
    snprintf(text, sizeof text, "%s%s", date, is_mature ? "" : "*");
    report_cells_text(cells, text);
}

static void add_cohort(struct report_cells *cells, const struct report_view *view, size_t cohort)
{
    const struct mart_cohort_row *row = &view->marts->cohorts[cohort];
    add_week(cells, row->cohort_week_start,
             !view->has_further || report_steps_is_mature(view->marts, cohort));
    report_cells_count(cells, row->users_started);
    report_cells_count(cells, row->users_completed_course);
    report_cells_share(cells, row->users_completed_course > 0, row->users_completed_course,
                       row->users_started);
    if (view->has_further)
        add_completion(cells, &view->marts->completions[cohort], row->users_started);
    if (row->has_total_lessons)
        report_cells_id(cells, row->total_lessons);
    else
        report_cells_text(cells, "-");
}

/* The weeks of which nobody's start is known, in one line. */
static void print_unstarted(size_t weeks, int64_t completed, bool further, FILE *out)
{
    char text[32];
    report_format_count(completed, text);
    fprintf(out, "%zu %sweek%s with 0 started, %s completed\n", weeks, further ? "further " : "",
            weeks == 1 ? "" : "s", text);
}

int report_view_cohorts(const struct report_view *view, const struct report_course *course,
                        size_t most, struct failure *failure)
{
    static const char *const plain[] = {"week of", "started", "completed", "rate", "lessons up to"};
    static const char *const further[] = {"week of",    "started",     "completed", "rate",
                                          "in 30 days", "median days", "lessons"};
    const char *const *head = view->has_further ? further : plain;
    size_t columns = view->has_further ? 7 : 5;
    bool has_immature = false;
    struct report_cells cells = {NULL, failure};
    const struct mart_cohort_row *cohorts = view->marts->cohorts;
    size_t all = course->cohort_end - course->cohort_begin;
    size_t started = 0;
    int64_t completed = 0; /* of cohorts that nobody started in */
    for (size_t i = course->cohort_begin; i < course->cohort_end; i++)
        if (cohorts[i].users_started > 0)
            started++;
        else
            completed += cohorts[i].users_completed_course;
    if (report_table_create(columns, 0, &cells.table, failure) != 0)
        return -1;
    fprintf(view->out, "Course %" PRId32 ", weekly cohorts", course->course_id);
    if (started > most)
        fprintf(view->out, ": the newest %zu of %zu", most, started);
    fprintf(view->out, "\n\n");
    if (started > 0)
        report_cells_head(&cells, head, columns);
    size_t older = started > most ? started - most : 0;
    for (size_t i = course->cohort_begin; i < course->cohort_end; i++)
        if (cohorts[i].users_started > 0 && older > 0)
            older--;
        else if (cohorts[i].users_started > 0) {
            add_cohort(&cells, view, i);
            has_immature =
                has_immature || (view->has_further && !report_steps_is_mature(view->marts, i));
        }
    if (report_cells_print(&cells, view->out) != 0)
        return -1;
    if (has_immature)
        fprintf(view->out, "\n* watched for less than 28 days: more will complete\n");
    if (started > 0 && started < all)
        fputc('\n', view->out);
    if (started < all)
        print_unstarted(all - started, completed, started > 0, view->out);
    return 0;
}

static void add_drop(struct report_cells *cells, const struct report_view *view,
                     const struct report_lesson *lesson, bool biggest)
{
    int64_t before = lesson->previous_users_started;
    int64_t dropped = before - lesson->users_started;
    char text[REPORT_CELL_BYTES] = "";
    if (lesson->has_previous)
        report_cells_count(cells, dropped);
    else
        report_cells_text(cells, "-");
    report_cells_share(cells, lesson->has_previous, dropped, before);
    int64_t steps = 0;
    if (lesson->has_previous && before > 0 && dropped > 0)
        steps = (2 * BAR_STEPS * dropped + before) / (2 * before);
    size_t used = 0;
    size_t mark = strlen(view->bar);
    for (int64_t i = 0; i < steps && used + mark < sizeof text; i++, used += mark)
        memcpy(text + used, view->bar, mark + 1);
    if (biggest)
        snprintf(text + used, sizeof text - used, "%sbiggest", steps > 0 ? " " : "");
    report_cells_text(cells, text);
}

/* The table's point in one sentence. */
static void print_biggest(const struct report_lesson *lesson, FILE *out)
{
    char dropped[32];
    char before[32];
    char share[32];
    int64_t lost = lesson->previous_users_started - lesson->users_started;
    report_format_count(lost, dropped);
    report_format_count(lesson->previous_users_started, before);
    report_format_share(lost, lesson->previous_users_started, share);
    fprintf(out, "\nMost users are lost before lesson %" PRId32 ": %s of %s (%s).\n",
            lesson->lesson_id, dropped, before, share);
}

int report_view_lessons(const struct report_view *view, const struct report_course *course,
                        const struct mart_cohort_row *cohort, struct failure *failure)
{
    /* The marts have one mean a cohort, and not of how many completions. */
    bool blended = cohort == NULL && course->cohort_end - course->cohort_begin > 1;
    const char *const head[] = {
        "lesson",  "started",  "completed", "rate", blended ? "avg time*" : "avg time",
        "dropped", "drop-off", ""};
    struct report_cells cells = {NULL, failure};
    struct report_lesson *lessons = NULL;
    size_t count = 0;
    char week[CALENDAR_DATE_BYTES];
    if (report_sums_lessons(view->marts, course, cohort, &lessons, &count, failure) != 0)
        return -1;
    if (report_table_create(8, 1, &cells.table, failure) != 0) {
        free(lessons);
        return -1;
    }
    if (cohort == NULL) {
        fprintf(view->out, "Course %" PRId32 ", lessons, all cohorts together\n\n",
                course->course_id);
    } else {
        calendar_format_date(cohort->cohort_week_start, week);
        fprintf(view->out, "Course %" PRId32 ", lessons, cohort of the week of %s\n\n",
                course->course_id, week);
    }
    size_t biggest = report_sums_biggest_drop(lessons, count);
    report_cells_head(&cells, head, 8);
    for (size_t i = 0; i < count; i++) {
        const struct report_lesson *lesson = &lessons[i];
        report_cells_id(&cells, lesson->lesson_id);
        report_cells_count(&cells, lesson->users_started);
        report_cells_count(&cells, lesson->users_completed);
        report_cells_share(&cells, true, lesson->users_completed, lesson->users_started);
        report_cells_time(&cells, lesson->has_avg_time_spent, lesson->avg_time_spent_sec_e3);
        add_drop(&cells, view, lesson, i == biggest);
    }
    if (count == 0)
        fprintf(view->out, "No lesson was started or completed.\n");
    int status = report_cells_print(&cells, view->out);
    if (status == 0 && blended && count > 0)
        fprintf(view->out, "\n* the mean of the cohorts' means, weighted by users who completed\n");
    if (status == 0 && biggest < count)
        print_biggest(&lessons[biggest], view->out);
    free(lessons);
    return status;
}
