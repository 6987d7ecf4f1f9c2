#include "rebuild_options.h"

#include "course_funnel/options.h"
#include "course_funnel/postgres.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum option_name {
    OPTION_FROM = 1,
    OPTION_TO,
    OPTION_SCHEMA,
    OPTION_EVENTS_TABLE,
    OPTION_COLUMN,
    OPTION_SESSIONS_TABLE,
    OPTION_CONNECTIONS,
    OPTION_STATEMENT_TIMEOUT,
    OPTION_REJECTS,
    OPTION_MAX_REJECT_SHARE,
    OPTION_ALLOW_EMPTY,
    OPTION_CHECKPOINT,
    OPTION_CHECKPOINT_INTERVAL,
    OPTION_MEAN_TIME_TO_INTERRUPT,
    OPTION_RESTART,
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
    {"events-table", required_argument, NULL, OPTION_EVENTS_TABLE},
    {"column", required_argument, NULL, OPTION_COLUMN},
    {"sessions-table", required_argument, NULL, OPTION_SESSIONS_TABLE},
    {"connections", required_argument, NULL, OPTION_CONNECTIONS},
    {"statement-timeout", required_argument, NULL, OPTION_STATEMENT_TIMEOUT},
    {"rejects", required_argument, NULL, OPTION_REJECTS},
    {"max-reject-share", required_argument, NULL, OPTION_MAX_REJECT_SHARE},
    {"allow-empty", no_argument, NULL, OPTION_ALLOW_EMPTY},
    {"checkpoint", required_argument, NULL, OPTION_CHECKPOINT},
    {"checkpoint-interval", required_argument, NULL, OPTION_CHECKPOINT_INTERVAL},
    {"mean-time-to-interrupt", required_argument, NULL, OPTION_MEAN_TIME_TO_INTERRUPT},
    {"restart", no_argument, NULL, OPTION_RESTART},
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
    if (text[0] == '\0')
        return failure_set(failure, EXIT_USAGE, "%s takes a text that is not empty.", option);
    *value = text;
    return 0;
}

static int add_events_table(struct rebuild_options *options, const char *text,
                            struct failure *failure)
{
    struct rebuild_table *table = &options->events_tables[options->events_table_count++];
    table->from_before = options->from_count;
    return set_text("--events-table", &table->name, text, failure);
}

/*
 * A column belongs to the table that was named last before it, or where there is none to all
 * tables; that of profile ids belongs to the only table of sessions.
 */
static int add_column(struct rebuild_options *options, const char *text, struct failure *failure)
{
    const char *profile = table_columns_name(TABLE_PROFILE_ID);
    size_t bytes = strlen(profile);
    bool is_profile = strncmp(text, profile, bytes) == 0 && text[bytes] == '=';
    if (options->events_table_count == 0 || is_profile)
        return table_columns_override(text, options->tables.columns, failure);
    struct rebuild_table *table = &options->events_tables[options->events_table_count - 1];
    table->columns_before = options->from_count;
    return table_columns_override(text, table->columns, failure);
}

