#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "course_funnel/store.h"

/* What the files of the store share. */

/* Local. Read the name of a generation, or of one that is set aside; false when it is another. */
bool store_parse_name(const char *name, struct store_generation *generation);
bool store_parse_damaged_name(const char *name, struct store_generation *generation);

/* Local. The name of one that is set aside, as the ${copy}th of that name, from 1. */
void store_damaged_name(struct store_generation generation, unsigned copy,
                        char name[STORE_NAME_BYTES]);

#define STORE_CODES ((struct durable_codes){.failed = EXIT_CHECKPOINT, .damaged = STORE_DAMAGED})

/* Names in the folder besides those of generations. */
#define STORE_LOCK_NAME "lock"
#define STORE_ATTEMPT_NAME "attempt"
#define STORE_KEPT_NAME "kept"
#define STORE_MARK_NAME "mark"
#define STORE_PROBE_NAME "probe"
#define STORE_REJECTS_NAME "rejects"

/*
 * Local. A sealed file of the names of at most STORE_KEPT generations (store_kept.c). Reading gives
 * 0, with none where the file is missing or damaged, or -1. Writing makes the file last; it is
 * refused, ${overtaken} as in store_commit, once a later attempt has begun.
 */
int store_read_names(const struct store *store, const char *file,
                     struct store_generation *generations, size_t most, size_t *count,
                     struct failure *failure);
int store_write_names(const struct store *store, const char *file,
                      const struct store_generation *generations, size_t count, bool *overtaken,
                      struct failure *failure);

/* Local. Remove a file of the folder, if it is there. Returns 0, or -1. */
int store_unlink(const struct store *store, const char *file, struct failure *failure);

/* Local. Take, or look at, the lock (store_lock.c). */
int store_take_lock(struct store *store, struct failure *failure);
int store_sign_lock(const struct store *store, struct failure *failure);

/* Local. Write the attempt file. Returns 0, or -1. */
int store_write_attempt(const struct store *store, const struct store_attempt *attempt,
                        struct failure *failure);

#endif
