#ifndef REBUILD_INTERNAL_H
#define REBUILD_INTERNAL_H

#include "course_funnel/checkpoint.h"
#include "course_funnel/ingest_tables.h"
#include "course_funnel/marts.h"
#include "course_funnel/publish.h"
#include "course_funnel/ranks.h"
#include "course_funnel/rejects.h"
#include "course_funnel/run_record.h"
#include "course_funnel/source.h"
#include "phases.h"
#include "rebuild_options.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What rebuild.c (the steps), rebuild_plan.c (before the reading), rebuild_match.c (behind it) and
 * rebuild_publish.c share.
 */

/*
 * The job: one call a step. Every step that may fail on one rank alone ends in a vote, so that all
 * ranks go on, or leave, together. Rank 0 alone touches the target and prints.
 */
struct job {
    struct ranks *ranks;
    struct rebuild_options options;
    struct phases phases;
    struct publish_target target;
    double checked;     /* when the target's clock was about to be read */
    char *target_text;  /* what kind of target it is, and where; without passwords */
    char *rejects_path; /* on every rank */
    char *parts_path;   /* what paths of parts of rejects begin with, without a checkpoint */
    struct source_list *list;
    struct ingest_tables tables;
    struct checkpoint *checkpoint; /* NULL without --checkpoint */
    struct rejects_place place;
    const struct rejects_stretch
        *earlier_stretches; /* on rank 0: rejects of attempts before this one */
    size_t earlier_stretch_count;
    struct rejects *rejects;
    struct state *state;
    struct ledger ledger;     /* of this rank; of all after sum_ledgers */
    struct tally matches;     /* see match.h; of this rank, then of all on rank 0 */
    struct failure unmatched; /* the job ends with it once its sums are kept; alike on every rank */
    struct tally tally;       /* of this rank; of all, on rank 0, after reduce_tallies */
    struct marts *marts;      /* on rank 0 */
    struct run_record record;
    uint32_t resumes; /* how often the run was resumed */
};

/* Local. */
bool rebuild_is_root(const struct job *job);

/* Local. Whether all was read by an attempt before, so that only the rest is left to do. */
bool rebuild_is_read(const struct job *job);

/* Collective. Check places and find the input; all ranks have the same list of it then. */
int rebuild_plan(struct job *job, struct failure *failure);

/* Collective. Take the checkpoint folder, and the run up from what is found there. */
int rebuild_plan_resume(struct job *job, struct failure *failure);

/*
 * Collective. Match users with sessions, where there is a table of them. After that no table is
 * needed any more. A table that nobody asked for by name and that cannot be read is a warning. One
 * that was asked for, and a request to stop, leave job->unmatched where there is a checkpoint, so
 * that what was read is not lost.
 */
int rebuild_match(struct job *job, struct failure *failure);

/* Collective. The rejects of all ranks into one file: before the gates, which send the user there.
 */
int rebuild_publish_rejects(struct job *job, struct failure *failure);

/* Local, on rank 0. Through the gates to the target. */
int rebuild_publish(struct job *job, struct failure *failure);

/* Collective. Rank 0 prints what came out. */
int rebuild_publish_summary(struct job *job, struct failure *failure);

#endif
