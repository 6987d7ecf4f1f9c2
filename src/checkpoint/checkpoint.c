#include "course_funnel/checkpoint.h"

#include "checkpoint_internal.h"

#include "course_funnel/array.h"
#include "course_funnel/clock.h"
#include "course_funnel/fault.h"
#include "course_funnel/generation.h"
#include "course_funnel/log.h"
#include "course_funnel/store_choice.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * On rank 0: go on to the candidate before, for ${trouble} with this one. What cannot be read now
 * may be read later, and stays as it is; other failures than those of storage end the job.
 */
static int leave_out(struct checkpoint *checkpoint, struct checkpoint_candidates *candidates,
                     const struct failure *trouble, struct failure *failure)
{
    char name[STORE_NAME_BYTES];
    struct store_generation generation = candidates->listing.generations[candidates->next];
    enum store_choice choice = store_choose(trouble->code);
    if (choice == STORE_SET_ASIDE) {
        if (checkpoint_set_aside(checkpoint, candidates, generation, trouble, failure) != 0)
            return -1;
    } else if (choice == STORE_PASSED_OVER) {
        store_name(generation, name);
        log_warning("checkpoint %s cannot be read now and is passed over: %s", name,
                    trouble->message);
        candidates->last = *trouble;
        candidates->passed_over++;
    } else {
        return failure_set(failure, trouble->code, "%s", trouble->message);
    }
    candidates->next++;
    return 0;
}

/* On rank 0: the newest manifest that can be used. Returns 1, 0 when there is none, or -1. */
static int next_manifest(struct checkpoint *checkpoint, struct checkpoint_candidates *candidates,
                         struct durable_bytes *text, struct failure *failure)
{
    while (candidates->next < candidates->listing.generation_count) {
        struct failure trouble = {0};
        if (checkpoint_read_manifest(checkpoint, candidates->listing.generations[candidates->next],
                                     text, &checkpoint->start, &trouble) == 0)
            return 1;
        if (leave_out(checkpoint, candidates, &trouble, failure) != 0)
            return -1;
    }
    return 0;
}

int checkpoint_check_none(const struct checkpoint *checkpoint,
                          const struct checkpoint_candidates *candidates, struct failure *failure)
{
    const char *path = checkpoint->store.folder.path;
    if (candidates->passed_over > 0)
        return failure_set(failure, EXIT_CHECKPOINT,
                           "%s: none of its checkpoints can be read now: %s They are left as they "
                           "are. Run again when the storage is well; --restart throws them away "
                           "and reads the whole input anew.",
                           path, candidates->last.message);
    size_t damaged = candidates->listing.damaged_count + candidates->set_aside;
    if (damaged + candidates->gone == 0)
        return 0;
    return failure_set(failure, EXIT_CHECKPOINT,
                       "%s: none of its checkpoints can be used%s%s%s --restart throws them away "
                       "and reads the whole input anew.",
                       path, candidates->last.code != 0 ? ": " : ".", candidates->last.message,
                       damaged > 0 ? " They are kept there as damaged-generation-*." : "");
}

int checkpoint_load(struct checkpoint *checkpoint, struct failure *failure)
{
    struct generation generation;
    struct ranks *ranks = checkpoint->ranks;
    if (generation_open(&checkpoint->store, &checkpoint->start, &generation, failure) != 0)
        return -1;
    int result = checkpoint_is_root(checkpoint) ? generation_check_names(&generation, failure) : 0;
    (void)FAULT("checkpoint.load");
    if (result == 0 && checkpoint->start.kind == MANIFEST_STATE) {
        result = state_create(ranks_rank(ranks), ranks_count(ranks), &checkpoint->state, failure);
        if (result == 0)
            result = generation_load_state(&generation, checkpoint->state, failure);
    } else if (result == 0 && checkpoint_is_root(checkpoint)) {
        result = generation_load_sums(&generation, &checkpoint->tally, &checkpoint->matches,
                                      &checkpoint->entries, failure);
    }
    if (result == 0 && checkpoint_is_root(checkpoint)) {
        result = generation_load_stretches(&generation, &checkpoint->earlier_stretches,
                                           &checkpoint->earlier_stretch_count, failure);
        if (result == 0)
            result = generation_check_parts(&checkpoint->store, &checkpoint->start, failure);
    }
    generation_close(&generation);
    return result;
}

void checkpoint_forget(struct checkpoint *checkpoint)
{
    state_free(checkpoint->state);
    checkpoint->state = NULL;
    tally_clear(&checkpoint->tally);
    tally_clear(&checkpoint->matches);
    entries_clear(&checkpoint->entries);
    free(checkpoint->earlier_stretches);
    checkpoint->earlier_stretches = NULL;
    checkpoint->earlier_stretch_count = 0;
    manifest_clear(&checkpoint->start);
}

/*
 * One candidate after the other, until all ranks could load their part of one. Returns 1 with it, 0
 * when there is none, or -1.
 */
