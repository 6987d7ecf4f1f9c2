#include "store_internal.h"

#include "course_funnel/fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

void store_damaged_name(struct store_generation generation, char name[STORE_NAME_BYTES])
{
    format(STORE_DAMAGED_PREFIX, generation, name);
}

bool store_parse_name(const char *name, const char *prefix, struct store_generation *generation)
{
    char again[STORE_NAME_BYTES];
    size_t bytes = strlen(prefix);
    if (strncmp(name, prefix, bytes) != 0 || sscanf(name + bytes, "%" SCNu32 "-%" SCNu32,
                                                    &generation->attempt, &generation->number) != 2)
        return false;
    format(prefix, *generation, again);
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

static int newest_first(const void *a, const void *b)
{
    const struct store_generation *x = a, *y = b;
    if (x->attempt != y->attempt)
        return x->attempt > y->attempt ? -1 : 1;
    return x->number > y->number ? -1 : x->number < y->number;
}

static bool is_known(const char *name)
{
    static const char *const names[] = {"lock",      "attempt",     "probe",
                                        "probe.tmp", "attempt.tmp", STORE_REJECTS};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Whether a generation counts: only its manifest says so. */
static int has_manifest(const struct store *store, const char *name, bool *has,
                        struct failure *failure)
{
    struct durable_folder folder;
    *has = false;
    if (durable_open_in(&store->folder, name, &folder, failure) != 0)
        return -1;
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
    struct failure trouble = {0};
    bool has = false;
    if (store_parse_name(name, STORE_DAMAGED_PREFIX, &generation))
        return add_generation(&listing->damaged, &listing->damaged_count, generation, failure);
    /* Something of a generation's name that is no folder is not the store's. */
    bool ours = store_parse_name(name, STORE_GENERATION_PREFIX, &generation) &&
                has_manifest(lister->store, name, &has, &trouble) == 0;
    if (trouble.code == EXIT_BUG)
        return failure_set(failure, trouble.code, "%s", trouble.message);
    if (ours && has)
        return add_generation(&listing->generations, &listing->generation_count, generation,
                              failure);
    if (ours)
        return add_generation(&listing->incomplete, &listing->incomplete_count, generation,
                              failure);
    return is_known(name) ? 0 : add_other(listing, name, failure);
}

int store_each_name(const struct durable_folder *folder,
                    int (*take)(void *context, const char *name, struct failure *failure),
                    void *context, struct failure *failure)
{
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (directory == NULL) {
        failure_set(failure, EXIT_CHECKPOINT, "%s: cannot be listed: %s.", folder->path,
                    strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    int result = 0;
    while (result == 0) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (entry == NULL && errno != 0)
            result = failure_set(failure, EXIT_CHECKPOINT, "%s: cannot be listed: %s.",
                                 folder->path, strerror(errno));
        if (entry == NULL)
            break;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = take(context, entry->d_name, failure);
    }
    (void)closedir(directory);
    return result;
}

static void sort(struct store_generation *generations, size_t count)
{
    if (count > 0)
        qsort(generations, count, sizeof *generations, newest_first);
}

int store_list(const struct store *store, struct store_listing *listing, struct failure *failure)
{
    struct lister lister = {.store = store, .listing = listing};
    memset(listing, 0, sizeof *listing);
    if (store_each_name(&store->folder, add_name, &lister, failure) != 0) {
        store_listing_free(listing);
        return -1;
    }
    sort(listing->generations, listing->generation_count);
    sort(listing->incomplete, listing->incomplete_count);
    sort(listing->damaged, listing->damaged_count);
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