/* A whole number of at least 1 that fits into 32 bits. */
static int set_number(const char *option, uint32_t *value, const char *text, uint64_t maximum,
                      struct failure *failure)
{
    uint64_t number = 0;
    if (options_number(option, text, 1, maximum, &number, failure) != 0)
        return -1;
    *value = (uint32_t)number;
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

static int set_interval(struct rebuild_options *options, const char *text, struct failure *failure)
{
    if (strcmp(text, "auto") == 0) {
        options->checkpoint.interval.fixed_seconds = 0;
        return 0;
    }
    return options_decimal("--checkpoint-interval", text, 1e6,
                           &options->checkpoint.interval.fixed_seconds, failure);
}

static int set_mean_time(struct rebuild_options *options, const char *text, struct failure *failure)
{
    double hours = 0;
    if (options_decimal("--mean-time-to-interrupt", text, 1e6, &hours, failure) != 0)
        return -1;
    options->checkpoint.interval.mean_time_seconds = 3600 * hours;
    return 0;
}

static int set_option(struct rebuild_options *options, enum option_name name,
                      struct failure *failure)
{
    switch (name) {
    case OPTION_FROM:
        return set_text("--from", &options->from[options->from_count++], optarg, failure);
    case OPTION_TO:
        return set_text("--to", &options->to, optarg, failure);
    case OPTION_SCHEMA:
        return set_text("--schema", &options->schema, optarg, failure);
    case OPTION_EVENTS_TABLE:
        return add_events_table(options, optarg, failure);
    case OPTION_COLUMN:
        return add_column(options, optarg, failure);
    case OPTION_SESSIONS_TABLE:
        return set_text("--sessions-table", &options->tables.sessions, optarg, failure);
    case OPTION_CONNECTIONS:
        return set_number("--connections", &options->connections, optarg, UINT32_MAX, failure);
    case OPTION_STATEMENT_TIMEOUT:
        return set_number("--statement-timeout", &options->tables.statement_s, optarg, 1000000,
                          failure);
    case OPTION_REJECTS:
        return set_text("--rejects", &options->rejects, optarg, failure);
    case OPTION_MAX_REJECT_SHARE:
        return options_share("--max-reject-share", optarg, &options->max_reject_share, failure);
    case OPTION_ALLOW_EMPTY:
        options->allow_empty = true;
        return 0;
    case OPTION_CHECKPOINT:
        return set_text("--checkpoint", &options->checkpoint.path, optarg, failure);
    case OPTION_CHECKPOINT_INTERVAL:
        return set_interval(options, optarg, failure);
    case OPTION_MEAN_TIME_TO_INTERRUPT:
        return set_mean_time(options, optarg, failure);
    case OPTION_RESTART:
        options->checkpoint.restart = true;
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
        return options_bytes("--range-bytes", optarg, SOURCE_LEAST_RANGE_BYTES, UINT64_C(1) << 40,
                             &options->limits.range_bytes, failure);
    case OPTION_HELP:
        options->help = true;
        return 0;
    }
    return failure_set(failure, EXIT_USAGE, "There is no option \"%s\".", optarg);
}

/* Sources, tables and columns are many; of all else two would contradict each other. */
static bool may_come_again(int name)
{
    return name == OPTION_FROM || name == OPTION_EVENTS_TABLE || name == OPTION_COLUMN;
}

static int refuse_option(int answer, char **argv, int at, struct failure *failure)
{
    const char *word = argv[at > 0 ? at : 0];
    if (answer == ':')
        return failure_set(failure, EXIT_USAGE, "%s takes a value.", word);
    return failure_set(failure, EXIT_USAGE, "There is no option \"%s\".", word);
}

/* Who gives an option relies on what it does, so one that would do nothing is refused. */
static int refuse_idle(const struct rebuild_options *options, uint64_t given,
                       struct failure *failure)
{
    static const char checkpoint[] = "is for checkpoints, and --checkpoint names no folder";
    static const char source[] = "is for sources in PostgreSQL, and none is named";
    bool no_checkpoint = options->checkpoint.path == NULL;
    bool no_source = options->tables.request_count == 0;
    const struct {
        enum option_name name;
        bool is_idle;
        const char *text, *why;
    } cases[] = {
        {OPTION_RESTART, no_checkpoint, "--restart", checkpoint},
        {OPTION_CHECKPOINT_INTERVAL, no_checkpoint, "--checkpoint-interval", checkpoint},
        {OPTION_MEAN_TIME_TO_INTERRUPT, no_checkpoint, "--mean-time-to-interrupt", checkpoint},
        {OPTION_COLUMN, no_source, "--column", source},
        {OPTION_SESSIONS_TABLE, no_source, "--sessions-table", source},
        {OPTION_EVENTS_TABLE, no_source, "--events-table", source},
        {OPTION_CONNECTIONS, no_source, "--connections", source},
        {OPTION_STATEMENT_TIMEOUT, no_source, "--statement-timeout", source},
        {OPTION_SCHEMA, !postgres_is_target(options->to), "--schema",
         "is for a target in PostgreSQL, and --to names a directory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (cases[i].is_idle && (given >> cases[i].name & 1) != 0)
            return failure_set(failure, EXIT_USAGE, "%s %s.", cases[i].text, cases[i].why);
    return 0;
}

int rebuild_options_parse(int argc, char **argv, struct rebuild_options *options,
                          struct failure *failure)
{
    *options = (struct rebuild_options){
        .max_reject_share = 0.05,
        .limits = {.max_line_bytes = SOURCE_DEFAULT_MAX_LINE_BYTES,
                   .max_ratio = SOURCE_DEFAULT_MAX_RATIO,
                   .range_bytes = SOURCE_DEFAULT_RANGE_BYTES},
        .tables = {.statement_s = POSTGRES_STATEMENT_S},
        .checkpoint.interval.mean_time_seconds = 3600 * INTERVAL_DEFAULT_MEAN_TIME_HOURS,
    };
    options->from = calloc((size_t)argc + 1, sizeof *options->from);
    options->events_tables = calloc((size_t)argc + 1, sizeof *options->events_tables);
    if (options->from == NULL || options->events_tables == NULL)
        return failure_memory(failure, "the options", (size_t)argc * sizeof *options->from);

    /* The leading '-': words that are no options come where they stand. They are more sources. */
    optind = 1;
    opterr = 0;
    int last = 0;
    uint64_t given = 0;
    for (;;) {
        int at = optind;
        int answer = getopt_long(argc, argv, "-:", long_options, NULL);
        if (answer == -1)
            break;
        if (answer == '?' || answer == ':')
            return refuse_option(answer, argv, at, failure);
        /* For such a word getopt returns 1, which is OPTION_FROM. */
        bool is_word = answer == OPTION_FROM && optarg == argv[at];
        if (is_word && last != OPTION_FROM)
            return failure_set(failure, EXIT_USAGE,
                               "\"%s\" stands there without an option; sources come after --from.",
                               optarg);
        if (may_come_again(answer))
            given |= UINT64_C(1) << answer;
        else if (options_once(long_options, answer, &given, failure) != 0)
            return -1;
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
    if (rebuild_options_sort_sources(options, failure) != 0)
        return -1;
    return refuse_idle(options, given, failure);
}

void rebuild_options_clear(struct rebuild_options *options)
{
    free(options->from);
    free(options->files);
    free(options->events_tables);
    free(options->requests);
    free(options->columns);
    free(options->sessions);
    memset(options, 0, sizeof *options);
}

int rebuild_options_rejects_path(const struct rebuild_options *options, char **path,
                                 struct failure *failure)
{
    struct stat status;
    char *named = NULL;
    *path = NULL;
    bool is_directory = stat(options->rejects, &status) == 0 && S_ISDIR(status.st_mode);
    if (asprintf(&named, "%s%s", options->rejects, is_directory ? "/rejects.ndjson" : "") < 0)
        return failure_memory(failure, "the place of the rejects", strlen(options->rejects));
    if (lstat(named, &status) != 0 || !S_ISLNK(status.st_mode)) {
        *path = named;
        return 0;
    }
    /* The rename that puts the file in place would replace the link. */
    *path = realpath(named, NULL);
    if (*path == NULL)
        failure_set(failure, EXIT_USAGE,
                    "--rejects %s: is a symbolic link that can't be followed: %s. Name what it "
                    "should lead to.",
                    named, strerror(errno));
    free(named);
    return *path != NULL ? 0 : -1;
}
