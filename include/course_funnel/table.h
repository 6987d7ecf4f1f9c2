#ifndef COURSE_FUNNEL_TABLE_H
#define COURSE_FUNNEL_TABLE_H

#include "course_funnel/decode.h"
#include "course_funnel/failure.h"
#include "course_funnel/source.h"
#include "course_funnel/table_columns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Tables of PostgreSQL → splits (ranges of pages, or where there are none a whole relation) → rows,
 * all of one snapshot: rank 0 finds the tables, checks them and exports the snapshot; every rank
 * that reads opens a connection of its own in it. Rows that are no course events stay at the
 * server. No MPI.
 *
 * A connection has a read-only transaction, isolation REPEATABLE READ, time zone UTC; row_security
 * is off, so that a policy that hides rows is a failure and not a silent loss. Rank 0's hold a lock
 * in ACCESS SHARE mode on the tables until the end, which keeps TRUNCATE, DROP and rewrites out;
 * those of other ranks lock what they are reading.
 */

/* A table to be read. Requests of one server stand next to each other, with the same ${target}. */
struct table_request {
    const char *target;                 /* a libpq URI or conninfo */
    const char *table;                  /* as SQL spells it: schema.table */
    const char *columns[TABLE_COLUMNS]; /* see table_columns_override */
};

#define TABLE_DEFAULT_NAME "raw_amplitude.events"
#define TABLE_DEFAULT_SESSIONS "raw_funnelfox.sessions"

struct table_options {
    const struct table_request *requests; /* borrowed; the same on every rank */
    size_t request_count;
    const char *columns[TABLE_COLUMNS]; /* of the table of sessions; likewise */
    uint64_t range_bytes;               /* size of a range of pages */
    uint64_t max_row_bytes;             /* a longer row ends the run */
    uint32_t statement_s;               /* longest run of one statement */
    const char *sessions;               /* the table of sessions; NULL: none is to be read */
    bool sessions_asked;                /* it must be there, and readable */
};

#define TABLE_NAME_BYTES 300
#define TABLE_SNAPSHOT_BYTES 64

/* A server that is read from. Plain data, as the next two: ranks send it to each other. */
struct table_server {
    uint32_t request;                    /* the first that names it */
    uint32_t version;                    /* such as 150020 */
    char snapshot[TABLE_SNAPSHOT_BYTES]; /* to be imported */
    char started[TABLE_SNAPSHOT_BYTES];  /* when it was started: another has another time */
};

/* What was asked for. */
struct table_origin {
    uint32_t server;
    bool is_sessions; /* of profile ids, not of events */
    bool locks;       /* it may be locked by its name, it seems; else planning a query on it does */
    char name[TABLE_NAME_BYTES]; /* quoted where SQL asks for it */
    struct table_shape shape;
};

/* What is read: a table, one of its partitions, a view ... */
struct table_relation {
    uint32_t origin;
    bool alone;   /* without what inherits from it, which stands for itself */
    bool by_page; /* it has row addresses, and ranges of pages can be read */
    uint32_t page_bytes;
    char name[TABLE_NAME_BYTES]; /* quoted where SQL asks for it */
};

struct table_list {
    struct table_server *servers;
    struct table_origin *origins;
    struct table_relation *relations;
    size_t server_count, origin_count, relation_count;
    bool has_sessions; /* the last origins are tables of sessions, one of a server at most */
};

struct table_connections; /* one for each server */

/*
 * Local, on rank 0. Open rank 0's connections, and find and check what ${options} ask for. Append
 * the splits of the tables of events to ${splits} (format SOURCE_TABLE, entry the index of the
 * relation, begin and end pages), and those of the tables of sessions to ${session_splits}. A table
 * of sessions that was not asked for and cannot be read is no failure: no table of sessions is
 * listed then, and ${remark}, which the caller frees, says why; else it is NULL. Returns 0, a list
 * for table_free and connections for table_close;
 * or -1: EXIT_SOURCE (no connection, no such table, a column missing, of the wrong type or not
 * readable, ...), EXIT_USAGE (a password on the command line), EXIT_BUG.
 */
int table_list(const struct table_options *options, struct source_list *splits,
               struct source_list *session_splits, struct table_list **list,
               struct table_connections **connections, char **remark, struct failure *failure);

