#include "checkpoint_internal.h"

#include "course_funnel/array.h"
#include "course_funnel/generation.h"
#include "course_funnel/log.h"
#include "course_funnel/store_choice.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool checkpoint_is_root(const struct checkpoint *checkpoint)
{
    return ranks_rank(checkpoint->ranks) == 0;
}

bool checkpoint_keeps_learners(const struct checkpoint *checkpoint)
{
    return checkpoint != NULL && (checkpoint->options.extend || checkpoint->options.keep_learners);
}

struct store_generation checkpoint_generation_of(const struct manifest_other *other)
{
    return (struct store_generation){other->attempt, other->generation};
}

int checkpoint_read_manifest(struct checkpoint *checkpoint, struct store_generation generation,
                             struct durable_bytes *text, struct manifest *manifest,
                             struct failure *failure)
{
    const struct store *store = &checkpoint->store;
    char name[STORE_NAME_BYTES];
    if (generation_read_manifest(store, generation, text, manifest, failure) != 0)
        return -1;
    store_name(generation, name);
    switch (store_whose(manifest, generation,
                        store->is_history_known ? store->attempt.history_id : NULL)) {
    case STORE_OWN:
        return 0;
    case STORE_OF_ANOTHER_GENERATION:
        failure_set(failure, STORE_DAMAGED, "%s/%s/" MANIFEST_NAME ": is of generation %u-%u.",
                    store->folder.path, name, manifest->attempt, manifest->generation);
        break;
    case STORE_OF_ANOTHER_RUN:
        failure_set(failure, STORE_DAMAGED,
                    "%s/%s/" MANIFEST_NAME ": is of run %s, and the folder of run %s.",
                    store->folder.path, name, manifest->history_id, store->attempt.history_id);
    }
    manifest_clear(manifest);
    return -1;
}

struct manifest_other checkpoint_name_manifest(const struct manifest *manifest,
                                               const unsigned char *text, size_t byte_count)
{
    struct manifest_other name = {manifest->attempt, manifest->generation, ""};
    manifest_digest((const char *)text, byte_count, name.digest);
    return name;
}

int checkpoint_set_aside(struct checkpoint *checkpoint, struct checkpoint_candidates *candidates,
                         struct store_generation generation, const struct failure *trouble,
                         struct failure *failure)
{
    char name[STORE_NAME_BYTES], aside[STORE_NAME_BYTES];
    store_name(generation, name);
    if (store_set_aside(&checkpoint->store, generation, aside, failure) != 0)
        return -1;
    log_warning("checkpoint %s cannot be used and is kept as %s: %s", name, aside,
                trouble->message);
    candidates->last = *trouble;
    candidates->set_aside++;
    return 0;
}

/* On rank 0: what was kept and is there no more, or has no manifest any more, is told. */
static int tell_lost(struct checkpoint *checkpoint, struct checkpoint_candidates *candidates,
                     struct failure *failure)
{
    const struct store_listing *listing = &candidates->listing;
    for (size_t i = 0; i < listing->lost_count; i++) {
        char name[STORE_NAME_BYTES];
        struct failure trouble = {0};
        store_name(listing->lost[i], name);
        bool is_there =
            store_is_among(listing->incomplete, listing->incomplete_count, listing->lost[i]);
        failure_set(&trouble, STORE_DAMAGED, "%s/%s%s: was written and is gone.",
                    checkpoint->store.folder.path, name, is_there ? "/" MANIFEST_NAME : "");
        if (is_there) {
            if (checkpoint_set_aside(checkpoint, candidates, listing->lost[i], &trouble, failure) !=
                0)
                return -1;
        } else {
            log_warning("%s", trouble.message);
            candidates->last = trouble;
            candidates->gone++;
        }
    }
    return 0;
}

/* What is kept of a finished run says who did what. */
static void warn_of_others(const struct checkpoint *checkpoint)
{
    struct stat status;
    const struct durable_folder *folder = &checkpoint->store.folder;
    if (checkpoint_keeps_learners(checkpoint) && fstat(folder->fd, &status) == 0 &&
        (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        log_warning("%s: others may enter it (mode %04o), and what each learner did is kept there: "
                    "chmod 0700 keeps it to yourself",
                    folder->path, (unsigned)status.st_mode & 07777);
}

int checkpoint_begin(struct checkpoint *checkpoint, const char *new_id,
                     struct checkpoint_candidates *candidates, struct failure *failure)
{
    struct store *store = &checkpoint->store;
    if (store_open(checkpoint->options.path, store, failure) != 0)
        return -1;
    warn_of_others(checkpoint);
    if (store_begin(store, checkpoint->options.restart, new_id, failure) != 0)
        return -1;
    if (store_list(store, &candidates->listing, failure) != 0)
        return -1;
    return tell_lost(checkpoint, candidates, failure);
}

int checkpoint_add_parts(const struct manifest *manifest, struct manifest_part **parts,
                         size_t *count, struct failure *failure)
{
    for (size_t i = 0; i < manifest->part_count; i++) {
        if (array_extend(parts, *count, sizeof **parts, "a list of rejects", failure) != 0)
            return -1;
        (*parts)[(*count)++] = manifest->parts[i];
    }
    return 0;
}

int checkpoint_clean_rejects(const struct checkpoint *checkpoint,
                             const struct checkpoint_candidates *candidates,
                             struct failure *failure)
{
    struct manifest_part *keep = NULL;
    size_t count = 0;
    struct durable_bytes text = {0};
    int result = 0;
    /* Those that were passed over may be wanted again, and with them their parts. */
    if (candidates->passed_over > 0)
        return 0;
    for (size_t i = candidates->next; result == 0 && i < candidates->listing.generation_count;
         i++) {
        struct manifest manifest = {0};
        struct failure trouble = {0};
        /* Where one cannot be read, nothing is known, and all parts stay. */
        if (generation_read_manifest(&checkpoint->store, candidates->listing.generations[i], &text,
                                     &manifest, &trouble) != 0)
            goto free_all;
        result = checkpoint_add_parts(&manifest, &keep, &count, failure);
        manifest_clear(&manifest);
    }
    if (result == 0)
        result = store_clean_rejects(&checkpoint->store, keep, count, failure);
free_all:
    durable_bytes_free(&text);
    free(keep);
    return result;
}

int checkpoint_join(struct checkpoint *checkpoint, struct failure *failure)
{
    unsigned char *bytes = (unsigned char *)&checkpoint->store.attempt;
    size_t byte_count = sizeof checkpoint->store.attempt;
    (void)ranks_broadcast(checkpoint->ranks, &bytes, &byte_count, failure);
    if (!checkpoint_is_root(checkpoint) && failure->code == 0) {
        struct store_attempt attempt;
        memcpy(&attempt, bytes, sizeof attempt);
        free(bytes);
        (void)store_join(checkpoint->options.path, &attempt, &checkpoint->store, failure);
    }
    if (failure->code == 0)
        (void)store_rejects_prefix(&checkpoint->store, &checkpoint->parts, failure);
    return ranks_vote(checkpoint->ranks, failure);
}
