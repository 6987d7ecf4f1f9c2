#ifndef COURSE_FUNNEL_STORE_MARK_H
#define COURSE_FUNNEL_STORE_MARK_H

#include "course_funnel/store.h"

/*
 * The mark: which finished state of the folder was published, and so may be gone on from; and which
 * was the one before it. It is written after the publication and before anything is removed, so
 * who follows it finds a state that was published, or nothing. Local: no MPI.
 */
struct store_mark {
    struct store_generation base;
    struct store_generation before; /* of use where the base is damaged */
    bool has_before;
    bool is_damaged; /* there is a mark that cannot be read; all else is zero */
};

/*
 * Read it. Returns 1, 0 where there is none that can be read, or -1 (EXIT_CHECKPOINT: storage
 * failed; EXIT_BUG).
 */
int store_mark_read(const struct store *store, struct store_mark *mark, struct failure *failure);

/*
 * On rank 0: put it in place of the one before, and make it last. Returns 0, or -1; ${overtaken}
 * when a later attempt has begun, which this one marks nothing for.
 */
int store_mark_write(const struct store *store, const struct store_mark *mark, bool *overtaken,
                     struct failure *failure);

/* On rank 0: remove it, so that nobody follows it, and make that last. Returns 0, or -1. */
int store_mark_remove(const struct store *store, struct failure *failure);

#endif
