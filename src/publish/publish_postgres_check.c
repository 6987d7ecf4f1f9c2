#include "publish_internal.h"
#include "publish_sql.h"

#include "course_funnel/log.h"
#include "course_funnel/stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest name that PostgreSQL keeps; it cuts longer ones without an error. */
#define SCHEMA_BYTES 63

static void tell(const char *text)
{
    log_warning("%s", text);
}

int publish_postgres_connect(const struct publish_target *target, struct postgres **connection,
                             bool *passing, struct failure *failure)
{
    struct postgres_options options = {.target = target->target,
                                       .application = "course-funnel",
                                       .writes = true,
                                       .failure_code = EXIT_TARGET,
                                       .tell = tell,
                                       .is_stopped = stop_is_wanted};
    return postgres_watch_connect(&options, connection, passing, failure);
}

int publish_postgres_schema(const char *schema, struct failure *failure)
{
    if (schema[0] == '\0' || strlen(schema) > SCHEMA_BYTES || strncmp(schema, "pg_", 3) == 0 ||
        strcmp(schema, "information_schema") == 0)
        return failure_set(
            failure, EXIT_USAGE,
            "\"%.80s\" cannot be the schema of the marts: expected is a name of 1 to "
            "%d bytes that is not reserved (pg_..., information_schema).",
            schema, SCHEMA_BYTES);
    return 0;
}

int publish_postgres_compare(struct postgres *connection, const struct publish_target *target,
                             struct failure *failure)
{
    const char *values[] = {target->schema, target->further ? "t" : "f"};
    struct postgres_result *result = NULL;
    char *sql = NULL;
    char text[1500];
    size_t used = 0;
    if (publish_sql_differences(&sql, failure) != 0)
        return -1;
    int status = postgres_query(connection, "Looking at the tables of the target", sql, values, 2,
                                &result, failure);
    free(sql);
    if (status != 0)
        return -1;
    size_t rows = postgres_rows(result);
    size_t told = 0;
    while (told < rows) {
        const char *difference = postgres_value(result, told, 0);
        int length = snprintf(text + used, sizeof text - used, "\n  - %s", difference);
        if (length < 0 || (size_t)length >= sizeof text - used) {
            text[used] = '\0';
            break;
        }
        used += (size_t)length;
        told++;
    }
    if (rows > 0) {
        char more[64] = "";
        if (told < rows)
            snprintf(more, sizeof more, "\n  - and %zu more", rows - told);
        failure_set(failure, EXIT_TARGET,
                    "The schema \"%s\" cannot take the marts as it is:%s%s\nChange or grant what "
                    "differs, or name another schema with --schema; what is missing is created.",
                    target->schema, text, more);
    }
    postgres_result_free(result);
    return rows == 0 ? 0 : -1;
}

/* The server's time in microseconds. */
static int read_clock(struct postgres *connection, int64_t *time_us, struct failure *failure)
{
    /* extract gives a double before PostgreSQL 14, hence round. */
    static const char sql[] =
        "SELECT round(extract(epoch FROM clock_timestamp())::NUMERIC * 1000000)::BIGINT";
    struct postgres_result *result = NULL;
    if (postgres_query(connection, "Reading the server's clock", sql, NULL, 0, &result, failure) !=
        0)
        return -1;
    *time_us = strtoll(postgres_value(result, 0, 0), NULL, 10);
    postgres_result_free(result);
    return 0;
}

int publish_postgres_last_run(struct postgres *connection, const char *what, const char *schema,
                              struct run_record *record, struct failure *failure)
{
    char *placed = NULL;
    struct postgres_result *result = NULL;
    if (postgres_place_schema(connection, sql_last_run, schema, &placed, failure) != 0)
        return -1;
    int status = postgres_query(connection, what, placed, NULL, 0, &result, failure);
    free(placed);
    if (status == 0 && postgres_rows(result) > 0)
        status = run_record_parse(postgres_value(result, 0, 0), record) == 0
                     ? 1
                     : failure_set(failure, EXIT_TARGET,
                                   "%s: the newest row of " PUBLISH_RUNS " is none that this "
                                   "program wrote: a time, count or digest of it cannot be read. "
                                   "Mend or delete it.",
                                   what);
    postgres_result_free(result);
    return status;
}

