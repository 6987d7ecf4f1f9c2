#include "publish_internal.h"
#include "publish_sql.h"

#include "course_funnel/calendar.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest name that PostgreSQL keeps; it cuts longer ones without an error. */
#define SCHEMA_BYTES 63

/* In the order in which they are created. */
static const struct {
    const char *name;
    const char *sql;
} objects[] = {
    {"mart_course_funnel_cohorts", sql_mart_course_funnel_cohorts},
    {"mart_course_funnel_lessons", sql_mart_course_funnel_lessons},
    {"mart_course_funnel_dropoff", sql_mart_course_funnel_dropoff},
    {"course_funnel_session_match", sql_course_funnel_session_match},
    {PUBLISH_RUNS, sql_course_funnel_runs},
    {PUBLISH_RUNS ".rules_version", sql_course_funnel_runs_columns},
};

#define OBJECT_COUNT (sizeof objects / sizeof objects[0])

int publish_postgres_connect(const struct publish_target *target, struct postgres **connection,
                             bool *passing, struct failure *failure)
{
    struct postgres_options options = {.target = target->target,
                                       .application = "course-funnel",
                                       .writes = true,
                                       .failure_code = EXIT_TARGET};
    return postgres_connect(&options, connection, passing, failure);
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

static int run_placed(struct postgres *connection, const char *what, const char *sql,
                      const char *schema, struct failure *failure)
{
    char *placed = NULL;
    if (postgres_place_schema(connection, sql, schema, &placed, failure) != 0)
        return -1;
    int status = postgres_run(connection, what, placed, failure);
    free(placed);
    return status;
}

int publish_postgres_stage(struct postgres *connection, struct failure *failure)
{
    for (enum marts_table table = 0; table < MARTS_TABLES; table++) {
        char *sql = NULL;
        if (publish_sql_place(connection, sql_staging, "pg_temp", table, &sql, failure) != 0)
            return -1;
        int status = postgres_run(connection, "Creating temporary tables", sql, failure);
        free(sql);
        if (status != 0)
            return -1;
    }
    return 0;
}

int publish_postgres_compare(struct postgres *connection, const char *schema,
                             struct failure *failure)
{
    const char *values[] = {schema};
    struct postgres_result *result = NULL;
    char *sql = NULL;
    char text[1500];
    size_t used = 0;
    if (publish_sql_differences(&sql, failure) != 0)
        return -1;
    int status = postgres_query(connection, "Looking at the tables of the target", sql, values, 1,
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
                    schema, text, more);
    }
    postgres_result_free(result);
    return rows == 0 ? 0 : -1;
}

int publish_postgres_begin(struct postgres *connection, struct failure *failure)
{
    /*
     * READ COMMITTED, whatever the server's default is: each statement after the lock has to see
     * what was committed until the lock was had.
     */
    return postgres_begin(connection, "ISOLATION LEVEL READ COMMITTED READ WRITE", failure);
}

int publish_postgres_lock(struct postgres *connection, const char *schema, struct failure *failure)
{
    static const char lock[] =
        "SELECT pg_advisory_xact_lock(hashtextextended('course-funnel publishes to ' || $1, 0))";
    const char *values[] = {schema};
    struct postgres_result *result = NULL;
    if (postgres_query(connection, "Waiting for other publishers to the same schema", lock, values,
                       1, &result, failure) != 0)
        return -1;
    postgres_result_free(result);
    return 0;
}

int publish_postgres_look(struct postgres *connection, const char *what, const char *schema,
                          struct postgres_result **objects_there, struct failure *failure)
{
    const char *values[] = {schema};
    return postgres_query(connection, what, sql_objects, values, 1, objects_there, failure);
}

bool publish_postgres_is_there(const struct postgres_result *objects_there, const char *name)
{
    for (size_t i = 0; i < postgres_rows(objects_there); i++)
        if (strcmp(postgres_value(objects_there, i, 0), name) == 0)
            return true;
    return false;
}

int publish_postgres_create(struct postgres *connection, const char *schema,
                            struct failure *failure)
{
    struct postgres_result *there = NULL;
    /* Under the lock, since two connections that create the same table at once fail in PostgreSQL.
     */
    if (publish_postgres_lock(connection, schema, failure) != 0 ||
        publish_postgres_look(connection, "Looking for the tables of the target", schema, &there,
                              failure) != 0)
        return -1;
    int status = 0;
    if (!publish_postgres_is_there(there, ""))
        status =
            run_placed(connection, "Creating the schema", "CREATE SCHEMA :schema", schema, failure);
    for (size_t i = 0; status == 0 && i < OBJECT_COUNT; i++) {
        char what[64];
        snprintf(what, sizeof what, "Creating %s", objects[i].name);
        if (!publish_postgres_is_there(there, objects[i].name))
            status = run_placed(connection, what, objects[i].sql, schema, failure);
    }
    postgres_result_free(there);
    return status;
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

/*
 * An attempt has to be later than all that have published, or it would be refused as stale at the
 * end. When the server's clock was set back it is made so.
 */
static int outdo_published(struct postgres *connection, const char *schema, int64_t *planned_us,
                           struct failure *failure)
{
    static const char what[] = "Looking at earlier runs";
    struct postgres_result *there = NULL;
    struct run_record last;
    if (publish_postgres_look(connection, what, schema, &there, failure) != 0)
        return -1;
    bool runs = publish_postgres_is_there(there, PUBLISH_RUNS);
    postgres_result_free(there);
    int found = runs ? publish_postgres_last_run(connection, what, schema, &last, failure) : 0;
    if (found == 1 && *planned_us <= last.attempt_us)
        *planned_us = last.attempt_us + 1;
    return found < 0 ? -1 : 0;
}

int publish_postgres_check(const struct publish_target *target, int64_t *planned_us,
                           struct failure *failure)
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
        publish_postgres_compare(connection, target->schema, failure) == 0 &&
        outdo_published(connection, target->schema, planned_us, failure) == 0 &&
        postgres_commit(connection, "Ending a transaction", failure) == 0)
        status = 0;
    postgres_close(connection);
    return status;
}
