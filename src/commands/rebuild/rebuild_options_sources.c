#include "course_funnel/postgres.h"

#include "rebuild_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A folder of a partition, such as date=2025-07-02, has the form of a conninfo text. Where it is
 * not there and its keyword is none of libpq's, files were meant.
 */
static int check_keyword(const char *from, struct failure *failure)
{
    if (postgres_knows(from))
        return 0;
    return failure_set(
        failure, EXIT_USAGE,
        "%.*s...: there is no file or folder of this name, and it is no connection "
        "to PostgreSQL either, as libpq has no such keyword. See to the name, and to "
        "the folder that the command runs in.",
        (int)(strcspn(from, "=") + 1), from);
}

/* A pattern such as date=* has the form of a conninfo string too. */
static bool is_database(const char *from)
{
    return postgres_is_target(from) && !source_matches(from);
}

static size_t count_databases(const struct rebuild_options *options)
{
    size_t count = 0;
    for (size_t i = 0; i < options->from_count; i++)
        count += is_database(options->from[i]) ? 1 : 0;
    return count;
}

/* Whether every --events-table has a source that it belongs to. */
static int check_tables(const struct rebuild_options *options, size_t databases,
                        struct failure *failure)
{
    for (size_t i = 0; i < options->events_table_count && databases > 1; i++) {
        const struct rebuild_table *table = &options->events_tables[i];
        if (table->from_before == 0 || !is_database(options->from[table->from_before - 1]))
            return failure_set(failure, EXIT_USAGE,
                               "--events-table %s does not stand behind a PostgreSQL source; as "
                               "there are several, each table stands behind its own.",
                               table->name);
        for (size_t j = table->from_before; j < table->columns_before; j++)
            if (is_database(options->from[j]))
                return failure_set(
                    failure, EXIT_USAGE,
                    "A --column stands behind another source than the table before it, %s. Name "
                    "its table with --events-table first; columns of all tables stand before the "
                    "first of them.",
                    table->name);
    }
    return 0;
}

/* A table of a source; ${table} is NULL for the default one. */
static void add_request(struct rebuild_options *options, const char *target,
                        const struct rebuild_table *table)
{
    struct table_request *request = &options->requests[options->tables.request_count++];
    *request = (struct table_request){.target = target,
                                      .table = table != NULL ? table->name : TABLE_DEFAULT_NAME};
    for (int i = 0; i < TABLE_COLUMNS; i++)
        request->columns[i] = table != NULL && table->columns[i] != NULL
                                  ? table->columns[i]
                                  : options->tables.columns[i];
}

static void add_requests(struct rebuild_options *options, size_t source, size_t databases)
{
    size_t before = options->tables.request_count;
    for (size_t i = 0; i < options->events_table_count; i++)
        if (databases == 1 || options->events_tables[i].from_before == source + 1)
            add_request(options, options->from[source], &options->events_tables[i]);
    if (options->tables.request_count == before)
        add_request(options, options->from[source], NULL);
}

/* The columns that were named for a table, in their order. */
static void write_columns(FILE *out, const struct table_request *request)
{
    const char *gap = "";
    for (int i = 0; i < TABLE_PROFILE_ID; i++) {
        if (request->columns[i] == NULL)
            continue;
        fprintf(out, "%s%s=%s", gap, table_columns_name((enum table_column)i), request->columns[i]);
        gap = " ";
    }
}

static bool same_columns(const struct table_request *one, const struct table_request *other)
{
    for (int i = 0; i < TABLE_PROFILE_ID; i++)
        if ((one->columns[i] == NULL) != (other->columns[i] == NULL) ||
            (one->columns[i] != NULL && strcmp(one->columns[i], other->columns[i]) != 0))
            return false;
    return true;
}

/*
 * The columns that were named, as a text by which a checkpoint knows them, since other columns give
 * other marts: once where they are the same for all tables, else for each. Tables of sessions are
 * left out: marts do not depend on them.
 */
static int describe_columns(struct rebuild_options *options, struct failure *failure)
{
    const struct table_request *requests = options->requests;
    size_t count = options->tables.request_count;
    size_t bytes = 0;
    size_t alike = 0;
    FILE *out = open_memstream(&options->columns, &bytes);
    if (out == NULL)
        return failure_memory(failure, "the names of columns", bytes);
    while (alike < count && same_columns(&requests[0], &requests[alike]))
        alike++;
    if (count > 0 && alike == count)
        write_columns(out, &requests[0]);
    for (size_t i = 0; i < count && alike < count; i++) {
        fprintf(out, "%s%s(", i > 0 ? " " : "", requests[i].table);
        write_columns(out, &requests[i]);
        fputc(')', out);
    }
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed)
        return failure_memory(failure, "the names of columns", bytes);
    return 0;
}

/* What users are to be matched with: a table, and its column where that was named. */
static int choose_sessions(struct rebuild_options *options, struct failure *failure)
{
    struct table_options *tables = &options->tables;
    const char *column = tables->columns[TABLE_PROFILE_ID];
    tables->sessions_asked = tables->sessions != NULL;
    if (!tables->sessions_asked)
        tables->sessions = TABLE_DEFAULT_SESSIONS;
    else if (strcmp(tables->sessions, "none") == 0)
        tables->sessions = NULL;
    if (tables->sessions == NULL)
        return 0;
    bool named = column != NULL;
    if (asprintf(&options->sessions, "%s%s%s%s", tables->sessions, named ? "(profile_id=" : "",
                 named ? column : "", named ? ")" : "") < 0) {
        options->sessions = NULL;
        return failure_memory(failure, "the name of a table", strlen(tables->sessions));
    }
    return 0;
}

int rebuild_options_sort_sources(struct rebuild_options *options, struct failure *failure)
{
    size_t databases = count_databases(options);
    if (check_tables(options, databases, failure) != 0)
        return -1;
    options->files = calloc(options->from_count + 1, sizeof *options->files);
    options->requests =
        calloc(options->from_count + options->events_table_count + 1, sizeof *options->requests);
    if (options->files == NULL || options->requests == NULL)
        return failure_memory(failure, "the sources",
                              options->from_count * sizeof *options->requests);
    for (size_t i = 0; i < options->from_count; i++)
        if (is_database(options->from[i])) {
            if (check_keyword(options->from[i], failure) != 0)
                return -1;
            add_requests(options, i, databases);
        } else
            options->files[options->file_count++] = options->from[i];
    if (describe_columns(options, failure) != 0)
        return -1;
    if (choose_sessions(options, failure) != 0)
        return -1;
    options->tables.requests = options->requests;
    options->tables.range_bytes = options->limits.range_bytes;
    options->tables.max_row_bytes = options->limits.max_line_bytes;
    return 0;
}
