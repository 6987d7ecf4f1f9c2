#include "course_funnel/command.h"

#include "course_funnel/calendar.h"
#include "course_funnel/log.h"
#include "course_funnel/marts_read.h"
#include "course_funnel/options.h"
#include "course_funnel/output.h"
#include "page.h"
#include "report_view.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

extern const char report_help[]; /* report_help.txt, embedded at build time */

struct options {
    const char *from;
    const char *schema;
    bool has_course;
    int32_t course_id;
    const char *cohort; /* as given */
    int32_t cohort_week;
    uint64_t cohorts;
    bool mean;
    const char *html;
    const char *names;
    bool help;
};

/* As many as fit on a screen; the others are named by --course. */
#define COURSES_SHOWN 20
#define ENTRY_POINTS_SHOWN 10

static int parse_course(void *values, const char *text, struct failure *failure)
{
    struct options *options = values;
    options->has_course = true;
    return options_id("--course", text, &options->course_id, failure);
}

static int parse_cohort(void *values, const char *text, struct failure *failure)
{
    struct options *options = values;
    options->cohort = text;
    return options_monday("--cohort", text, &options->cohort_week, failure);
}

#define AT(field) .offset = offsetof(struct options, field)

static int parse_options(int argc, char **argv, struct options *options, struct failure *failure)
{
    static const struct options_row rows[] = {
        {"--from", OPTIONS_TEXT, AT(from)},
        {"--schema", OPTIONS_TEXT, AT(schema)},
        {"--course", .read = parse_course},
        {"--cohort", .read = parse_cohort},
        {"--cohorts", OPTIONS_NUMBER, AT(cohorts), 1, 100000},
        {"--mean", OPTIONS_FLAG, AT(mean)},
        {"--html", OPTIONS_TEXT, AT(html)},
        {"--names", OPTIONS_TEXT, AT(names)},
        {"--help", OPTIONS_FLAG, AT(help)},
    };
    *options = (struct options){.schema = "public", .cohorts = 12};
    int status = options_parse(rows, sizeof rows / sizeof rows[0], argc, argv, options,
                               &options->help, failure);
    if (status != 0)
        return status < 0 ? -1 : 0;
    if (options->from == NULL)
        return failure_set(failure, EXIT_USAGE, "--from TARGET is missing.");
    if (options->html != NULL && (options->has_course || options->cohort != NULL || options->mean))
        return failure_set(
            failure, EXIT_USAGE,
            "--html shows all courses and cohorts: --course, --cohort and --mean are "
            "for the terminal.");
    return 0;
}

static void print_origin(const struct marts_origin *origin, FILE *out)
{
    char first[CALENDAR_TIME_BYTES];
    char last[CALENDAR_TIME_BYTES];
    if (!origin->known)
        return;
    calendar_format_time(origin->record.finished_us, last);
    fprintf(out, "Run %s,\nfinished %.16s UTC", origin->record.run_id, last);
    if (origin->record.has_event_times) {
        calendar_format_time(origin->record.first_event_us, first);
        calendar_format_time(origin->record.last_event_us, last);
        fprintf(out, "; events of %.10s to %.10s", first, last);
    }
    /* Where nothing moved there may have been no run before. */
    if (origin->record.cells_added + origin->record.cells_removed + origin->record.cells_changed >
        0)
        fprintf(out,
                "\nSince the last run: %" PRIu64 " cells added, %" PRIu64 " removed, %" PRIu64
                " changed",
                origin->record.cells_added, origin->record.cells_removed,
                origin->record.cells_changed);
    fprintf(out, "\n\n");
}

static int find_course(const struct report_view *view, const struct options *options,
                       const struct report_course **course, struct failure *failure)
{
    *course = view->courses;
    if (!options->has_course)
        return 0;
    for (size_t i = 0; i < view->course_count; i++)
        if (view->courses[i].course_id == options->course_id) {
            *course = &view->courses[i];
            return 0;
        }
    return failure_set(failure, EXIT_USAGE,
                       "There is no course %" PRId32 " in the marts. Without --course all are "
                       "listed.",
                       options->course_id);
}

