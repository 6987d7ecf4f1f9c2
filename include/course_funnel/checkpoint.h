#ifndef COURSE_FUNNEL_CHECKPOINT_H
#define COURSE_FUNNEL_CHECKPOINT_H

#include "course_funnel/entries.h"
#include "course_funnel/failure.h"
#include "course_funnel/interval.h"
#include "course_funnel/ledger.h"
#include "course_funnel/manifest.h"
#include "course_funnel/ranks.h"
#include "course_funnel/rejects.h"
#include "course_funnel/schedule.h"
#include "course_funnel/source.h"
#include "course_funnel/state.h"
#include "course_funnel/tally.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The job's checkpoints: all ranks together write a generation, and come back to one. A generation
 * that cannot be written is given up and the job goes on; one that cannot be read is set aside, and
 * the one before is used.
 */

struct checkpoint_options {
    const char *path;
    bool restart;
    bool extend;        /* go on from the run that is finished, with the files that are new */
    bool keep_learners; /* keep the state of a finished run, as extend does too */
    struct interval interval;
};

struct checkpoint;

/*
 * Collective. Take the folder (store.h) and load what the job resumes from, which checkpoint_found
 * tells afterwards. When there is nothing to resume the run gets the id ${new_run_id}, as rank 0
 * has it. Returns 0, or -1 on every rank and no checkpoint: EXIT_STRANGER with each difference when
 * the checkpoint is of another run, EXIT_CHECKPOINT when another job has the folder or no
 * generation can be used, EXIT_BUG.
 */
int checkpoint_open(struct ranks *ranks, const struct checkpoint_options *options,
                    const struct source_list *list, const struct manifest_choices *choices,
                    const char *new_run_id, struct checkpoint **checkpoint,
                    struct failure *failure);

/* Local. Lets go of the folder. checkpoint_free(NULL) does nothing. */
void checkpoint_free(struct checkpoint *checkpoint);

/* Local. The id of the run. */
const char *checkpoint_run_id(const struct checkpoint *checkpoint);

/*
 * Local. For a job that begins from nothing: when it saw its sources (see run_record.h). Saved with
 * what was read, so that a resumed run keeps the time at which its sources were first seen.
 */
void checkpoint_set_times(struct checkpoint *checkpoint, int64_t planned_us, int64_t attempt_us);

/* Local. Of all input, read before or not: its fingerprint, and what was found when it was listed.
 */
const char *checkpoint_fingerprint(const struct checkpoint *checkpoint);
void checkpoint_listed(const struct checkpoint *checkpoint, uint64_t *empty, uint64_t *left_out);

/* Local. How often the run was resumed, this attempt included; 0 where it begins, or keeps none. */
uint32_t checkpoint_resumes(const struct checkpoint *checkpoint);

/* What was found: NULL when the job begins from nothing, or keeps none. The checkpoint's own. */
const struct manifest *checkpoint_found(const struct checkpoint *checkpoint);

/*
 * Local. Take what was found: the rank's state (NULL but for MANIFEST_STATE), the sums and the
 * match with sessions (on rank 0, else empty). The caller frees them.
 */
struct state *checkpoint_take_state(struct checkpoint *checkpoint);
struct tally checkpoint_take_tally(struct checkpoint *checkpoint);
struct tally checkpoint_take_matches(struct checkpoint *checkpoint);
struct entries checkpoint_take_entries(struct checkpoint *checkpoint);

/*
 * Local. Where rejects go: ${place} is filled in but for its path, and lives as long as the
 * checkpoint. On rank 0 the stretches of earlier attempts are told, and stay the checkpoint's own.
 */
void checkpoint_rejects(const struct checkpoint *checkpoint, struct rejects_place *place,
                        const struct rejects_stretch **earlier, size_t *earlier_count);

/*
 * Collective, when all is read and the learners are to be kept. Join the rejects of all ranks and
 * attempts into one part, in their order, so that runs that go on from here have one part to merge
 * with theirs; ${rejects} of each rank is handed over. What checkpoint_rejects told is told anew.
 * Where that fails, as on a full disk, a warning: the parts stay as they are. Returns 0, or -1 on
 * every rank (what rejects_flush fails with).
 */
int checkpoint_join_rejects(struct checkpoint *checkpoint, struct rejects *rejects,
                            struct failure *failure);

/* Local. When the next generation is due, by clock_seconds(); never on all ranks but 0. */
double checkpoint_due(const struct checkpoint *checkpoint);

/* What a rank gives to a generation. */
struct checkpoint_content {
    enum manifest_kind kind;
    const struct state *state;     /* of MANIFEST_STATE: the rank's */
    const struct tally *tally;     /* of MANIFEST_SUMS: of all, on rank 0 */
    const struct tally *matches;   /* likewise, empty where users were not matched */
    const struct entries *entries; /* likewise, empty where no further mart is wanted */
    struct manifest_match match;   /* likewise */
    struct rejects *rejects;
    struct ledger ledger; /* the rank's share: the ledgers of all ranks add up */
    int64_t first_event_us;
    int64_t last_event_us;
    const struct days *days;                /* the rank's share, as the ledger */
    const struct schedule_item *unfinished; /* that wait in the rank's queue or are open there */
    size_t unfinished_count;
    bool is_finished;          /* of MANIFEST_STATE: all is read, and it is kept for good */
    struct schedule_next next; /* the same on every rank */
    uint64_t done_bytes;       /* on disk that the rank has read in this attempt */
};

/*
 * Collective, at a point where nothing is on its way between ranks. Write a generation, then remove
 * those that are not needed any more. Returns 0 with ${saved}: false, and a warning in the log,
 * when it had to be given up. Returns -1 on every rank when the books do not balance, rejects
 * cannot be written, or a later attempt of the run has begun.
 */
int checkpoint_save(struct checkpoint *checkpoint, const struct checkpoint_content *content,
                    bool *saved, struct failure *failure);

/*
 * Local. Whether the learners of the finished run are kept: its last state is saved once more when
 * all is read, as finished.
 */
bool checkpoint_keeps_learners(const struct checkpoint *checkpoint);

/*
 * Local, on rank 0, when the run was published and learners are kept. Mark its finished state as
 * what was published and may be gone on from (store_mark.h), then remove what is not needed any
 * more. Returns 0, or -1 (EXIT_CHECKPOINT: nothing was marked; the publication stands all the
 * same). Does nothing where learners are not kept.
 */
int checkpoint_mark(struct checkpoint *checkpoint, struct failure *failure);

/*
 * Local, on rank 0. See that no later attempt has begun, before anything is published. Returns 0,
 * or -1 (EXIT_CHECKPOINT) when one has; where that cannot be told, a warning.
 */
int checkpoint_check(const struct checkpoint *checkpoint, struct failure *failure);

#endif
