#include "checkpoint_internal.h"

#include "course_funnel/log.h"

#include <stdlib.h>

/* On rank 0: one part in place of those of all attempts and ranks. Of this one ${own}. */
static int join(struct checkpoint *checkpoint, const struct rejects_stretch *own, size_t own_count,
                struct failure *failure)
{
    struct rejects_place place;
    const struct rejects_stretch *earlier = NULL;
    size_t count = 0;
    struct durable_folder folder;
    struct manifest *start = &checkpoint->start;
    struct rejects_stretch *all = NULL;
    struct manifest_part *part = calloc(1, sizeof *part);
    if (part == NULL)
        return failure_memory(failure, "a list of rejects", sizeof *part);
    checkpoint_rejects(checkpoint, &place, &earlier, &count);
    *part = (struct manifest_part){.attempt = place.attempt, .rank = REJECTS_JOINED_RANK};
    if (rejects_concatenate(earlier, count, own, own_count, &all, failure) != 0 ||
        rejects_join_part(&place, all, count + own_count, &part->bytes, part->digest, failure) !=
            0 ||
        store_open_rejects(&checkpoint->store, &folder, failure) != 0) {
        free(all);
        free(part);
        return -1;
    }
    int result = durable_sync(&folder, failure);
    durable_close(&folder);
    if (result != 0) {
        free(all);
        free(part);
        return -1;
    }
    free(checkpoint->earlier_stretches);
    checkpoint->earlier_stretches = all;
    checkpoint->earlier_stretch_count = count + own_count;
    free(start->parts);
    start->parts = part;
    start->part_count = part->bytes > 0;
    return 0;
}

int checkpoint_join_rejects(struct checkpoint *checkpoint, struct rejects *rejects,
                            struct failure *failure)
{
    const struct rejects_stretch *stretches = NULL;
    size_t count = 0, bytes = 0;
    unsigned char *gathered = NULL;
    struct failure trouble = {0};
    (void)rejects_flush(rejects, &stretches, &count, failure);
    if (ranks_vote(checkpoint->ranks, failure) != 0)
        return -1;
    (void)ranks_gather(checkpoint->ranks, stretches, count * sizeof *stretches, &gathered, &bytes,
                       failure);
    if (failure->code == 0 && checkpoint_is_root(checkpoint))
        (void)join(checkpoint, (struct rejects_stretch *)gathered, bytes / sizeof *stretches,
                   &trouble);
    free(gathered);
    if (ranks_vote(checkpoint->ranks, failure) != 0)
        return -1;
    if (ranks_vote(checkpoint->ranks, &trouble) == 0)
        rejects_hand_over(rejects);
    else if (checkpoint_is_root(checkpoint))
        log_warning("the rejects stay in several parts: %s", trouble.message);
    return 0;
}
