#ifndef TABLE_INTERNAL_H
#define TABLE_INTERNAL_H

/* What the table*.c files share. */

#include "course_funnel/postgres.h"
#include "course_funnel/table.h"
#include "table_rows.h"

#include <pthread.h>

struct table_connections {
    size_t count;
    struct postgres **servers; /* one for each server of the list */
    /* See table_keeper_start; the mutex guards what follows it. */
    bool is_kept;
    pthread_t keeper;
    pthread_mutex_t mutex;
    pthread_cond_t end;
    bool ends;
    const struct postgres *busy; /* has rows under way; NULL: none has */
    struct failure lost;         /* why one was lost */
};

struct table_reader {
    const struct source_list *splits;
    const struct table_list *list;
    const struct table_options *options;
    struct table_connections *connections;
    const struct source_split *split;
    const struct table_relation *relation;
    struct postgres *connection; /* of the open split */
    char what[TABLE_NAME_BYTES + 16];
    struct table_rows rows;
    bool over;       /* the server has sent all */
    bool rests;      /* see table_rest */
    uint64_t number; /* of the last row, where rows have no address */
    uint64_t page;   /* of the last row */
    uint64_t offset; /* see table_offset */
    uint64_t told_bytes;
    int64_t time_us; /* of the last row, where its time is no text */
};

/*
 * Look for the table of a name. Returns 1, its oid and its name in ${origin}; 0 when there is none,
 * or it was renamed since the snapshot in hand was taken; or -1.
 */
int table_find(struct postgres *connection, const char *name, struct table_origin *origin,
               char oid[16], struct failure *failure);

/* Record that there is no table of that name. Returns -1. */
int table_find_none(const char *name, struct failure *failure);

/*
 * Choose the columns of ${origin}, a table with that oid; see table_columns.h. Returns 0 and its
 * shape, or -1.
 */
int table_find_columns(struct postgres *connection, const char *oid,
                       const char *const overrides[TABLE_COLUMNS], struct table_origin *origin,
                       struct failure *failure);

/* Memory for the connections to ${count} servers. Returns 0, or -1. */
int table_connection_create(size_t count, struct table_connections **connections,
                            struct failure *failure);

/*
 * Keep the connections, all open and in their transactions, from being silent for long, until
 * table_keeper_end: proxies and firewalls cut those that are. Returns 0, or -1.
 */
int table_keeper_start(struct table_connections *connections, struct failure *failure);
void table_keeper_end(struct table_connections *connections);

/*
 * Leave ${connection} to the reader, which has rows under way on it, until the next call; NULL:
 * none. Returns 0, or -1 when one was lost.
 */
int table_keeper_lend(struct table_connections *connections, const struct postgres *connection,
                      struct failure *failure);

/* Open a connection to what ${request} names, without a transaction. Returns 0, or -1. */
int table_connection_open(const struct table_options *options, uint32_t request, int rank,
                          struct postgres **connection, struct failure *failure);

/*
 * Ask the server for its version and when it was started, in a transaction of its own. Returns 0,
 * or -1.
 */
int table_connection_look(struct postgres *connection, struct table_server *server,
                          struct failure *failure);

/*
 * Begin rank 0's transaction, and lock the origins of ${server} that can be locked by name. Returns
 * 0, or -1.
 */
int table_connection_begin(struct postgres *connection, const struct table_list *list,
                           uint32_t server, struct failure *failure);

/*
 * Set the savepoint "part". A connection goes back to it before it reads the next part, and so lets
 * go of the locks and settings for the one before. Returns 0, or -1.
 */
int table_connection_mark(struct postgres *connection, struct failure *failure);

/* When a server was looked at. */
struct table_moment {
    char system[32];     /* names the server, and those that were copied from it */
    char snapshot[1000]; /* names the snapshot in hand, and what wrote the server's log */
    char now[100];       /* never the same again */
    bool is_standby;
    bool is_lasting; /* ${snapshot}, found again, shows the same */
    uint32_t page_bytes;
};

/* Take the snapshot of the transaction in hand, and export it. Returns 0, or -1. */
int table_connection_export(struct postgres *connection, struct table_server *server,
                            struct table_moment *moment, struct failure *failure);

/*
 * Plan the reading of ${origin}, which checks rights and row security, and locks it. Returns 0, or
 * -1.
 */
int table_connection_plan(struct postgres *connection, const struct table_origin *origin,
                          struct failure *failure);

#endif
