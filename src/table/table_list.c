#include "table_internal.h"
#include "table_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* The oldest server that goes straight to a range of pages; others would read all for each. */
#define PAGES_VERSION 140000

/* The oldest server that is tried at all: it exports snapshots on a standby too. */
#define OLDEST_VERSION 120000

/* How often a snapshot is taken anew, because a table was rewritten before it could be locked. */
#define SNAPSHOT_TRIES 5

/* Names a table that is read, alone or as a part of another. */
struct table_key {
    uint64_t hash;
    bool is_sessions;
};

/* What is made up while listing. */
struct listing {
    const struct table_options *options;
    struct source_list *splits, *session_splits;
    struct table_list *list;
    struct table_connections *connections;
    size_t relation_capacity;
    struct table_key *keys;
    size_t key_count, key_capacity;
    char *remark;                   /* see table_list */
    struct table_moment moment;     /* of the server in hand */
    struct postgres_result **trees; /* the parts of each origin of it, as sql/table_tree.sql has
                                       them */
};

void table_free(struct table_list *list)
{
    if (list == NULL)
        return;
    free(list->servers);
    free(list->origins);
    free(list->relations);
    free(list);
}

/* One server for each run of requests with the same target. */
static int count_servers(struct listing *listing, struct failure *failure)
{
    const struct table_options *options = listing->options;
    struct table_list *list = listing->list;
    list->servers = calloc(options->request_count + 1, sizeof *list->servers);
    /* Each server may have a table of sessions too. */
    list->origins = calloc(2 * options->request_count + 1, sizeof *list->origins);
    listing->trees = calloc(2 * options->request_count + 1, sizeof *listing->trees);
    if (list->servers == NULL || list->origins == NULL || listing->trees == NULL)
        return failure_memory(failure, "the list of tables",
                              options->request_count * sizeof *list->origins);
    for (size_t i = 0; i < options->request_count; i++) {
        if (i == 0 || options->requests[i].target != options->requests[i - 1].target)
            list->servers[list->server_count++].request = (uint32_t)i;
        list->origins[i].server = (uint32_t)(list->server_count - 1);
    }
    list->origin_count = options->request_count;
    return table_connection_create(list->server_count, &listing->connections, failure);
}

/*
 * A table of events that was named twice, or is part of another that was named too, would count
 * twice; one of sessions is found twice where two sources are one database. Its ${identity} is the
 * same wherever it is named. Returns 1 when the table is new, 0 when it is one of sessions that is
 * listed already and need not be again, or -1.
 */
static int check_key(struct listing *listing, const char *table, const char *identity,
                     bool is_sessions, struct failure *failure)
{
    char text[200];
    snprintf(text, sizeof text, "%s %s", listing->moment.system, identity);
    const struct table_key key = {XXH3_64bits(text, strlen(text)), is_sessions};
    for (size_t i = 0; i < listing->key_count; i++) {
        if (listing->keys[i].hash != key.hash || listing->keys[i].is_sessions != is_sessions)
            continue;
        if (is_sessions)
            return 0;
        return failure_set(failure, EXIT_USAGE,
                           "%s: would be read twice, as it is named twice, or is a part of a "
                           "table that is named too. Name it once.",
                           table);
    }
    if (listing->key_count == listing->key_capacity) {
        size_t capacity = 2 * listing->key_capacity + 16;
        void *grown = realloc(listing->keys, capacity * sizeof *listing->keys);
        if (grown == NULL)
            return failure_memory(failure, "the list of tables", capacity * sizeof *listing->keys);
        listing->keys = grown;
        listing->key_capacity = capacity;
    }
    listing->keys[listing->key_count++] = key;
    return 1;
}

/* A mark of what is read of a table: other columns give other rows. */
static uint64_t shape_hash(const struct table_shape *shape)
{
    return XXH3_64bits(shape->select, strlen(shape->select)) ^
           XXH3_64bits_withSeed(shape->filter, strlen(shape->filter), 1);
}

