#include "rebuild_options.h"

#include "course_funnel/options.h"
#include "course_funnel/postgres.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What an option is for; of no use where that is not asked for. */
enum purpose { FOR_ALL, FOR_CHECKPOINTS, FOR_NIGHTS, FOR_FILES, FOR_TABLES, FOR_SCHEMAS, PURPOSES };

static int add_source(void *values, const char *text, struct failure *failure)
{
    struct rebuild_options *options = values;
    return options_text("--from", text, 1, &options->from[options->from_count++], failure);
}

static int add_events_table(void *values, const char *text, struct failure *failure)
{
    struct rebuild_options *options = values;
    struct rebuild_table *table = &options->events_tables[options->events_table_count++];
    table->from_before = options->from_count;
    return options_text("--events-table", text, 1, &table->name, failure);
}

/*
 * A column belongs to the table that was named last before it, or where there is none to all
 * tables; that of profile ids belongs to the only table of sessions.
 */
static int add_column(void *values, const char *text, struct failure *failure)
{
    struct rebuild_options *options = values;
    const char *profile = table_columns_name(TABLE_PROFILE_ID);
    size_t bytes = strlen(profile);
    bool is_profile = strncmp(text, profile, bytes) == 0 && text[bytes] == '=';
    if (options->events_table_count == 0 || is_profile)
        return table_columns_override(text, options->tables.columns, failure);
    struct rebuild_table *table = &options->events_tables[options->events_table_count - 1];
    table->columns_before = options->from_count;
    return table_columns_override(text, table->columns, failure);
}

static int set_as_of(void *values, const char *text, struct failure *failure)
{
    struct rebuild_options *options = values;
    int32_t day = 0;
    if (options_date("--as-of", text, &day, failure) != 0)
        return -1;
    options->as_of = text;
    options->as_of_day = day;
    return 0;
}

static int set_tables(void *values, const char *text, struct failure *failure)
{
    struct rebuild_options *options = values;
    options->marts_only = strcmp(text, "marts") == 0;
    if (!options->marts_only && strcmp(text, "all") != 0)
        return failure_set(failure, EXIT_USAGE, "--tables takes all or marts, not \"%s\".", text);
    return 0;
}

static int set_log_format(void *values, const char *text, struct failure *failure)
{
    struct rebuild_options *options = values;
    options->json_log = strcmp(text, "json") == 0;
    if (!options->json_log && strcmp(text, "text") != 0)
        return failure_set(failure, EXIT_USAGE, "--log-format takes text or json, not \"%s\".",
                           text);
    return 0;
}

static int set_interval(void *values, const char *text, struct failure *failure)
{
    struct rebuild_options *options = values;
    if (strcmp(text, "auto") == 0) {
        options->checkpoint.interval.fixed_seconds = 0;
        return 0;
    }
    return options_decimal("--checkpoint-interval", text, 1e6,
                           &options->checkpoint.interval.fixed_seconds, failure);
}

static int set_mean_time(void *values, const char *text, struct failure *failure)
{
    struct rebuild_options *options = values;
    double hours = 0;
    if (options_decimal("--mean-time-to-interrupt", text, 1e6, &hours, failure) != 0)
        return -1;
    options->checkpoint.interval.mean_time_seconds = 3600 * hours;
    return 0;
}

#define AT(field) .offset = offsetof(struct rebuild_options, field)

