#include "report_view.h"

#include "course_funnel/calendar.h"
#include "course_funnel/utf8.h"
#include "report_cells.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BAR_STEPS 5
#define ENTRY_POINT_SHOWN 33 /* bytes, so that a line fits a screen */
#define TITLE_SHOWN 24       /* likewise, of a lesson's title */

/* A name as far as it fits, and dots where it does not; hidden characters are shown as bytes. */
static void cut_name(const char *name, size_t room, char *text)
{
    size_t bytes = strlen(name);
    if (utf8_show(name, bytes, text, room) < bytes) {
        (void)utf8_show(name, bytes, text, room - 3);
        strncat(text, "...", 4);
    }
}

static void print_title(const struct report_view *view, const struct report_course *course,
                        const struct mart_cohort_row *cohort, const char *what)
{
    char week[CALENDAR_DATE_BYTES], title[64];
    const struct page_name *name = page_names_course(view->names, course->course_id);
    if (name != NULL && name->title[0] != '\0') {
        cut_name(name->title, sizeof title, title);
        fprintf(view->out, "%s\n", title);
    }
    fprintf(view->out, "Course %" PRId32 ", %s, ", course->course_id, what);
    if (cohort != NULL) {
        calendar_format_date(cohort->cohort_week_start, week);
        fprintf(view->out, "cohort of the week of %s\n\n", week);
    } else if (report_steps_pools_mature(view->marts, course)) {
        fprintf(view->out, "all cohorts watched for 28 days or more\n\n");
    } else {
        fprintf(view->out, "all cohorts, none watched for 28 days yet\n\n");
    }
}

static void add_stopped(struct report_cells *cells, const struct report_view *view,
                        const struct report_lesson *lesson, bool is_last, bool is_biggest)
{
    char text[REPORT_CELL_BYTES] = "";
    size_t used = 0, mark = strlen(view->bar);
    int64_t reached = lesson->users_reached;
    int64_t steps = 0;
    report_cells_count(cells, lesson->users_stopped);
    report_cells_share(cells, !is_last, lesson->users_stopped, reached);
    if (!is_last && reached > 0)
        steps = (2 * BAR_STEPS * lesson->users_stopped + reached) / (2 * reached);
    for (int64_t i = 0; i < steps && used + mark < sizeof text; i++, used += mark)
        memcpy(text + used, view->bar, mark + 1);
    if (is_biggest)
        snprintf(text + used, sizeof text - used, "%sbiggest", steps > 0 ? " " : "");
    report_cells_text(cells, text);
}

static void print_biggest(const struct report_view *view, const struct report_lesson *lesson)
{
    char stopped[32], reached[32], share[32];
    report_format_count(lesson->users_stopped, stopped);
    report_format_count(lesson->users_reached, reached);
    report_format_share(lesson->users_stopped, lesson->users_reached, share);
    fprintf(view->out, "\nMost users stop at lesson %" PRId32 ": %s of %s (%s).\n",
            lesson->lesson_id, stopped, reached, share);
}

/* The lessons by their ids. Those who reached the lowest are all: users without a start too. */
static int show_numbered(const struct report_view *view, const struct report_lesson *lessons,
                         size_t count, size_t biggest, bool blended, struct failure *failure)
{
    const char *times[2][2] = {{"median", "median*"}, {"mean", "mean*"}};
    const char *const head[] = {
        "lesson",  "reached", "of cohort", "completed", times[view->shows_mean][blended],
        "stopped", "rate",    ""};
    struct report_cells cells = {NULL, failure};
    if (report_table_create(8, 1, &cells.table, failure) != 0)
        return -1;
    report_cells_head(&cells, head, 8);
    for (size_t i = 0; i < count; i++) {
        const struct report_lesson *lesson = &lessons[i];
        report_cells_id(&cells, lesson->lesson_id);
        report_cells_count(&cells, lesson->users_reached);
        report_cells_share(&cells, true, lesson->users_reached, lessons[0].users_reached);
        report_cells_count(&cells, lesson->users_completed);
        if (view->shows_mean)
            report_cells_time(&cells, lesson->has_avg_time_spent, lesson->avg_time_spent_sec_e3);
        else
            report_cells_time(&cells, lesson->has_median, lesson->median_e3);
        add_stopped(&cells, view, lesson, i + 1 == count, i == biggest);
    }
    return report_cells_print(&cells, view->out);
}

/* A lesson in the order that it is shown in. */
struct place {
    const struct report_lesson *lesson;
    const struct page_name *name; /* NULL: it has none */
};

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    return page_names_order(a->name, a->lesson->lesson_id, b->name, b->lesson->lesson_id);
}

/*
 * The lessons by their titles, in the order that the names give. Beside a title there is no room
 * for all columns.
 */