static int add_relation(struct listing *listing, struct table_relation *relation, uint64_t bytes,
                        const char *identity, const struct source_changes *changes,
                        struct failure *failure)
{
    struct table_list *list = listing->list;
    if (list->relation_count == listing->relation_capacity) {
        size_t capacity = 2 * listing->relation_capacity + 16;
        void *grown = realloc(list->relations, capacity * sizeof *list->relations);
        if (grown == NULL)
            return failure_memory(failure, "the list of tables",
                                  capacity * sizeof *list->relations);
        list->relations = grown;
        listing->relation_capacity = capacity;
    }
    /*
     * The same columns of the same snapshot of the same table, found again, give the same rows at
     * the same addresses. But what has no pages may give anything at any time.
     */
    char text[1400];
    const struct table_shape *shape = &list->origins[relation->origin].shape;
    const struct table_moment *moment = &listing->moment;
    bool again = relation->by_page && moment->is_lasting;
    snprintf(text, sizeof text, "%s %" PRIx64 " %s %s", identity, shape_hash(shape),
             moment->snapshot, again ? "" : moment->now);
    struct source_relation split = {.name = relation->name,
                                    .identity = text,
                                    .entry = (uint32_t)list->relation_count,
                                    .page_bytes = relation->by_page ? relation->page_bytes : 0,
                                    .bytes = bytes,
                                    .range_bytes = listing->options->range_bytes};
    if (relation->by_page && !moment->is_standby) {
        split.changes = *changes;
        split.changes.columns = shape_hash(shape);
    }
    /* What has no size that is known counts as one range. */
    if (!relation->by_page && bytes == 0)
        split.bytes = listing->options->range_bytes;
    list->relations[list->relation_count++] = *relation;
    return source_add_relation(list->origins[relation->origin].is_sessions ? listing->session_splits
                                                                           : listing->splits,
                               &split, failure);
}

