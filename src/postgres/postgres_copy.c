#include "postgres_connection.h"

#include <limits.h>
#include <stdlib.h>

/* A piece of COPY data that cannot be handed over for so long meets nobody who reads it. */
#define SEND_S 60

static int begin(struct postgres *connection, const char *what, const char *sql,
                 ExecStatusType expected, struct failure *failure)
{
    PGresult *result = NULL;
    if (postgres_start(connection, what, sql, NULL, 0, &result, failure) != 0)
        return -1;
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status != expected)
        return failure_set(failure, EXIT_BUG, "%s: the server answered a COPY with %s.", what,
                           PQresStatus(status));
    return 0;
}

int postgres_copy_in_begin(struct postgres *connection, const char *what, const char *sql,
                           struct failure *failure)
{
    return begin(connection, what, sql, PGRES_COPY_IN, failure);
}

/*
 * What went wrong while sending: the server's words if it said any before the connection was
 * lost, else the connection's.
 */
static int send_failed(struct postgres *connection, const char *what, struct failure *failure)
{
    if (PQstatus(connection->libpq) != CONNECTION_BAD && PQsocket(connection->libpq) >= 0)
        return postgres_fail_silent(connection, what, failure);
    (void)postgres_finish(connection, what, failure);
    return postgres_fail(connection, what, NULL, failure);
}

int postgres_copy_in_send(struct postgres *connection, const char *what, const char *text,
                          size_t bytes, struct failure *failure)
{
    if (bytes > INT_MAX)
        return failure_set(failure, EXIT_BUG, "%s: a piece of %zu bytes is too large.", what,
                           bytes);
    if (PQputCopyData(connection->libpq, text, (int)bytes) != 1)
        return send_failed(connection, what, failure);
    /* Flushing after each piece keeps what libpq queues as small as the piece. */
    if (postgres_flush(connection, postgres_clock_ms() + INT64_C(1000) * SEND_S) != 0)
        return send_failed(connection, what, failure);
    return 0;
}

int postgres_copy_in_end(struct postgres *connection, const char *what, uint64_t *rows,
                         struct failure *failure)
{
    PGresult *result = NULL;
    if (PQputCopyEnd(connection->libpq, NULL) != 1 ||
        postgres_flush(connection, postgres_clock_ms() + INT64_C(1000) * SEND_S) != 0)
        return send_failed(connection, what, failure);
    if (postgres_take(connection, what, postgres_deadline(connection), &result) != 0)
        return postgres_fail_silent(connection, what, failure);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        postgres_fail(connection, what, result, failure);
        PQclear(result);
        return -1;
    }
    *rows = strtoull(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    return postgres_finish(connection, what, failure);
}

int postgres_copy_out_begin(struct postgres *connection, const char *what, const char *sql,
                            struct failure *failure)
{
    connection->changed = 0;
    connection->waited_ms = 0;
    return begin(connection, what, sql, PGRES_COPY_OUT, failure);
}

uint64_t postgres_copied(const struct postgres *connection)
{
    return connection->changed;
}

int postgres_copy_out_start(struct postgres *connection, const char *what, const char *sql,
                            struct failure *failure)
{
    connection->changed = 0;
    connection->waited_ms = 0;
    if (PQsendQuery(connection->libpq, sql) != 1)
        return postgres_fail(connection, what, NULL, failure);
    connection->starting = true;
    if (postgres_flush(connection, postgres_deadline(connection)) != 0)
        return send_failed(connection, what, failure);
    return 0;
}

/*
 * Take what the server has sent: the answer to a COPY that was sent, and a row. Returns as
 * PQgetCopyData, and -3 when the failure is recorded.
 */
static int take_row(struct postgres *connection, const char *what, struct failure *failure)
{
    if (connection->starting) {
        if (PQisBusy(connection->libpq) != 0)
            return 0;
        PGresult *result = PQgetResult(connection->libpq);
        connection->starting = false;
        if (PQresultStatus(result) != PGRES_COPY_OUT) {
            postgres_fail(connection, what, result, failure);
            PQclear(result);
            return -3;
        }
        PQclear(result);
    }
    return PQgetCopyData(connection->libpq, &connection->row, 1);
}

/* As take_row, after waiting for what the server sends: 0 when it was too little in ${wait_ms}. */
static int wait_for_row(struct postgres *connection, const char *what, int64_t wait_ms,
                        struct failure *failure)
{
    /* What counts is the time spent waiting: whoever is slow to come back does not blame the
     * server. */
    int64_t left_ms =
        INT64_C(1000) * (connection->statement_s + POSTGRES_GRACE_S) - connection->waited_ms;
    bool is_last = left_ms <= wait_ms;
    int64_t deadline_ms = postgres_clock_ms() + (is_last ? left_ms : wait_ms);
    for (;;) {
        /* More often than not it is there already. */
        if (PQconsumeInput(connection->libpq) != 1) {
            postgres_fail(connection, what, NULL, failure);
            return -3;
        }
        int got = take_row(connection, what, failure);
        if (got != 0)
            return got;
        if (postgres_wait(connection->libpq, false, deadline_ms) == 0)
            continue;
        connection->waited_ms += wait_ms;
        if (!is_last)
            return 0;
        postgres_fail_silent(connection, what, failure);
        return -3;
    }
}

int postgres_copy_out_poll(struct postgres *connection, const char *what, int64_t wait_ms,
                           const char **text, size_t *bytes, struct failure *failure)
{
    PQfreemem(connection->row);
    connection->row = NULL;
    int got = take_row(connection, what, failure);
    if (got == 0) {
        got = wait_for_row(connection, what, wait_ms, failure);
        if (got == 0)
            return 2;
    }
    connection->waited_ms = 0;
    if (got == -3)
        return -1;
    if (got == -2)
        return postgres_fail(connection, what, NULL, failure);
    if (got == -1)
        return postgres_finish(connection, what, failure);
    *text = connection->row;
    *bytes = (size_t)got;
    return 1;
}

void postgres_copy_out_leave(struct postgres *connection, const char *what)
{
    const char *ignored_text = NULL;
    size_t ignored_bytes = 0;
    struct failure ignored = {0};
    postgres_cancel(connection);
    while (postgres_copy_out_next(connection, what, &ignored_text, &ignored_bytes, &ignored) == 1)
        ;
    (void)postgres_finish(connection, what, &ignored);
}

int postgres_copy_out_next(struct postgres *connection, const char *what, const char **text,
                           size_t *bytes, struct failure *failure)
{
    return postgres_copy_out_poll(connection, what, INT64_MAX / 2, text, bytes, failure);
}
