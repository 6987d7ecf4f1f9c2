#ifndef COURSE_FUNNEL_POSTGRES_H
#define COURSE_FUNNEL_POSTGRES_H

#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The one wrapper of libpq: connections, statements, COPY both ways. Each wait has an end: a server
 * or a network that falls silent is a failure, never a hang. Nothing here holds, shows or logs a
 * password. A failure carries the code that the connection was opened for (EXIT_TARGET,
 * EXIT_SOURCE), the server's own words, the SQLSTATE and what to do.
 */

/*
 * Longest run of one statement, which the server keeps. The largest mart is copied in seconds, so
 * this only ends what hangs. The client waits POSTGRES_GRACE_S longer, so that the server's own
 * words come first when they come at all.
 */
#define POSTGRES_STATEMENT_S 300
#define POSTGRES_GRACE_S 15

/* Longest wait for a lock: others queue behind a waiting lock, so better give up and come again. */
#define POSTGRES_LOCK_S 5

/* The server ends a connection of ours that stays silent in a transaction: its client is gone. */
#define POSTGRES_IDLE_S 60

/* A server from 14 on asks so often whether the client of a running statement is still there. */
#define POSTGRES_LOOK_S 5

/* Until a connection stands, for each address of each host; less where the target says so. */
#define POSTGRES_CONNECT_S 10

struct postgres;        /* a connection */
struct postgres_result; /* rows of one statement */

struct postgres_options {
    const char *target;      /* URI or conninfo */
    const char *application; /* application_name, unless the user set one */
    bool writes;             /* ask for a server that may be written to, unless the user set
                                target_session_attrs (`any` in a service file does not count) */
    int failure_code;        /* of every failure of this connection */
    uint32_t statement_s;    /* longest run of one statement; 0: POSTGRES_STATEMENT_S */
    const char *settings;    /* more settings of each transaction, SET LOCAL ...; or NULL */
    bool holds; /* it may stay silent inside a transaction, to hold a snapshot; the server is asked
                   to look every POSTGRES_LOOK_S seconds whether its client is there */
    void (*tell)(const char *text); /* see postgres_watch_connect; NULL for postgres_connect */
    bool (*is_stopped)(void);
};

/*
 * Local. Whether ${text} has the form of a libpq URI, or of a conninfo string (KEYWORD=...) and
 * nothing exists by that name: folders of partitions are called so (date=2025-07-01).
 */
bool postgres_is_target(const char *text);

/* Local. Whether the first keyword of a target that is no URI is one of libpq's. */
bool postgres_knows(const char *target);

/*
 * Local. ${target} as KEYWORD='VALUE' pairs, for logs and records. Returns 0 and a text that the
 * caller frees, or -1: EXIT_USAGE when it is not well formed or holds a password, which would
 * stand in the list of processes for everybody to read. The message repeats no part of it.
 */
int postgres_describe(const char *target, char **text, struct failure *failure);

/*
 * Local. Open a connection in UTF-8, with keepalives_* and tcp_user_timeout unless the target, its
 * service file or the environment sets them. Where the target names several hosts, or a name has
 * several addresses, they are tried in turn. Nothing is set at the server. Returns 0 and a
 * connection for postgres_close, or -1, and in ${passing} whether the cause may pass by itself
 * (server starting, unreachable or full) so that trying again makes sense; the message tells of
 * each that was tried.
 */
int postgres_connect(const struct postgres_options *options, struct postgres **connection,
                     bool *passing, struct failure *failure);

/*
 * Local. As postgres_connect. The options' tell is told for whom a statement waits: a lock and who
 * holds it, or a standby; is_stopped says whether a stop is wanted. It is heeded in such a wait:
 * the statement is left, with EXIT_STOPPED. The wait of a COMMIT for a standby is ended then, and
 * when its time is over; that is a success if the server then says that it has committed.
 */
int postgres_watch_connect(const struct postgres_options *options, struct postgres **connection,
                           bool *passing, struct failure *failure);

/*
 * Local. postgres_close(NULL) does nothing. A statement that runs is cancelled, an open transaction
 * rolled back.
 */
void postgres_close(struct postgres *connection);

/*
 * Local. Whether the connection's last failure may pass by itself: connection lost, server
 * stopping, deadlock, serialization, lock timeout, too many connections. Try again with a new one.
 */
bool postgres_passing(const struct postgres *connection);

/* Local. Whether the connection's last failure was that the role lacks a right (42501). */
bool postgres_denied(const struct postgres *connection);

