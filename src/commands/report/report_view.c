#include "report_view.h"

#include "course_funnel/calendar.h"
#include "report_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A bar of this many steps is a drop-off of 100 %. */
#define BAR_STEPS 10

/* Cells of one table; the first failure stops it. */
struct cells {
    struct report_table *table;
    struct failure *failure;
};

static void add_text(struct cells *cells, const char *text)
{
    if (cells->failure->code == 0)
        (void)report_table_add(cells->table, text, cells->failure);
}

static void add_head(struct cells *cells, const char *const *head, size_t columns)
{
    for (size_t i = 0; i < columns; i++)
        add_text(cells, head[i]);
}

/* 1234567 as 1,234,567. */
static void format_count(int64_t count, char text[32])
{
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRId64, count < 0 ? -count : count);
    char *at = text;
    if (count < 0)
        *at++ = '-';
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
}

static void add_count(struct cells *cells, int64_t count)
{
    char text[32];
    format_count(count, text);
    add_text(cells, text);
}

/* An id is a name rather than a number: no commas. */
static void add_id(struct cells *cells, int32_t id)
{
    char text[16];
    snprintf(text, sizeof text, "%" PRId32, id);
    add_text(cells, text);
}

static void add_date(struct cells *cells, int32_t days)
{
    char text[CALENDAR_DATE_BYTES];
    calendar_format_date(days, text);
    add_text(cells, text);
}

/* In tenths of a percent, rounded half up (away from zero below it); "-" when there is no whole. */
static void format_share(int64_t part, int64_t whole, char text[32])
{
    snprintf(text, 32, "-");
    if (whole > 0) {
        int64_t size = part < 0 ? -part : part;
        int64_t tenths = (2000 * size + whole) / (2 * whole);
        snprintf(text, 32, "%s%" PRId64 ".%" PRId64 " %%", part < 0 && tenths > 0 ? "-" : "",
                 tenths / 10, tenths % 10);
    }
}

static void add_share(struct cells *cells, bool has, int64_t part, int64_t whole)
{
    char text[32];
    format_share(part, has ? whole : 0, text);
    add_text(cells, text);
}

static void add_time(struct cells *cells, bool has, int64_t time_e3)
{
    char text[32] = "-";
    int64_t seconds = (time_e3 + 500) / 1000;
    if (has)
        snprintf(text, sizeof text, "%" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600,
                 seconds / 60 % 60, seconds % 60);
    add_text(cells, text);
}

static int print_table(struct cells *cells, FILE *out)
{
    if (cells->failure->code == 0)
        report_table_print(cells->table, out);
    report_table_free(cells->table);
    return cells->failure->code == 0 ? 0 : -1;
}

int report_view_courses(const struct report_view *view, size_t most, struct failure *failure)
{
    static const char *const head[] = {"course",  "cohorts",   "first week", "last week",
                                       "started", "completed", "rate"};
    struct cells cells = {NULL, failure};
    size_t shown = view->course_count < most ? view->course_count : most;
    if (report_table_create(7, 0, &cells.table, failure) != 0)
        return -1;
    if (shown < view->course_count)
        fprintf(view->out, "Courses: the %zu with most users, of %zu\n\n", shown,
                view->course_count);
    else
        fprintf(view->out, "Courses\n\n");
    add_head(&cells, head, 7);
    for (size_t i = 0; i < shown; i++) {
        const struct report_course *course = &view->courses[i];
        add_id(&cells, course->course_id);
        add_count(&cells, (int64_t)(course->cohort_end - course->cohort_begin));
        add_date(&cells, view->marts->cohorts[course->cohort_begin].cohort_week_start);
        add_date(&cells, view->marts->cohorts[course->cohort_end - 1].cohort_week_start);
        add_count(&cells, course->users_started);
        add_count(&cells, course->users_completed_course);
        add_share(&cells, course->users_completed_course > 0, course->users_completed_course,
                  course->users_started);
    }
    return print_table(&cells, view->out);
}

static void add_cohort(struct cells *cells, const struct mart_cohort_row *row)
{
    add_date(cells, row->cohort_week_start);
    add_count(cells, row->users_started);
    add_count(cells, row->users_completed_course);
    add_share(cells, row->users_completed_course > 0, row->users_completed_course,
              row->users_started);
    if (row->has_total_lessons)
        add_id(cells, row->total_lessons);
    else
        add_text(cells, "-");
}

/* The weeks of which nobody's start is known, in one line. */
static void print_unstarted(size_t weeks, int64_t completed, bool further, FILE *out)
{
    char text[32];
    format_count(completed, text);
    fprintf(out, "%zu %sweek%s with 0 started, %s completed\n", weeks, further ? "further " : "",
            weeks == 1 ? "" : "s", text);
}

