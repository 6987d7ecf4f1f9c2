#ifndef REBUILD_STEPS_H
#define REBUILD_STEPS_H

#include "rebuild_job.h"

/*
 * The steps of a rebuild, in their order. Only rebuild.c calls them: a step finds in the job what
 * those before it left. All are collective and return 0 on every rank, or -1 on every rank with the
 * failure of the lowest that has one.
 */

/*
 * Check places and find the input; all ranks have the same list of it then. With --extend the input
 * is left to rebuild_night.
 */
int rebuild_plan(struct job *job, struct failure *failure);

/* Parts of it, for rebuild_night: on rank 0 list the input, but for what is known; to all. */
int rebuild_plan_list(struct job *job, struct source_known *known, struct failure *failure);
int rebuild_plan_share_list(struct job *job, struct failure *failure);

/* With --extend: open the checkpoint, and list what is new since what is gone on from. */
int rebuild_night(struct job *job, struct failure *failure);

/* Take the checkpoint folder, and the run up from what is found there. */
int rebuild_plan_resume(struct job *job, struct failure *failure);

/*
 * Read the whole history (ingest.h), from where the checkpoint found it left, with a generation
 * whenever one is due and when a rank is asked to stop. Fails with EXIT_STOPPED when it was asked
 * to stop, and with EXIT_CHECKPOINT when it was and what was read could not be kept.
 */
int rebuild_read(struct job *job, struct failure *failure);

/*
 * Match users with sessions, where there is a table of them. After that no table is needed any
 * more. A table that nobody asked for by name and that cannot be read is a warning. One that was
 * asked for, and a request to stop, leave job->unmatched where there is a checkpoint, so that what
 * was read is not lost.
 */
int rebuild_match(struct job *job, struct failure *failure);

/*
 * All that was read, as sums on rank 0, or those that an attempt before left. Where there is a
 * checkpoint it keeps them. Fails then with job->unmatched, and with EXIT_STOPPED when a rank was
 * asked to stop.
 */
int rebuild_sums(struct job *job, struct failure *failure);

/*
 * The rejects of all ranks into one file; then rank 0 goes through the gates, which send the user
 * there, to the target. Where learners are kept it then marks them; if it could not, the job ends
 * with job->unmarked.
 */
int rebuild_publish(struct job *job, struct failure *failure);

/* Rank 0 prints what came out, or in place of all that follows rebuild_plan what a run would do. */
int rebuild_summary(struct job *job, struct failure *failure);
int rebuild_summary_plan(struct job *job, struct failure *failure);

#endif
