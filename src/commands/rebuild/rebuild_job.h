#ifndef REBUILD_JOB_H
#define REBUILD_JOB_H

#include "course_funnel/checkpoint.h"
#include "course_funnel/days.h"
#include "course_funnel/ingest_tables.h"
#include "course_funnel/ledger.h"
#include "course_funnel/night.h"
#include "course_funnel/publish.h"
#include "course_funnel/ranks.h"
#include "course_funnel/rejects.h"
#include "course_funnel/run_record.h"
#include "course_funnel/source.h"
#include "course_funnel/state.h"
#include "course_funnel/tally.h"
#include "phases.h"
#include "rebuild_options.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What the steps of a rebuild (rebuild_steps.h) take and leave for those after them. A job owns
 * what it points to, but for what is said to be borrowed.
 */

struct job {
    struct ranks *ranks;
    struct rebuild_options options;
    struct phases phases;
    double checked_s; /* on rank 0: by clock_seconds(), when the target's clock was read */
    struct {          /* on rank 0 */
        struct publish_target place;
        char *text; /* what kind of target it is, and where; without passwords */
    } target;
    struct {
        struct source_list *list;
        struct ingest_tables tables;
        uint32_t *numbers; /* of the list's files among all inputs; NULL: their own */
        size_t count;      /* of all inputs: with --extend also those that were read before */
    } input;
    struct checkpoint *checkpoint; /* NULL without --checkpoint */
    struct night_report night;     /* on rank 0, with --extend */
    struct {
        char *path;                 /* of the file of all rejects */
        char *parts;                /* what paths of parts begin with, without a checkpoint */
        struct rejects_place place; /* borrows both, or has the checkpoint's parts */
        const struct rejects_stretch *earlier; /* on rank 0: of attempts before; borrowed */
        size_t earlier_count;
        struct rejects *kept; /* by this rank; NULL where it has read nothing */
    } rejects;
    int64_t day;              /* of the run (days.h), alike on every rank */
    struct days days;         /* on rank 0, when they are summed up */
    struct state *state;      /* NULL before the reading, and when it is summed up */
    struct {                  /* of this rank; when they are summed up, of all on rank 0 */
        struct ledger ledger; /* then of all on every rank */
        struct tally tally;
        struct tally matches; /* see match.h */
        struct entries entries;
    } sums;
    const struct ledger *base_ledger; /* on rank 0: of the run that this one goes on from, so that
                                         its new files are judged alone too; NULL: they are not */
    struct failure unmatched; /* the job ends with it once its sums are kept; alike on every rank */
    struct failure unmarked;  /* on rank 0: likewise, once all is published */
    struct run_record record;
    uint64_t entry_rows; /* on rank 0: published, of entry points */
};

/* Local. Whether this is rank 0, which alone touches the target and prints. */
bool rebuild_job_is_root(const struct job *job);

/* Local. Whether all was read by an attempt before, so that only the rest is left to do. */
bool rebuild_job_is_read(const struct job *job);

/* Local. How long ranks wait for one that hangs: as asked, but longer than any server may take. */
uint32_t rebuild_job_patience_s(const struct job *job);

/* Local. What a checkpoint is held to; borrows from the options. */
struct manifest_choices rebuild_job_choices(const struct job *job);

/* Local. Free all but the ranks. */
void rebuild_job_clear(struct job *job);

#endif
