#include "postgres_session.h"

#include <limits.h>
#include <stdlib.h>

/* A piece of COPY data that cannot be handed over for so long meets nobody who reads it. */
#define SEND_S 60

static int begin(struct postgres *session, const char *what, const char *sql,
                 ExecStatusType expected, struct failure *failure)
{
    PGresult *result = NULL;
    if (postgres_start(session, what, sql, NULL, 0, &result, failure) != 0)
        return -1;
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status != expected)
        return failure_set(failure, EXIT_BUG, "%s: the server answered a COPY with %s.", what,
                           PQresStatus(status));
    return 0;
}

int postgres_copy_in_begin(struct postgres *session, const char *what, const char *sql,
                           struct failure *failure)
{
    return begin(session, what, sql, PGRES_COPY_IN, failure);
}

/*
 * What went wrong while sending: the server's words if it said any before the connection was
 * lost, else the connection's.
 */
static int send_failed(struct postgres *session, const char *what, struct failure *failure)
{
    if (PQstatus(session->connection) != CONNECTION_BAD && PQsocket(session->connection) >= 0)
        return postgres_fail_silent(session, what, failure);
    (void)postgres_finish(session, what, failure);
    return postgres_fail(session, what, NULL, failure);
}

int postgres_copy_in_send(struct postgres *session, const char *what, const char *text,
                          size_t bytes, struct failure *failure)
{
    if (bytes > INT_MAX)
        return failure_set(failure, EXIT_BUG, "%s: a piece of %zu bytes is too large.", what,
                           bytes);
    if (PQputCopyData(session->connection, text, (int)bytes) != 1)
        return send_failed(session, what, failure);
    /* Flushing after each piece keeps what libpq queues as small as the piece. */
    if (postgres_flush(session, postgres_clock_ms() + INT64_C(1000) * SEND_S) != 0)
        return send_failed(session, what, failure);
    return 0;
}

int postgres_copy_in_end(struct postgres *session, const char *what, uint64_t *rows,
                         struct failure *failure)
{
    PGresult *result = NULL;
    if (PQputCopyEnd(session->connection, NULL) != 1 ||
        postgres_flush(session, postgres_clock_ms() + INT64_C(1000) * SEND_S) != 0)
        return send_failed(session, what, failure);
    if (postgres_take(session, postgres_deadline(session), &result) != 0)
        return postgres_fail_silent(session, what, failure);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        postgres_fail(session, what, result, failure);
        PQclear(result);
        return -1;
    }
    *rows = strtoull(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    return postgres_finish(session, what, failure);
}

int postgres_copy_out_begin(struct postgres *session, const char *what, const char *sql,
                            struct failure *failure)
{
    session->changed = 0;
    session->waited_ms = 0;
    return begin(session, what, sql, PGRES_COPY_OUT, failure);
}

uint64_t postgres_copied(const struct postgres *session)
{
    return session->changed;
}

int postgres_copy_out_start(struct postgres *session, const char *what, const char *sql,
                            struct failure *failure)
{
    session->changed = 0;
    session->waited_ms = 0;
    if (PQsendQuery(session->connection, sql) != 1)
        return postgres_fail(session, what, NULL, failure);
    session->starting = true;
    if (postgres_flush(session, postgres_deadline(session)) != 0)
        return send_failed(session, what, failure);
    return 0;
}

/*
 * Take what the server has sent: the answer to a COPY that was sent, and a row. Returns as
 * PQgetCopyData, and -3 when the failure is recorded.
 */
static int take_row(struct postgres *session, const char *what, struct failure *failure)
{
    if (session->starting) {
        if (PQisBusy(session->connection) != 0)
            return 0;
        PGresult *result = PQgetResult(session->connection);
        session->starting = false;
        if (PQresultStatus(result) != PGRES_COPY_OUT) {
            postgres_fail(session, what, result, failure);
            PQclear(result);
            return -3;
        }
        PQclear(result);
    }
    return PQgetCopyData(session->connection, &session->row, 1);
}

/* As take_row, after waiting for what the server sends: 0 when it was too little in ${wait_ms}. */
static int wait_for_row(struct postgres *session, const char *what, int64_t wait_ms,
                        struct failure *failure)
{
    /* What counts is the time spent waiting: whoever is slow to come back does not blame the
     * server. */
    int64_t left_ms =
        INT64_C(1000) * (session->statement_s + POSTGRES_GRACE_S) - session->waited_ms;
    bool is_last = left_ms <= wait_ms;
    int64_t deadline_ms = postgres_clock_ms() + (is_last ? left_ms : wait_ms);
    for (;;) {
        /* More often than not it is there already. */
        if (PQconsumeInput(session->connection) != 1) {
            postgres_fail(session, what, NULL, failure);
            return -3;
        }
        int got = take_row(session, what, failure);
        if (got != 0)
            return got;
        if (postgres_wait(session->connection, false, deadline_ms) == 0)
            continue;
        session->waited_ms += wait_ms;
        if (!is_last)
            return 0;
        postgres_fail_silent(session, what, failure);
        return -3;
    }
}

int postgres_copy_out_poll(struct postgres *session, const char *what, int64_t wait_ms,
                           const char **text, size_t *bytes, struct failure *failure)
{
    PQfreemem(session->row);
    session->row = NULL;
    int got = take_row(session, what, failure);
    if (got == 0) {
        got = wait_for_row(session, what, wait_ms, failure);
        if (got == 0)
            return 2;
    }
    session->waited_ms = 0;
    if (got == -3)
        return -1;
    if (got == -2)
        return postgres_fail(session, what, NULL, failure);
    if (got == -1)
        return postgres_finish(session, what, failure);
    *text = session->row;
    *bytes = (size_t)got;
    return 1;
}

int postgres_copy_out_next(struct postgres *session, const char *what, const char **text,
                           size_t *bytes, struct failure *failure)
{
    return postgres_copy_out_poll(session, what, INT64_MAX / 2, text, bytes, failure);
}
