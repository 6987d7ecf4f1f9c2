#include "course_funnel/command.h"

#include "course_funnel/calendar.h"
#include "course_funnel/log.h"
#include "course_funnel/options.h"
#include "course_funnel/output.h"
#include "learners_write.h"

#include <string.h>

extern const char learners_help[]; /* learners_help.txt, embedded at build time */

struct options {
    const char *checkpoint;
    const char *out; /* NULL: standard output */
    bool has_course, has_who;
    struct learners_wish wish;
    bool help;
};

static int set_course(void *values, const char *text, struct failure *failure)
{
    struct options *options = values;
    options->has_course = true;
    return options_id("--course", text, &options->wish.course_id, failure);
}

static int set_cohort(void *values, const char *text, struct failure *failure)
{
    struct options *options = values;
    options->wish.has_cohort = true;
    return options_monday("--cohort", text, &options->wish.cohort_week, failure);
}

static int set_lesson(void *values, const char *text, struct failure *failure)
{
    struct options *options = values;
    options->wish.has_lesson = true;
    return options_id("--lesson", text, &options->wish.lesson_id, failure);
}

static int set_who(void *values, const char *text, struct failure *failure)
{
    struct options *options = values;
    options->has_who = true;
    return learners_who_parse(text, &options->wish.who, failure);
}

static int set_idle_days(void *values, const char *text, struct failure *failure)
{
    struct options *options = values;
    options->wish.has_idle = true;
    return options_number("--idle-days", text, 0, 1000000, &options->wish.idle_days, failure);
}

static const struct options_row rows[] = {
    {"--checkpoint", OPTIONS_TEXT, .offset = offsetof(struct options, checkpoint), .least = 1},
    {"--course", .read = set_course},
    {"--cohort", .read = set_cohort},
    {"--lesson", .read = set_lesson},
    {"--who", .read = set_who},
    {"--idle-days", .read = set_idle_days},
    {"--out", OPTIONS_TEXT, .offset = offsetof(struct options, out), .least = 1},
    {"--help", OPTIONS_FLAG, .offset = offsetof(struct options, help)},
};

static int parse_options(int argc, char **argv, struct options *options, struct failure *failure)
{
    *options = (struct options){0};
    int status = options_parse(rows, sizeof rows / sizeof rows[0], argc, argv, options,
                               &options->help, failure);
    if (status != 0)
        return status < 0 ? -1 : 0;
    if (options->checkpoint == NULL)
        return failure_set(failure, EXIT_USAGE, "--checkpoint DIR is missing.");
    if (!options->has_course || !options->has_who)
        return failure_set(failure, EXIT_USAGE, "--%s is missing: %s.",
                           options->has_course ? "who WHO" : "course N",
                           options->has_course ? "started, completed, finished, reached, stopped "
                                                 "or unfinished"
                                               : "`course-funnel report` lists them");
    if (options->out != NULL && strcmp(options->out, "-") == 0)
        options->out = NULL;
    return learners_check_wish(&options->wish, failure);
}

static void tell(const struct learners_list *list)
{
    char as_of[CALENDAR_TIME_BYTES] = "";
    if (list->has_as_of)
        calendar_format_time(list->as_of_us, as_of);
    log_info("run %s, %s%.19s%s: %zu learners", list->run_id,
             list->has_as_of ? "as of " : "no day is over", as_of, list->has_as_of ? " UTC" : "",
             list->count);
    if (list->of_unknown_idleness > 0)
        log_warning("%zu with an event after that time are left out: by a broken clock, or of a "
                    "day that was not over",
                    list->of_unknown_idleness);
}

static int list_learners(const struct options *options, struct failure *failure)
{
    struct learners_list list = {.count = 0};
    if (options->out != NULL && learners_write_check(options->out, failure) != 0)
        return -1;
    int result = learners_read(options->checkpoint, &options->wish, &list, failure);
    if (result == 0) {
        tell(&list);
        result = learners_write(options->out, &list, failure);
    }
    learners_clear(&list);
    return result;
}

int learners_command(int argc, char **argv)
{
    struct failure failure = {0};
    struct options options;
    if (parse_options(argc, argv, &options, &failure) == 0) {
        if (options.help)
            fputs(learners_help, stdout);
        else
            (void)list_learners(&options, &failure);
    }
    (void)output_end(stdout, &failure);
    if (failure.code != 0)
        log_error("%s", failure.message);
    if (failure.code == EXIT_USAGE)
        log_error("Try `course-funnel learners --help`.");
    return failure.code;
}
