#include "course_funnel/store.h"

#include "store_internal.h"

#include "course_funnel/fault.h"
#include "course_funnel/manifest.h"
#include "course_funnel/rejects.h"
#include "course_funnel/store_choice.h"
#include "course_funnel/store_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A manifest names every file of the input; this is far above what any input needs. */
#define MOST_MANIFEST_BYTES (UINT64_C(1) << 31)

/* What the names of parts of rejects begin with. */
#define PARTS "part"

/* Of one generation that may be set aside, each under a name of its own. */
#define MOST_COPIES 1000

/* What a name in a folder points to is only safe when nobody else can change the folder. */
static int check_owner(const struct store *store, struct failure *failure)
{
    struct stat status;
    const char *path = store->folder.path;
    if (fstat(store->folder.fd, &status) != 0)
        return failure_set(failure, EXIT_CHECKPOINT, "%s: its state cannot be read: %s.", path,
                           strerror(errno));
    if (status.st_uid != geteuid())
        return failure_set(failure, EXIT_CHECKPOINT,
                           "%s: belongs to another user. Name a --checkpoint folder of your own.",
                           path);
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return failure_set(
            failure, EXIT_CHECKPOINT,
            "%s: others may write to it (mode %04o). Take that from them: chmod go-w.", path,
            (unsigned)status.st_mode & 07777);
    return 0;
}

/* A new folder has to last as well, or all that is kept in it goes with it. */
static int sync_parent(const char *path, struct failure *failure)
{
    struct durable_folder parent;
    if (durable_open_parent(path, STORE_CODES, &parent, failure) != 0)
        return -1;
    int result = durable_sync(&parent, failure);
    durable_close(&parent);
    return result;
}

static int make_folder(const char *path, struct failure *failure)
{
    if (mkdir(path, 0700) == 0)
        return sync_parent(path, failure);
    if (errno == EEXIST)
        return 0;
    return failure_set(failure, EXIT_CHECKPOINT, "%s: the checkpoint folder cannot be made: %s.",
                       path, strerror(errno));
}

static int unremoved(const struct durable_folder *folder, const char *name, struct failure *failure)
{
    return failure_set(failure, EXIT_CHECKPOINT, "%s/%s: cannot be removed: %s.", folder->path,
                       name, strerror(errno));
}

/* That files can be kept here is seen at the start, not after hours. */
static int probe(const struct store *store, struct failure *failure)
{
    if (durable_write(&store->folder, STORE_PROBE_NAME, STORE_PROBE_NAME,
                      sizeof STORE_PROBE_NAME - 1, failure) != 0)
        return -1;
    if (unlinkat(store->folder.fd, STORE_PROBE_NAME, 0) != 0)
        return unremoved(&store->folder, STORE_PROBE_NAME, failure);
    return durable_sync(&store->folder, failure);
}

int store_open(const char *path, struct store *store, struct failure *failure)
{
    *store = (struct store){.lock = -1};
    if (make_folder(path, failure) != 0 ||
        durable_open(path, STORE_CODES, &store->folder, failure) != 0)
        return -1;
    if (check_owner(store, failure) != 0 || store_take_lock(store, failure) != 0)
        goto close_store;
    /* What a probe of a dead attempt left is in the way of this one; the lock is held now. */
    (void)unlinkat(store->folder.fd, STORE_PROBE_NAME DURABLE_TEMPORARY, 0);
    (void)unlinkat(store->folder.fd, STORE_ATTEMPT_NAME DURABLE_TEMPORARY, 0);
    (void)unlinkat(store->folder.fd, STORE_KEPT_NAME DURABLE_TEMPORARY, 0);
    (void)unlinkat(store->folder.fd, STORE_MARK_NAME DURABLE_TEMPORARY, 0);
    if (probe(store, failure) != 0)
        goto close_store;
    return 0;
close_store:
    store_close(store);
    return -1;
}

void store_close(struct store *store)
{
    if (store->folder.path != NULL && store->lock >= 0)
        (void)close(store->lock);
    durable_close(&store->folder);
    *store = (struct store){0};
}

int store_look(const char *path, struct store *store, struct failure *failure)
{
    *store = (struct store){.lock = -1};
    return durable_open(path, STORE_CODES, &store->folder, failure);
}

static uint32_t newest_attempt(const struct store_generation *generations, size_t count)
{
    return count > 0 ? generations[0].attempt : 0;
}

/* A number that no name in the folder has, even where the attempt file is gone. */
static uint32_t highest_attempt(const struct store_listing *listing)
{
    uint32_t highest = newest_attempt(listing->generations, listing->generation_count);
    uint32_t incomplete = newest_attempt(listing->incomplete, listing->incomplete_count);
    uint32_t damaged = listing->damaged_count > 0 ? listing->damaged[0].generation.attempt : 0;
    highest = incomplete > highest ? incomplete : highest;
    return damaged > highest ? damaged : highest;
}

