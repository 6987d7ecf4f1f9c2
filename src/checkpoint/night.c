#include "course_funnel/night.h"

#include "night_internal.h"

#include "course_funnel/clock.h"
#include "course_funnel/fault.h"
#include "course_funnel/room.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What each rank takes beside its state: blocks of input, events on their way, a file to save. */
#define WORK_BYTES (UINT64_C(22) << 20)

/* What rank 0 has decided, for all. */
struct decision {
    struct night_plan plan;
    char run_id[37];
};

/* The days of a generation as they are on another day. */
static int move_days(const struct manifest *manifest, int64_t day, struct days *moved,
                     struct failure *failure)
{
    days_begin(moved, day);
    int result = days_merge(moved, &manifest->days, failure);
    if (result != 0)
        days_clear(moved);
    return result;
}

/*
 * The day of this run to that of a generation. The day of a run that was begun stays where none is
 * given. Of a finished one it is later only where that tells of other events.
 */
static int compare_days(const struct night *night, const struct manifest *manifest, bool is_begun,
                        enum night_as_of *as_of, struct failure *failure)
{
    struct days moved;
    bool was_given = manifest->as_of[0] != '\0', is_given = night->choices->as_of != NULL;
    *as_of = NIGHT_AS_OF_SAME;
    if (!was_given && !is_given && (is_begun || night->day <= manifest->days.day))
        return 0;
    if (night->day < manifest->days.day) {
        *as_of = NIGHT_AS_OF_EARLIER;
        return 0;
    }
    if (is_begun) {
        if (night->day > manifest->days.day)
            *as_of = NIGHT_AS_OF_LATER;
        return 0;
    }
    if (move_days(manifest, night->day, &moved, failure) != 0)
        return -1;
    if (moved.last_us != manifest->days.last_us ||
        days_in_the_future(&moved) != days_in_the_future(&manifest->days))
        *as_of = NIGHT_AS_OF_LATER;
    days_clear(&moved);
    return 0;
}

/* Of what the followed generation knows, what the base knew too: its inputs by their places. */
static size_t keep_of_base(const struct night_entry *base, const struct night_entry *followed,
                           struct manifest_look *looks, size_t count)
{
    const struct manifest *manifest = &base->manifest;
    size_t kept = 0, at = 0;
    for (size_t i = 0; i < count; i++) {
        const char *path = followed->manifest.inputs[looks[i].input].path;
        while (at < manifest->input_count && strcmp(manifest->inputs[at].path, path) < 0)
            at++;
        if (at == manifest->input_count || strcmp(manifest->inputs[at].path, path) != 0)
            continue;
        looks[kept] = looks[i];
        looks[kept++].input = (uint32_t)at;
    }
    return kept;
}

/* Another program may cut the same files otherwise; what was handed out counts by its pieces. */
static int compare_cut(const struct night *night, const struct night_entry *top,
                       struct failure *difference)
{
    const struct manifest *manifest = &top->manifest;
    if (manifest->split_count == night->list->split_count &&
        manifest->disk_bytes == night->list->disk_bytes)
        return 0;
    return failure_set(difference, EXIT_STRANGER,
                       "%s holds a run whose input was cut in %" PRIu64 " pieces, and now is in "
                       "%zu, so this run cannot go on from it. --restart reads all files again.",
                       night->checkpoint->options.path, manifest->split_count,
                       night->list->split_count);
}

/* Whether the target has no newer run than a generation's; it may have none at all. */
static bool is_newest(const struct night *night, const struct night_entry *entry)
{
    return night->newest[0] == '\0' || strcmp(night->newest, entry->manifest.run_id) == 0;
}

