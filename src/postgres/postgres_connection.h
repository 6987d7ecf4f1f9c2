#ifndef POSTGRES_CONNECTION_H
#define POSTGRES_CONNECTION_H

/* What the postgres*.c files share. Nobody else includes this or libpq-fe.h. */

#include "course_funnel/postgres.h"

#include <libpq-fe.h>

#define POSTGRES_STATE_BYTES 6 /* an SQLSTATE and its end */
#define POSTGRES_WAIT_BYTES 600

struct postgres {
    PGconn *libpq;
    char *settings;       /* of each transaction, as SQL */
    bool begins;          /* what is sent now begins a transaction */
    char *row;            /* the row that postgres_copy_out_next gave last, for PQfreemem */
    int failure_code;     /* enum exit_code */
    uint32_t statement_s; /* longest run of one statement */
    uint64_t changed;     /* rows that the last statement gave, copied or changed */
    bool starting;        /* a COPY ... TO STDOUT was sent, and not answered yet */
    int64_t waited_ms;    /* for the next row, so far */
    bool silent;          /* the server did not answer in time */
    bool passing;         /* see postgres_passing */
    bool denied;          /* see postgres_denied */
    struct postgres_options options;
    /*
     * NULL, or called every quarter of a second while a statement is waited for, since ${since_ms}:
     * asks the server now and then, by another connection, for what it waits, and tells. Returns 0
     * to wait on, maybe until another ${deadline_ms}, or -1: the deadline has passed, or a stop is
     * wanted and there is somebody that is waited for. A COMMIT that waits for a standby is first
     * made to wait no more.
     */
    int (*watch)(struct postgres *connection, const char *what, int64_t since_ms,
                 int64_t *deadline_ms);
    char session[2][64]; /* at the server: its process, and when it began; empty when not known */
    int64_t looked_ms, told_ms; /* when the server was asked what is waited for, and when that was
                                   told */
    char waits_for[POSTGRES_WAIT_BYTES]; /* by the statement in hand; empty: for nobody else */
    bool for_standby;                    /* that is a standby */
    bool commits;                        /* the statement in hand is a COMMIT */
    bool left_standby; /* its wait for a standby was ended: it is committed on this server alone */
    bool stopped;      /* it was left, as a stop is wanted */
};

/*
 * All that the target, a service that it or PGSERVICE names, and the environment set, with libpq's
 * own defaults; NULL when that cannot be told. The ssl mode and the password are not those. No
 * server is asked. To be freed by PQconninfoFree.
 */
PQconninfoOption *postgres_resolve(const char *target);

/* Put together the settings of each transaction, after the connection stands. Returns 0, or -1. */
int postgres_prepare(struct postgres *connection, const struct postgres_options *options,
                     struct failure *failure);

/* What ${resolved} has for ${keyword}, empty where that is nothing. */
const char *postgres_option(const PQconninfoOption *resolved, const char *keyword);

/* Two names of a host (see postgres_places), and a numeric address with the zone it may have. */
#define POSTGRES_HOST_BYTES 300
#define POSTGRES_NAMES_BYTES (2 * POSTGRES_HOST_BYTES)
#define POSTGRES_ADDRESS_BYTES 100
#define POSTGRES_PORT_BYTES 16

/* Where a server may be: a host, an address of it and a port. What is empty is as the target says.
 */
struct postgres_place {
    char name[POSTGRES_NAMES_BYTES];
    char address[POSTGRES_ADDRESS_BYTES];
    char port[POSTGRES_PORT_BYTES];
};

/* How many hosts the target names; 1 also where its lists do not match, which libpq complains of.
 */
size_t postgres_host_count(const PQconninfoOption *resolved);

/*
 * The places of the host with ${index}: one, or where a name stands for several addresses one for
 * each, in the order in which they are to be tried. Names are looked up, which may take its time.
 * For a socket's directory beside hosts with addresses, and for a host that is left empty, the name
 * is a list of two alike, and the address is "," or empty. Returns 0, and ${count} places that the
 * caller frees, or -1.
 */
int postgres_places(const PQconninfoOption *resolved, size_t index, struct postgres_place **places,
                    size_t *count, struct failure *failure);

/*
 * Connect to the first server of the target that answers, and is of the kind that is wanted: host
 * by host and address by address, each with a time of its own. Returns 0 and a connection for
 * PQfinish, whose errors are verbose; or -1, and in ${passing} whether that may pass by itself.
 */
int postgres_reach(const struct postgres_options *options, PGconn **libpq, bool *passing,
                   struct failure *failure);

/* CLOCK_MONOTONIC in milliseconds. */
int64_t postgres_clock_ms(void);

/*
 * Wait until the socket can be read, or be written too when ${write} is set. Returns 0, or -1 when
 * ${deadline_ms} has passed or waiting is not possible.
 */
int postgres_wait(PGconn *libpq, bool write, int64_t deadline_ms);

/* Hand all that libpq has queued to the network. Returns 0, or -1. */
int postgres_flush(struct postgres *connection, int64_t deadline_ms);

/*
 * The next result, NULL when there is none; waits for it. ${what} is what is being done. Returns 0,
 * or -1 when none came.
 */
int postgres_take(struct postgres *connection, const char *what, int64_t deadline_ms,
                  PGresult **result);

/* When a statement that is sent now must be over. */
int64_t postgres_deadline(const struct postgres *connection);

/* Record that ${what} failed; ${result} may be NULL when the connection itself did. -1. */
int postgres_fail(struct postgres *connection, const char *what, const PGresult *result,
                  struct failure *failure);

/* Record that ${what} failed because of silence. Returns -1. */
int postgres_fail_silent(struct postgres *connection, const char *what, struct failure *failure);

/*
 * Whether a failure with this SQLSTATE (empty: libpq's own, the connection was lost or refused) and
 * these words may pass by itself.
 */
bool postgres_state_passes(const char *state, const char *words);

/*
 * What a user can do about it, a whole sentence; empty when there is nothing to add. ${words} are
 * what was said. ${code} is that of the connection, as a source may need another advice than a
 * target.
 */
const char *postgres_state_advice(const char *state, const char *words, int code);

/*
 * Ask the server to stop what it does for us, if it does anything: without that it would go on
 * until it has rows to send.
 */
void postgres_cancel(struct postgres *connection);

/* Send ${sql} and take its first result, checked for failure only. */
int postgres_start(struct postgres *connection, const char *what, const char *sql,
                   const char *const *values, size_t value_count, PGresult **result,
                   struct failure *failure);

/* Take and drop what is left of a statement; the first failure among it is recorded. */
int postgres_finish(struct postgres *connection, const char *what, struct failure *failure);

#endif