/* Whether a file may be one of a generation's, or what was to become one. */
static bool is_generation_file(const char *name)
{
    char base[MANIFEST_NAME_BYTES + sizeof DURABLE_TEMPORARY];
    size_t bytes = strlen(name), end = sizeof DURABLE_TEMPORARY - 1;
    if (bytes >= sizeof base)
        return false;
    memcpy(base, name, bytes + 1);
    if (bytes > end && strcmp(base + bytes - end, DURABLE_TEMPORARY) == 0)
        base[bytes - end] = '\0';
    return manifest_is_file_name(base);
}

static int remove_file(void *context, const char *name, struct failure *failure)
{
    const struct durable_folder *folder = context;
    if (!is_generation_file(name))
        return 0;
    /* A folder of that name is somebody else's. */
    if ((FAULT("store.unlink") != 0 || unlinkat(folder->fd, name, 0) != 0) && errno != ENOENT &&
        errno != EISDIR)
        return unremoved(folder, name, failure);
    return 0;
}

static int remove_folder(const struct store *store, const char *name, struct failure *failure)
{
    struct durable_folder folder;
    struct failure trouble = {0};
    if (durable_open_in(&store->folder, name, &folder, &trouble) != 0) {
        /* What only has the name of a generation goes as well, and a link does by itself. */
        if (trouble.code == STORE_DAMAGED &&
            (unlinkat(store->folder.fd, name, 0) == 0 || errno == ENOENT))
            return 0;
        return failure_set(failure, trouble.code, "%s", trouble.message);
    }
    /* Without its manifest a generation does not count, however few of its files are left. */
    int result = remove_file(&folder, MANIFEST_NAME, failure);
    if (result == 0)
        result = durable_sync(&folder, failure);
    if (result == 0)
        result = durable_each_name(&folder, remove_file, &folder, failure);
    durable_close(&folder);
    /* With a file of another's in it the folder stays, and is no generation. */
    if (result == 0 &&
        (FAULT("store.rmdir") != 0 || unlinkat(store->folder.fd, name, AT_REMOVEDIR) != 0) &&
        errno != ENOTEMPTY && errno != EEXIST)
        result = unremoved(&store->folder, name, failure);
    return result;
}

/* Remove what does not count, or no more; what was kept and lost its manifest stays. */
static int clean(const struct store *store, const struct store_listing *listing,
                 struct failure *failure)
{
    for (size_t i = 0; i < listing->incomplete_count; i++)
        if (!store_is_among(listing->lost, listing->lost_count, listing->incomplete[i]) &&
            store_remove(store, listing->incomplete[i], failure) != 0)
            return -1;
    for (size_t i = 0; i < listing->generation_count; i++)
        if (store_is_thrown_away(&store->attempt, listing->generations[i]) &&
            store_remove(store, listing->generations[i], failure) != 0)
            return -1;
    for (size_t i = 0; i < listing->damaged_count; i++)
        if (store_is_thrown_away(&store->attempt, listing->damaged[i].generation) &&
            remove_folder(store, listing->damaged[i].name, failure) != 0)
            return -1;
    return 0;
}

/* What is thrown away is followed by nobody, from before it goes; and it is not missed. */
static int forget(const struct store *store, struct failure *failure)
{
    if (store_mark_remove(store, failure) != 0)
        return -1;
    return store_unlink(store, STORE_KEPT_NAME, failure);
}

int store_begin(struct store *store, bool restart, const char *new_id, struct failure *failure)
{
    struct store_listing listing;
    struct store_attempt before = {.first_number = 1};
    int read = store_read_attempt(store, &before, failure);
    if (read < 0 || (restart && forget(store, failure) != 0) ||
        store_list(store, &listing, failure) != 0)
        return -1;

    /* Whose generations these are, when the file is lost, their manifests tell. */
    bool is_new = restart || read == 0;
    store->is_history_known = restart || read == 1;
    uint32_t highest = highest_attempt(&listing);
    highest = before.number > highest ? before.number : highest;
    store->attempt.number = highest + 1;
    store->attempt.first_number = restart ? store->attempt.number : before.first_number;
    snprintf(store->attempt.history_id, sizeof store->attempt.history_id, "%s",
             is_new ? new_id : before.history_id);

    int result = FAULT("store.begin");
    if (result != 0)
        failure_set(failure, EXIT_CHECKPOINT, "%s: %s.", store->folder.path, strerror(errno));
    if (result == 0)
        result = store_write_attempt(store, &store->attempt, failure);
    if (result == 0)
        result = store_sign_lock(store, failure);
    if (result == 0)
        result = clean(store, &listing, failure);
    if (result == 0)
        result = durable_make_folder(&store->folder, STORE_REJECTS_NAME, failure);
    if (result == 0)
        result = durable_sync(&store->folder, failure);
    store_listing_free(&listing);
    return result;
}

