#include "learners_read.h"

#include "course_funnel/fault.h"
#include "course_funnel/generation.h"
#include "course_funnel/store_choice.h"
#include "course_funnel/store_mark.h"

#include <stdlib.h>
#include <string.h>

void learners_clear(struct learners_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->rows[i].user);
    free(list->rows);
    state_texts_clear(&list->entry_points);
    learners_there_clear(&list->there);
    memset(list, 0, sizeof *list);
}

static int read_manifest(const struct store *store, struct store_generation generation,
                         struct manifest *manifest, char digest[DIGEST_BYTES],
                         struct failure *failure)
{
    struct durable_bytes text = {0};
    int result = generation_read_manifest(store, generation, &text, manifest, failure);
    if (result == 0)
        manifest_digest((char *)text.bytes, text.byte_count, digest);
    durable_bytes_free(&text);
    return result;
}

static void take_run(struct learners_list *list, const struct manifest *manifest)
{
    memcpy(list->run_id, manifest->run_id, sizeof list->run_id);
    list->has_as_of = manifest->days.last_us != DAYS_NONE;
    list->as_of_us = list->has_as_of ? manifest->days.last_us : 0;
}

/*
 * The run that summed the state up last: the same users may be published again as of a later day,
 * by a run that read nothing and so kept only its sums. If that one was refused at the end, the run
 * is named that would have published them, and its day counts.
 */
static int find_run(const struct store *store, const struct manifest_other *base,
                    struct learners_list *list, struct failure *failure)
{
    struct store_listing listing;
    if (store_list(store, &listing, failure) != 0)
        return -1;
    bool found = false;
    for (size_t i = 0; !found && i < listing.generation_count; i++) {
        struct manifest manifest = {0};
        struct failure trouble = {0};
        char digest[DIGEST_BYTES];
        if (read_manifest(store, listing.generations[i], &manifest, digest, &trouble) != 0)
            continue; /* What cannot be read names no run. */
        const struct manifest_other *of = &manifest.sums_of;
        found = manifest.kind == MANIFEST_SUMS && of->attempt == base->attempt &&
                of->generation == base->generation && strcmp(of->digest, base->digest) == 0;
        if (found)
            take_run(list, &manifest);
        manifest_clear(&manifest);
    }
    store_listing_free(&listing);
    return 0;
}

/* A file's key groups as a state of their own, which goes before the next is read. */
static int read_files(const struct generation *generation, const struct learners_wish *wish,
                      struct learners_list *list, struct failure *failure)
{
    const struct manifest *manifest = generation->manifest;
    int result = 0;
    for (size_t i = 0; result == 0 && i < manifest->file_count; i++) {
        const struct manifest_file *file = &manifest->files[i];
        struct state *state = NULL;
        (void)FAULT("learners.file");
        if (state_create_groups(file->first_group, file->last_group - file->first_group + 1, &state,
                                failure) != 0)
            return -1;
        result = generation_load_state(generation, state, failure);
        for (uint32_t j = 0; result == 0 && j < state->group_count; j++)
            result = learners_take_group(list, wish, state, &state->groups[j], failure);
        state_free(state);
    }
    return result;
}

static int check_base(const struct store *store, struct store_generation base,
                      const struct manifest *manifest, struct failure *failure)
{
    char name[STORE_NAME_BYTES];
    struct store_attempt attempt;
    int known = store_read_attempt(store, &attempt, failure);
    store_name(base, name);
    if (known < 0)
        return -1;
    if (store_whose(manifest, base, known > 0 ? attempt.history_id : NULL) != STORE_OWN ||
        manifest->kind != MANIFEST_STATE || manifest->is_finished == 0)
        return failure_set(failure, STORE_DAMAGED,
                           "%s/%s: is not the state of a finished run of this folder.",
                           store->folder.path, name);
    return 0;
}

static int read_base(const struct store *store, struct store_generation base,
                     const struct learners_wish *wish, struct learners_list *list,
                     struct failure *failure)
{
    struct manifest manifest = {0};
    struct generation generation;
    struct manifest_other name = {base.attempt, base.number, ""};
    if (read_manifest(store, base, &manifest, name.digest, failure) != 0)
        return -1;
    take_run(list, &manifest);
    int result = check_base(store, base, &manifest, failure);
    if (result == 0)
        result = find_run(store, &name, list, failure);
    if (result == 0 && wish->has_idle && !list->has_as_of)
        result = failure_set(failure, EXIT_USAGE,
                             "--idle-days counts from the last day that is over, and run %s has no "
                             "event of such a day.",
                             list->run_id);
    if (result == 0 && generation_open(store, &manifest, &generation, failure) == 0) {
        result = read_files(&generation, wish, list, failure);
        generation_close(&generation);
    }
    manifest_clear(&manifest);
    return failure->code == 0 ? result : -1;
}

static int tell_none(const struct store *store, const struct store_mark *mark,
                     struct failure *failure)
{
    if (mark->is_damaged)
        return failure_set(failure, EXIT_STRANGER,
                           "%s/mark: is damaged, so it is not known which state was published. The "
                           "next `course-funnel rebuild --extend` on this folder writes it anew.",
                           store->folder.path);
    return failure_set(failure, EXIT_STRANGER,
                       "%s: holds no learners of a published run. `course-funnel rebuild "
                       "--checkpoint %s --keep-learners`, with sources and target, keeps them "
                       "(--restart reads all again where they were not kept).",
                       store->folder.path, store->folder.path);
}

int learners_read(const char *path, const struct learners_wish *wish, struct learners_list *list,
                  struct failure *failure)
{
    struct store store;
    struct store_mark mark, before = {0};
    struct failure trouble = {0};
    int looked = store_look(path, &store, failure);
    while (looked == 0) {
        int found = store_mark_read(&store, &mark, failure);
        if (found == 0)
            (void)tell_none(&store, &mark, failure);
        if (found <= 0)
            break;
        /* A mark is written before what it named goes: where it is the same, nothing was moved. */
        if (trouble.code != 0 && store_is_same(mark.base, before.base)) {
            *failure = trouble;
            break;
        }
        learners_clear(list);
        trouble = (struct failure){0};
        if (read_base(&store, mark.base, wish, list, &trouble) == 0)
            break;
        before = mark;
        if (trouble.code != STORE_DAMAGED && trouble.code != EXIT_CHECKPOINT) {
            *failure = trouble;
            break;
        }
    }
    if (looked == 0)
        store_close(&store);
    if (failure->code == STORE_DAMAGED)
        failure->code = EXIT_CHECKPOINT;
    if (failure->code != 0 || learners_check_there(wish, &list->there, failure) != 0)
        return -1;
    learners_finish(list, wish);
    return 0;
}
