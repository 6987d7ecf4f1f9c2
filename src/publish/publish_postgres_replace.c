#include "course_funnel/fault.h"
#include "publish_internal.h"
#include "publish_sql.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIFFERENCE_BYTES 120

static const char what[] = "Replacing the rows of a mart";

static int change(struct postgres *connection, const char *sql, const char *schema,
                  enum marts_table table, struct failure *failure)
{
    uint64_t changed = 0;
    char *placed = NULL;
    if (publish_sql_place(connection, sql, schema, table, &placed, failure) != 0)
        return -1;
    int status = postgres_change(connection, what, placed, NULL, 0, &changed, failure);
    free(placed);
    return status;
}

/* A table that is partitioned holds its rows in its partitions; any other holds its own. */
static int find_out_partitioned(struct postgres *connection, const char *schema, const char *name,
                                bool *partitioned, struct failure *failure)
{
    static const char sql[] =
        "SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'p'";
    const char *values[] = {schema, name};
    struct postgres_result *result = NULL;
    if (postgres_query(connection, what, sql, values, 2, &result, failure) != 0)
        return -1;
    *partitioned = strcmp(postgres_value(result, 0, 0), "0") != 0;
    postgres_result_free(result);
    return 0;
}

/* DELETE and INSERT rather than TRUNCATE or a swap of names: readers go on with the old rows. */
static int replace_rows(struct postgres *connection, const char *schema, enum marts_table table,
                        struct failure *failure)
{
    bool partitioned = false;
    (void)FAULT("publish.replace");
    if (find_out_partitioned(connection, schema, marts_shapes[table].name, &partitioned, failure) !=
        0)
        return -1;
    const char *clear =
        partitioned ? "DELETE FROM :schema.:table" : "DELETE FROM ONLY :schema.:table";
    return change(connection, clear, schema, table, failure) != 0 ||
                   change(connection, sql_insert_rows, schema, table, failure) != 0
               ? -1
               : 0;
}

/*
 * Whether ${table} holds just what is staged for it. Returns 1; 0 and in ${difference} how; or -1.
 */
static int compare_rows(struct postgres *connection, const char *schema, enum marts_table table,
                        char difference[DIFFERENCE_BYTES], struct failure *failure)
{
    static const char comparing[] = "Comparing the rows of the marts";
    static const char *const names[] = {"lacks", "has"};
    int at[2];
    char *placed = NULL;
    struct postgres_result *result = NULL;
    if (publish_sql_place(connection, sql_unlike_staged, schema, table, &placed, failure) != 0)
        return -1;
    int status = postgres_query(connection, comparing, placed, NULL, 0, &result, failure);
    free(placed);
    if (status != 0)
        return -1;
    if (postgres_columns(result, names, 2, at, failure) != 0)
        status = -1;
    else if (postgres_rows(result) == 0)
        status = 1;
    else
        snprintf(difference, DIFFERENCE_BYTES, "%s of them are not there, and %s others are",
                 postgres_value(result, 0, at[0]), postgres_value(result, 0, at[1]));
    postgres_result_free(result);
    return status;
}

int publish_postgres_find_tables(struct postgres *connection, const char *schema,
                                 struct publish_tables *tables, struct failure *failure)
{
    struct postgres_result *there = NULL;
    if (publish_postgres_look(connection, what, schema, &there, failure) != 0)
        return -1;
    tables->schema = schema;
    for (enum marts_table table = 0; table < MARTS_TABLES; table++)
        tables->wanted[table] = publish_postgres_is_there(there, marts_shapes[table].name);
    postgres_result_free(there);
    return 0;
}

int publish_postgres_holds_rows(struct postgres *connection, const struct publish_tables *tables,
                                struct failure *difference, struct failure *failure)
{
    for (enum marts_table table = 0; table < MARTS_TABLES; table++) {
        char text[DIFFERENCE_BYTES];
        if (!tables->wanted[table])
            continue;
        int holds = compare_rows(connection, tables->schema, table, text, failure);
        if (holds == 0)
            (void)failure_set(difference, EXIT_TARGET,
                              "%s does not hold the rows that were inserted: %s. Nothing was "
                              "published; look for triggers or rules on the table.",
                              marts_shapes[table].name, text);
        if (holds != 1)
            return holds;
    }
    return 1;
}

int publish_postgres_replace(struct postgres *connection, const struct publish_tables *tables,
                             struct failure *failure)
{
    for (enum marts_table table = 0; table < MARTS_TABLES; table++)
        if (tables->wanted[table] && replace_rows(connection, tables->schema, table, failure) != 0)
            return -1;
    return 0;
}

int publish_postgres_stage_changes(struct postgres *connection, const char *schema,
                                   struct run_record *record, struct failure *failure)
{
    static const char comparing[] = "Comparing with the marts before";
    static const char count[] = "SELECT count(*) FILTER (WHERE change = 'added') AS added,"
                                " count(*) FILTER (WHERE change = 'removed') AS removed,"
                                " count(*) FILTER (WHERE change = 'changed') AS changed"
                                " FROM pg_temp.course_funnel_changes";
    static const char *const names[] = {"added", "removed", "changed"};
    uint64_t *counts[] = {&record->cells_added, &record->cells_removed, &record->cells_changed};
    struct postgres_result *result = NULL;
    int at[3];
    if (change(connection, sql_changes, schema, MARTS_CHANGES, failure) != 0 ||
        postgres_query(connection, comparing, count, NULL, 0, &result, failure) != 0)
        return -1;
    int status = postgres_columns(result, names, 3, at, failure);
    for (int i = 0; status == 0 && i < 3; i++)
        *counts[i] = strtoull(postgres_value(result, 0, at[i]), NULL, 10);
    record->has_cells = status == 0;
    postgres_result_free(result);
    return status;
}
