#include "table_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often the server is asked whether its log is on disk, 50 ms apart. */
#define FLUSH_TRIES 40

static const char log_what[] = "Looking at the server's log";
static const char begin_what[] = "Beginning a transaction";
static const char begin_mode[] = "ISOLATION LEVEL REPEATABLE READ READ ONLY";

int table_connection_create(size_t count, struct table_connections **connections,
                            struct failure *failure)
{
    struct table_connections *made = calloc(1, sizeof *made);
    if (made != NULL)
        made->servers = calloc(count + 1, sizeof *made->servers);
    if (made == NULL || made->servers == NULL) {
        free(made);
        return failure_memory(failure, "sessions", count * sizeof *made->servers);
    }
    (void)pthread_mutex_init(&made->mutex, NULL);
    (void)pthread_cond_init(&made->end, NULL);
    made->count = count;
    *connections = made;
    return 0;
}

void table_close(struct table_connections *connections)
{
    if (connections == NULL)
        return;
    table_keeper_end(connections);
    (void)pthread_mutex_destroy(&connections->mutex);
    (void)pthread_cond_destroy(&connections->end);
    for (size_t i = 0; i < connections->count; i++)
        postgres_close(connections->servers[i]);
    free(connections->servers);
    free(connections);
}

int table_connection_open(const struct table_options *options, uint32_t request, int rank,
                          struct postgres **connection, struct failure *failure)
{
    /* Compiling a plan to machine code would be done for each split anew. */
    static const char settings[] = "SET LOCAL row_security = off; SET LOCAL jit = off;";
    char application[40];
    bool passing = false;
    snprintf(application, sizeof application, "course-funnel rank %d", rank);
    struct postgres_options wanted = {.target = options->requests[request].target,
                                      .application = application,
                                      .failure_code = EXIT_SOURCE,
                                      .statement_s = options->statement_s,
                                      .settings = settings,
                                      .holds = true};
    return postgres_connect(&wanted, connection, &passing, failure);
}

int table_connection_look(struct postgres *connection, struct table_server *server,
                          struct failure *failure)
{
    static const char sql[] = "SELECT current_setting('server_version_num') AS version,"
                              " pg_postmaster_start_time() AS started";
    static const char *const names[] = {"version", "started"};
    int at[2];
    struct postgres_result *result = NULL;
    int status = -1;
    if (postgres_begin(connection, begin_mode, failure) == 0 &&
        postgres_query(connection, "Looking at the server", sql, NULL, 0, &result, failure) == 0 &&
        postgres_columns(result, names, 2, at, failure) == 0) {
        server->version = (uint32_t)strtoul(postgres_value(result, 0, at[0]), NULL, 10);
        snprintf(server->started, sizeof server->started, "%s", postgres_value(result, 0, at[1]));
        status = postgres_run(connection, "Ending a transaction", "ROLLBACK", failure);
    }
    postgres_result_free(result);
    return status;
}

/*
 * To lock a view takes rights on whole tables beneath it, for its owner or this role, where to read
 * it takes rights on columns. What may not be locked is left to the planner.
 */
static int lock_origin(struct postgres *connection, const struct table_origin *origin,
                       struct failure *failure)
{
    struct failure trouble = {0};
    char what[TABLE_NAME_BYTES + 16];
    char sql[TABLE_NAME_BYTES + 64];
    snprintf(what, sizeof what, "Locking %s", origin->name);
    snprintf(sql, sizeof sql, "SAVEPOINT locking; LOCK TABLE %s IN ACCESS SHARE MODE",
             origin->name);
    int status = postgres_run(connection, what, sql, &trouble);
    if (status != 0 && !postgres_denied(connection))
        return failure_set(failure, trouble.code, "%s", trouble.message);
    snprintf(sql, sizeof sql, "%sRELEASE locking", status != 0 ? "ROLLBACK TO locking; " : "");
    return postgres_run(connection, what, sql, failure);
}

static int lock_origins(struct postgres *connection, const struct table_list *list, uint32_t server,
                        struct failure *failure)
{
    for (size_t i = 0; i < list->origin_count; i++)
        if (list->origins[i].server == server && list->origins[i].locks &&
            lock_origin(connection, &list->origins[i], failure) != 0)
            return -1;
    return 0;
}