/* Local. table_free(NULL) does nothing. */
void table_free(struct table_list *list);

/* Local. The list as bytes for other ranks, in a buffer that the caller frees. 0, or -1 (EXIT_BUG).
 */
int table_pack(const struct table_list *list, unsigned char **bytes, size_t *byte_count,
               struct failure *failure);
int table_unpack(const unsigned char *bytes, size_t byte_count, struct table_list **list,
                 struct failure *failure);

/*
 * Local, on a rank other than 0 that is to read, while rank 0 keeps its connections: open
 * connections in the same snapshots. Returns 0, or -1 (EXIT_SOURCE, EXIT_BUG).
 */
int table_join(const struct table_options *options, const struct table_list *list, int rank,
               struct table_connections **connections, struct failure *failure);

/*
 * Local, on rank 0, when no rank reads any more: make sure that its connections, and with them
 * the locks, have lasted until now. Else what others read last may have been truncated before.
 * Returns 0, or -1 (EXIT_SOURCE).
 */
int table_confirm(struct table_connections *connections, struct failure *failure);

/*
 * Local. Each connection is asked for something small now and then, whatever its rank does
 * meanwhile. Returns 0, or -1 (EXIT_SOURCE): one was lost.
 */
int table_check(struct table_connections *connections, struct failure *failure);

struct table_reader; /* reads one split at a time */

/* Local. Ends the connections; a running statement is cancelled. table_close(NULL) does nothing. */
void table_close(struct table_connections *connections);

/* One row: a record as a line has it, or its columns. Borrowed until the next call of the reader.
 */
struct table_row {
    const char *record; /* NULL: see columns; else an event as JSON, or a profile id; padded */
    size_t record_bytes;
    struct decode_row columns; /* padded as decode_row asks */
    const char *time;          /* event_time as table_time.h reads it; NULL where it is a text */
    size_t bytes;              /* of all its texts */
    bool is_deleted;           /* its loader marked it so */
    uint64_t place;            /* block << 16 | line of its ctid, else its number in the split */
};

/* Local. All but the last two are borrowed. Returns 0, or -1 (EXIT_BUG). */
int table_reader_create(const struct source_list *splits, const struct table_list *list,
                        const struct table_options *options, struct table_connections *connections,
                        struct table_reader **reader, struct failure *failure);

/* Local. table_reader_free(NULL) does nothing; the connections stay. */
void table_reader_free(struct table_reader *reader);

/*
 * Local. Begin to read ${split}, at the row where an earlier reader's table_offset stood, or with 0
 * at its beginning. Returns 0, or -1 (EXIT_SOURCE; EXIT_STRANGER: it can only be read from its
 * beginning).
 */
int table_open(struct table_reader *reader, size_t split, uint64_t offset, struct failure *failure);

/* Local. Where the row behind the last one begins. */
uint64_t table_offset(const struct table_reader *reader);

/*
 * Local, before a wait that may be long. Rows that are under way are given up, as a connection on
 * which they wait cannot be kept alive; table_next asks for them again. But where rows have no
 * addresses they stay. Returns 0, or -1 (EXIT_SOURCE).
 */
int table_rest(struct table_reader *reader, struct failure *failure);

/*
 * Local. Wait for the next rows of the open split, some hundred KiB or one long row. Returns 1; 0
 * at its end, after it was checked that all rows came; or -1 (EXIT_SOURCE): the connection was
 * lost, a statement took too long, ... ${disk_bytes}: how much of the table was passed since the
 * last call.
 */
int table_next(struct table_reader *reader, uint64_t *disk_bytes, struct failure *failure);

/* Local. The next of the rows that came: 1, 0 when there is none left, or -1 (EXIT_SOURCE). */
int table_row(struct table_reader *reader, struct table_row *row, struct failure *failure);

/*
 * Local. A row as rejects keep it: its record, or its columns as a JSON object, and in ${source}
 * the name of its relation, borrowed from the list. Returns 0 and a text that the caller frees, or
 * -1 (EXIT_BUG).
 */
int table_reject(const struct table_reader *reader, const struct table_row *row,
                 const char **source, char **text, size_t *bytes, struct failure *failure);

#endif
