#include "checkpoint_internal.h"

#include "course_funnel/fault.h"
#include "course_funnel/log.h"
#include "course_funnel/store_mark.h"

#include <string.h>

static bool is_later(struct store_generation a, struct store_generation b)
{
    return a.attempt != b.attempt ? a.attempt > b.attempt : a.number > b.number;
}

/* What a removal goes by. */
struct keeping {
    const struct checkpoint *checkpoint;
    uint32_t attempt;                /* of this one; those of a later one are no business of it */
    struct store_generation up_to;   /* it and all before it stay; attempt 0: none */
    struct store_generation keep[3]; /* these stay too */
    bool published; /* those behind the first stay, which are its sums, and none set aside do */
};

/*
 * Remove what need not stay, the oldest first. This attempt may have been cut off for any time
 * since it committed, so it looks first whether it is still the newest.
 */
static int remove_rest(const struct keeping *keeping, struct failure *failure)
{
    const struct store *store = &keeping->checkpoint->store;
    struct store_listing listing;
    bool overtaken = false;
    if (store_check_attempt(store, &overtaken, failure) != 0 ||
        store_list(store, &listing, failure) != 0)
        return -1;
    int result = 0;
    for (size_t i = listing.generation_count; i > 0 && result == 0; i--) {
        struct store_generation old = listing.generations[i - 1];
        bool keep = store_is_among(keeping->keep, 3, old) || old.attempt > keeping->attempt ||
                    !is_later(old, keeping->up_to) ||
                    (keeping->published && is_later(old, keeping->keep[0]));
        (void)FAULT("checkpoint.prune");
        if (!keep)
            result = store_remove(store, old, failure);
    }
    for (size_t i = 0; i < listing.damaged_count && keeping->published && result == 0; i++)
        if (listing.damaged[i].generation.attempt <= keeping->attempt)
            result = store_remove_aside(store, listing.damaged[i].name, failure);
    store_listing_free(&listing);
    return result;
}

static void tell_left(const struct failure *trouble)
{
    log_warning("an old checkpoint is left behind: %s", trouble->message);
}

void checkpoint_prune(struct checkpoint *checkpoint, struct store_generation saved)
{
    struct failure trouble = {0};
    bool pinned = checkpoint->pinned.attempt > 0;
    struct keeping keeping = {
        .checkpoint = checkpoint,
        .attempt = saved.attempt,
        .up_to = pinned ? checkpoint->pinned : checkpoint_generation_of(&checkpoint->start.base),
        .keep = {saved, checkpoint->last_good, checkpoint_generation_of(&checkpoint->finished)}};
    if (remove_rest(&keeping, &trouble) != 0)
        tell_left(&trouble);
}

/* Whether a generation is there as it was named. */
static bool is_there(const struct store *store, const struct manifest_other *other)
{
    struct durable_bytes text = {0};
    struct failure trouble = {0};
    char digest[DIGEST_BYTES] = "";
    if (store_read_manifest(store, checkpoint_generation_of(other), &text, &trouble) == 0 &&
        text.byte_count > sizeof digest)
        manifest_digest((char *)text.bytes, text.byte_count, digest);
    durable_bytes_free(&text);
    return strcmp(digest, other->digest) == 0;
}

int checkpoint_mark(struct checkpoint *checkpoint, struct failure *failure)
{
    const struct store *store = &checkpoint->store;
    const struct manifest_other *finished = &checkpoint->finished;
    bool overtaken = false;
    struct failure trouble = {0};
    if (!checkpoint_keeps_learners(checkpoint))
        return 0;
    if (!manifest_has(finished) || !is_there(store, finished))
        return failure_set(failure, EXIT_CHECKPOINT,
                           "The marts are published, but what is known of learners is not kept in "
                           "%s: there was no room for it, or what read all was not told to keep "
                           "it. Make room; where the next run does not read it again, --restart "
                           "does.",
                           store->folder.path);
    struct store_mark mark = {.base = checkpoint_generation_of(finished),
                              .before = checkpoint->before};
    mark.has_before = checkpoint->before.attempt > 0;
    if (store_mark_write(store, &mark, &overtaken, &trouble) != 0)
        return failure_set(failure, EXIT_CHECKPOINT,
                           "The marts are published, but it could not be noted in the checkpoint "
                           "folder: %s",
                           trouble.message);
    struct keeping keeping = {.checkpoint = checkpoint,
                              .attempt = store->attempt.number,
                              .keep = {mark.base, mark.before},
                              .published = true};
    /* What goes now is not missed. */
    const struct store_generation kept[STORE_KEPT] = {mark.base, checkpoint->last_good};
    size_t kept_count = is_later(checkpoint->last_good, mark.base) ? 2 : 1;
    if (store_keep(store, kept, kept_count, &overtaken, &trouble) != 0 ||
        remove_rest(&keeping, &trouble) != 0)
        tell_left(&trouble);
    return 0;
}
