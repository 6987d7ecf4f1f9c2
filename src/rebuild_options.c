#include "course_funnel/rebuild_options.h"

#include "course_funnel/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char rebuild_options_help[] =
    "Rebuild the course-funnel marts from the full history of Amplitude events.\n"
    "\n"
    "usage: mpirun -n RANKS course-funnel rebuild --from SOURCE... --to TARGET [OPTIONS]\n"
    "\n"
    "  --from SOURCE            a file, a directory (walked) or a glob of JSON lines, plain, gzip\n"
    "                           or zip, told by their first bytes; give it several times, or\n"
    "                           several sources after it, to read them as one history\n"
    "  --to TARGET              a libpq URI or conninfo text for PostgreSQL, or a directory for\n"
    "                           CSV files\n"
    "  --schema NAME            PostgreSQL schema of the marts (default: public)\n"
    "  --rejects PATH           file, or directory for rejects.ndjson, that course events which\n"
    "                           cannot be used are kept in (default: ./rejects.ndjson)\n"
    "  --max-reject-share X     do not publish when more than this share of the course events was\n"
    "                           rejected, from 0 to 1 (default: 0.05)\n"
    "  --allow-empty            publish even when there is no course event at all\n"
    "  --dry-run                check sources and target, print the plan, read and publish\n"
    "                           nothing (a missing target directory is made)\n"
    "  --log-format FORMAT      text or json, one object a line (default: text)\n"
    "  --max-line-bytes SIZE    longest line that is read (default: 64M)\n"
    "  --max-ratio N            most bytes that one compressed byte may inflate to, looked at\n"
    "                           after the first MiB (default: 1100)\n"
    "  --range-bytes SIZE       size of the ranges that plain files are cut in (default: 16M)\n"
    "  --help                   this text\n"
    "\n"
    "Sizes take the suffixes K, M, G and T. Passwords come from a passfile, a service file or\n"
    "PGPASSWORD, never from the command line.\n"
    "\n"
    "exit codes: 0 published, 2 usage, 3 the checkpoint belongs to another run, 4 source,\n"
    "5 target, 6 checkpoint storage, 7 a gate refused to publish, 70 a bug or no memory,\n"
    "75 stopped on request: run again\n";