/* On rank 0: all that is found, and what it means. */
static int decide(struct night *night, struct manifest_look *looks, size_t count,
                  struct decision *decision, struct failure *differences, struct failure *failure)
{
    const struct night_found *found = &night->found;
    const struct night_entry *base = night_entry_of(night, found->base);
    const struct night_entry *top = night_entry_of(night, found->top);
    const struct night_entry *sums = night_entry_of(night, found->base_sums);
    const struct night_entry *reference = base != NULL ? base : top;
    const struct store_listing *listing = &night->candidates.listing;
    struct night_facts facts = {.had_any = night->had_mark || night->candidates.set_aside > 0 ||
                                           night->candidates.gone > 0 ||
                                           listing->generation_count + listing->damaged_count > 0,
                                .top_changed = top != NULL && count > 0,
                                .has_new_files = night->list->file_count > 0};
    if (top != NULL && compare_days(night, &top->manifest, true, &facts.top_as_of, failure) != 0)
        return -1;
    facts.as_of = facts.top_as_of;
    if (base != NULL && compare_days(night, &base->manifest, false, &facts.as_of, failure) != 0)
        return -1;
    if (reference != NULL) {
        if (reference != night->followed)
            count = keep_of_base(reference, night->followed, looks, count);
        facts.differs = manifest_compare_night(
                            &reference->manifest, night->checkpoint->options.path, night->choices,
                            facts.as_of == NIGHT_AS_OF_EARLIER, looks, count, differences) != 0;
    }
    if (top != NULL && count == 0 && compare_cut(night, top, differences) != 0) {
        facts.top_changed = true;
        facts.differs = facts.differs || base == NULL;
    }
    facts.is_newest = base == NULL || is_newest(night, base);
    if (sums != NULL) {
        enum night_as_of day;
        if (compare_days(night, &sums->manifest, false, &day, failure) != 0)
            return -1;
        facts.sums_fit = day == NIGHT_AS_OF_SAME && is_newest(night, sums);
    }
    decision->plan = night_decide(found, &facts);

    /* A record that is not the target's newest stays as it is: what is published is a new run. */
    const struct night_entry *begun = decision->plan.action == NIGHT_AGAIN       ? sums
                                      : decision->plan.action == NIGHT_SUM_AGAIN ? base
                                                                                 : top;
    bool is_known = false;
    for (size_t i = 0; i < night->known_count && begun != NULL; i++)
        is_known = is_known || strcmp(night->known_runs[i], begun->manifest.run_id) == 0;
    if (is_known && strcmp(night->newest, begun->manifest.run_id) != 0)
        decision->plan.is_new_run = true;
    if (begun != NULL && !decision->plan.is_new_run)
        memcpy(decision->run_id, begun->manifest.run_id, sizeof decision->run_id);
    return 0;
}

/* On rank 0: why nothing that is there can be gone on from. */
static int give_up(const struct night *night, struct failure *failure)
{
    if (checkpoint_check_none(night->checkpoint, &night->candidates, failure) != 0)
        return -1;
    return failure_set(failure, night->had_mark ? EXIT_CHECKPOINT : EXIT_STRANGER,
                       "%s holds no state that could be gone on from: of a run without --extend or "
                       "--keep-learners only sums are kept, and of a night whose base is gone "
                       "nothing, once its files changed. --restart reads all files again.",
                       night->checkpoint->options.path);
}

/* On rank 0: which generation an action loads; NULL: none. */
static const struct night_entry *loaded(const struct night *night, enum night_action action)
{
    const struct night_found *found = &night->found;
    switch (action) {
    case NIGHT_RESUME:
        return night_entry_of(night, found->top);
    case NIGHT_PUBLISH:
        return night_entry_of(night, found->top_sums);
    case NIGHT_EXTEND:
    case NIGHT_SUM_AGAIN:
        return night_entry_of(night, found->base);
    case NIGHT_AGAIN:
        return night_entry_of(night, found->base_sums);
    case NIGHT_READ_ALL:
    case NIGHT_DROP:
    case NIGHT_REFUSE:
    case NIGHT_GIVE_UP:
        break;
    }
    return NULL;
}

static uint64_t state_bytes(const struct manifest *manifest)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < manifest->file_count; i++)
        bytes += manifest->files[i].bytes;
    return bytes;
}

/* What it takes in memory; nothing is said of sums. */
static uint64_t loaded_bytes(const struct manifest *manifest)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < manifest->file_count; i++)
        bytes += manifest->files[i].loaded_bytes;
    return bytes;
}