static int show_named(const struct report_view *view, const struct report_course *course,
                      const struct report_lesson *lessons, size_t count, size_t biggest,
                      struct failure *failure)
{
    const char *const head[] = {"reached", "of cohort", view->shows_mean ? "mean" : "median",
                                "stopped", "rate",      "",
                                "lesson"};
    struct report_cells cells = {NULL, failure};
    struct place *places = calloc(count + 1, sizeof *places);
    if (places == NULL)
        return failure_memory(failure, "the lessons", count * sizeof *places);
    for (size_t i = 0; i < count; i++)
        places[i] = (struct place){
            &lessons[i], page_names_lesson(view->names, course->course_id, lessons[i].lesson_id)};
    qsort(places, count, sizeof *places, compare_places);
    int status = report_table_create(7, 2, &cells.table, failure);
    if (status == 0)
        report_cells_head(&cells, head, 7);
    for (size_t i = 0; i < count && status == 0; i++) {
        const struct report_lesson *lesson = places[i].lesson;
        char title[TITLE_SHOWN];
        report_cells_count(&cells, lesson->users_reached);
        report_cells_share(&cells, true, lesson->users_reached, lessons[0].users_reached);
        if (view->shows_mean)
            report_cells_time(&cells, lesson->has_avg_time_spent, lesson->avg_time_spent_sec_e3);
        else
            report_cells_time(&cells, lesson->has_median, lesson->median_e3);
        add_stopped(&cells, view, lesson, lesson == &lessons[count - 1],
                    lesson == &lessons[biggest]);
        snprintf(title, sizeof title, "%" PRId32, lesson->lesson_id);
        if (places[i].name != NULL && places[i].name->title[0] != '\0')
            cut_name(places[i].name->title, sizeof title, title);
        report_cells_text(&cells, title);
    }
    free(places);
    return status == 0 ? report_cells_print(&cells, view->out) : -1;
}

int report_answers_lessons(const struct report_view *view, const struct report_course *course,
                           const struct mart_cohort_row *cohort, struct failure *failure)
{
    bool blended = cohort == NULL && course->cohort_end - course->cohort_begin > 1;
    struct report_lesson *lessons = NULL;
    size_t count = 0;
    int status = -1;
    if (report_sums_lessons(view->marts, course, cohort, &lessons, &count, failure) != 0 ||
        report_steps_add(view->marts, course, cohort, lessons, count, failure) != 0)
        goto free_lessons;
    size_t biggest = report_steps_biggest(lessons, count);
    print_title(view, course, cohort, "lessons");
    if (view->names->count > 0)
        status = show_named(view, course, lessons, count, biggest, failure);
    else
        status = show_numbered(view, lessons, count, biggest, blended, failure);
    if (count == 0)
        fprintf(view->out, "No lesson was started or completed.\n");
    if (status == 0 && blended && count > 0)
        fprintf(view->out, "\n* the %s of the cohorts' %ss, weighted by %s\n",
                view->shows_mean ? "mean" : "median", view->shows_mean ? "mean" : "median",
                view->shows_mean ? "users who completed" : "timed completions");
    if (status == 0 && biggest < count)
        print_biggest(view, &lessons[biggest]);
free_lessons:
    free(lessons);
    return status;
}

/* Users of one entry point. */
struct entry_sum {
    const char *text;
    int64_t started, completed;
};

static int compare_texts(const void *left, const void *right)
{
    const struct entry_sum *a = left, *b = right;
    return strcmp(a->text, b->text);
}

static int compare_users(const void *left, const void *right)
{
    const struct entry_sum *a = left, *b = right;
    if (a->started != b->started)
        return a->started < b->started ? 1 : -1;
    return strcmp(a->text, b->text);
}

/* The rows of the cohort, or of those that are pooled, summed by their text. Returns how many. */
static size_t sum_entries(const struct report_view *view, const struct report_course *course,
                          const struct mart_cohort_row *cohort, struct entry_sum *sums)
{
    const struct marts *marts = view->marts;
    bool only_mature = report_steps_pools_mature(marts, course);
    size_t count = 0, kept = 0, at = course->cohort_begin;
    for (size_t i = 0; i < marts->entry_count; i++) {
        const struct mart_entry_row *row = &marts->entries[i];
        if (row->course_id != course->course_id)
            continue;
        while (at + 1 < course->cohort_end &&
               marts->cohorts[at].cohort_week_start < row->cohort_week_start)
            at++;
        bool is_wanted = cohort != NULL ? row->cohort_week_start == cohort->cohort_week_start
                                        : !only_mature || report_steps_is_mature(marts, at);
        if (is_wanted)
            sums[count++] = (struct entry_sum){row->entry_point, row->users_started,
                                               row->users_completed_course};
    }
    qsort(sums, count, sizeof *sums, compare_texts);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && strcmp(sums[kept - 1].text, sums[i].text) == 0) {
            sums[kept - 1].started += sums[i].started;
            sums[kept - 1].completed += sums[i].completed;
        } else {
            sums[kept++] = sums[i];
        }
    }
    qsort(sums, kept, sizeof *sums, compare_users);
    return kept;
}

int report_answers_entries(const struct report_view *view, const struct report_course *course,
                           const struct mart_cohort_row *cohort, size_t most,
                           struct failure *failure)
{
    static const char *const head[] = {"started", "completed", "rate", "entry point"};
    struct report_cells cells = {NULL, failure};
    size_t room = view->marts->entry_count + 1;
    struct entry_sum *sums = calloc(room, sizeof *sums);
    if (sums == NULL)
        return failure_memory(failure, "the entry points", room * sizeof *sums);
    size_t count = sum_entries(view, course, cohort, sums);
    if (report_table_create(4, 1, &cells.table, failure) != 0) {
        free(sums);
        return -1;
    }
    print_title(view, course, cohort, "entry points");
    report_cells_head(&cells, head, 4);
    for (size_t i = 0; i < count && i < most; i++) {
        char text[ENTRY_POINT_SHOWN];
        (void)utf8_show(sums[i].text, strlen(sums[i].text), text, sizeof text);
        report_cells_count(&cells, sums[i].started);
        report_cells_count(&cells, sums[i].completed);
        report_cells_share(&cells, true, sums[i].completed, sums[i].started);
        report_cells_text(&cells, text);
    }
    int status = report_cells_print(&cells, view->out);
    if (status == 0 && count > most)
        fprintf(view->out, "\n%zu further entry point%s\n", count - most,
                count - most == 1 ? "" : "s");
    free(sums);
    return status;
}
