#include "course_funnel/marts_read.h"

#include "course_funnel/marts_rows.h"
#include "course_funnel/postgres.h"
#include "publish_internal.h"
#include "publish_sql.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Files of two publications are met only in the moment between two renames. */
#define TRIES 5
#define PAUSE_NS 200000000

/* What is read back; who has a session is for SQL to ask. */
static const enum marts_table read_tables[] = {MARTS_COHORTS, MARTS_LESSONS};

#define READ_COUNT (sizeof read_tables / sizeof read_tables[0])

static int bad_row(const char *place, size_t number, struct failure *failure)
{
    return failure_set(failure, EXIT_TARGET,
                       "%s: line %zu is not a row of this mart. Publish again, or name another "
                       "target.",
                       place, number);
}

static int read_lines(FILE *in, const char *path, enum marts_table table, struct marts_rows *rows,
                      struct failure *failure)
{
    char header[MARTS_COLUMNS_BYTES];
    char *line = NULL;
    size_t room = 0;
    size_t number = 0;
    int status = 1;
    ssize_t bytes;
    marts_columns(table, marts_shapes[table].column_count, header);
    while (status == 1 && (bytes = getline(&line, &room, in)) >= 0) {
        if (number++ == 0)
            status =
                (size_t)bytes == strlen(header) + 1 && memcmp(line, header, (size_t)bytes - 1) == 0;
        else
            status = marts_rows_add(rows, table, line, (size_t)bytes, failure);
    }
    if (status == 1 && ferror(in) != 0)
        status = failure_set(failure, EXIT_TARGET, "Cannot read %s: %s.", path, strerror(errno));
    else if (status == 0 || (status == 1 && number == 0))
        status = bad_row(path, number == 0 ? 1 : number, failure);
    free(line);
    return status == 1 ? 0 : -1;
}

static int open_file(const char *directory, const char *name, char **path, FILE **in,
                     struct failure *failure)
{
    *in = NULL;
    if (asprintf(path, "%s/%s", directory, name) < 0) {
        *path = NULL;
        return failure_memory(failure, "a path", strlen(directory));
    }
    *in = fopen(*path, "re");
    if (*in != NULL)
        return 0;
    failure_set(failure, EXIT_TARGET,
                "Cannot read %s: %s. Name the directory or database that `course-funnel rebuild "
                "--to` published to.",
                *path, strerror(errno));
    free(*path);
    *path = NULL;
    return -1;
}

static int read_mart_file(const char *directory, enum marts_table table, struct marts_rows *rows,
                          struct failure *failure)
{
    char name[64];
    char *path = NULL;
    FILE *in = NULL;
    snprintf(name, sizeof name, "%s" PUBLISH_CSV_ENDING, marts_shapes[table].name);
    if (open_file(directory, name, &path, &in, failure) != 0)
        return -1;
    int status = read_lines(in, path, table, rows, failure);
    /* A file that was only read has nothing left that closing could lose. */
    (void)fclose(in);
    free(path);
    return status;
}

/* Without a record, or with one that cannot be read, the origin is not known. */
static void read_record_file(const char *directory, struct marts_origin *origin)
{
    char text[64 * 1024];
    char *path = NULL;
    FILE *in = NULL;
    struct failure ignored = {0};
    if (open_file(directory, PUBLISH_CSV_RECORD, &path, &in, &ignored) != 0)
        return;
    size_t bytes = fread(text, 1, sizeof text - 1, in);
    text[bytes] = '\0';
    origin->known = ferror(in) == 0 && run_record_parse(text, &origin->record) == 0;
    (void)fclose(in);
    free(path);
}

static int read_files(const char *directory, struct marts_rows *rows, struct marts_origin *origin,
                      struct failure *failure)
{
    read_record_file(directory, origin);
    for (size_t i = 0; i < READ_COUNT; i++)
        if (read_mart_file(directory, read_tables[i], rows, failure) != 0)
            return -1;
    return 0;
}