int store_adopt(struct store *store, const char *history_id, struct failure *failure)
{
    snprintf(store->attempt.history_id, sizeof store->attempt.history_id, "%s", history_id);
    store->is_history_known = true;
    return store_write_attempt(store, &store->attempt, failure);
}

int store_remove(const struct store *store, struct store_generation generation,
                 struct failure *failure)
{
    char name[STORE_NAME_BYTES];
    store_name(generation, name);
    return remove_folder(store, name, failure);
}

int store_remove_aside(const struct store *store, const char *aside, struct failure *failure)
{
    return remove_folder(store, aside, failure);
}

int store_read_manifest(const struct store *store, struct store_generation generation,
                        struct durable_bytes *text, struct failure *failure)
{
    struct durable_folder folder;
    if (store_open_generation(store, generation, &folder, failure) != 0)
        return -1;
    int result = durable_read(&folder, MANIFEST_NAME, MOST_MANIFEST_BYTES, text, failure);
    durable_close(&folder);
    return result;
}

int store_make(const struct store *store, struct store_generation generation,
               struct failure *failure)
{
    char name[STORE_NAME_BYTES];
    store_name(generation, name);
    if (durable_make_folder(&store->folder, name, failure) != 0)
        return -1;
    return durable_sync(&store->folder, failure);
}

int store_open_generation(const struct store *store, struct store_generation generation,
                          struct durable_folder *folder, struct failure *failure)
{
    char name[STORE_NAME_BYTES];
    store_name(generation, name);
    return durable_open_in(&store->folder, name, folder, failure);
}

int store_commit(const struct store *store, struct store_generation generation, const char *text,
                 size_t byte_count, bool *overtaken, struct failure *failure)
{
    struct durable_folder folder;
    *overtaken = false;
    if (store_open_generation(store, generation, &folder, failure) != 0)
        return -1;
    int result = store_check_attempt(store, overtaken, failure);
    (void)FAULT("store.before_commit");
    if (result == 0)
        result = durable_write(&folder, MANIFEST_NAME, text, byte_count, failure);
    (void)FAULT("store.before_sync_of_commit");
    if (result == 0)
        result = durable_sync(&folder, failure);
    (void)FAULT("store.after_commit");
    durable_close(&folder);
    return result;
}

int store_set_aside(const struct store *store, struct store_generation generation,
                    char aside[STORE_NAME_BYTES], struct failure *failure)
{
    char name[STORE_NAME_BYTES];
    unsigned copy = 1;
    store_name(generation, name);
    do
        store_damaged_name(generation, copy, aside);
    while (durable_exists(&store->folder, aside) && copy++ < MOST_COPIES);
    if (FAULT("store.set_aside") != 0 ||
        renameat(store->folder.fd, name, store->folder.fd, aside) != 0)
        return failure_set(failure, EXIT_CHECKPOINT, "%s/%s: cannot be set aside: %s.",
                           store->folder.path, name, strerror(errno));
    return durable_sync(&store->folder, failure);
}

int store_rejects_prefix(const struct store *store, char **prefix, struct failure *failure)
{
    if (asprintf(prefix, "%s/" STORE_REJECTS_NAME "/" PARTS, store->folder.path) >= 0)
        return 0;
    *prefix = NULL;
    return failure_memory(failure, "the name of a reject file", strlen(store->folder.path));
}

int store_open_rejects(const struct store *store, struct durable_folder *folder,
                       struct failure *failure)
{
    return durable_open_in(&store->folder, STORE_REJECTS_NAME, folder, failure);
}

void store_part_name(const struct manifest_part *part, char name[STORE_NAME_BYTES])
{
    rejects_part_name(PARTS, part->attempt, part->rank, name, STORE_NAME_BYTES);
}

struct part_cleaner {
    const struct durable_folder *folder;
    const struct manifest_part *keep;
    size_t keep_count;
};

static int remove_part(void *context, const char *name, struct failure *failure)
{
    const struct part_cleaner *cleaner = context;
    struct manifest_part part;
    if (!rejects_part_parse(PARTS, name, &part.attempt, &part.rank))
        return 0;
    for (size_t i = 0; i < cleaner->keep_count; i++)
        if (cleaner->keep[i].attempt == part.attempt && cleaner->keep[i].rank == part.rank)
            return 0;
    if ((FAULT("store.unlink_part") != 0 || unlinkat(cleaner->folder->fd, name, 0) != 0) &&
        errno != ENOENT)
        return unremoved(cleaner->folder, name, failure);
    return 0;
}

int store_clean_rejects(const struct store *store, const struct manifest_part *keep,
                        size_t keep_count, struct failure *failure)
{
    struct durable_folder folder;
    if (store_open_rejects(store, &folder, failure) != 0)
        return -1;
    struct part_cleaner cleaner = {.folder = &folder, .keep = keep, .keep_count = keep_count};
    int result = durable_each_name(&folder, remove_part, &cleaner, failure);
    durable_close(&folder);
    return result;
}
