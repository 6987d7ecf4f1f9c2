#include "table_listing.h"
#include "table_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often a snapshot is taken anew, because a table was rewritten before it could be locked. */
#define SNAPSHOT_TRIES 5

void table_snapshot_forget(struct table_listing *listing)
{
    for (size_t i = 0; i < listing->list->origin_count; i++) {
        postgres_result_free(listing->trees[i].parts);
        listing->trees[i].parts = NULL;
    }
}

static int fail_changed(const char *name, struct failure *trouble)
{
    (void)failure_set(
        trouble, EXIT_SOURCE,
        "%s: was truncated, rewritten or replaced whenever a snapshot was taken, %d "
        "times. Run again when that is over, or let the role have SELECT on the whole "
        "table, so that it can be locked first.",
        name, SNAPSHOT_TRIES);
    return 1;
}

static int read_tree(struct postgres *connection, const struct table_origin *origin,
                     const char *oid, struct table_tree *tree, struct failure *failure)
{
    static const char *const names[TREE_COLUMNS] = {
        [TREE_NAME] = "name",           [TREE_BY_PAGE] = "by_page",    [TREE_BYTES] = "bytes",
        [TREE_BY_ITSELF] = "by_itself", [TREE_IDENTITY] = "identity",  [TREE_STORAGE] = "storage",
        [TREE_INSERTED] = "inserted",   [TREE_UPDATED] = "updated",    [TREE_DELETED] = "deleted",
        [TREE_VACUUMS] = "vacuums",     [TREE_IS_LOCKED] = "is_locked"};
    const char *values[] = {oid};
    char what[TABLE_NAME_BYTES + 32];
    snprintf(what, sizeof what, "Looking at the parts of %s", origin->name);
    if (postgres_query(connection, what, sql_table_tree, values, 1, &tree->parts, failure) != 0)
        return -1;
    return postgres_columns(tree->parts, names, TREE_COLUMNS, tree->at, failure);
}

/*
 * Look at the parts of ${origin}, which the planner has locked. Returns 0; 1 and ${trouble} when
 * they are not those of the snapshot any more; or -1.
 */
static int look_at_tree(struct postgres *connection, const struct table_origin *origin,
                        const char *oid, struct table_tree *tree, struct failure *trouble,
                        struct failure *failure)
{
    if (read_tree(connection, origin, oid, tree, failure) != 0)
        return -1;
    for (size_t i = 0; i < postgres_rows(tree->parts); i++)
        if (!postgres_is_true(tree->parts, i, tree->at[TREE_IS_LOCKED]))
            return fail_changed(postgres_value(tree->parts, i, tree->at[TREE_NAME]), trouble);
    return 0;
}

/*
 * Whether a part that has no pages shows rows all the same. Then they come from elsewhere. Returns
 * 0, or -1.
 */
static int look_for_rows(struct postgres *connection, struct table_tree *tree, size_t part,
                         struct failure *failure)
{
    const char *name = postgres_value(tree->parts, part, tree->at[TREE_NAME]);
    struct postgres_result *result = NULL;
    char *sql = NULL;
    if (asprintf(&sql, "SELECT FROM ONLY %s LIMIT 1", name) < 0)
        return failure_memory(failure, "a query", strlen(name));
    int status = postgres_query(connection, "Looking at a table without pages", sql, NULL, 0,
                                &result, failure);
    free(sql);
    if (status == 0 && postgres_rows(result) > 0)
        tree->is_plain = false;
    postgres_result_free(result);
    return status;
}

/*
 * Find out whether ranges of pages show all rows of ${origin}. They do not where an extension adds
 * rows from elsewhere, by a scan of its own. Returns 0, or -1.
 */
static int look_at_scans(struct postgres *connection, const struct table_origin *origin,
                         struct table_tree *tree, struct failure *failure)
{
    struct postgres_result *plan = NULL;
    char what[TABLE_NAME_BYTES + 32];
    char *sql = NULL;
    snprintf(what, sizeof what, "Looking at how %s is read", origin->name);
    if (asprintf(&sql, "EXPLAIN (COSTS OFF) SELECT %s FROM %s WHERE %s", origin->shape.select,
                 origin->name, origin->shape.filter) < 0)
        return failure_memory(failure, "a query", TABLE_SELECT_BYTES);
    int status = postgres_query(connection, what, sql, NULL, 0, &plan, failure);
    free(sql);
    if (status != 0)
        return -1;
    tree->is_plain = true;
    for (size_t i = 0; i < postgres_rows(plan); i++)
        tree->is_plain =
            tree->is_plain && strstr(postgres_value(plan, i, 0), "Custom Scan (") == NULL;
    postgres_result_free(plan);
    for (size_t i = 0; status == 0 && tree->is_plain && i < postgres_rows(tree->parts); i++)
        if (postgres_is_true(tree->parts, i, tree->at[TREE_BY_PAGE]) &&
            postgres_is_true(tree->parts, i, tree->at[TREE_BY_ITSELF]) &&
            strcmp(postgres_value(tree->parts, i, tree->at[TREE_BYTES]), "0") == 0)
            status = look_for_rows(connection, tree, i, failure);
    return status;
}

