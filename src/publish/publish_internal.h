#ifndef PUBLISH_INTERNAL_H
#define PUBLISH_INTERNAL_H

/* What publish.c hands on to the two kinds of target. Contracts as in publish.h. */

#include "course_funnel/marts_table.h"
#include "course_funnel/postgres.h"
#include "course_funnel/publish.h"

/* The table that has a row for each run. */
#define PUBLISH_RUNS "course_funnel_runs"

/* The record of a run beside the files of a CSV target, which are named as the tables are. */
#define PUBLISH_CSV_RECORD "course_funnel_run.json"
#define PUBLISH_CSV_ENDING ".csv"

/* What who was overtaken can do; a night needs no more, as its files are read again. */
#define PUBLISH_AGAIN                                                                              \
    "to publish newer ones run again (with --checkpoint, but without --extend: with --restart)."

int publish_csv_check(const char *directory, int64_t *planned_us, struct failure *failure);
int publish_csv(const struct publish_target *target, const struct marts *marts,
                struct run_record *record, struct failure *failure);

int publish_csv_newest(const char *directory, char newest[37], struct failure *failure);

int publish_postgres_known(const struct publish_target *target, const char *const *run_ids,
                           size_t count, bool *known, char newest[37], struct failure *failure);
int publish_postgres_check(const struct publish_target *target, const struct run_record *record,
                           int64_t *planned_us, struct failure *failure);
int publish_postgres(const struct publish_target *target, const struct marts *marts,
                     struct run_record *record, struct failure *failure);

/* Local. Open a connection that may write. As postgres_connect. */
int publish_postgres_connect(const struct publish_target *target, struct postgres **connection,
                             bool *passing, struct failure *failure);

/* Local. Refuse a schema name that cannot be one of the user's own (EXIT_USAGE). 0, or -1. */
int publish_postgres_schema(const char *schema, struct failure *failure);

/* Local. Create the staging tables, which end with the transaction in hand. Returns 0, or -1. */
int publish_postgres_stage(struct postgres *connection, struct failure *failure);

/*
 * Local. Compare the objects of the target with what they are to be, without writing to it. Returns
 * 0, or -1 with each difference in the message.
 */
int publish_postgres_compare(struct postgres *connection, const struct publish_target *target,
                             struct failure *failure);

/* Which tables of the target the staged rows are for. */
struct publish_tables {
    const char *schema;
    bool wanted[MARTS_TABLES];
};

/* Local. Those that are there. Returns 0, or -1. */
int publish_postgres_find_tables(struct postgres *connection, const char *schema,
                                 struct publish_tables *tables, struct failure *failure);

/*
 * Local. Within a transaction: find out by trying what of a publication the server will refuse,
 * whatever the rights of the role. Nothing of it is left. Returns 0, or -1.
 */
int publish_postgres_try(struct postgres *connection, const struct publish_target *target,
                         const struct run_record *record, struct failure *failure);

/*
 * Local. Within the transaction of the publication: the staged rows in place of those of the
 * target. Returns 0, or -1.
 */
int publish_postgres_replace(struct postgres *connection, const struct publish_tables *tables,
                             struct failure *failure);

/*
 * Local. Whether the target holds just the staged rows, of which triggers and rules of the user may
 * have made others. Returns 1; 0 and ${difference}; or -1.
 */
int publish_postgres_holds_rows(struct postgres *connection, const struct publish_tables *tables,
                                struct failure *difference, struct failure *failure);

/*
 * Local. Under the lock, before rows are replaced: stage the cells that the staged marts change,
 * and count them in the record. Returns 0, or -1.
 */
int publish_postgres_stage_changes(struct postgres *connection, const char *schema,
                                   struct run_record *record, struct failure *failure);

/*
 * Local. The objects of ours that are there in ${schema}, for publish_postgres_is_there, which
 * tells whether one of that name is; the schema itself is ''. Returns 0 and a result that the
 * caller frees, or -1.
 */
int publish_postgres_look(struct postgres *connection, const char *what, const char *schema,
                          struct postgres_result **objects_there, struct failure *failure);
bool publish_postgres_is_there(const struct postgres_result *objects_there, const char *name);

/*
 * Local. The record of the newest run, as run_record_parse gives it. Returns 1, 0 when there is
 * none, or -1 (EXIT_TARGET: also when it cannot be read).
 */
int publish_postgres_last_run(struct postgres *connection, const char *what, const char *schema,
                              struct run_record *record, struct failure *failure);

/* Local. Begin a transaction that may write. 0, or -1. */
int publish_postgres_begin(struct postgres *connection, struct failure *failure);

/* Local. Take the lock of all publishers to ${schema}, until the transaction ends. 0, or -1. */
int publish_postgres_lock(struct postgres *connection, const char *schema, struct failure *failure);

/*
 * Local. Within a transaction: create what is missing in the target. Others cannot publish until it
 * ends. Returns 0, or -1.
 */
int publish_postgres_create(struct postgres *connection, const struct publish_target *target,
                            struct failure *failure);

#endif
