#include "table_internal.h"
#include "table_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int table_find(struct postgres *connection, const char *name, struct table_origin *origin,
               char oid[16], struct failure *failure)
{
    enum { OID, NAME, KIND, LOCKS, IS_POPULATED, COLUMNS };
    static const char *const names[COLUMNS] = {"oid", "name", "relkind", "locks", "relispopulated"};
    int at[COLUMNS];
    const char *values[] = {name};
    struct postgres_result *result = NULL;
    char what[TABLE_NAME_BYTES + 16];
    snprintf(what, sizeof what, "Looking for %.280s", name);
    if (strchr(name, '.') == NULL)
        return failure_set(failure, EXIT_USAGE,
                           "The name of the table %s lacks its schema; give it as SCHEMA.TABLE.",
                           name);
    int status = -1;
    if (postgres_query(connection, what, sql_table_find, values, 1, &result, failure) != 0 ||
        postgres_columns(result, names, COLUMNS, at, failure) != 0)
        goto free_result;
    if (postgres_rows(result) == 0) {
        status = 0;
        goto free_result;
    }
    const char *found = postgres_value(result, 0, at[NAME]);
    const char *kind = postgres_value(result, 0, at[KIND]);
    if (strlen(found) >= sizeof origin->name) {
        failure_set(failure, EXIT_SOURCE, "%s: the name is too long.", name);
        goto free_result;
    }
    if (strchr("rpvmf", kind[0]) == NULL) {
        failure_set(failure, EXIT_SOURCE,
                    "%s: is no table, view or foreign table (its relkind is %s).", found, kind);
        goto free_result;
    }
    if (!postgres_is_true(result, 0, at[IS_POPULATED])) {
        failure_set(failure, EXIT_SOURCE,
                    "%s: is a materialized view that holds nothing yet. Let its owner REFRESH it.",
                    found);
        goto free_result;
    }
    snprintf(oid, 16, "%s", postgres_value(result, 0, at[OID]));
    snprintf(origin->name, sizeof origin->name, "%s", found);
    origin->locks = postgres_is_true(result, 0, at[LOCKS]);
    status = 1;
free_result:
    postgres_result_free(result);
    return status;
}

int table_find_none(const char *name, struct failure *failure)
{
    return failure_set(failure, EXIT_SOURCE,
                       "%s: there is no such table in this database, or this role may not see it. "
                       "Name it as SCHEMA.TABLE (with --events-table the one of raw events); names "
                       "with capitals are quoted: '\"Raw\".\"Events\"'.",
                       name);
}

int table_find_columns(struct postgres *connection, const char *oid,
                       const char *const overrides[TABLE_COLUMNS], struct table_origin *origin,
                       struct failure *failure)
{
    enum { NAME, TYPE, CATEGORY, READABLE, COLUMNS };
    static const char *const names[COLUMNS] = {"attname", "typname", "typcategory", "readable"};
    int at[COLUMNS];
    const char *values[] = {oid};
    struct postgres_result *result = NULL;
    struct table_column_fact *facts = NULL;
    int status = -1;
    char what[TABLE_NAME_BYTES + 32];
    snprintf(what, sizeof what, "Looking at the columns of %s", origin->name);
    if (postgres_query(connection, what, sql_table_columns, values, 1, &result, failure) != 0 ||
        postgres_columns(result, names, COLUMNS, at, failure) != 0)
        goto free_result;
    size_t count = postgres_rows(result);
    facts = calloc(count + 1, sizeof *facts);
    if (facts == NULL) {
        failure_memory(failure, "the columns of a table", count * sizeof *facts);
        goto free_result;
    }
    for (size_t i = 0; i < count; i++)
        facts[i] =
            (struct table_column_fact){.name = postgres_value(result, i, at[NAME]),
                                       .type = postgres_value(result, i, at[TYPE]),
                                       .category = postgres_value(result, i, at[CATEGORY])[0],
                                       .readable = postgres_is_true(result, i, at[READABLE])};
    status = (origin->is_sessions ? table_columns_choose_profile : table_columns_choose)(
        origin->name, facts, count, overrides, &origin->shape, failure);
free_result:
    free(facts);
    postgres_result_free(result);
    return status;
}
