#include "postgres_connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The server is asked what a statement waits for after so long, and as often. */
#define FIRST_MS 2000
/* The same is told so often. */
#define NEXT_MS 30000

/* The second connection gets an answer in so many seconds, or does without. */
#define ANSWER_S 5

/*
 * Which lock another session holds, or that a COMMIT waits for a standby. The text tells of other
 * roles' sessions what this one may see.
 */
static const char ask_sql[] =
    "SELECT a.wait_event IS NOT DISTINCT FROM 'SyncRep' AS for_standby,"
    " CASE WHEN a.wait_event = 'SyncRep' THEN format('a standby: the server has committed, and "
    "waits until a server of synchronous_standby_names (%s) has that too (wait_event SyncRep)',"
    " current_setting('synchronous_standby_names'))"
    " WHEN a.wait_event_type = 'Lock' THEN 'a lock of ' || (SELECT string_agg(format('pid %s (%s, "
    "its statement began %s)', pid, coalesce(nullif(b.application_name, ''), 'no "
    "application_name'),"
    " coalesce(date_trunc('second', b.query_start)::text, 'at a time not shown to this role')),"
    " ', ') FROM unnest(pg_blocking_pids(a.pid)) AS pid LEFT JOIN pg_stat_activity AS b USING "
    "(pid))"
    " END AS waits_for FROM pg_stat_activity AS a WHERE a.pid = $1::integer"
    " AND a.backend_start = $2::timestamptz AND a.state = 'active'";

static const char cancel_sql[] =
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1::integer"
    " AND backend_start = $2::timestamptz AND wait_event = 'SyncRep'";

/* Ask ${sql} about our session by another connection. Returns its rows, or NULL. */
static struct postgres_result *ask(const struct postgres *connection, const char *sql)
{
    const char *values[] = {connection->session[0], connection->session[1]};
    struct postgres_options options = connection->options;
    struct postgres *other = NULL;
    struct postgres_result *result = NULL;
    struct failure ignored = {0};
    bool passing = false;
    options.statement_s = ANSWER_S;
    if (values[0][0] != '\0' && postgres_connect(&options, &other, &passing, &ignored) == 0 &&
        postgres_begin(other, "READ ONLY", &ignored) == 0)
        (void)postgres_query(other, "Asking what is waited for", sql, values, 2, &result, &ignored);
    postgres_close(other);
    return result;
}

/*
 * Find out what is waited for, and say it where that is new or was said long ago. Returns whether
 * the server answered.
 */
static bool look(struct postgres *connection, const char *what)
{
    struct postgres_result *result = ask(connection, ask_sql);
    const char *waits_for =
        result != NULL && postgres_rows(result) == 1 ? postgres_value(result, 0, 1) : NULL;
    connection->for_standby = waits_for != NULL && postgres_is_true(result, 0, 0);
    bool answered = result != NULL;
    bool is_new = waits_for != NULL && strcmp(waits_for, connection->waits_for) != 0;
    snprintf(connection->waits_for, sizeof connection->waits_for, "%s",
             waits_for != NULL ? waits_for : "");
    postgres_result_free(result);
    int64_t now_ms = postgres_clock_ms();
    if (waits_for == NULL || (!is_new && now_ms - connection->told_ms < NEXT_MS))
        return answered;
    char text[POSTGRES_WAIT_BYTES + 100];
    snprintf(text, sizeof text, "%s: waits for %s", what, connection->waits_for);
    connection->options.tell(text);
    connection->told_ms = now_ms;
    return true;
}

/*
 * End the wait of a COMMIT for a standby. The server then answers, as it has committed already.
 */
static bool end_commit(struct postgres *connection)
{
    if (!connection->commits || !connection->for_standby || connection->left_standby)
        return false;
    postgres_result_free(ask(connection, cancel_sql));
    connection->left_standby = true;
    return true;
}

/* See struct postgres. */
static int watch(struct postgres *connection, const char *what, int64_t since_ms,
                 int64_t *deadline_ms)
{
    int64_t now_ms = postgres_clock_ms();
    if (now_ms - since_ms < FIRST_MS && now_ms < *deadline_ms)
        return 0;
    if (now_ms - connection->looked_ms >= FIRST_MS) {
        bool answered = look(connection, what);
        /* To ask a server that is out of reach takes long, and would not help. */
        connection->looked_ms = postgres_clock_ms() + (answered ? 0 : NEXT_MS);
    }
    bool wants_stop = connection->options.is_stopped() && connection->waits_for[0] != '\0';
    if (!wants_stop && now_ms < *deadline_ms)
        return 0;
    if (end_commit(connection)) {
        *deadline_ms = postgres_clock_ms() + INT64_C(1000) * POSTGRES_GRACE_S;
        return 0;
    }
    if (now_ms >= *deadline_ms)
        return -1;
    connection->stopped = !connection->commits;
    return connection->stopped ? -1 : 0;
}

int postgres_watch_connect(const struct postgres_options *options, struct postgres **connection,
                           bool *passing, struct failure *failure)
{
    if (postgres_connect(options, connection, passing, failure) != 0)
        return -1;
    (*connection)->watch = watch;
    return 0;
}
