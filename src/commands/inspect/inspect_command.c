#include "course_funnel/command.h"

#include "course_funnel/log.h"
#include "course_funnel/options.h"
#include "course_funnel/output.h"
#include "inspection.h"

extern const char inspect_help[]; /* inspect_help.txt, embedded at build time */

struct options {
    const char *path;
    bool json;
    bool help;
};

static int parse_options(int argc, char **argv, struct options *options, struct failure *failure)
{
    static const struct options_row rows[] = {
        {"--json", OPTIONS_FLAG, .offset = offsetof(struct options, json)},
        {"--help", OPTIONS_FLAG, .offset = offsetof(struct options, help)},
    };
    struct option long_options[3];
    options_getopt(rows, 2, long_options);
    *options = (struct options){0};
    uint64_t given = 0;
    opterr = 0;
    optind = 1;
    for (int at = optind, name; (name = getopt_long(argc, argv, ":", long_options, NULL)) != -1;
         at = optind) {
        if (name == '?' || name == ':')
            return failure_set(failure, EXIT_USAGE, "There is no option \"%s\".", argv[at]);
        if (options_read(rows, name, optarg, options, &given, failure) != 0)
            return -1;
    }
    if (options->help)
        return 0;
    if (optind == argc)
        return failure_set(failure, EXIT_USAGE,
                           "inspect takes the name of a checkpoint folder, and none is given.");
    if (optind + 1 < argc)
        return failure_set(failure, EXIT_USAGE,
                           "inspect takes the name of one checkpoint folder; \"%s\" is a word too "
                           "many.",
                           argv[optind + 1]);
    options->path = argv[optind];
    return 0;
}

static int inspect(const struct options *options, struct failure *failure)
{
    struct inspection inspection;
    int result = inspection_make(options->path, &inspection, failure);
    if (result == 0)
        result = (options->json ? inspection_print_json : inspection_print)(stdout, &inspection,
                                                                            failure);
    int code = EXIT_PUBLISHED;
    if (result != 0)
        code = failure->code;
    else if (inspection.resume == NULL)
        code = inspection.refused != NULL ? EXIT_STRANGER : EXIT_CHECKPOINT;
    inspection_clear(&inspection);
    return code;
}

int inspect_command(int argc, char **argv)
{
    struct failure failure = {0};
    struct options options;
    int code = 0;
    if (parse_options(argc, argv, &options, &failure) == 0) {
        if (options.help) {
            (void)output_text(stdout, inspect_help, &failure);
        } else {
            code = inspect(&options, &failure);
        }
    }
    if (failure.code == 0)
        return code;
    log_error("%s", failure.message);
    if (failure.code == EXIT_USAGE)
        log_error("Try `course-funnel inspect --help`.");
    return failure.code;
}