enum option_name {
    OPTION_FROM = 1,
    OPTION_TO,
    OPTION_SCHEMA,
    OPTION_REJECTS,
    OPTION_MAX_REJECT_SHARE,
    OPTION_ALLOW_EMPTY,
    OPTION_DRY_RUN,
    OPTION_LOG_FORMAT,
    OPTION_MAX_LINE_BYTES,
    OPTION_MAX_RATIO,
    OPTION_RANGE_BYTES,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"from", required_argument, NULL, OPTION_FROM},
    {"to", required_argument, NULL, OPTION_TO},
    {"schema", required_argument, NULL, OPTION_SCHEMA},
    {"rejects", required_argument, NULL, OPTION_REJECTS},
    {"max-reject-share", required_argument, NULL, OPTION_MAX_REJECT_SHARE},
    {"allow-empty", no_argument, NULL, OPTION_ALLOW_EMPTY},
    {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
    {"log-format", required_argument, NULL, OPTION_LOG_FORMAT},
    {"max-line-bytes", required_argument, NULL, OPTION_MAX_LINE_BYTES},
    {"max-ratio", required_argument, NULL, OPTION_MAX_RATIO},
    {"range-bytes", required_argument, NULL, OPTION_RANGE_BYTES},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static int set_text(const char *option, const char **value, const char *text,
                    struct failure *failure)
{
    if (*value != NULL)
        return failure_set(failure, EXIT_USAGE, "%s is given twice.", option);
    if (text[0] == '\0')
        return failure_set(failure, EXIT_USAGE, "%s takes a text that is not empty.", option);
    *value = text;
    return 0;
}

static int add_source(struct rebuild_options *options, const char *text, struct failure *failure)
{
    if (text[0] == '\0')
        return failure_set(failure, EXIT_USAGE, "--from takes a text that is not empty.");
    options->from[options->from_count++] = text;
    return 0;
}

static int set_log_format(struct rebuild_options *options, const char *text,
                          struct failure *failure)
{
    options->json_log = strcmp(text, "json") == 0;
    if (!options->json_log && strcmp(text, "text") != 0)
        return failure_set(failure, EXIT_USAGE, "--log-format takes text or json, not \"%s\".",
                           text);
    return 0;
}

static int set_option(struct rebuild_options *options, enum option_name name,
                      struct failure *failure)
{
    switch (name) {
    case OPTION_FROM:
        return add_source(options, optarg, failure);
    case OPTION_TO:
        return set_text("--to", &options->to, optarg, failure);
    case OPTION_SCHEMA:
        return set_text("--schema", &options->schema, optarg, failure);
    case OPTION_REJECTS:
        return set_text("--rejects", &options->rejects, optarg, failure);
    case OPTION_MAX_REJECT_SHARE:
        return options_share("--max-reject-share", optarg, &options->max_reject_share, failure);
    case OPTION_ALLOW_EMPTY:
        options->allow_empty = true;
        return 0;
    case OPTION_DRY_RUN:
        options->dry_run = true;
        return 0;
    case OPTION_LOG_FORMAT:
        return set_log_format(options, optarg, failure);
    case OPTION_MAX_LINE_BYTES:
        return options_bytes("--max-line-bytes", optarg, 1024, UINT64_C(1) << 31,
                             &options->limits.max_line_bytes, failure);
    case OPTION_MAX_RATIO:
        return options_number("--max-ratio", optarg, 1, UINT32_MAX, &options->limits.max_ratio,
                              failure);
    case OPTION_RANGE_BYTES:
        return options_bytes("--range-bytes", optarg, 1, UINT64_C(1) << 40,
                             &options->limits.range_bytes, failure);
    case OPTION_HELP:
        options->help = true;
        return 0;
    }
    return failure_set(failure, EXIT_USAGE, "There is no option \"%s\".", optarg);
}

static int refuse_option(int answer, char **argv, int at, struct failure *failure)
{
    const char *word = argv[at > 0 ? at : 0];
    if (answer == ':')
        return failure_set(failure, EXIT_USAGE, "%s takes a value.", word);
    return failure_set(failure, EXIT_USAGE, "There is no option \"%s\".", word);
}

int rebuild_options_parse(int argc, char **argv, struct rebuild_options *options,
                          struct failure *failure)
{
    *options = (struct rebuild_options){
        .max_reject_share = 0.05,
        .limits = {.max_line_bytes = SOURCE_DEFAULT_MAX_LINE_BYTES,
                   .max_ratio = SOURCE_DEFAULT_MAX_RATIO,
                   .range_bytes = SOURCE_DEFAULT_RANGE_BYTES},
    };
    options->from = calloc((size_t)argc + 1, sizeof *options->from);
    if (options->from == NULL)
        return failure_memory(failure, "the options", (size_t)argc * sizeof *options->from);

    /* The leading '-' hands over words that are no options in their place: more sources. */
    optind = 1;
    opterr = 0;
    int last = 0;
    for (;;) {
        int at = optind;
        int answer = getopt_long(argc, argv, "-:", long_options, NULL);
        if (answer == -1)
            break;
        if (answer == '?' || answer == ':')
            return refuse_option(answer, argv, at, failure);
        /* OPTION_FROM is 1, which is also what getopt calls such a word. */
        bool is_word = answer == OPTION_FROM && optarg == argv[at];
        if (is_word && last != OPTION_FROM)
            return failure_set(failure, EXIT_USAGE,
                               "\"%s\" stands there without an option; sources come after --from.",
                               optarg);
        if (set_option(options, (enum option_name)answer, failure) != 0)
            return -1;
        last = answer;
    }
    if (optind < argc)
        return failure_set(failure, EXIT_USAGE, "\"%s\" stands there without an option.",
                           argv[optind]);
    if (options->help)
        return 0;
    if (options->from_count == 0)
        return failure_set(failure, EXIT_USAGE, "--from is missing: what should be read?");
    if (options->to == NULL)
        return failure_set(failure, EXIT_USAGE, "--to is missing: where should the marts go?");
    if (options->schema == NULL)
        options->schema = "public";
    if (options->rejects == NULL)
        options->rejects = "rejects.ndjson";
    return 0;
}

void rebuild_options_clear(struct rebuild_options *options)
{
    free(options->from);
    memset(options, 0, sizeof *options);
}

int rebuild_options_rejects_path(const struct rebuild_options *options, char **path,
                                 struct failure *failure)
{
    struct stat status;
    bool is_directory = stat(options->rejects, &status) == 0 && S_ISDIR(status.st_mode);
    if (asprintf(path, "%s%s", options->rejects, is_directory ? "/rejects.ndjson" : "") < 0)
        return failure_memory(failure, "the place of the rejects", strlen(options->rejects));
    return 0;
}
