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
#define STORE_PROBE_NAME "probe"
#define STORE_REJECTS_NAME "rejects"

/*
 * Local. The generations that were committed last and not removed since (store_kept.c). Returns 0,
 * with none where that was not noted or is damaged, or -1.
 */
int store_read_kept(const struct store *store, struct store_generation kept[STORE_KEPT],
                    size_t *count, struct failure *failure);

/* Local. Take, or look at, the lock (store_lock.c). */
int store_take_lock(struct store *store, struct failure *failure);
int store_sign_lock(const struct store *store, struct failure *failure);

/* Local. Write the attempt file. Returns 0, or -1. */
int store_write_attempt(const struct store *store, const struct store_attempt *attempt,
                        struct failure *failure);

#endif