/* Collective. Rank 0's generation into all. Returns 1, 0 when it was damaged, or -1. */
static int load(struct night *night, const struct night_entry *entry, struct ranks *ranks,
                struct failure *failure)
{
    struct checkpoint *checkpoint = night->checkpoint;
    struct durable_bytes text = {0};
    if (ranks_rank(ranks) == 0)
        (void)checkpoint_read_manifest(checkpoint, checkpoint_generation_of(&entry->name), &text,
                                       &checkpoint->start, failure);
    unsigned char *bytes = text.bytes;
    size_t byte_count = text.byte_count + 1;
    if (ranks_share(ranks, &bytes, &byte_count, failure) == 0 && ranks_rank(ranks) != 0)
        (void)manifest_parse((char *)bytes, byte_count - 1, &checkpoint->start, failure);
    if (failure->code == 0)
        checkpoint->found_name =
            checkpoint_name_manifest(&checkpoint->start, bytes, byte_count - 1);
    if (ranks_rank(ranks) != 0)
        free(bytes);
    durable_bytes_free(&text);
    if (ranks_vote(ranks, failure) != 0)
        return -1;
    uint64_t share = loaded_bytes(&checkpoint->start) / (uint64_t)ranks_count(ranks);
    if (room_fits(ranks, share > 0 ? share + WORK_BYTES : 0, "What is kept of learners", failure) !=
        0)
        return -1;
    struct failure trouble = {0};
    (void)FAULT("night.load");
    (void)checkpoint_load(checkpoint, &trouble);
    if (ranks_vote(ranks, &trouble) == 0)
        return 1;
    checkpoint_forget(checkpoint);
    if (ranks_rank(ranks) == 0 && trouble.code == STORE_DAMAGED)
        (void)night_set_aside(night, entry, &trouble, failure);
    else if (trouble.code != STORE_DAMAGED)
        failure_set(failure, trouble.code, "%s", trouble.message);
    return ranks_vote(ranks, failure) != 0 ? -1 : 0;
}

/* Local, alike on every rank: the base's manifest becomes that of a run that has read nothing. */
static int begin_run(struct checkpoint *checkpoint, const struct source_list *list,
                     const struct manifest_choices *choices, bool has_new, struct failure *failure)
{
    struct manifest *start = &checkpoint->start;
    uint32_t *places = NULL;
    if (has_new) {
        start->base = checkpoint->found_name;
        start->base_ledger = start->ledger;
        start->is_finished = 0;
        if (manifest_add_input(start, list, choices, &places, failure) != 0) {
            free(places);
            return -1;
        }
        rejects_renumber(checkpoint->earlier_stretches, checkpoint->earlier_stretch_count, places);
        free(places);
    } else {
        start->split_count = 0;
        start->disk_bytes = 0;
    }
    free(start->unfinished);
    start->unfinished = NULL;
    start->unfinished_count = 0;
    start->next = (struct schedule_next){0};
    start->done_bytes = 0;
    start->resumes = 0;
    checkpoint->begins = true;
    return 0;
}

/* Local, alike on every rank: what was loaded becomes what the run starts with. */
static int start(struct night *night, struct checkpoint *checkpoint,
                 const struct decision *decision, const struct source_list *list,
                 const struct manifest_choices *choices, struct failure *failure)
{
    enum night_action action = decision->plan.action;
    struct manifest *start = &checkpoint->start;
    bool is_base = action == NIGHT_AGAIN || action == NIGHT_SUM_AGAIN;
    int result = 0;
    memcpy(checkpoint->run_id, decision->run_id, sizeof checkpoint->run_id);
    if (action == NIGHT_READ_ALL) {
        start->started_us = clock_now_us();
        return manifest_set_input(start, list, choices, failure);
    }
    checkpoint_go_on(checkpoint);
    if (action == NIGHT_EXTEND) {
        checkpoint->finished = (struct manifest_other){0};
        checkpoint->before = checkpoint->last_good;
    } else if (is_base && ranks_rank(checkpoint->ranks) == 0) {
        checkpoint->before =
            night->found.has_before ? night->found.before : (struct store_generation){0};
        checkpoint->pinned = night->found.base->name;
    } else {
        checkpoint->before = checkpoint_generation_of(&start->base);
        /* On rank 0; the one that it names may have been set aside. */
        if (night->found.base != NULL)
            checkpoint->before = night->found.base->name;
    }
    checkpoint->judges_night = !is_base && (action == NIGHT_EXTEND || manifest_has(&start->base));
    if (action == NIGHT_EXTEND || action == NIGHT_SUM_AGAIN)
        result = begin_run(checkpoint, list, choices, action == NIGHT_EXTEND, failure);
    if (result != 0 || !decision->plan.is_new_run)
        return result;
    start->started_us = clock_now_us();
    if (start->kind == MANIFEST_SUMS)
        return 0;
    snprintf(start->as_of, sizeof start->as_of, "%s", choices->as_of != NULL ? choices->as_of : "");
    struct days moved;
    int64_t day = night->day > start->days.day ? night->day : start->days.day;
    result = move_days(start, day, &moved, failure);
    days_clear(&start->days);
    start->days = moved;
    return result;
}

