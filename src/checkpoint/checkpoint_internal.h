#ifndef CHECKPOINT_INTERNAL_H
#define CHECKPOINT_INTERNAL_H

#include "course_funnel/checkpoint.h"
#include "course_funnel/store.h"

/* What checkpoint.c (opening, resuming) and checkpoint_save.c share. */

struct checkpoint {
    struct ranks *ranks;
    struct checkpoint_options options;
    struct store store;
    char *parts;                  /* what paths of reject parts begin with */
    struct manifest start;        /* what the attempt starts with: what was found, or a new input */
    const struct manifest *found; /* that, when it was found; else NULL */
    struct state *state;
    struct tally tally, matches;
    struct entries entries;
    struct rejects_stretch *earlier_stretches; /* on rank 0, of earlier attempts */
    size_t earlier_stretch_count;
    uint32_t saved_count;              /* generations begun by this attempt */
    struct store_generation last_good; /* attempt 0: none */
    double due;
};

#endif
