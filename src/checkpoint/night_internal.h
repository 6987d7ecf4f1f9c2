#ifndef NIGHT_INTERNAL_H
#define NIGHT_INTERNAL_H

#include "checkpoint_internal.h"
#include "course_funnel/night.h"
#include "night_plan.h"

/* What the files of a night share; all on rank 0, unless it is said. */

/* A generation that is whole by its manifest. */
struct night_entry {
    struct manifest manifest;
    struct manifest_other name;
};

struct night {
    struct checkpoint *checkpoint;
    const struct manifest_choices *choices;
    const struct night_calls *calls;
    int64_t day;
    bool looks;
    struct checkpoint_candidates candidates;
    struct night_entry *entries; /* the newest first, and their like for the plan */
    struct night_generation *generations;
    size_t count;
    bool was_asked; /* the target, once: */
    char (*known_runs)[37];
    size_t known_count;
    char newest[37];
    struct store_mark mark;
    bool has_mark, had_mark; /* now; when the folder was taken */
    bool dropped; /* what stood on the base; where it is only looked, it is passed over */
    struct night_found found;
    struct source_known known;          /* borrows from ${followed} */
    const struct night_entry *followed; /* whose inputs the list was made by; NULL: all is listed */
    const struct source_list *list;
};

/* night_folder.c: what the folder holds, and what is done to it. */

/* Read all manifests, ask the target, find what may be gone on from. Returns 0, or -1. */
int night_read(struct night *night, struct failure *failure);
void night_clear(struct night *night);

/* The entry of a generation; NULL where it is none. */
const struct night_entry *night_entry_of(const struct night *night,
                                         const struct night_generation *generation);

/* Remove the parts of rejects that no generation names. Returns 0, or -1. */
int night_clean_rejects(const struct night *night, struct failure *failure);

/* Throw away what stands on the base. Returns 0, or -1. */
int night_drop(struct night *night, struct failure *failure);

/* A generation turned out damaged: set it aside. night_read takes the mark from it. 0, or -1. */
int night_set_aside(struct night *night, const struct night_entry *entry,
                    const struct failure *trouble, struct failure *failure);

/* Before the base is gone on from: the mark names it. Returns 0, or -1. */
int night_mark(struct night *night, struct failure *failure);

/* night_inputs.c: what became of the files that were read before. */

/* List the input by what ${night->followed} has read and was to read. Returns 0, or -1. */
int night_list(struct night *night, struct failure *failure);

/*
 * Collective. Look at all files that were read before, a share on each rank; on rank 0 ${looks},
 * which the caller frees, are the inputs of ${night->followed} that are not as they were. Ends in a
 * vote.
 */
int night_look(struct night *night, struct ranks *ranks, struct manifest_look **looks,
               size_t *look_count, struct failure *failure);

#endif
