#include "course_funnel/marts_read.h"

#include "course_funnel/marts_rows.h"
#include "course_funnel/marts_table.h"
#include "course_funnel/postgres.h"
#include "marts_files.h"
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
            return marts_files_bad_row(marts_shapes[table].name, number, failure);
        if (added < 0)
            return -1;
    }
    return status;
}

/* Both marts must be there, the table of runs and further marts may be missing. */
static int read_record_row(struct postgres *connection, const char *schema,
                           struct marts_origin *origin, struct failure *failure)
{
    struct postgres_result *there = NULL;
    bool marts = true;
    if (publish_postgres_look(connection, "Looking for the marts", schema, &there, failure) != 0)
        return -1;
    bool further = true;
    for (enum marts_table table = 0; table < MARTS_TABLES; table++) {
        const struct marts_shape *shape = &marts_shapes[table];
        bool is_there = table == MARTS_MATCHES || publish_postgres_is_there(there, shape->name);
        marts = marts && (is_there || shape->is_further);
        further = further && is_there;
    }
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
    origin->has_further = further && origin->known && origin->record.has_further;
    return found < 0 ? -1 : 0;
}

static int read_database(const struct publish_target *from, struct marts_rows *rows,
                         struct marts_origin *origin, struct failure *failure)
{
    /* One snapshot for all tables: a publication in between does not show. */
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
    for (enum marts_table table = 0; status == 0 && table < MARTS_TABLES; table++)
        if (marts_files_is_read(table, origin))
            status = read_mart_table(connection, from->schema, table, rows, failure);
    postgres_close(connection);
    return status;
}

static int read_tables(const struct publish_target *from, struct marts **marts,
                       struct marts_origin *origin, struct failure *failure)
{
    struct marts_rows *rows = NULL;
    memset(origin, 0, sizeof *origin);
    if (marts_rows_create(&rows, failure) != 0)
        return -1;
    if (read_database(from, rows, origin, failure) != 0) {
        marts_rows_free(rows);
        return -1;
    }
    *marts = marts_rows_finish(rows);
    marts_files_judge(*marts, origin);
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
    if (publish_is_postgres(from->target))
        return read_tables(from, marts, origin, failure);
    for (int tried = 1;; tried++) {
        /* A run may take files away between two that are read. */
        struct failure trouble = {0};
        bool is_read = marts_files_read(from->target, marts, origin, &trouble) == 0;
        bool is_last = !origin->known || tried == TRIES;
        if (!is_read && is_last)
            return failure_set(failure, trouble.code, "%s", trouble.message);
        if (is_read && (is_last || origin->matches))
            return 0;
        marts_free(*marts);
        *marts = NULL;
        struct timespec pause = {.tv_nsec = PAUSE_NS};
        (void)nanosleep(&pause, NULL);
    }
}
