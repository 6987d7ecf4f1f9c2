#include "store_internal.h"

#include "course_funnel/array.h"
#include "course_funnel/fault.h"
#include "course_funnel/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Also of those that were set aside, which begin with their generation. */
static int newest_first(const void *a, const void *b)
{
    const struct store_generation *x = a, *y = b;
    if (x->attempt != y->attempt)
        return x->attempt > y->attempt ? -1 : 1;
    return x->number > y->number ? -1 : x->number < y->number;
}

static bool is_known(const char *name)
{
    static const char *const names[] = {STORE_LOCK_NAME,    STORE_REJECTS_NAME,
                                        STORE_ATTEMPT_NAME, STORE_ATTEMPT_NAME DURABLE_TEMPORARY,
                                        STORE_KEPT_NAME,    STORE_KEPT_NAME DURABLE_TEMPORARY,
                                        STORE_MARK_NAME,    STORE_MARK_NAME DURABLE_TEMPORARY,
                                        STORE_PROBE_NAME,   STORE_PROBE_NAME DURABLE_TEMPORARY};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/*
 * Whether a generation counts: only its manifest says so. What is no folder counts, so that it is
 * missed as one. ${is_there} is false when there is nothing of that name any more.
 */
static int has_manifest(const struct store *store, const char *name, bool *is_there, bool *has,
                        struct failure *failure)
{
    struct durable_folder folder;
    struct failure trouble = {0};
    *is_there = true;
    if (durable_open_in(&store->folder, name, &folder, &trouble) != 0) {
        *is_there = durable_exists(&store->folder, name);
        *has = trouble.code == STORE_DAMAGED;
        return *has ? 0 : failure_set(failure, trouble.code, "%s", trouble.message);
    }
    /* Tests take this out to see that they would notice. */
    *has = durable_exists(&folder, MANIFEST_NAME) || FAULT_NUMBER("store.count_all", 0) != 0;
    durable_close(&folder);
    return 0;
}

#define WHAT "a list of checkpoints"

static int add_generation(struct store_generation **generations, size_t *count,
                          struct store_generation generation, struct failure *failure)
{
    if (array_extend(generations, *count, sizeof generation, WHAT, failure) != 0)
        return -1;
    (*generations)[(*count)++] = generation;
    return 0;
}

static int add_damaged(struct store_listing *listing, const char *name,
                       struct store_generation generation, struct failure *failure)
{
    if (array_extend(&listing->damaged, listing->damaged_count, sizeof *listing->damaged, WHAT,
                     failure) != 0)
        return -1;
    struct store_damaged *damaged = &listing->damaged[listing->damaged_count++];
    *damaged = (struct store_damaged){.generation = generation};
    snprintf(damaged->name, sizeof damaged->name, "%s", name);
    return 0;
}

static int add_other(struct store_listing *listing, const char *name, struct failure *failure)
{
    if (array_extend(&listing->others, listing->other_count, sizeof *listing->others, WHAT,
                     failure) != 0)
        return -1;
    char *copy = strdup(name);
    if (copy == NULL)
        return failure_memory(failure, WHAT, strlen(name));
    listing->others[listing->other_count++] = copy;
    return 0;
}

struct lister {
    const struct store *store;
    struct store_listing *listing;
};

static int add_name(void *context, const char *name, struct failure *failure)
{
    const struct lister *lister = context;
    struct store_listing *listing = lister->listing;
    struct store_generation generation;
    bool is_there = false, has = false;
    if (store_parse_damaged_name(name, &generation))
        return add_damaged(listing, name, generation, failure);
    if (!store_parse_name(name, &generation))
        return is_known(name) ? 0 : add_other(listing, name, failure);
    if (has_manifest(lister->store, name, &is_there, &has, failure) != 0)
        return -1;
    if (!is_there)
        return 0;
    return has ? add_generation(&listing->generations, &listing->generation_count, generation,
                                failure)
               : add_generation(&listing->incomplete, &listing->incomplete_count, generation,
                                failure);
}

static void sort(void *elements, size_t count, size_t element_bytes)
{
    if (count > 0)
        qsort(elements, count, element_bytes, newest_first);
}

static bool is_listed(const struct store_listing *listing, struct store_generation generation)
{
    if (store_is_among(listing->generations, listing->generation_count, generation))
        return true;
    for (size_t i = 0; i < listing->damaged_count; i++)
        if (store_is_same(listing->damaged[i].generation, generation))
            return true;
    return false;
}

/* Which of those that were kept are missing. */
static int miss(const struct store *store, struct store_listing *listing, struct failure *failure)
{
    struct store_generation kept[STORE_KEPT];
    size_t count = 0;
    if (store_read_names(store, STORE_KEPT_NAME, kept, STORE_KEPT, &count, failure) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (!is_listed(listing, kept[i]))
            listing->lost[listing->lost_count++] = kept[i];
    return 0;
}

int store_list(const struct store *store, struct store_listing *listing, struct failure *failure)
{
    struct lister lister = {.store = store, .listing = listing};
    memset(listing, 0, sizeof *listing);
    if (durable_each_name(&store->folder, add_name, &lister, failure) != 0 ||
        miss(store, listing, failure) != 0) {
        store_listing_free(listing);
        return -1;
    }
    sort(listing->generations, listing->generation_count, sizeof *listing->generations);
    sort(listing->incomplete, listing->incomplete_count, sizeof *listing->incomplete);
    sort(listing->damaged, listing->damaged_count, sizeof *listing->damaged);
    return 0;
}

void store_listing_free(struct store_listing *listing)
{
    for (size_t i = 0; i < listing->other_count; i++)
        free(listing->others[i]);
    free(listing->others);
    free(listing->generations);
    free(listing->incomplete);
    free(listing->damaged);
    memset(listing, 0, sizeof *listing);
}
