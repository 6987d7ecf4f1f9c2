#ifndef COURSE_FUNNEL_INGEST_TABLES_H
#define COURSE_FUNNEL_INGEST_TABLES_H

#include "course_funnel/failure.h"
#include "course_funnel/ledger.h"
#include "course_funnel/ranks.h"
#include "course_funnel/table.h"

#include <stdbool.h>
#include <stdint.h>

/* The tables of an ingest: found by rank 0, then opened by every rank that reads. */

struct ingest_tables {
    struct table_list *list;
    struct table_connections *connections; /* NULL on a rank that does not read tables */
    struct source_list *session_splits;    /* of the table of sessions; NULL: no tables at all */
};

/*
 * Local. Whether ${rank} reads tables where ${connections} of ${ranks} may (0: all may). They are
 * spread evenly, so that they are on all hosts, and rank 0 is one of them.
 */
bool ingest_tables_reads(int rank, int ranks, uint32_t connections);

/*
 * Local, on rank 0. Find the tables and append their splits to ${splits}; see table_list. Tells in
 * the log what is worth knowing. Returns 0, or -1.
 */
int ingest_tables_find(const struct table_options *options, struct source_list *splits,
                       struct ingest_tables *tables, struct failure *failure);

/*
 * Collective. Rank 0's list to all, and with ${open} a connection for each rank that reads. Ends in
 * a vote: returns 0 on every rank, or -1 with the failure.
 */
int ingest_tables_share(struct ranks *ranks, const struct table_options *options,
                        uint32_t connections, bool open, struct ingest_tables *tables,
                        struct failure *failure);

/*
 * Local, when all ranks have read what they read: on rank 0, make sure that its locks have lasted
 * till now. Then close, unless ${keeps}. Returns 0, or -1 (EXIT_SOURCE).
 */
int ingest_tables_end(struct ingest_tables *tables, int rank, bool keeps, struct failure *failure);

/*
 * Local, on rank 0. Tell in the log, by the books of all ranks and attempts, how many of the rows
 * that were read their loader had marked as deleted.
 */
void ingest_tables_warn(const struct ingest_tables *tables, const struct ledger *ledger);

/* Local. End the connections. */
void ingest_tables_close(struct ingest_tables *tables);

/* Local. Close, and free what it holds. */
void ingest_tables_clear(struct ingest_tables *tables);

#endif
