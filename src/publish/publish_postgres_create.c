#include "publish_internal.h"
#include "publish_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order in which they are created. */
static const struct {
    const char *name;
    const char *sql;
    bool is_further;
} objects[] = {
    {"mart_course_funnel_cohorts", sql_mart_course_funnel_cohorts, false},
    {"mart_course_funnel_lessons", sql_mart_course_funnel_lessons, false},
    {"mart_course_funnel_dropoff", sql_mart_course_funnel_dropoff, false},
    {"mart_course_funnel_steps", sql_mart_course_funnel_steps, true},
    {"mart_course_funnel_completion", sql_mart_course_funnel_completion, true},
    {"mart_course_funnel_entry_points", sql_mart_course_funnel_entry_points, true},
    {"course_funnel_changes", sql_course_funnel_changes, true},
    {"course_funnel_session_match", sql_course_funnel_session_match, false},
    {PUBLISH_RUNS, sql_course_funnel_runs, false},
    {PUBLISH_RUNS ".entry_points_digest", sql_course_funnel_runs_columns, false},
};

#define OBJECT_COUNT (sizeof objects / sizeof objects[0])

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

int publish_postgres_create(struct postgres *connection, const struct publish_target *target,
                            struct failure *failure)
{
    const char *schema = target->schema;
    struct postgres_result *there = NULL;
    /*
     * What is made need not wait for a standby: the rows will. Under the lock, since two
     * connections that create the same table at once fail in PostgreSQL.
     */
    if (postgres_run(connection, "Creating the tables", "SET LOCAL synchronous_commit = local",
                     failure) != 0 ||
        publish_postgres_lock(connection, schema, failure) != 0 ||
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
        if (!publish_postgres_is_there(there, objects[i].name) &&
            (target->further || !objects[i].is_further))
            status = run_placed(connection, what, objects[i].sql, schema, failure);
    }
    postgres_result_free(there);
    return status;
}
