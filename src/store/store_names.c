#include "store_internal.h"

#include "course_funnel/fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void format(const char *prefix, struct store_generation generation,
                   char name[STORE_NAME_BYTES])
{
    snprintf(name, STORE_NAME_BYTES, "%s%04" PRIu32 "-%06" PRIu32, prefix, generation.attempt,
             generation.number);
}

void store_name(struct store_generation generation, char name[STORE_NAME_BYTES])
{
    format(STORE_GENERATION_PREFIX, generation, name);
}

void store_damaged_name(struct store_generation generation, unsigned copy,
                        char name[STORE_NAME_BYTES])
{
    format(STORE_DAMAGED_PREFIX, generation, name);
    size_t bytes = strlen(name);
    if (copy > 1)
        snprintf(name + bytes, STORE_NAME_BYTES - bytes, ".%u", copy);
}

static bool parse_damaged_name(const char *name, struct store_generation *generation)
{
    char again[STORE_NAME_BYTES];
    unsigned copy = 1;
    if (sscanf(name, STORE_DAMAGED_PREFIX "%" SCNu32 "-%" SCNu32 ".%u", &generation->attempt,
               &generation->number, &copy) < 2)
        return false;
    store_damaged_name(*generation, copy, again);
    return strcmp(name, again) == 0;
}

bool store_parse_name(const char *name, struct store_generation *generation)
{
    char again[STORE_NAME_BYTES];
    if (sscanf(name, STORE_GENERATION_PREFIX "%" SCNu32 "-%" SCNu32, &generation->attempt,
               &generation->number) != 2)
        return false;
    store_name(*generation, again);
    return strcmp(name, again) == 0;
}

bool store_is_generation_file(const char *name)
{
    static const char *const names[] = {STORE_MANIFEST, "rejects.h5", "sums.h5"};
    char base[STORE_NAME_BYTES], again[STORE_NAME_BYTES];
    size_t bytes = strlen(name);
    if (bytes >= sizeof base)
        return false;
    memcpy(base, name, bytes + 1);
    if (bytes > 4 && strcmp(base + bytes - 4, ".tmp") == 0)
        base[bytes - 4] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(base, names[i]) == 0)
            return true;
    uint32_t first = 0, last = 0;
    if (sscanf(base, "groups-%" SCNu32 "-%" SCNu32, &first, &last) != 2)
        return false;
    snprintf(again, sizeof again, "groups-%04" PRIu32 "-%04" PRIu32 ".h5", first, last);
    return strcmp(base, again) == 0;
}

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
    /* The last two are those of jobs/rebuild.sh. */
    static const char *const names[] = {
        "lock",  "attempt",   "attempt.tmp", "kept",         "kept.tmp",
        "probe", "probe.tmp", STORE_REJECTS, "job-attempts", "job-attempts.tmp"};
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
        *has = trouble.code == FAILURE_DAMAGED;
        return *has ? 0 : failure_set(failure, trouble.code, "%s", trouble.message);
    }
    /* Tests take this out to see that they would notice. */
    *has = durable_exists(&folder, STORE_MANIFEST) || FAULT_NUMBER("store.count_all", 0) != 0;
    durable_close(&folder);
    return 0;
}

/* Room for one more element, as realloc gives it; the lists are short. */
static int extend(void **array, size_t count, size_t element_bytes, struct failure *failure)
{
    void *grown = realloc(*array, (count + 1) * element_bytes);
    if (grown == NULL)
        return failure_memory(failure, "a list of checkpoints", (count + 1) * element_bytes);
    *array = grown;
    return 0;
}

static int add_generation(struct store_generation **generations, size_t *count,
                          struct store_generation generation, struct failure *failure)
{
    void *array = *generations;
    if (extend(&array, *count, sizeof generation, failure) != 0)
        return -1;
    *generations = array;
    (*generations)[(*count)++] = generation;
    return 0;
}

static int add_damaged(struct store_listing *listing, const char *name,
                       struct store_generation generation, struct failure *failure)
{
    void *array = listing->damaged;
    if (extend(&array, listing->damaged_count, sizeof *listing->damaged, failure) != 0)
        return -1;
    listing->damaged = array;
    struct store_damaged *damaged = &listing->damaged[listing->damaged_count++];
    *damaged = (struct store_damaged){.generation = generation};
    snprintf(damaged->name, sizeof damaged->name, "%s", name);
    return 0;
}

static int add_other(struct store_listing *listing, const char *name, struct failure *failure)
{
    void *array = listing->others;
    if (extend(&array, listing->other_count, sizeof *listing->others, failure) != 0)
        return -1;
    listing->others = array;
    char *copy = strdup(name);
    if (copy == NULL)
        return failure_memory(failure, "a list of checkpoints", strlen(name));
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
    if (parse_damaged_name(name, &generation))
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

bool store_is_same(struct store_generation a, struct store_generation b)
{
    return a.attempt == b.attempt && a.number == b.number;
}

bool store_is_among(const struct store_generation *generations, size_t count,
                    struct store_generation generation)
{
    for (size_t i = 0; i < count; i++)
        if (store_is_same(generations[i], generation))
            return true;
    return false;
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
    if (store_read_kept(store, kept, &count, failure) != 0)
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
