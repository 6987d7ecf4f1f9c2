#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "course_funnel/store.h"

/* What the files of the store share. */

/* Local. Read a canonical name; false when it is another. */
bool store_parse_name(const char *name, const char *prefix, struct store_generation *generation);

#define STORE_GENERATION_PREFIX "generation-"
#define STORE_DAMAGED_PREFIX "damaged-generation-"

/*
 * Local. Call ${take} for each name in a folder but `.` and `..`, until it returns something else
 * than 0, which is returned. Names that are removed on the way are no trouble.
 */
int store_each_name(const struct durable_folder *folder,
                    int (*take)(void *context, const char *name, struct failure *failure),
                    void *context, struct failure *failure);

/* Local. Whether a file of that name may stand in a generation's folder. */
bool store_is_generation_file(const char *name);

/* Local. Take, or look at, the lock (store_lock.c). */
int store_take_lock(struct store *store, struct failure *failure);
int store_sign_lock(const struct store *store, struct failure *failure);

/* Local. The attempt file. Returns 1 when it is there and whole, 0 when not, -1 (EXIT_BUG). */
int store_read_attempt(const struct store *store, struct store_attempt *attempt,
                       struct failure *failure);
int store_write_attempt(const struct store *store, const struct store_attempt *attempt,
                        struct failure *failure);

#endif