/* On rank 0, once it is clear what the run is: what it means for the folder. */
static int settle(struct night *night, enum night_action action, struct failure *failure)
{
    struct checkpoint *checkpoint = night->checkpoint;
    struct store *store = &checkpoint->store;
    if (action != NIGHT_READ_ALL && !store->is_history_known &&
        store_adopt(store, checkpoint->start.history_id, failure) != 0)
        return -1;
    (void)FAULT("night.settle");
    bool from_base = action == NIGHT_EXTEND || action == NIGHT_AGAIN || action == NIGHT_SUM_AGAIN;
    if (from_base && night_mark(night, failure) != 0)
        return -1;
    return night_clean_rejects(night, failure);
}

static void report_on(const struct night *night, const struct decision *decision,
                      struct night_report *report)
{
    static const enum night_answer answers[] = {
        [NIGHT_READ_ALL] = NIGHT_BEGINS, [NIGHT_RESUME] = NIGHT_GOES_ON,
        [NIGHT_PUBLISH] = NIGHT_GOES_ON, [NIGHT_EXTEND] = NIGHT_EXTENDS,
        [NIGHT_AGAIN] = NIGHT_HAS_NONE,  [NIGHT_SUM_AGAIN] = NIGHT_HAS_NONE};
    const struct night_entry *entry = loaded(night, decision->plan.action);
    *report = (struct night_report){.answer = answers[decision->plan.action],
                                    .fresh = night->list->file_count,
                                    .waiting = night->known.waiting,
                                    .dropped = night->dropped};
    for (size_t i = 0; i < night->known.count; i++)
        report->known += night->known.is_read[i];
    if (entry != NULL) {
        store_name(checkpoint_generation_of(&entry->name), report->from);
        report->state_bytes = state_bytes(&entry->manifest);
        report->loaded_bytes = loaded_bytes(&entry->manifest);
    }
}

/*
 * Collective. Look, decide and load, until something is whole. Returns 0 with the decision, or -1.
 */
static int choose(struct night *night, struct ranks *ranks, struct decision *decision,
                  struct failure *failure)
{
    bool is_root = ranks_rank(ranks) == 0;
    char new_run_id[37];
    memcpy(new_run_id, decision->run_id, sizeof new_run_id);
    for (;;) {
        struct manifest_look *looks = NULL;
        size_t count = 0;
        struct failure differences = {0};
        memcpy(decision->run_id, new_run_id, sizeof new_run_id);
        night->followed = NULL;
        if (is_root && night_read(night, failure) == 0) {
            const struct night_found *found = &night->found;
            night->followed = night_entry_of(night, found->top != NULL ? found->top : found->base);
            (void)night_list(night, failure);
        }
        if (night_look(night, ranks, &looks, &count, failure) != 0) {
            free(looks);
            return -1;
        }
        if (is_root && decide(night, looks, count, decision, &differences, failure) == 0) {
            if (decision->plan.action == NIGHT_REFUSE)
                failure_set(failure, differences.code, "%s", differences.message);
            else if (decision->plan.action == NIGHT_GIVE_UP)
                (void)give_up(night, failure);
            else if (decision->plan.action == NIGHT_DROP)
                (void)night_drop(night, failure);
        }
        free(looks);
        unsigned char *bytes = (unsigned char *)decision;
        size_t byte_count = sizeof *decision;
        if (ranks_share(ranks, &bytes, &byte_count, failure) == 0 && !is_root) {
            memcpy(decision, bytes, sizeof *decision);
            free(bytes);
        }
        if (ranks_vote(ranks, failure) != 0)
            return -1;
        enum night_action action = decision->plan.action;
        if (action == NIGHT_DROP)
            continue;
        if (night->looks || action == NIGHT_READ_ALL)
            return 0;
        int result = load(night, is_root ? loaded(night, action) : NULL, ranks, failure);
        if (result != 0)
            return result < 0 ? -1 : 0;
    }
}