/*
 * Local. Put ${schema}, quoted as an identifier, in place of each `:schema` of ${sql}. Returns 0
 * and a text that the caller frees, or -1.
 */
int postgres_place_schema(struct postgres *connection, const char *sql, const char *schema,
                          char **placed, struct failure *failure);

/*
 * Local. BEGIN with ${mode} ("READ WRITE", ...), and until its end: time zone UTC, ISO dates,
 * search_path pg_catalog, the limits above, the settings that the connection was opened with. All
 * statements stand inside such a transaction, and none leaves anything in the session behind it,
 * which a pooler may give to others. Returns 0, or -1.
 */
int postgres_begin(struct postgres *connection, const char *mode, struct failure *failure);

/*
 * Local. Carry out one or more statements without values; rows they give are dropped. ${what}
 * begins the message of a failure, such as "Creating the tables". Returns 0, or -1.
 */
int postgres_run(struct postgres *connection, const char *what, const char *sql,
                 struct failure *failure);

/* Local. COMMIT. A transaction that the server rolled back instead is a failure. 0, or -1. */
int postgres_commit(struct postgres *connection, const char *what, struct failure *failure);

/*
 * Local. One statement with ${value_count} values ($1, ...) as text, NULL for SQL NULL. Returns 0
 * and in ${result} its rows, to be freed with postgres_result_free, or -1.
 */
int postgres_query(struct postgres *connection, const char *what, const char *sql,
                   const char *const *values, size_t value_count, struct postgres_result **result,
                   struct failure *failure);

/* Local. As postgres_query, for a statement that gives no rows; how many it changed. */
int postgres_change(struct postgres *connection, const char *what, const char *sql,
                    const char *const *values, size_t value_count, uint64_t *changed,
                    struct failure *failure);

/* Local. Rows, and a value as text, NULL for SQL NULL; borrowed from the result. */
size_t postgres_rows(const struct postgres_result *result);
const char *postgres_value(const struct postgres_result *result, size_t row, int column);
bool postgres_is_true(const struct postgres_result *result, size_t row, int column);
void postgres_result_free(struct postgres_result *result); /* NULL does nothing */

/*
 * Local. The numbers of the columns called ${names}, in the order of these, for postgres_value: a
 * statement may then change the order of what it selects. Returns 0, or -1 (EXIT_BUG: there is no
 * such column).
 */
int postgres_columns(const struct postgres_result *result, const char *const *names, size_t count,
                     int *columns, struct failure *failure);

/*
 * Local. COPY ... FROM STDIN: begin, send any number of texts (which may end anywhere), end. Only
 * the end tells whether the server took the rows, and how many. Each returns 0, or -1; after -1
 * the connection can only be closed.
 */
int postgres_copy_in_begin(struct postgres *connection, const char *what, const char *sql,
                           struct failure *failure);
int postgres_copy_in_send(struct postgres *connection, const char *what, const char *text,
                          size_t bytes, struct failure *failure);
int postgres_copy_in_end(struct postgres *connection, const char *what, uint64_t *rows,
                         struct failure *failure);

/*
 * Local. COPY ... TO STDOUT: begin, then take row after row. postgres_copy_out_next returns 1 and
 * a row (of the text and CSV formats: a line with its '\n'; borrowed until the next call), 0 at
 * the end, or -1, after which the connection can only be closed.
 */
int postgres_copy_out_begin(struct postgres *connection, const char *what, const char *sql,
                            struct failure *failure);
int postgres_copy_out_next(struct postgres *connection, const char *what, const char **text,
                           size_t *bytes, struct failure *failure);

/*
 * Local. Give up a COPY ... TO STDOUT that may be under way. Where it was, the transaction has
 * failed to its last savepoint.
 */
void postgres_copy_out_leave(struct postgres *connection, const char *what);

/*
 * Local. As postgres_copy_out_begin, without waiting for the server, which may say nothing before
 * it has a buffer of rows: postgres_copy_out_poll tells whether it carries it out.
 */
int postgres_copy_out_start(struct postgres *connection, const char *what, const char *sql,
                            struct failure *failure);

/*
 * Local. As postgres_copy_out_next, but returns 2 when no row has come within ${wait_ms}
 * milliseconds. A server that gives none for as long as a statement may run is still a failure.
 */
int postgres_copy_out_poll(struct postgres *connection, const char *what, int64_t wait_ms,
                           const char **text, size_t *bytes, struct failure *failure);

/* Local. How many rows the server says that it copied, after the end of a COPY ... TO STDOUT. */
uint64_t postgres_copied(const struct postgres *connection);

#endif