int table_connection_begin(struct postgres *connection, const struct table_list *list,
                           uint32_t server, struct failure *failure)
{
    if (postgres_begin(connection, begin_mode, failure) != 0)
        return -1;
    /*
     * The lock comes before the first query, which is what takes the snapshot: a TRUNCATE in
     * between would show an empty table.
     */
    return lock_origins(connection, list, server, failure);
}

int table_connection_mark(struct postgres *connection, struct failure *failure)
{
    return postgres_run(connection, begin_what, "SAVEPOINT part", failure);
}

/* The transaction of a rank other than 0, in that ${snapshot}. Rank 0 has locked what is read. */
static int begin_in(struct postgres *connection, const char *snapshot, struct failure *failure)
{
    char import[TABLE_SNAPSHOT_BYTES + 40];
    snprintf(import, sizeof import, "SET TRANSACTION SNAPSHOT '%s'", snapshot);
    if (postgres_begin(connection, begin_mode, failure) != 0 ||
        postgres_run(connection, "Taking over the snapshot", import, failure) != 0)
        return -1;
    return table_connection_mark(connection, failure);
}

/*
 * Whether all that the snapshot in hand shows is on the server's disk, the log written up to
 * ${position}. What is not may be lost in a crash, and the numbers of its transactions be given to
 * others. It gets there in less than a second, on its own. Returns 0, or -1.
 */
static int wait_until_lasting(struct postgres *connection, const char *position,
                              struct table_moment *moment, struct failure *failure)
{
    /* At the end of a page or segment the position is behind the header of the next. */
    static const char sql[] =
        "SELECT ahead <= 0"
        " OR ahead = 24 AND flushed % current_setting('wal_block_size')::numeric = 0"
        " OR ahead = 40 AND flushed % pg_size_bytes(current_setting('wal_segment_size')) = 0"
        " AS is_lasting,"
        " pg_sleep(CASE WHEN ahead <= 0 THEN 0 ELSE 0.05 END)"
        " FROM (SELECT pg_wal_lsn_diff(flush, '0/0'), pg_wal_lsn_diff($1::pg_lsn, flush)"
        " FROM pg_current_wal_flush_lsn() AS flush) AS log (flushed, ahead)";
    static const char *const names[] = {"is_lasting"};
    const char *values[] = {position};
    int at = 0, status = 0;
    for (int tries = 0; status == 0 && tries < FLUSH_TRIES && !moment->is_lasting; tries++) {
        struct postgres_result *result = NULL;
        if (postgres_query(connection, log_what, sql, values, 1, &result, failure) != 0 ||
            postgres_columns(result, names, 1, &at, failure) != 0)
            status = -1;
        else
            moment->is_lasting = postgres_is_true(result, 0, at);
        postgres_result_free(result);
    }
    return status;
}

/*
 * Which timeline the server's log is on, and whether it lasts. The control file has the timeline of
 * the last checkpoint, which for a while is the old one after a standby was promoted. Returns 0, or
 * -1.
 */
static int look_at_log(struct postgres *connection, struct table_moment *moment,
                       struct failure *failure)
{
    static const char sql[] = "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8) AS timeline,"
                              " pg_current_wal_insert_lsn() AS position";
    static const char *const names[] = {"timeline", "position"};
    int at[2];
    struct postgres_result *result = NULL;
    int status = -1;
    if (postgres_query(connection, log_what, sql, NULL, 0, &result, failure) == 0 &&
        postgres_columns(result, names, 2, at, failure) == 0) {
        size_t used = strlen(moment->snapshot);
        snprintf(moment->snapshot + used, sizeof moment->snapshot - used, "/%s",
                 postgres_value(result, 0, at[0]));
        status = wait_until_lasting(connection, postgres_value(result, 0, at[1]), moment, failure);
    }
    postgres_result_free(result);
    return status;
}