static int try_candidates(struct checkpoint *checkpoint, struct checkpoint_candidates *candidates,
                          const struct source_list *list, const struct manifest_choices *choices,
                          struct failure *failure)
{
    for (;;) {
        struct durable_bytes text = {0};
        int found = 0;
        if (checkpoint_is_root(checkpoint)) {
            found = next_manifest(checkpoint, candidates, &text, failure);
            if (found > 0) {
                checkpoint->found_name =
                    checkpoint_name_manifest(&checkpoint->start, text.bytes, text.byte_count);
                (void)manifest_compare(&checkpoint->start, checkpoint->options.path, list, choices,
                                       failure);
            }
        }
        unsigned char *bytes = text.bytes;
        size_t byte_count = found > 0 ? text.byte_count + 1 : 0;
        (void)ranks_share(checkpoint->ranks, &bytes, &byte_count, failure);
        if (failure->code == 0 && !checkpoint_is_root(checkpoint)) {
            if (byte_count > 0)
                (void)manifest_parse((char *)bytes, byte_count - 1, &checkpoint->start, failure);
            free(bytes);
        }
        durable_bytes_free(&text);
        if (ranks_vote(checkpoint->ranks, failure) != 0)
            return -1;
        if (byte_count == 0)
            return 0;

        struct failure trouble = {0};
        (void)checkpoint_load(checkpoint, &trouble);
        if (ranks_vote(checkpoint->ranks, &trouble) == 0) {
            manifest_set_sessions(&checkpoint->start, choices);
            return 1;
        }
        checkpoint_forget(checkpoint);
        if (checkpoint_is_root(checkpoint))
            (void)leave_out(checkpoint, candidates, &trouble, failure);
        if (ranks_vote(checkpoint->ranks, failure) != 0)
            return -1;
    }
}

/* When checkpoints are written, so that it can be judged. */
static void tell_interval(const struct checkpoint *checkpoint)
{
    const struct interval *interval = &checkpoint->options.interval;
    const char *path = checkpoint->store.folder.path;
    if (interval->fixed_seconds > 0)
        log_info("keeping checkpoints in %s every %g s", path, interval->fixed_seconds);
    else
        log_info("keeping checkpoints in %s: the first in %.0f s, then as their cost and a mean "
                 "time of %g h between interrupts ask for",
                 path, interval_next(interval, -1), interval->mean_time_seconds / 3600);
}

static void tell_found(const struct checkpoint *checkpoint)
{
    const struct manifest *found = checkpoint->found;
    char name[STORE_NAME_BYTES];
    store_name((struct store_generation){found->attempt, found->generation}, name);
    if (found->kind == MANIFEST_SUMS)
        log_info("resumed from checkpoint %s: all input was read before, its sums are published",
                 name);
    else
        log_info("resumed from checkpoint %s: %.1f %% of the input was read before, by %" PRIu32
                 " ranks",
                 name,
                 found->disk_bytes > 0 ? 100 * (double)found->done_bytes / (double)found->disk_bytes
                                       : 100.0,
                 found->ranks);
}

/* On rank 0, after the choice: what it means for the folder. */
static int settle(struct checkpoint *checkpoint, const struct checkpoint_candidates *candidates,
                  struct failure *failure)
{
    if (checkpoint->found == NULL && checkpoint_check_none(checkpoint, candidates, failure) != 0)
        return -1;
    if (checkpoint->found != NULL && !checkpoint->store.is_history_known &&
        store_adopt(&checkpoint->store, checkpoint->start.history_id, failure) != 0)
        return -1;
    return checkpoint_clean_rejects(checkpoint, candidates, failure);
}

static int find(struct checkpoint *checkpoint, const struct source_list *list,
                const struct manifest_choices *choices, const char *new_run_id,
                struct failure *failure)
{
    struct checkpoint_candidates candidates = {0};
    if (checkpoint_is_root(checkpoint))
        (void)checkpoint_begin(checkpoint, new_run_id, &candidates, failure);
    if (ranks_vote(checkpoint->ranks, failure) != 0 || checkpoint_join(checkpoint, failure) != 0)
        goto free_listing;
    int found = try_candidates(checkpoint, &candidates, list, choices, failure);
    if (found < 0)
        goto free_listing;
    checkpoint->found = found > 0 ? &checkpoint->start : NULL;
    if (checkpoint_is_root(checkpoint))
        (void)settle(checkpoint, &candidates, failure);
    (void)ranks_vote(checkpoint->ranks, failure);
free_listing:
    store_listing_free(&candidates.listing);
    if (failure->code == STORE_DAMAGED)
        failure->code = EXIT_CHECKPOINT;
    return failure->code != 0 ? -1 : 0;
}

struct checkpoint *checkpoint_create(struct ranks *ranks, const struct checkpoint_options *options,
                                     struct failure *failure)
{
    struct checkpoint *made = calloc(1, sizeof *made);
    if (made == NULL)
        failure_memory(failure, "the checkpoint", sizeof *made);
    if (ranks_vote(ranks, failure) != 0) {
        free(made);
        return NULL;
    }
    made->ranks = ranks;
    made->options = *options;
    made->due = INFINITY;
    return made;
}