/* The record of the newest run of a schema that may be empty: 1, 0 where there is none, or -1. */
static int find_last(struct postgres *connection, const char *schema, struct run_record *last,
                     struct failure *failure)
{
    static const char what[] = "Looking at earlier runs";
    struct postgres_result *there = NULL;
    if (publish_postgres_look(connection, what, schema, &there, failure) != 0)
        return -1;
    bool runs = publish_postgres_is_there(there, PUBLISH_RUNS);
    postgres_result_free(there);
    return runs ? publish_postgres_last_run(connection, what, schema, last, failure) : 0;
}

/*
 * An attempt has to be later than all that have published, or it would be refused as stale at the
 * end. When the server's clock was set back it is made so.
 */
static int outdo_published(struct postgres *connection, const char *schema, int64_t *planned_us,
                           struct failure *failure)
{
    struct run_record last;
    int found = find_last(connection, schema, &last, failure);
    if (found == 1 && *planned_us <= last.attempt_us)
        *planned_us = last.attempt_us + 1;
    return found < 0 ? -1 : 0;
}

static int is_known(struct postgres *connection, const char *schema, const char *run_id,
                    bool *known, struct failure *failure)
{
    static const char sql[] = "SELECT run_id FROM :schema." PUBLISH_RUNS " WHERE run_id = $1::UUID";
    struct postgres_result *result = NULL;
    char *placed = NULL;
    if (postgres_place_schema(connection, sql, schema, &placed, failure) != 0)
        return -1;
    int status = postgres_query(connection, "Looking for runs of before", placed, &run_id, 1,
                                &result, failure);
    free(placed);
    *known = status == 0 && postgres_rows(result) > 0;
    postgres_result_free(result);
    return status;
}

int publish_postgres_known(const struct publish_target *target, const char *const *run_ids,
                           size_t count, bool *known, char newest[37], struct failure *failure)
{
    struct postgres *connection = NULL;
    struct run_record last;
    bool passing = false;
    if (publish_postgres_connect(target, &connection, &passing, failure) != 0)
        return -1;
    int found = publish_postgres_begin(connection, failure) == 0
                    ? find_last(connection, target->schema, &last, failure)
                    : -1;
    int status = found < 0 ? -1 : 0;
    if (found == 1)
        memcpy(newest, last.run_id, sizeof last.run_id);
    for (size_t i = 0; i < count && found == 1 && status == 0; i++)
        status = is_known(connection, target->schema, run_ids[i], &known[i], failure);
    if (status == 0)
        status = postgres_commit(connection, "Ending a transaction", failure);
    postgres_close(connection);
    return status;
}

int publish_postgres_check(const struct publish_target *target, const struct run_record *record,
                           int64_t *planned_us, struct failure *failure)
{
    struct postgres *connection = NULL;
    bool passing = false;
    if (publish_postgres_schema(target->schema, failure) != 0 ||
        publish_postgres_connect(target, &connection, &passing, failure) != 0)
        return -1;
    int status = -1;
    /*
     * The transaction asks whether it may write; it writes nothing. But a server tidies up the
     * pages that are looked at, and notes that in its log. Only a COMMIT brings the log to disk,
     * and a snapshot whose log is not on disk cannot be come back to.
     */
    if (publish_postgres_begin(connection, failure) == 0 &&
        read_clock(connection, planned_us, failure) == 0 &&
        publish_postgres_compare(connection, target, failure) == 0 &&
        publish_postgres_try(connection, target, record, failure) == 0 &&
        outdo_published(connection, target->schema, planned_us, failure) == 0 &&
        postgres_commit(connection, "Ending a transaction", failure) == 0)
        status = 0;
    postgres_close(connection);
    return status;
}
