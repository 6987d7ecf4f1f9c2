#include "table_listing.h"

#include <stdlib.h>
#include <string.h>

/* The oldest server that is tried at all: it exports snapshots on a standby too. */
#define OLDEST_VERSION 120000

/* One server for each run of requests with the same target. */
static int count_servers(struct table_listing *listing, struct failure *failure)
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
 * Look for the table of sessions on the server in hand. This comes last in a transaction that is
 * not kept, as a failure would end it. Returns 0, or -1 when the table was asked for and cannot be
 * read.
 */
static int find_sessions(struct table_listing *listing, struct postgres *connection,
                         uint32_t server, struct failure *failure)
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

/* Open a connection to a server and see that what is asked for is there. */
static int look_at_server(struct table_listing *listing, uint32_t index, struct failure *failure)
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
    /* What is not found yet is not locked either. */
    if (table_connection_begin(*connection, list, index, failure) != 0)
        return -1;
    for (size_t i = 0; i < listing->options->request_count; i++) {
        const char *name = listing->options->requests[i].table;
        if (list->origins[i].server != index)
            continue;
        int found = table_find(*connection, name, &list->origins[i], oid, failure);
        if (found <= 0)
            return found < 0 ? -1 : table_find_none(name, failure);
    }
    if (find_sessions(listing, *connection, index, failure) != 0 ||
        postgres_run(*connection, "Ending a transaction", "ROLLBACK", failure) != 0)
        return -1;
    return table_snapshot_tidy(listing, index, failure);
}

/* After all servers were looked at: sessions are matched with those of all of them, or not. */
static int check_sessions(const struct table_listing *listing, struct failure *failure)
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
static int list_server(struct table_listing *listing, uint32_t index, struct failure *failure)
{
    const struct table_list *list = listing->list;
    int status = table_snapshot_take(listing, index, failure);
    for (size_t i = 0; i < list->origin_count && status == 0; i++)
        if (list->origins[i].server == index)
            status = table_relations_add(listing, (uint32_t)i, failure);
    if (status == 0)
        status = table_connection_mark(listing->connections->servers[index], failure);
    table_snapshot_forget(listing);
    return status;
}

int table_list(const struct table_options *options, struct source_list *splits,
               struct source_list *session_splits, struct table_list **list,
               struct table_connections **connections, char **remark, struct failure *failure)
{
    *list = NULL;
    *connections = NULL;
    *remark = NULL;
    struct table_listing listing = {
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
    if (status == 0)
        status = table_keeper_start(listing.connections, failure);
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