static uint64_t count_in(const struct postgres_result *result, size_t row, int column)
{
    const char *text = postgres_value(result, row, column);
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

/* The table, its partitions or what inherits from it; in one piece where that is not allowed. */
static int add_relations(struct listing *listing, uint32_t origin_index, struct failure *failure)
{
    const struct table_origin *origin = &listing->list->origins[origin_index];
    const struct postgres_result *result = listing->trees[origin_index];
    struct table_relation relation = {.origin = origin_index,
                                      .page_bytes = listing->moment.page_bytes};
    uint64_t all_bytes = 0;
    bool each = true;
    int status = 0;
    for (size_t i = 0; i < postgres_rows(result); i++) {
        int is_new = check_key(listing, postgres_value(result, i, 0), postgres_value(result, i, 4),
                               origin->is_sessions, failure);
        if (is_new <= 0)
            return is_new;
        all_bytes += count_in(result, i, 2);
        each = each && strcmp(postgres_value(result, i, 3), "t") == 0 &&
               strlen(postgres_value(result, i, 0)) < sizeof relation.name;
    }
    for (size_t i = 0; each && status == 0 && i < postgres_rows(result); i++) {
        const char *pages = postgres_value(result, i, 1);
        relation.alone = true;
        relation.by_page = pages != NULL && strcmp(pages, "t") == 0 &&
                           listing->list->servers[origin->server].version >= PAGES_VERSION;
        snprintf(relation.name, sizeof relation.name, "%s", postgres_value(result, i, 0));
        const struct source_changes changes = {.storage = count_in(result, i, 5),
                                               .inserted = count_in(result, i, 6),
                                               .updated = count_in(result, i, 7),
                                               .deleted = count_in(result, i, 8),
                                               .vacuums = count_in(result, i, 9)};
        status = add_relation(listing, &relation, count_in(result, i, 2),
                              postgres_value(result, i, 4), &changes, failure);
    }
    if (!each) {
        char whole[200];
        snprintf(whole, sizeof whole, "%s in whole", postgres_value(result, 0, 4));
        memcpy(relation.name, origin->name, sizeof relation.name);
        status = add_relation(listing, &relation, all_bytes, whole, NULL, failure);
    }
    return status;
}

/*
 * Look for the table of sessions on the server in hand, before its transaction begins, as what goes
 * wrong in it would end it. Returns 0, or -1 when it was asked for and cannot be read.
 */
static int find_sessions(struct listing *listing, struct postgres *connection, uint32_t server,
                         struct failure *failure)
{
    const struct table_options *options = listing->options;
    struct table_list *list = listing->list;
    struct table_origin *origin = &list->origins[list->origin_count];
    struct failure trouble = {0};
    char oid[16];
    if (options->sessions == NULL)
        return 0;
    *origin = (struct table_origin){.server = server, .is_sessions = true};
    int found = table_find(connection, options->sessions, origin, oid, &trouble);
    if (found > 0 &&
        (table_find_columns(connection, oid, options->columns, origin, &trouble) != 0 ||
         table_connection_plan(connection, origin, &trouble) != 0))
        found = -1;
    if (found > 0) {
        list->has_sessions = true;
        list->origin_count++;
        return 0;
    }
    if (found == 0)
        return 0;
    if (options->sessions_asked || postgres_passing(connection))
        return failure_set(failure, trouble.code, "%s", trouble.message);
    if (listing->remark == NULL)
        listing->remark = strdup(trouble.message);
    return listing->remark != NULL
               ? 0
               : failure_memory(failure, "the list of tables", strlen(trouble.message));
}

static void forget_trees(struct listing *listing)
{
    for (size_t i = 0; i < listing->list->origin_count; i++) {
        postgres_result_free(listing->trees[i]);
        listing->trees[i] = NULL;
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

/* The parts of a table, as sql/table_tree.sql has them. Returns 0, or -1. */
static int read_tree(struct postgres *connection, const struct table_origin *origin,
                     const char *oid, struct postgres_result **tree, struct failure *failure)
{
    const char *values[] = {oid};
    char what[TABLE_NAME_BYTES + 32];
    snprintf(what, sizeof what, "Looking at the parts of %s", origin->name);
    return postgres_query(connection, what, sql_table_tree, values, 1, tree, failure);
}

/*
 * Look at the parts of ${origin}, which the planner has locked. Returns 0; 1 and ${trouble} when
 * they are not those of the snapshot any more; or -1.
 */
static int look_at_tree(struct postgres *connection, const struct table_origin *origin,
                        const char *oid, struct postgres_result **tree, struct failure *trouble,
                        struct failure *failure)
{
    if (read_tree(connection, origin, oid, tree, failure) != 0)
        return -1;
    for (size_t i = 0; i < postgres_rows(*tree); i++)
        if (strcmp(postgres_value(*tree, i, 10), "t") != 0)
            return fail_changed(postgres_value(*tree, i, 0), trouble);
    return 0;
}

/* Whether what is locked is as the snapshot shows it. As look_at_tree. */
static int look_for_changes(struct postgres *connection, struct failure *trouble,
                            struct failure *failure)
{
    struct postgres_result *result = NULL;
    if (postgres_query(connection, "Looking for rewritten tables", sql_table_changed, NULL, 0,
                       &result, failure) != 0)
        return -1;
    int status = 0;
    if (postgres_rows(result) > 0)
        status = fail_changed(postgres_value(result, 0, 0), trouble);
    postgres_result_free(result);
    return status;
}

/*
 * Take a snapshot, and lock all origins of the server. What cannot be locked by its name is locked
 * when it is planned on, and that is after the snapshot was taken: what was truncated or rewritten
 * in between would show no rows in it. Returns 0; 1 and ${trouble} when that is so; or -1.
 */
static int take_snapshot(struct listing *listing, struct postgres *connection, uint32_t index,
                         struct failure *trouble, struct failure *failure)
{
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
        if (status != 0)
            return status;
    }
    return look_for_changes(connection, trouble, failure);
}

/* As take_snapshot, until it is one that shows all tables as they are. Returns 0, or -1. */
static int take_good_snapshot(struct listing *listing, struct postgres *connection, uint32_t index,
                              struct failure *failure)
{
    for (int tries = 0; tries < SNAPSHOT_TRIES; tries++) {
        struct failure trouble = {0};
        int status = take_snapshot(listing, connection, index, &trouble, failure);
        if (status <= 0)
            return status;
        forget_trees(listing);
        if (tries + 1 == SNAPSHOT_TRIES)
            return failure_set(failure, trouble.code, "%s", trouble.message);
        if (postgres_run(connection, "Taking another snapshot", "ROLLBACK", failure) != 0)
            return -1;
    }
    return -1;
}

/*
 * Look at the parts of all tables of a server once before the transaction that is kept. A server
 * tidies up pages of its catalogue as they are looked at, and what its log tells of that comes to
 * disk with a COMMIT only: a transaction that is given up would leave it in memory for as long as
 * nobody writes, and no later snapshot be known to last. Returns 0, or -1.
 */
static int tidy_up(const struct listing *listing, struct postgres *connection, uint32_t index,
                   struct failure *failure)
{
    const struct table_list *list = listing->list;
    if (table_connection_begin(connection, list, index, failure) != 0)
        return -1;
    for (size_t i = 0; i < list->origin_count; i++) {
        struct table_origin origin = list->origins[i];
        struct postgres_result *tree = NULL;
        char oid[16];
        if (origin.server != index)
            continue;
        int found = table_find(connection, list->origins[i].name, &origin, oid, failure);
        if (found < 0 || (found > 0 && read_tree(connection, &origin, oid, &tree, failure) != 0))
            return -1;
        postgres_result_free(tree);
    }
    return postgres_commit(connection, "Ending a transaction", failure);
}

/* Open a connection to a server and see that what is asked for is there. */
static int look_at_server(struct listing *listing, uint32_t index, struct failure *failure)
{
    struct table_list *list = listing->list;
    struct table_server *server = &list->servers[index];
    struct postgres **connection = &listing->connections->servers[index];
    char oid[16];
    if (table_connection_open(listing->options, server->request, 0, connection, failure) != 0 ||
        table_connection_look(*connection, server, failure) != 0)
        return -1;
    if (server->version < OLDEST_VERSION)
        return failure_set(failure, EXIT_SOURCE,
                           "The server is PostgreSQL %u; version %d or later is needed.",
                           server->version / 10000, OLDEST_VERSION / 10000);
    for (size_t i = 0; i < listing->options->request_count; i++) {
        const char *name = listing->options->requests[i].table;
        if (list->origins[i].server != index)
            continue;
        int found = table_find(*connection, name, &list->origins[i], oid, failure);
        if (found <= 0)
            return found < 0 ? -1 : table_find_none(name, failure);
    }
    if (find_sessions(listing, *connection, index, failure) != 0)
        return -1;
    return tidy_up(listing, *connection, index, failure);
}

/* After all servers were looked at: sessions are matched with those of all of them, or not. */
static int check_sessions(const struct listing *listing, struct failure *failure)
{
    const struct table_options *options = listing->options;
    struct table_list *list = listing->list;
    if (listing->remark != NULL) {
        list->origin_count = options->request_count;
        list->has_sessions = false;
    }
    if (options->sessions == NULL || !options->sessions_asked || list->has_sessions)
        return 0;
    return failure_set(failure, EXIT_SOURCE,
                       "%s: no source has such a table, or this role may not see it. Name the one "
                       "of sessions with --sessions-table SCHEMA.TABLE, or `none`.",
                       options->sessions);
}

/* Take the snapshot of a server that was looked at, and list what is to be read in it. */
static int list_server(struct listing *listing, uint32_t index, struct failure *failure)
{
    const struct table_list *list = listing->list;
    int status = take_good_snapshot(listing, listing->connections->servers[index], index, failure);
    for (size_t i = 0; i < list->origin_count && status == 0; i++)
        if (list->origins[i].server == index)
            status = add_relations(listing, (uint32_t)i, failure);
    if (status == 0)
        status = table_connection_mark(listing->connections->servers[index], failure);
    forget_trees(listing);
    return status;
}

int table_list(const struct table_options *options, struct source_list *splits,
               struct source_list *session_splits, struct table_list **list,
               struct table_connections **connections, char **remark, struct failure *failure)
{
    *list = NULL;
    *connections = NULL;
    *remark = NULL;
    struct listing listing = {
        .options = options, .splits = splits, .session_splits = session_splits};
    listing.list = calloc(1, sizeof *listing.list);
    if (listing.list == NULL)
        return failure_memory(failure, "the list of tables", sizeof *listing.list);
    int status = count_servers(&listing, failure);
    for (size_t i = 0; status == 0 && i < options->request_count; i++) {
        /* Nothing is opened before every target is known to hold no password. */
        char *text = NULL;
        status = postgres_describe(options->requests[i].target, &text, failure);
        free(text);
    }
    for (size_t i = 0; status == 0 && i < listing.list->server_count; i++)
        status = look_at_server(&listing, (uint32_t)i, failure);
    if (status == 0)
        status = check_sessions(&listing, failure);
    for (size_t i = 0; status == 0 && i < listing.list->server_count; i++)
        status = list_server(&listing, (uint32_t)i, failure);
    free(listing.trees);
    free(listing.keys);
    if (status != 0) {
        table_close(listing.connections);
        table_free(listing.list);
        free(listing.remark);
        return -1;
    }
    *remark = listing.remark;
    *list = listing.list;
    *connections = listing.connections;
    return 0;
}
