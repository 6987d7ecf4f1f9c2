#include "generate_options.h"

#include "course_funnel/calendar.h"
#include "course_funnel/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static int read_start(void *values, const char *text, struct failure *failure)
{
    struct generate_options *options = values;
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
    options->start_days =
        (int32_t)(time_us / CALENDAR_US_PER_DAY - (time_us % CALENDAR_US_PER_DAY < 0));
    return 0;
}

static int read_format(void *values, const char *text, struct failure *failure)
{
    struct generate_options *options = values;
    static const char *const formats[] = {
        [GENERATE_GZIP] = "gzip", [GENERATE_PLAIN] = "plain", [GENERATE_ZIP] = "zip"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, formats[i]) == 0) {
            options->format = (enum generate_format)i;
            return 0;
        }
    }
    return failure_set(failure, EXIT_USAGE, "--format takes gzip, plain or zip, not \"%s\".", text);
}

#define AT(field) .offset = offsetof(struct generate_options, field)

static const struct options_row rows[] = {
    {"--out", OPTIONS_TEXT, AT(out)},
    {"--events", OPTIONS_NUMBER, AT(events), 1, UINT64_C(10000000000)},
    {"--course-share", OPTIONS_SHARE, AT(course_share)},
    {"--users", OPTIONS_NUMBER, AT(users), 1, UINT64_C(2000000000)},
    {"--courses", OPTIONS_NUMBER, AT(courses), 1, 10000},
    {"--lessons", OPTIONS_NUMBER, AT(lessons), 1, 10000},
    {"--weeks", OPTIONS_NUMBER, AT(weeks), 1, 1040},
    {"--start", .read = read_start},
    {"--late", OPTIONS_SHARE, AT(late)},
    {"--duplicates", OPTIONS_SHARE, AT(duplicates)},
    {"--dirt", OPTIONS_SHARE, AT(dirt)},
    {"--hostile", OPTIONS_SHARE, AT(hostile)},
    {"--app", OPTIONS_NUMBER, AT(app), 1, UINT64_C(999999999999)},
    {"--seed", OPTIONS_NUMBER, AT(seed), 0, UINT64_MAX},
    {"--format", .read = read_format},
    {"--level", OPTIONS_NUMBER, AT(level), 0, 3},
    {"--file-lines", OPTIONS_NUMBER, AT(file_lines), 1, UINT32_MAX},
    {"--help", OPTIONS_FLAG, AT(help)},
};

#define ROWS (sizeof rows / sizeof rows[0])

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
    struct option names[ROWS + 1];
    options_getopt(rows, ROWS, names);
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
        if (options_read(rows, option, optarg, options, &given, failure) != 0)
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
