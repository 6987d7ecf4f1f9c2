#ifndef COURSE_FUNNEL_NIGHT_H
#define COURSE_FUNNEL_NIGHT_H

#include "course_funnel/checkpoint.h"

/*
 * A night: a run that goes on from one that is finished, and reads only what is new since. It opens
 * the checkpoint as checkpoint_open does, but looks into it before the input is listed, as what it
 * knows already is not opened again.
 */

/* What a night asks of the job, on rank 0 but for share. Each returns 0, or -1. */
struct night_calls {
    void *job;
    /* Which runs the target has a record of, and its newest (publish_known). */
    int (*published)(void *job, const char *const *run_ids, size_t count, bool *known,
                     char newest[37], struct failure *failure);
    /* List the input, but for what is known; ${range_bytes} as in struct source_limits. */
    int (*list)(void *job, struct source_known *known, uint64_t range_bytes,
                const struct source_list **list, struct failure *failure);
    /* Collective. The list to all ranks. */
    int (*share)(void *job, const struct source_list **list, struct failure *failure);
};

enum night_answer {
    NIGHT_BEGINS,   /* nothing was there: all is read */
    NIGHT_GOES_ON,  /* with a run that was begun */
    NIGHT_EXTENDS,  /* a finished run, by new files */
    NIGHT_HAS_NONE, /* nothing is new: what was published is published again */
};

/* What came out, on rank 0. */
struct night_report {
    enum night_answer answer;
    uint64_t known;        /* files that were read before, looked at alone */
    uint64_t fresh;        /* files that this run reads */
    uint64_t waiting;      /* files that are left to the next run */
    uint64_t state_bytes;  /* of what is loaded ... */
    uint64_t loaded_bytes; /* ... and what it takes in the memory of all ranks */
    bool dropped;          /* an unfinished night is thrown away */
    char from[64];         /* the generation that is gone on from; empty: none */
};

/*
 * Collective. Take the folder, decide what this run is, and load what it goes on from, which
 * checkpoint_found tells afterwards; the list that the job has then is of the files that are read.
 * ${day} is that which --as-of gives, or today. With ${looks} nothing is taken, changed or loaded,
 * and no checkpoint is made: the report tells what a run would do. Returns 0, or -1 on every rank:
 * as checkpoint_open; EXIT_BUG too where the state needs more memory than there is.
 */
int night_open(struct ranks *ranks, const struct checkpoint_options *options, bool looks,
               const struct manifest_choices *choices, int64_t day, const char *new_run_id,
               const struct night_calls *calls, struct checkpoint **checkpoint,
               struct night_report *report, struct failure *failure);

/*
 * Local. Of each file of ${list} its number among all inputs of the run, those that were read
 * before too; the caller frees it. Returns 0, or -1 (EXIT_BUG).
 */
int night_number_inputs(const struct checkpoint *checkpoint, const struct source_list *list,
                        uint32_t **numbers, struct failure *failure);

/* Local. How many inputs the run has in all. */
size_t night_input_count(const struct checkpoint *checkpoint);

/*
 * Local. The books of what was published before: what this run read is judged alone too. NULL where
 * it has read nothing of its own, or all.
 */
const struct ledger *night_base_ledger(const struct checkpoint *checkpoint);

#endif