int report_view_cohorts(const struct report_view *view, const struct report_course *course,
                        size_t most, struct failure *failure)
{
    static const char *const head[] = {"week of", "started", "completed", "rate", "lessons up to"};
    struct cells cells = {NULL, failure};
    const struct mart_cohort_row *cohorts = view->marts->cohorts;
    size_t all = course->cohort_end - course->cohort_begin;
    size_t started = 0;
    int64_t completed = 0; /* of cohorts that nobody started in */
    for (size_t i = course->cohort_begin; i < course->cohort_end; i++)
        if (cohorts[i].users_started > 0)
            started++;
        else
            completed += cohorts[i].users_completed_course;
    if (report_table_create(5, 0, &cells.table, failure) != 0)
        return -1;
    fprintf(view->out, "Course %" PRId32 ", weekly cohorts", course->course_id);
    if (started > most)
        fprintf(view->out, ": the newest %zu of %zu", most, started);
    fprintf(view->out, "\n\n");
    if (started > 0)
        add_head(&cells, head, 5);
    size_t older = started > most ? started - most : 0;
    for (size_t i = course->cohort_begin; i < course->cohort_end; i++)
        if (cohorts[i].users_started > 0 && older > 0)
            older--;
        else if (cohorts[i].users_started > 0)
            add_cohort(&cells, &cohorts[i]);
    if (print_table(&cells, view->out) != 0)
        return -1;
    if (started > 0 && started < all)
        fputc('\n', view->out);
    if (started < all)
        print_unstarted(all - started, completed, started > 0, view->out);
    return 0;
}

static void add_drop(struct cells *cells, const struct report_view *view,
                     const struct report_lesson *lesson, bool biggest)
{
    int64_t before = lesson->previous_users_started;
    int64_t dropped = before - lesson->users_started;
    char text[REPORT_CELL_BYTES] = "";
    if (lesson->has_previous)
        add_count(cells, dropped);
    else
        add_text(cells, "-");
    add_share(cells, lesson->has_previous, dropped, before);
    int64_t steps = 0;
    if (lesson->has_previous && before > 0 && dropped > 0)
        steps = (2 * BAR_STEPS * dropped + before) / (2 * before);
    size_t used = 0;
    size_t mark = strlen(view->bar);
    for (int64_t i = 0; i < steps && used + mark < sizeof text; i++, used += mark)
        memcpy(text + used, view->bar, mark + 1);
    if (biggest)
        snprintf(text + used, sizeof text - used, "%sbiggest", steps > 0 ? " " : "");
    add_text(cells, text);
}

/* The table's point in one sentence. */
static void print_biggest(const struct report_lesson *lesson, FILE *out)
{
    char dropped[32];
    char before[32];
    char share[32];
    int64_t lost = lesson->previous_users_started - lesson->users_started;
    format_count(lost, dropped);
    format_count(lesson->previous_users_started, before);
    format_share(lost, lesson->previous_users_started, share);
    fprintf(out, "\nMost users are lost before lesson %" PRId32 ": %s of %s (%s).\n",
            lesson->lesson_id, dropped, before, share);
}

int report_view_lessons(const struct report_view *view, const struct report_course *course,
                        const struct mart_cohort_row *cohort, struct failure *failure)
{
    /* The marts have one mean a cohort, and not of how many completions. */
    bool blended = cohort == NULL && course->cohort_end - course->cohort_begin > 1;
    const char *const head[] = {"lesson",     "started",   "completed",
                                "of started", "of cohort", blended ? "avg time*" : "avg time",
                                "dropped",    "drop-off",  ""};
    struct cells cells = {NULL, failure};
    struct report_lesson *lessons = NULL;
    size_t count = 0;
    int64_t cohort_users = cohort == NULL ? course->users_started : cohort->users_started;
    char week[CALENDAR_DATE_BYTES];
    if (report_sums_lessons(view->marts, course, cohort, &lessons, &count, failure) != 0)
        return -1;
    if (report_table_create(9, 1, &cells.table, failure) != 0) {
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
    add_head(&cells, head, 9);
    for (size_t i = 0; i < count; i++) {
        const struct report_lesson *lesson = &lessons[i];
        add_id(&cells, lesson->lesson_id);
        add_count(&cells, lesson->users_started);
        add_count(&cells, lesson->users_completed);
        add_share(&cells, true, lesson->users_completed, lesson->users_started);
        add_share(&cells, true, lesson->users_started, cohort_users);
        add_time(&cells, lesson->has_avg_time_spent, lesson->avg_time_spent_sec_e3);
        add_drop(&cells, view, lesson, i == biggest);
    }
    if (count == 0)
        fprintf(view->out, "No lesson was started or completed.\n");
    int status = print_table(&cells, view->out);
    if (status == 0 && blended && count > 0)
        fprintf(view->out,
                "\n* the mean of the cohorts' means, weighted by users who completed, not "
                "by completions\n");
    if (status == 0 && biggest < count)
        print_biggest(&lessons[biggest], view->out);
    free(lessons);
    return status;
}