static int find_cohort(const struct report_view *view, const struct options *options,
                       const struct report_course *course, const struct mart_cohort_row **cohort,
                       struct failure *failure)
{
    *cohort = NULL;
    if (options->cohort == NULL)
        return 0;
    for (size_t i = course->cohort_begin; i < course->cohort_end; i++)
        if (view->marts->cohorts[i].cohort_week_start == options->cohort_week) {
            *cohort = &view->marts->cohorts[i];
            return 0;
        }
    return failure_set(failure, EXIT_USAGE,
                       "Course %" PRId32 " has no cohort of the week of %s. Without --cohort those "
                       "with starts are listed; --cohorts N lists more.",
                       course->course_id, options->cohort);
}

static int show(const struct report_view *view, const struct options *options,
                const struct marts_origin *origin, struct failure *failure)
{
    const struct report_course *course = NULL;
    const struct mart_cohort_row *cohort = NULL;
    if (find_course(view, options, &course, failure) != 0)
        return -1;
    if (view->course_count > 0 && find_cohort(view, options, course, &cohort, failure) != 0)
        return -1;
    print_origin(origin, view->out);
    if (view->course_count == 0) {
        fprintf(view->out, "The marts are empty.\n");
        return 0;
    }
    if (!options->has_course) {
        if (report_view_courses(view, COURSES_SHOWN, failure) != 0)
            return -1;
        fputc('\n', view->out);
    }
    if (report_view_cohorts(view, course, (size_t)options->cohorts, failure) != 0)
        return -1;
    fputc('\n', view->out);
    if (view->has_further)
        return report_answers_lessons(view, course, cohort, failure) != 0 ||
                       fputc('\n', view->out) == EOF ||
                       report_answers_entries(view, course, cohort, ENTRY_POINTS_SHOWN, failure) !=
                           0
                   ? -1
                   : 0;
    if (report_view_lessons(view, course, cohort, failure) != 0)
        return -1;
    fprintf(view->out,
            "\nBy users who started and completed, and the mean time: the run published two\n"
            "marts alone (--tables marts), or its program was older.\n");
    return 0;
}

static int write_html(const struct report_view *view, const struct options *options,
                      const struct marts_origin *origin, struct failure *failure)
{
    const struct page_source source = {view->marts,        origin,      view->courses,
                                       view->course_count, view->names, PAGE_MOST_BYTES};
    if (!view->has_further)
        return failure_set(failure, EXIT_TARGET,
                           "%s: has the two marts alone, and the page needs the further ones: "
                           "publish without --tables marts, by a program of this version.",
                           options->from);
    if (page_write(&source, options->html, failure) != 0)
        return -1;
    fprintf(view->out, "Wrote %s\n", options->html);
    return 0;
}

static int report(const struct options *options, struct failure *failure)
{
    const struct publish_target from = {.target = options->from, .schema = options->schema};
    struct marts *marts = NULL;
    struct report_course *courses = NULL;
    struct marts_origin origin;
    struct report_view view = {.out = stdout, .bar = "#"};
    if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
        view.bar = "\xe2\x96\x88"; /* U+2588, a full block */
    if (marts_read(&from, &marts, &origin, failure) != 0)
        return -1;
    if (origin.known && !origin.matches)
        log_warning(
            "The rows are not those that the record of run %s describes: they were changed, "
            "or a publication is not finished. Publish again to be sure.",
            origin.record.run_id);
    view.marts = marts;
    view.shows_mean = options->mean;
    view.has_further = origin.has_further && marts->completion_count == marts->cohort_count &&
                       marts->step_count == marts->lesson_count;
    struct page_names names = {.rows = NULL};
    int status = report_sums_courses(marts, &courses, &view.course_count, failure);
    view.courses = courses;
    if (status == 0 && options->names != NULL)
        status = page_names_read(options->names, &names, failure);
    view.names = &names;
    if (status == 0)
        status = options->html != NULL ? write_html(&view, options, &origin, failure)
                                       : show(&view, options, &origin, failure);
    page_names_free(&names);
    free(courses);
    marts_free(marts);
    return status;
}

int report_command(int argc, char **argv)
{
    struct failure failure = {0};
    struct options options;
    /* Only what a character is depends on the locale; numbers and dates stay as they are. */
    (void)setlocale(LC_CTYPE, "");
    if (parse_options(argc, argv, &options, &failure) == 0) {
        if (options.help)
            fputs(report_help, stdout);
        else
            (void)report(&options, &failure);
    }
    (void)output_end(stdout, &failure);
    if (failure.code != 0)
        log_error("%s", failure.message);
    if (failure.code == EXIT_USAGE)
        log_error("Try `course-funnel report --help`.");
    return failure.code;
}