/* Whether what is locked is as the snapshot shows it. As look_at_tree. */
static int look_for_changes(struct postgres *connection, struct failure *trouble,
                            struct failure *failure)
{
    static const char *const names[] = {"name"};
    int at = 0, status = -1;
    struct postgres_result *result = NULL;
    if (postgres_query(connection, "Looking for rewritten tables", sql_table_changed, NULL, 0,
                       &result, failure) == 0 &&
        postgres_columns(result, names, 1, &at, failure) == 0)
        status =
            postgres_rows(result) > 0 ? fail_changed(postgres_value(result, 0, at), trouble) : 0;
    postgres_result_free(result);
    return status;
}

/*
 * Take a snapshot, and lock all origins of the server. What cannot be locked by its name is locked
 * by planning a query on it, after the snapshot was taken. A table that was truncated or rewritten
 * in between would show no rows. Returns 0; 1 and ${trouble} when there is such a table; or -1.
 */
static int take(struct table_listing *listing, uint32_t index, struct failure *trouble,
                struct failure *failure)
{
    struct postgres *connection = listing->connections->servers[index];
    struct table_list *list = listing->list;
    char oid[16];
    if (table_connection_begin(connection, list, index, failure) != 0 ||
        table_connection_export(connection, &list->servers[index], &listing->moment, failure) != 0)
        return -1;
    for (size_t i = 0; i < list->origin_count; i++) {
        struct table_origin *origin = &list->origins[i];
        if (origin->server != index)
            continue;
        /* Found again under the lock: it may have been made anew in between. */
        int found = table_find(connection, origin->name, origin, oid, failure);
        if (found == 0)
            (void)table_find_none(origin->name, trouble);
        if (found <= 0)
            return found < 0 ? -1 : 1;
        const char *const *columns =
            origin->is_sessions ? listing->options->columns : listing->options->requests[i].columns;
        if (table_find_columns(connection, oid, columns, origin, failure) != 0 ||
            table_connection_plan(connection, origin, failure) != 0)
            return -1;
        int status = look_at_tree(connection, origin, oid, &listing->trees[i], trouble, failure);
        if (status == 0)
            status = look_at_scans(connection, origin, &listing->trees[i], failure);
        if (status != 0)
            return status;
    }
    return look_for_changes(connection, trouble, failure);
}

int table_snapshot_take(struct table_listing *listing, uint32_t index, struct failure *failure)
{
    for (int tries = 0; tries < SNAPSHOT_TRIES; tries++) {
        struct failure trouble = {0};
        int status = take(listing, index, &trouble, failure);
        if (status <= 0)
            return status;
        table_snapshot_forget(listing);
        if (tries + 1 == SNAPSHOT_TRIES)
            return failure_set(failure, trouble.code, "%s", trouble.message);
        if (postgres_run(listing->connections->servers[index], "Taking another snapshot",
                         "ROLLBACK", failure) != 0)
            return -1;
    }
    return -1;
}

int table_snapshot_tidy(const struct table_listing *listing, uint32_t index,
                        struct failure *failure)
{
    struct postgres *connection = listing->connections->servers[index];
    const struct table_list *list = listing->list;
    if (table_connection_begin(connection, list, index, failure) != 0)
        return -1;
    for (size_t i = 0; i < list->origin_count; i++) {
        struct table_origin origin = list->origins[i];
        struct table_tree tree = {0};
        char oid[16];
        if (origin.server != index)
            continue;
        int found = table_find(connection, list->origins[i].name, &origin, oid, failure);
        if (found > 0)
            found = read_tree(connection, &origin, oid, &tree, failure);
        postgres_result_free(tree.parts);
        if (found < 0)
            return -1;
    }
    return postgres_commit(connection, "Ending a transaction", failure);
}
