#ifndef COURSE_FUNNEL_PUBLISH_H
#define COURSE_FUNNEL_PUBLISH_H

#include "course_funnel/failure.h"
#include "course_funnel/marts.h"
#include "course_funnel/run_record.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The marts and the run's record → PostgreSQL in one short transaction, or CSV files by
 * temporary name and rename. Called by rank 0 alone. No MPI.
 */

struct publish_target {
    const char *target; /* a libpq URI or conninfo, or a directory */
    const char *schema; /* of a PostgreSQL target; "public" by default */
    bool further;       /* all tables; false: the two marts, and any further table is emptied */
};

/* Local. Whether ${target} is a libpq URI or conninfo string rather than a directory. */
bool publish_is_postgres(const char *target);

/*
 * Local. The target as it may stand in logs and records: without a password. Returns 0 and a text
 * that the caller frees, or -1 (EXIT_USAGE: not a well-formed conninfo; EXIT_BUG).
 */
int publish_describe(const char *target, char **text, struct failure *failure);

/*
 * Local. Check before any work is done that the target can take the marts: the server answers and
 * may be written to, the schema exists or may be created, tables that exist have the right columns
 * and may be changed, and its encoding takes the source that ${record} has; the directory exists or
 * can be made, and a file can be made, synced and renamed in it. Changes nothing that lasts, but
 * creates a missing directory. Returns 0 and in
 * ${planned_us} the time by the target's own clock, later than all that was published before; or
 * -1 (EXIT_TARGET).
 */
int publish_check(const struct publish_target *target, const struct run_record *record,
                  int64_t *planned_us, struct failure *failure);

/*
 * Local. Which of these runs the target has a record of (a directory has that of its last run
 * alone), and in ${newest} the run whose record is its newest; empty where there is none. Returns
 * 0, or -1 (EXIT_TARGET).
 */
int publish_known(const struct publish_target *target, const char *const *run_ids, size_t count,
                  bool *known, char newest[37], struct failure *failure);

/*
 * Local. Publish. A reader of PostgreSQL sees the old marts or the new ones, both tables together.
 * Of files each is whole, old or new; the record, put in place last, tells by its digests whether
 * the others are those of one run. Doing it twice with the same run id changes nothing.
 * ${record} must be filled, run_id and digests included, but for what it says of changes: the cells
 * that differ from the marts that are replaced are counted and published too, and has_cells is
 * false where the target was wanted without them or they cannot be known. It is stale when a run
 * was published whose attempt_us is later than its planned_us, for then that one may have seen
 * newer sources. What may pass by itself (a server that restarts, a lock) is tried again for some
 * 15 s, waits for the server not counted. Returns 0, or -1: EXIT_TARGET; EXIT_GATE when it is
 * stale, or when this run was published with other rows.
 */
int publish(const struct publish_target *target, const struct marts *marts,
            struct run_record *record, struct failure *failure);

#endif