static int read_mart_table(struct postgres *connection, const char *schema, enum marts_table table,
                           struct marts_rows *rows, struct failure *failure)
{
    static const char what[] = "Reading the marts";
    const char *line = NULL;
    size_t bytes = 0;
    size_t number = 0;
    char *sql = NULL;
    if (publish_sql_place(connection, sql_read_rows, schema, table, &sql, failure) != 0)
        return -1;
    int status = postgres_copy_out_begin(connection, what, sql, failure);
    free(sql);
    if (status != 0)
        return -1;
    while ((status = postgres_copy_out_next(connection, what, &line, &bytes, failure)) == 1) {
        number++;
        int added = marts_rows_add(rows, table, line, bytes, failure);
        if (added == 0)
            return bad_row(marts_shapes[table].name, number, failure);
        if (added < 0)
            return -1;
    }
    return status;
}

/* Both marts must be there, the table of runs may be missing. */
static int read_record_row(struct postgres *connection, const char *schema,
                           struct marts_origin *origin, struct failure *failure)
{
    struct postgres_result *there = NULL;
    bool marts = true;
    if (publish_postgres_look(connection, "Looking for the marts", schema, &there, failure) != 0)
        return -1;
    for (size_t i = 0; i < READ_COUNT; i++)
        marts = marts && publish_postgres_is_there(there, marts_shapes[read_tables[i]].name);
    bool runs = publish_postgres_is_there(there, PUBLISH_RUNS);
    postgres_result_free(there);
    if (!marts)
        return failure_set(failure, EXIT_TARGET,
                           "The schema \"%s\" of this database holds no marts. Name the one that "
                           "`course-funnel rebuild` published to with --schema.",
                           schema);
    int found = runs ? publish_postgres_last_run(connection, "Reading the record of the run",
                                                 schema, &origin->record, failure)
                     : 0;
    origin->known = found == 1;
    return found < 0 ? -1 : 0;
}

static int read_database(const struct publish_target *from, struct marts_rows *rows,
                         struct marts_origin *origin, struct failure *failure)
{
    /* One snapshot for all three tables: a publication in between does not show. */
    static const char mode[] = "ISOLATION LEVEL REPEATABLE READ READ ONLY";
    struct postgres_options options = {.target = from->target,
                                       .application = "course-funnel report",
                                       .writes = false,
                                       .failure_code = EXIT_TARGET};
    struct postgres *connection = NULL;
    bool passing = false;
    if (postgres_connect(&options, &connection, &passing, failure) != 0)
        return -1;
    int status = -1;
    if (postgres_begin(connection, mode, failure) == 0 &&
        read_record_row(connection, from->schema, origin, failure) == 0)
        status = 0;
    for (size_t i = 0; status == 0 && i < READ_COUNT; i++)
        status = read_mart_table(connection, from->schema, read_tables[i], rows, failure);
    postgres_close(connection);
    return status;
}

static int read_once(const struct publish_target *from, struct marts **marts,
                     struct marts_origin *origin, struct failure *failure)
{
    struct marts_rows *rows = NULL;
    memset(origin, 0, sizeof *origin);
    if (marts_rows_create(&rows, failure) != 0)
        return -1;
    int status = publish_is_postgres(from->target)
                     ? read_database(from, rows, origin, failure)
                     : read_files(from->target, rows, origin, failure);
    if (status != 0) {
        marts_rows_free(rows);
        return -1;
    }
    *marts = marts_rows_finish(rows);
    origin->matches = origin->known &&
                      strcmp(origin->record.cohorts_digest, (*marts)->cohorts_digest) == 0 &&
                      strcmp(origin->record.lessons_digest, (*marts)->lessons_digest) == 0;
    return 0;
}

int marts_read(const struct publish_target *from, struct marts **marts, struct marts_origin *origin,
               struct failure *failure)
{
    char *text = NULL;
    *marts = NULL;
    if (publish_describe(from->target, &text, failure) != 0)
        return -1;
    free(text);
    for (int tried = 1;; tried++) {
        if (read_once(from, marts, origin, failure) != 0)
            return -1;
        if (!origin->known || origin->matches || publish_is_postgres(from->target) ||
            tried == TRIES)
            return 0;
        marts_free(*marts);
        *marts = NULL;
        struct timespec pause = {.tv_nsec = PAUSE_NS};
        (void)nanosleep(&pause, NULL);
    }
}
