#ifndef INSPECTION_H
#define INSPECTION_H

#include "course_funnel/generation.h"
#include "course_funnel/store_mark.h"

#include <stdbool.h>
#include <stdio.h>

/* What `inspect` finds in a checkpoint folder. */

struct inspection_entry {
    struct store_generation name;
    bool has_manifest; /* it could be read */
    struct manifest manifest;
    struct generation_contents contents;
    struct failure problem; /* code 0: all of it holds */
};

struct inspection {
    struct store store;
    bool locked;
    char holder[256];
    bool has_attempt;
    struct store_attempt attempt;
    bool has_mark;
    struct store_mark mark;
    struct store_listing listing;
    struct inspection_entry *entries;       /* the newest first, as in the listing */
    const struct inspection_entry *resume;  /* what a resume goes on from; NULL: nothing */
    const struct inspection_entry *refused; /* of another format: why a run refuses to; or NULL */
    const struct inspection_entry *base;    /* the finished state that was published; or NULL */
    /* A later one, which is the base if the target has a record of its run; or NULL. */
    const struct inspection_entry *if_recorded;
};

/*
 * Local. Look at all that is in the folder ${path}; changes nothing. Returns 0, or -1
 * (EXIT_CHECKPOINT: the folder cannot be looked at, EXIT_BUG). inspection_clear frees what it
 * holds, after a failure too.
 */
int inspection_make(const char *path, struct inspection *inspection, struct failure *failure);
void inspection_clear(struct inspection *inspection);

/* Local. Tell it to people, or as JSON. Returns 0, or -1 (EXIT_BUG; EXIT_TARGET: ${out} cannot be
 * written). */
int inspection_print(FILE *out, const struct inspection *inspection, struct failure *failure);
int inspection_print_json(FILE *out, const struct inspection *inspection, struct failure *failure);

#endif
