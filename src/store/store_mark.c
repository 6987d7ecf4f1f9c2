#include "course_funnel/store_mark.h"

#include "store_internal.h"

#include "course_funnel/fault.h"

#include <errno.h>
#include <string.h>

int store_mark_read(const struct store *store, struct store_mark *mark, struct failure *failure)
{
    struct store_generation named[2] = {{0}};
    size_t count = 0;
    *mark = (struct store_mark){.has_before = false};
    if (store_read_names(store, STORE_MARK_NAME, named, 2, &count, failure) != 0)
        return -1;
    if (count == 0) {
        mark->is_damaged = durable_exists(&store->folder, STORE_MARK_NAME);
        return 0;
    }
    *mark = (struct store_mark){.base = named[0], .before = named[1], .has_before = count > 1};
    return 1;
}

int store_mark_write(const struct store *store, const struct store_mark *mark, bool *overtaken,
                     struct failure *failure)
{
    const struct store_generation named[2] = {mark->base, mark->before};
    *overtaken = false;
    if (FAULT("store.mark") != 0)
        return failure_set(failure, EXIT_CHECKPOINT, "%s/" STORE_MARK_NAME ": %s.",
                           store->folder.path, strerror(errno));
    int result = store_write_names(store, STORE_MARK_NAME, named, mark->has_before ? 2 : 1,
                                   overtaken, failure);
    (void)FAULT("store.after_mark");
    return result;
}

int store_mark_remove(const struct store *store, struct failure *failure)
{
    if (store_unlink(store, STORE_MARK_NAME, failure) != 0)
        return -1;
    return durable_sync(&store->folder, failure);
}
