#ifndef CHECKPOINT_INTERNAL_H
#define CHECKPOINT_INTERNAL_H

#include "course_funnel/checkpoint.h"
#include "course_funnel/store.h"

/* What the files of checkpoints share. */

struct checkpoint {
    struct ranks *ranks;
    struct checkpoint_options options;
    struct store store;
    char run_id[37];
    char *parts;                  /* what paths of reject parts begin with */
    struct manifest start;        /* what the attempt starts with: what was found, or a new input */
    const struct manifest *found; /* that, when it was found; else NULL */
    struct manifest_other found_name; /* likewise */
    struct state *state;
    struct tally tally, matches;
    struct entries entries;
    struct rejects_stretch *earlier_stretches; /* on rank 0, of earlier attempts */
    size_t earlier_stretch_count;
    uint32_t saved_count;              /* generations begun by this attempt */
    struct store_generation last_good; /* attempt 0: none */
    bool judges_night;                 /* what was read since the base is judged alone too */
    bool begins;                       /* what was found is another run's, and this one begins */
    struct manifest_other finished;    /* the finished state, once it is kept */
    struct store_generation pinned;    /* it and all before it stay; attempt 0: the base does */
    struct store_generation before;    /* the base, once that is; attempt 0: none */
    double due;
};

/* Local. Whether this is rank 0, which alone changes the folder. */
bool checkpoint_is_root(const struct checkpoint *checkpoint);

/* checkpoint_folder.c: what is done to the folder. On rank 0, but for checkpoint_join. */

/* What is left to try of the generations in the folder. */
struct checkpoint_candidates {
    struct store_listing listing;
    size_t next;
    unsigned set_aside;   /* in this attempt */
    unsigned passed_over; /* since they cannot be read now */
    unsigned gone;        /* without a trace */
    struct failure last;  /* why the last of them cannot be used */
};

/* The lock, the attempt, whose the folder is, and what it lacks. Returns 0, or -1. */
int checkpoint_begin(struct checkpoint *checkpoint, const char *new_id,
                     struct checkpoint_candidates *candidates, struct failure *failure);

/* Collective. Rank 0's attempt to all, which open the folder that it is in. Ends in a vote. */
int checkpoint_join(struct checkpoint *checkpoint, struct failure *failure);

/* A manifest that was read and is of the folder's history, with its text for the others. */
int checkpoint_read_manifest(struct checkpoint *checkpoint, struct store_generation generation,
                             struct durable_bytes *text, struct manifest *manifest,
                             struct failure *failure);

/* Local. Which generation a manifest is of, by its text too. */
struct manifest_other checkpoint_name_manifest(const struct manifest *manifest,
                                               const unsigned char *text, size_t byte_count);

/* Keep a generation that is of no use, under another name, and say why. Returns 0, or -1. */
int checkpoint_set_aside(struct checkpoint *checkpoint, struct checkpoint_candidates *candidates,
                         struct store_generation generation, const struct failure *trouble,
                         struct failure *failure);

/* Local. Append the parts of rejects that a generation names. Returns 0, or -1 (EXIT_BUG). */
int checkpoint_add_parts(const struct manifest *manifest, struct manifest_part **parts,
                         size_t *count, struct failure *failure);

/* Remove parts of rejects that no generation from candidates->next on speaks of. 0, or -1. */
int checkpoint_clean_rejects(const struct checkpoint *checkpoint,
                             const struct checkpoint_candidates *candidates,
                             struct failure *failure);

/* Local. The generation that a manifest names. */
struct store_generation checkpoint_generation_of(const struct manifest_other *other);

/* checkpoint.c: what is gone on from. */

/* Collective. An empty checkpoint, which checkpoint_free frees. NULL on every rank: EXIT_BUG. */
struct checkpoint *checkpoint_create(struct ranks *ranks, const struct checkpoint_options *options,
                                     struct failure *failure);

/* Local. What was loaded, and checkpoint->start is of, is what is gone on from. */
void checkpoint_go_on(struct checkpoint *checkpoint);

/* On rank 0: from now on generations are due; ${resumes}: tell what is gone on from. */
void checkpoint_start(struct checkpoint *checkpoint, bool resumes);

/* Local. Each rank's part of the generation that checkpoint->start is of. Returns 0, or -1. */
int checkpoint_load(struct checkpoint *checkpoint, struct failure *failure);

/* Local. Let go of what was loaded, and of the start. */
void checkpoint_forget(struct checkpoint *checkpoint);

/* On rank 0: that there were checkpoints is never forgotten as if there had been none. 0, or -1. */
int checkpoint_check_none(const struct checkpoint *checkpoint,
                          const struct checkpoint_candidates *candidates, struct failure *failure);

/* checkpoint_keep.c: what stays in the folder. On rank 0. */

/* After a generation was saved: remove all but those that are still needed. */
void checkpoint_prune(struct checkpoint *checkpoint, struct store_generation saved);

#endif
