#include "generate_options.h"

#include "course_funnel/calendar.h"
#include "course_funnel/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum option_code {
    OPTION_OUT = 1,
    OPTION_EVENTS,
    OPTION_COURSE_SHARE,
    OPTION_USERS,
    OPTION_COURSES,
    OPTION_LESSONS,
    OPTION_WEEKS,
    OPTION_START,
    OPTION_LATE,
    OPTION_DUPLICATES,
    OPTION_DIRT,
    OPTION_HOSTILE,
    OPTION_APP,
    OPTION_SEED,
    OPTION_FORMAT,
    OPTION_LEVEL,
    OPTION_FILE_LINES,
    OPTION_HELP
};

static const struct option names[] = {
    {"out", required_argument, NULL, OPTION_OUT},
    {"events", required_argument, NULL, OPTION_EVENTS},
    {"course-share", required_argument, NULL, OPTION_COURSE_SHARE},
    {"users", required_argument, NULL, OPTION_USERS},
    {"courses", required_argument, NULL, OPTION_COURSES},
    {"lessons", required_argument, NULL, OPTION_LESSONS},
    {"weeks", required_argument, NULL, OPTION_WEEKS},
    {"start", required_argument, NULL, OPTION_START},
    {"late", required_argument, NULL, OPTION_LATE},
    {"duplicates", required_argument, NULL, OPTION_DUPLICATES},
    {"dirt", required_argument, NULL, OPTION_DIRT},
    {"hostile", required_argument, NULL, OPTION_HOSTILE},
    {"app", required_argument, NULL, OPTION_APP},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"level", required_argument, NULL, OPTION_LEVEL},
    {"file-lines", required_argument, NULL, OPTION_FILE_LINES},
    {"help", no_argument, NULL, OPTION_HELP},
    {0},
};

static int read_start(const char *text, int32_t *days, struct failure *failure)
{
    char time[32];
    int64_t time_us = 0;
    int length = snprintf(time, sizeof time, "%.16s 00:00:00", text);
    bool good =
        length > 0 && strlen(text) == 10 && calendar_parse_time(time, (size_t)length, &time_us);
    if (!good || strncmp(text, "0002", 4) < 0 || strncmp(text, "9970", 4) > 0)
        return failure_set(
            failure, EXIT_USAGE,
            "--start takes a date such as 2025-01-06, of the years 0002 to 9970, not "
            "\"%s\".",
            text);
    *days = (int32_t)(time_us / CALENDAR_US_PER_DAY - (time_us % CALENDAR_US_PER_DAY < 0));
    return 0;
}

static int read_format(const char *text, enum generate_format *format, struct failure *failure)
{
    static const char *const formats[] = {
        [GENERATE_GZIP] = "gzip", [GENERATE_PLAIN] = "plain", [GENERATE_ZIP] = "zip"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, formats[i]) == 0) {
            *format = (enum generate_format)i;
            return 0;
        }
    }
    return failure_set(failure, EXIT_USAGE, "--format takes gzip, plain or zip, not \"%s\".", text);
}

static int read_option(int option, const char *text, struct generate_options *options,
                       struct failure *failure)
{
    switch (option) {
    case OPTION_OUT:
        options->out = text;
        return 0;
    case OPTION_EVENTS:
        return options_number("--events", text, 1, UINT64_C(10000000000), &options->events,
                              failure);
    case OPTION_COURSE_SHARE:
        return options_share("--course-share", text, &options->course_share, failure);
    case OPTION_USERS:
        return options_number("--users", text, 1, UINT64_C(2000000000), &options->users, failure);
    case OPTION_COURSES:
        return options_number("--courses", text, 1, 10000, &options->courses, failure);
    case OPTION_LESSONS:
        return options_number("--lessons", text, 1, 10000, &options->lessons, failure);
    case OPTION_WEEKS:
        return options_number("--weeks", text, 1, 1040, &options->weeks, failure);
    case OPTION_START:
        return read_start(text, &options->start_days, failure);
    case OPTION_LATE:
        return options_share("--late", text, &options->late, failure);
    case OPTION_DUPLICATES:
        return options_share("--duplicates", text, &options->duplicates, failure);
    case OPTION_DIRT:
        return options_share("--dirt", text, &options->dirt, failure);
    case OPTION_HOSTILE:
        return options_share("--hostile", text, &options->hostile, failure);
    case OPTION_APP:
        return options_number("--app", text, 1, UINT64_C(999999999999), &options->app, failure);
    case OPTION_SEED:
        return options_number("--seed", text, 0, UINT64_MAX, &options->seed, failure);
    case OPTION_FORMAT:
        return read_format(text, &options->format, failure);
    case OPTION_LEVEL:
        return options_number("--level", text, 0, 3, &options->level, failure);
    case OPTION_FILE_LINES:
        return options_number("--file-lines", text, 1, UINT32_MAX, &options->file_lines, failure);
    default:
        options->help = true;
        return 0;
    }
}

int generate_parse(int argc, char **argv, struct generate_options *options, struct failure *failure)
{
    *options = (struct generate_options){
        .courses = 8,
        .lessons = 20,
        .events = 200000,
        .weeks = 12,
        .start_days = calendar_days(2025, 1, 6),
        .course_share = 0.3,
        .late = 0.05,
        .app = 187520,
        .seed = 1,
        .file_lines = 100000,
        .level = 1,
    };
    optind = 0;
    opterr = 0;
    int option = 0;
    uint64_t given = 0;
    while ((option = getopt_long(argc, argv, "+:", names, NULL)) != -1) {
        const char *word = argv[optind - 1];
        if (option == ':')
            return failure_set(failure, EXIT_USAGE, "%s needs a value.", word);
        if (option == '?')
            return failure_set(failure, EXIT_USAGE, "generate has no option \"%s\".", word);
        if (options_once(names, option, &given, failure) != 0 ||
            read_option(option, optarg, options, failure) != 0)
            return -1;
    }
    if (options->help)
        return 0;
    if (optind < argc)
        return failure_set(failure, EXIT_USAGE, "generate takes options only, not \"%s\".",
                           argv[optind]);
    if (options->out == NULL || options->out[0] == '\0')
        return failure_set(failure, EXIT_USAGE,
                           "generate needs --out DIR, the folder to write to.");
    return 0;
}