void checkpoint_go_on(struct checkpoint *checkpoint)
{
    const struct manifest *start = &checkpoint->start;
    checkpoint->found = start;
    checkpoint->last_good = (struct store_generation){start->attempt, start->generation};
    /* The history is that of the generation, also where the attempt file did not know it. */
    memcpy(checkpoint->store.attempt.history_id, start->history_id, sizeof start->history_id);
    if (start->is_finished != 0)
        checkpoint->finished = checkpoint->found_name;
    else if (start->kind == MANIFEST_SUMS)
        checkpoint->finished = start->sums_of;
}

void checkpoint_start(struct checkpoint *checkpoint, bool resumes)
{
    checkpoint->due = clock_seconds() + interval_next(&checkpoint->options.interval, -1);
    if (resumes)
        tell_found(checkpoint);
    /* When all is read there is no more to keep but sums. */
    if (checkpoint->start.kind == MANIFEST_STATE)
        tell_interval(checkpoint);
}

int checkpoint_open(struct ranks *ranks, const struct checkpoint_options *options,
                    const struct source_list *list, const struct manifest_choices *choices,
                    const char *new_run_id, struct checkpoint **checkpoint, struct failure *failure)
{
    struct checkpoint *made = checkpoint_create(ranks, options, failure);
    if (made == NULL)
        return -1;
    if (find(made, list, choices, new_run_id, failure) != 0) {
        checkpoint_free(made);
        return -1;
    }
    if (made->found != NULL) {
        checkpoint_go_on(made);
        memcpy(made->run_id, made->start.run_id, sizeof made->run_id);
    } else if (manifest_set_input(&made->start, list, choices, failure) == 0) {
        made->start.started_us = clock_now_us();
        memcpy(made->run_id, made->store.attempt.history_id, sizeof made->run_id);
    }
    if (checkpoint_is_root(made))
        checkpoint_start(made, made->found != NULL);
    *checkpoint = made;
    return ranks_vote(ranks, failure);
}

void checkpoint_free(struct checkpoint *checkpoint)
{
    if (checkpoint == NULL)
        return;
    checkpoint_forget(checkpoint);
    free(checkpoint->parts);
    store_close(&checkpoint->store);
    free(checkpoint);
}

const char *checkpoint_run_id(const struct checkpoint *checkpoint)
{
    return checkpoint->run_id;
}

void checkpoint_set_times(struct checkpoint *checkpoint, int64_t planned_us, int64_t attempt_us)
{
    checkpoint->start.planned_us = planned_us;
    checkpoint->start.attempt_us = attempt_us;
}

const char *checkpoint_fingerprint(const struct checkpoint *checkpoint)
{
    return checkpoint->start.input_fingerprint;
}

void checkpoint_listed(const struct checkpoint *checkpoint, uint64_t *empty, uint64_t *left_out)
{
    *empty = checkpoint->start.listed_empty;
    *left_out = checkpoint->start.listed_left_out;
}

uint32_t checkpoint_resumes(const struct checkpoint *checkpoint)
{
    const struct manifest *found = checkpoint_found(checkpoint);
    return found != NULL && !checkpoint->begins ? found->resumes + 1 : 0;
}

const struct manifest *checkpoint_found(const struct checkpoint *checkpoint)
{
    return checkpoint != NULL ? checkpoint->found : NULL;
}

struct state *checkpoint_take_state(struct checkpoint *checkpoint)
{
    struct state *state = checkpoint->state;
    checkpoint->state = NULL;
    return state;
}

struct tally checkpoint_take_tally(struct checkpoint *checkpoint)
{
    struct tally tally = checkpoint->tally;
    checkpoint->tally = (struct tally){0};
    return tally;
}

struct tally checkpoint_take_matches(struct checkpoint *checkpoint)
{
    struct tally matches = checkpoint->matches;
    checkpoint->matches = (struct tally){0};
    return matches;
}

struct entries checkpoint_take_entries(struct checkpoint *checkpoint)
{
    struct entries entries = checkpoint->entries;
    checkpoint->entries = (struct entries){0};
    return entries;
}

void checkpoint_rejects(const struct checkpoint *checkpoint, struct rejects_place *place,
                        const struct rejects_stretch **earlier, size_t *earlier_count)
{
    place->parts = checkpoint->parts;
    place->run_id = checkpoint->run_id;
    place->attempt = checkpoint->store.attempt.number;
    place->lasting = true;
    place->code = EXIT_CHECKPOINT;
    *earlier = checkpoint->earlier_stretches;
    *earlier_count = checkpoint->earlier_stretch_count;
}

double checkpoint_due(const struct checkpoint *checkpoint)
{
    return checkpoint->due;
}

int checkpoint_check(const struct checkpoint *checkpoint, struct failure *failure)
{
    bool overtaken = false;
    struct failure trouble = {0};
    if (store_check_attempt(&checkpoint->store, &overtaken, &trouble) == 0)
        return 0;
    if (overtaken)
        return failure_set(failure, trouble.code, "%s", trouble.message);
    /* Storage that broke does not keep good sums from being published. */
    log_warning("whether a later attempt has begun is not known: %s", trouble.message);
    return 0;
}