/* Collective. The folder, taken or only looked at. Ends in a vote. */
static int take_folder(struct night *night, const char *new_run_id, struct failure *failure)
{
    struct checkpoint *checkpoint = night->checkpoint;
    struct store *store = &checkpoint->store;
    if (!night->looks) {
        if (checkpoint_is_root(checkpoint))
            (void)checkpoint_begin(checkpoint, new_run_id, &night->candidates, failure);
        if (ranks_vote(checkpoint->ranks, failure) != 0)
            return -1;
        return checkpoint_join(checkpoint, failure);
    }
    bool is_there = access(checkpoint->options.path, F_OK) == 0 || errno != ENOENT;
    if (checkpoint_is_root(checkpoint) && is_there && !checkpoint->options.restart &&
        store_look(checkpoint->options.path, store, failure) == 0) {
        int read = store_read_attempt(store, &store->attempt, failure);
        store->is_history_known = read > 0;
    }
    return ranks_vote(checkpoint->ranks, failure);
}

/* Collective. All after the folder is taken. Ends in a vote. */
static int open_night(struct night *night, struct decision *decision, struct night_report *report,
                      struct failure *failure)
{
    struct checkpoint *checkpoint = night->checkpoint;
    struct ranks *ranks = checkpoint->ranks;
    const struct night_calls *calls = night->calls;
    bool is_root = checkpoint_is_root(checkpoint);
    if (choose(night, ranks, decision, failure) != 0)
        return -1;
    if (is_root)
        report_on(night, decision, report);
    const struct source_list *list = NULL;
    if (calls->share(calls->job, &list, failure) != 0 || night->looks)
        return ranks_vote(ranks, failure);
    if (start(night, checkpoint, decision, list, night->choices, failure) == 0 && is_root)
        (void)settle(night, decision->plan.action, failure);
    if (ranks_vote(ranks, failure) != 0)
        return -1;
    if (is_root)
        checkpoint_start(checkpoint, report->answer == NIGHT_GOES_ON);
    return 0;
}

int night_open(struct ranks *ranks, const struct checkpoint_options *options, bool looks,
               const struct manifest_choices *choices, int64_t day, const char *new_run_id,
               const struct night_calls *calls, struct checkpoint **checkpoint,
               struct night_report *report, struct failure *failure)
{
    struct checkpoint *made = checkpoint_create(ranks, options, failure);
    if (made == NULL)
        return -1;
    struct night night = {
        .checkpoint = made, .choices = choices, .calls = calls, .day = day, .looks = looks};
    night.known.settled_ns = INT64_MAX;
    struct decision decision = {.plan = {NIGHT_READ_ALL, true}};
    memcpy(decision.run_id, new_run_id, sizeof decision.run_id);
    if (take_folder(&night, new_run_id, failure) == 0)
        (void)open_night(&night, &decision, report, failure);
    night_clear(&night);
    if (failure->code == STORE_DAMAGED)
        failure->code = EXIT_CHECKPOINT;
    if (failure->code != 0 || looks) {
        checkpoint_free(made);
        return failure->code != 0 ? -1 : 0;
    }
    *checkpoint = made;
    return 0;
}

const struct ledger *night_base_ledger(const struct checkpoint *checkpoint)
{
    return checkpoint != NULL && checkpoint->judges_night ? &checkpoint->start.base_ledger : NULL;
}
