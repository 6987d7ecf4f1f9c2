#include "publish_internal.h"
#include "publish_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A database keeps its texts in an encoding of its own, which may lack characters of the source. */
static int try_source(struct postgres *connection, const struct run_record *record,
                      struct failure *failure)
{
    struct postgres_result *result = NULL;
    const char *values[] = {""};
    char what[300];
    struct run_record_field *fields = calloc(RUN_RECORD_FIELDS, sizeof *fields);
    if (fields == NULL)
        return failure_memory(failure, "the record of the run", sizeof *fields * RUN_RECORD_FIELDS);
    run_record_fields(record, fields);
    for (size_t i = 0; i < RUN_RECORD_FIELDS; i++)
        if (strcmp(fields[i].name, "source") == 0)
            values[0] = fields[i].text;
    snprintf(what, sizeof what, "Trying to write the names of the sources, %.200s", values[0]);
    int status = postgres_query(connection, what, "SELECT $1::TEXT", values, 1, &result, failure);
    postgres_result_free(result);
    free(fields);
    return status;
}

/* What is called when tables are made. 0 and a text for the caller to free, or NULL; or -1. */
static int find_triggers(struct postgres *connection, char **names, struct failure *failure)
{
    struct postgres_result *result = NULL;
    *names = NULL;
    if (postgres_query(connection, "Looking for event triggers", sql_event_triggers, NULL, 0,
                       &result, failure) != 0)
        return -1;
    const char *found = postgres_value(result, 0, 0);
    if (found != NULL) {
        *names = strdup(found);
        if (*names == NULL)
            failure_memory(failure, "the names of event triggers", strlen(found));
    }
    postgres_result_free(result);
    return failure->code != 0 ? -1 : 0;
}

/*
 * Event triggers may refuse to let tables be made, or fail at it, in ways that only trying shows.
 * It takes a transaction id, so it is left out where there are none: see differences.sql.
 */
static int try_tables(struct postgres *connection, const struct publish_target *target,
                      struct failure *failure)
{
    static const char what[] = "Trying to create tables";
    struct failure trouble = {0};
    char *names = NULL;
    if (find_triggers(connection, &names, failure) != 0)
        return -1;
    int status = 0;
    if (names != NULL) {
        /* What is tried takes a transaction id, with which a COMMIT would wait for standbys. */
        status = postgres_run(connection, what,
                              "SET LOCAL synchronous_commit = local; SAVEPOINT trying", failure);
        if (status == 0 && (publish_postgres_create(connection, target, &trouble) != 0 ||
                            publish_postgres_stage(connection, &trouble) != 0)) {
            /* What passes by itself will have passed when it counts. */
            if (trouble.code != EXIT_TARGET || !postgres_passing(connection))
                status = failure_set(failure, trouble.code,
                                     "%s The database calls event triggers then: %s.",
                                     trouble.message, names);
        }
        if (status == 0)
            status = postgres_run(connection, what, "ROLLBACK TO trying", failure);
    }
    free(names);
    return status;
}

int publish_postgres_try(struct postgres *connection, const struct publish_target *target,
                         const struct run_record *record, struct failure *failure)
{
    return try_source(connection, record, failure) != 0 ||
                   try_tables(connection, target, failure) != 0
               ? -1
               : 0;
}
