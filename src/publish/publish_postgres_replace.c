#include "course_funnel/fault.h"
#include "publish_internal.h"
#include "publish_sql.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char what[] = "Replacing the rows of a mart";

static const struct {
    const char *name;
    const char *insert;
} tables[] = {
    {"mart_course_funnel_cohorts", sql_insert_cohorts},
    {"mart_course_funnel_lessons", sql_insert_lessons},
    {"course_funnel_session_match", sql_insert_matches},
};

#define TABLE_COUNT (sizeof tables / sizeof tables[0])

static int change(struct postgres *session, const char *sql, const char *schema,
                  struct failure *failure)
{
    uint64_t changed = 0;
    char *placed = NULL;
    if (postgres_place_schema(session, sql, schema, &placed, failure) != 0)
        return -1;
    int status = postgres_change(session, what, placed, NULL, 0, &changed, failure);
    free(placed);
    return status;
}

/* A table that is partitioned holds its rows in its partitions; any other holds its own. */
static int find_out_partitioned(struct postgres *session, const char *schema, const char *name,
                                bool *partitioned, struct failure *failure)
{
    static const char sql[] =
        "SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'p'";
    const char *values[] = {schema, name};
    struct postgres_result *result = NULL;
    if (postgres_query(session, what, sql, values, 2, &result, failure) != 0)
        return -1;
    *partitioned = strcmp(postgres_value(result, 0, 0), "0") != 0;
    postgres_result_free(result);
    return 0;
}

/* DELETE and INSERT rather than TRUNCATE or a swap of names: readers go on with the old rows. */
static int replace_rows(struct postgres *session, const char *schema, size_t table,
                        struct failure *failure)
{
    char sql[100];
    bool partitioned = false;
    (void)FAULT("publish.replace");
    if (find_out_partitioned(session, schema, tables[table].name, &partitioned, failure) != 0)
        return -1;
    snprintf(sql, sizeof sql, "DELETE FROM %s:schema.%s", partitioned ? "" : "ONLY ",
             tables[table].name);
    return change(session, sql, schema, failure) != 0 ||
                   change(session, tables[table].insert, schema, failure) != 0
               ? -1
               : 0;
}

/* The tables that differ from what is staged for them, one a row. */
static int compare_rows(struct postgres *session, const char *schema,
                        struct postgres_result **result, struct failure *failure)
{
    static const char comparing[] = "Comparing the rows of the marts";
    char *placed = NULL;
    if (postgres_place_schema(session, sql_unlike_staged, schema, &placed, failure) != 0)
        return -1;
    int status = postgres_query(session, comparing, placed, NULL, 0, result, failure);
    free(placed);
    return status;
}

int publish_postgres_holds_rows(struct postgres *session, const char *schema,
                                struct failure *failure)
{
    struct postgres_result *result = NULL;
    if (compare_rows(session, schema, &result, failure) != 0)
        return -1;
    int holds = postgres_rows(result) == 0 ? 1 : 0;
    postgres_result_free(result);
    return holds;
}

int publish_postgres_check_rows(struct postgres *session, const char *schema,
                                struct failure *failure)
{
    struct postgres_result *result = NULL;
    int status = compare_rows(session, schema, &result, failure);
    if (status != 0)
        return -1;
    if (postgres_rows(result) > 0)
        status = failure_set(failure, EXIT_TARGET,
                             "%s does not hold the rows that were inserted: %s of them are not "
                             "there, and %s others are. Nothing was published; look for triggers "
                             "or rules on the table.",
                             postgres_value(result, 0, 0), postgres_value(result, 0, 1),
                             postgres_value(result, 0, 2));
    postgres_result_free(result);
    return status;
}

int publish_postgres_replace(struct postgres *session, const char *schema, struct failure *failure)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (replace_rows(session, schema, i, failure) != 0)
            return -1;
    return 0;
}