static const struct options_row rows[] = {
    {"--from", .read = add_source, .again = true},
    {"--to", OPTIONS_TEXT, AT(to), 1},
    {"--restart", OPTIONS_FLAG, AT(checkpoint.restart), .purpose = FOR_CHECKPOINTS},
    {"--checkpoint-interval", .read = set_interval, .purpose = FOR_CHECKPOINTS},
    {"--mean-time-to-interrupt", .read = set_mean_time, .purpose = FOR_CHECKPOINTS},
    {"--extend", OPTIONS_FLAG, AT(checkpoint.extend), .purpose = FOR_CHECKPOINTS},
    {"--keep-learners", OPTIONS_FLAG, AT(checkpoint.keep_learners), .purpose = FOR_CHECKPOINTS},
    {"--settle", OPTIONS_NUMBER_32, AT(settle_minutes), 0, 1000000, .purpose = FOR_NIGHTS},
    {"--column", .read = add_column, .again = true, .purpose = FOR_TABLES},
    {"--sessions-table", OPTIONS_TEXT, AT(tables.sessions), 1, .purpose = FOR_TABLES},
    {"--events-table", .read = add_events_table, .again = true, .purpose = FOR_TABLES},
    {"--connections", OPTIONS_NUMBER_32, AT(connections), 1, UINT32_MAX, .purpose = FOR_TABLES},
    {"--statement-timeout", OPTIONS_NUMBER_32, AT(tables.statement_s), 1, 1000000,
     .purpose = FOR_TABLES},
    {"--schema", OPTIONS_TEXT, AT(schema), 1, .purpose = FOR_SCHEMAS},
    {"--rejects", OPTIONS_TEXT, AT(rejects), 1},
    {"--max-reject-share", OPTIONS_SHARE, AT(max_reject_share)},
    {"--as-of", .read = set_as_of},
    {"--tables", .read = set_tables},
    {"--allow-empty", OPTIONS_FLAG, AT(allow_empty)},
    {"--checkpoint", OPTIONS_TEXT, AT(checkpoint.path), 1},
    {"--patience", OPTIONS_NUMBER_32, AT(patience_s), 1, 1000000},
    {"--dry-run", OPTIONS_FLAG, AT(dry_run)},
    {"--log-format", .read = set_log_format},
    {"--max-line-bytes", OPTIONS_BYTES, AT(limits.max_line_bytes), 1024, UINT64_C(1) << 31},
    {"--max-ratio", OPTIONS_NUMBER, AT(limits.max_ratio), 1, UINT32_MAX},
    {"--range-bytes", OPTIONS_BYTES, AT(limits.range_bytes), SOURCE_LEAST_RANGE_BYTES,
     UINT64_C(1) << 40},
    {"--leave-out-foreign", OPTIONS_FLAG, AT(limits.leave_out_foreign), .purpose = FOR_FILES},
    {"--help", OPTIONS_FLAG, AT(help)},
};

#define FROM 1 /* the number of the first row */
#define ROWS (sizeof rows / sizeof rows[0])

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
    const char *idle[PURPOSES] = {NULL};
    if (options->checkpoint.path == NULL)
        idle[FOR_CHECKPOINTS] = "is for checkpoints, and --checkpoint names no folder";
    if (!options->checkpoint.extend)
        idle[FOR_NIGHTS] = "is for --extend, which is not given";
    if (options->file_count == 0)
        idle[FOR_FILES] = "is for files, and none is named";
    if (options->tables.request_count == 0)
        idle[FOR_TABLES] = "is for sources in PostgreSQL, and none is named";
    if (!postgres_is_target(options->to))
        idle[FOR_SCHEMAS] = "is for a target in PostgreSQL, and --to names a directory";
    for (size_t i = 0; i < ROWS; i++)
        if (idle[rows[i].purpose] != NULL && (given >> (i + 1) & 1) != 0)
            return failure_set(failure, EXIT_USAGE, "%s %s.", rows[i].name, idle[rows[i].purpose]);
    if (options->marts_only && (options->checkpoint.extend || options->checkpoint.keep_learners))
        return failure_set(failure, EXIT_USAGE,
                           "--%s keeps all that is known of learners, and --tables marts neither "
                           "times nor entry points: leave one of the two out.",
                           options->checkpoint.extend ? "extend" : "keep-learners");
    if (options->checkpoint.extend && options->tables.request_count > 0)
        return failure_set(
            failure, EXIT_STRANGER,
            "--extend reads the files that are new since the run before, and a table "
            "has no files: leave --extend out to read tables, which are read whole "
            "each time.");
    return 0;
}

int rebuild_options_parse(int argc, char **argv, struct rebuild_options *options,
                          struct failure *failure)
{
    *options = (struct rebuild_options){
        .max_reject_share = 0.05,
        .patience_s = REBUILD_PATIENCE_S,
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
    struct option long_options[ROWS + 1];
    options_getopt(rows, ROWS, long_options);
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
        /* For such a word getopt_long returns 1, which is FROM. */
        bool is_word = answer == FROM && optarg == argv[at];
        if (is_word && last != FROM)
            return failure_set(failure, EXIT_USAGE,
                               "\"%s\" stands there without an option; sources come after --from.",
                               optarg);
        if (options_read(rows, answer, optarg, options, &given, failure) != 0)
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