int table_connection_export(struct postgres *connection, struct table_server *server,
                            struct table_moment *moment, struct failure *failure)
{
    static const char sql[] =
        "SELECT pg_export_snapshot() AS exported, current_setting('block_size') AS page_bytes,"
        " system_identifier AS system,"
        " concat_ws('/', system_identifier, txid_snapshot_xmin(s), txid_snapshot_xmax(s),"
        " hashtextextended(s::text, 0)) AS snapshot,"
        " concat_ws('/', pg_backend_pid(), clock_timestamp()) AS now,"
        " pg_is_in_recovery() AS is_standby"
        " FROM pg_control_system(), txid_current_snapshot() AS s";
    enum { EXPORTED, PAGE_BYTES, SYSTEM, SNAPSHOT, NOW, IS_STANDBY, COLUMNS };
    static const char *const names[COLUMNS] = {"exported", "page_bytes", "system",
                                               "snapshot", "now",        "is_standby"};
    int at[COLUMNS];
    struct postgres_result *result = NULL;
    if (postgres_query(connection, "Exporting the snapshot", sql, NULL, 0, &result, failure) != 0 ||
        postgres_columns(result, names, COLUMNS, at, failure) != 0) {
        postgres_result_free(result);
        return -1;
    }
    snprintf(server->snapshot, sizeof server->snapshot, "%s",
             postgres_value(result, 0, at[EXPORTED]));
    moment->page_bytes = (uint32_t)strtoul(postgres_value(result, 0, at[PAGE_BYTES]), NULL, 10);
    snprintf(moment->system, sizeof moment->system, "%s", postgres_value(result, 0, at[SYSTEM]));
    snprintf(moment->snapshot, sizeof moment->snapshot, "%s",
             postgres_value(result, 0, at[SNAPSHOT]));
    snprintf(moment->now, sizeof moment->now, "%s", postgres_value(result, 0, at[NOW]));
    moment->is_standby = postgres_is_true(result, 0, at[IS_STANDBY]);
    moment->is_lasting = false;
    postgres_result_free(result);
    struct failure trouble = {0};
    /* A standby does not name all that its snapshot leaves out. */
    if (moment->is_standby)
        return 0;
    /* Servers that keep no log of this kind refuse to tell; they are read all the same. */
    if (postgres_run(connection, log_what, "SAVEPOINT look", failure) != 0)
        return -1;
    if (look_at_log(connection, moment, &trouble) == 0)
        return postgres_run(connection, log_what, "RELEASE look", failure);
    moment->is_lasting = false;
    return postgres_run(connection, log_what, "ROLLBACK TO look", failure);
}

int table_connection_plan(struct postgres *connection, const struct table_origin *origin,
                          struct failure *failure)
{
    char what[TABLE_NAME_BYTES + 16];
    char *sql = NULL;
    snprintf(what, sizeof what, "Reading %s", origin->name);
    /* All partitions are to be locked, not only those that may have course events. */
    if (asprintf(&sql,
                 "SET LOCAL enable_partition_pruning = off; EXPLAIN SELECT %s FROM %s WHERE %s;"
                 "SET LOCAL enable_partition_pruning TO DEFAULT",
                 origin->shape.select, origin->name, origin->shape.filter) < 0)
        return failure_memory(failure, "a query", TABLE_SELECT_BYTES);
    int status = postgres_run(connection, what, sql, failure);
    free(sql);
    return status;
}

static int join_server(const struct table_options *options, const struct table_list *list,
                       uint32_t server, int rank, struct postgres **connection,
                       struct failure *failure)
{
    const struct table_server *first = &list->servers[server];
    struct table_server here = *first;
    if (table_connection_open(options, first->request, rank, connection, failure) != 0 ||
        table_connection_look(*connection, &here, failure) != 0)
        return -1;
    if (strcmp(here.started, first->started) != 0)
        return failure_set(failure, EXIT_SOURCE,
                           "This rank reached another PostgreSQL server than rank 0 (started %s, "
                           "not %s). All have to read the same snapshot: name one host.",
                           here.started, first->started);
    return begin_in(*connection, first->snapshot, failure);
}

int table_join(const struct table_options *options, const struct table_list *list, int rank,
               struct table_connections **connections, struct failure *failure)
{
    *connections = NULL;
    struct table_connections *made = NULL;
    if (table_connection_create(list->server_count, &made, failure) != 0)
        return -1;
    int status = 0;
    for (size_t i = 0; status == 0 && i < list->server_count; i++)
        status = join_server(options, list, (uint32_t)i, rank, &made->servers[i], failure);
    if (status != 0 || table_keeper_start(made, failure) != 0) {
        table_close(made);
        return -1;
    }
    *connections = made;
    return 0;
}
