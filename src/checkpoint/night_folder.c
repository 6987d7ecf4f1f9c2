#include "night_internal.h"

#include "course_funnel/fault.h"
#include "course_funnel/log.h"

#include <stdlib.h>
#include <string.h>

static void clear_entries(struct night *night)
{
    for (size_t i = 0; i < night->count; i++)
        manifest_clear(&night->entries[i].manifest);
    free(night->entries);
    free(night->generations);
    night->entries = NULL;
    night->generations = NULL;
    night->count = 0;
}

void night_clear(struct night *night)
{
    clear_entries(night);
    free(night->known_runs);
    free(night->known.is_read);
    free(night->known.is_met);
    free(night->known.paths);
    store_listing_free(&night->candidates.listing);
    memset(night, 0, sizeof *night);
}

const struct night_entry *night_entry_of(const struct night *night,
                                         const struct night_generation *generation)
{
    return generation != NULL ? &night->entries[generation - night->generations] : NULL;
}

/* Who was overtaken touches nothing that a later attempt may have made. */
static int check_attempt(const struct night *night, struct failure *failure)
{
    bool overtaken = false;
    return store_check_attempt(&night->checkpoint->store, &overtaken, failure);
}

/* A manifest that cannot be used is set aside; one that cannot be read now ends the job. */
static int read_entry(struct night *night, struct store_generation name, struct night_entry *entry,
                      bool *is_whole, struct failure *failure)
{
    struct durable_bytes text = {0};
    struct failure trouble = {0};
    int result = 0;
    *is_whole =
        checkpoint_read_manifest(night->checkpoint, name, &text, &entry->manifest, &trouble) == 0;
    if (*is_whole)
        entry->name = checkpoint_name_manifest(&entry->manifest, text.bytes, text.byte_count);
    else if (trouble.code != STORE_DAMAGED)
        result = failure_set(failure, trouble.code, "%s", trouble.message);
    else if (night->looks)
        night->candidates.set_aside++;
    else
        result = check_attempt(night, failure) != 0
                     ? -1
                     : checkpoint_set_aside(night->checkpoint, &night->candidates, name, &trouble,
                                            failure);
    durable_bytes_free(&text);
    return result;
}

static bool has_finished(const struct night *night, struct store_generation name)
{
    for (size_t i = 0; i < night->count; i++)
        if (store_is_same(checkpoint_generation_of(&night->entries[i].name), name))
            return night->entries[i].manifest.is_finished != 0;
    return false;
}

/* Nobody may follow the mark to what is not there: it names the one before, or goes. */
static int mend_mark(struct night *night, struct failure *failure)
{
    const struct store *store = &night->checkpoint->store;
    struct store_mark *mark = &night->mark;
    bool overtaken = false;
    if (!night->has_mark || has_finished(night, mark->base))
        return 0;
    night->has_mark = mark->has_before && has_finished(night, mark->before);
    *mark = (struct store_mark){.base = mark->before};
    if (night->looks)
        return 0;
    if (night->has_mark)
        return store_mark_write(store, mark, &overtaken, failure);
    return check_attempt(night, failure) != 0 ? -1 : store_mark_remove(store, failure);
}

static bool is_named(const struct night *night, const struct manifest_other *other)
{
    for (size_t i = 0; i < night->count; i++)
        if (store_is_same(checkpoint_generation_of(&night->entries[i].name),
                          checkpoint_generation_of(other)) &&
            strcmp(night->entries[i].name.digest, other->digest) == 0)
            return true;
    return false;
}

static bool is_known(const struct night *night, const char *run_id)
{
    for (size_t i = 0; i < night->known_count; i++)
        if (strcmp(night->known_runs[i], run_id) == 0)
            return true;
    return false;
}

/* Once, as what others publish meanwhile is found at the publication. */
static int ask_target(struct night *night, struct failure *failure)
{
    const struct night_calls *calls = night->calls;
    const char **ids = calloc(night->count + 1, sizeof *ids);
    bool *known = calloc(night->count + 1, sizeof *known);
    night->known_runs = calloc(night->count + 1, sizeof *night->known_runs);
    int result = -1;
    if (ids == NULL || known == NULL || night->known_runs == NULL) {
        failure_memory(failure, "the runs", night->count * sizeof *ids);
        goto free_all;
    }
    for (size_t i = 0; i < night->count; i++)
        ids[i] = night->entries[i].manifest.run_id;
    result = calls->published(calls->job, ids, night->count, known, night->newest, failure);
    for (size_t i = 0; i < night->count && result == 0; i++)
        if (known[i])
            memcpy(night->known_runs[night->known_count++], ids[i], 37);
    night->was_asked = true;
free_all:
    free(ids);
    free(known);
    return result;
}

static void describe(struct night *night)
{
    for (size_t i = 0; i < night->count; i++) {
        const struct night_entry *entry = &night->entries[i];
        const struct manifest *manifest = &entry->manifest;
        night->generations[i] = (struct night_generation){
            .name = checkpoint_generation_of(&entry->name),
            .kind = manifest->kind == MANIFEST_SUMS ? NIGHT_SUMS
                    : manifest->is_finished != 0    ? NIGHT_FINISHED
                                                    : NIGHT_PARTIAL,
            .run_id = manifest->run_id,
            .base = checkpoint_generation_of(&manifest->base),
            .is_base_there = manifest_has(&manifest->base) && is_named(night, &manifest->base),
            .is_published = is_known(night, manifest->run_id)};
        if (is_named(night, &manifest->sums_of))
            night->generations[i].sums_of = checkpoint_generation_of(&manifest->sums_of);
    }
}

/* What stands on the base is passed over where it was only said to be dropped. */
static void pass_over(struct night *night)
{
    size_t kept = 0;
    for (size_t i = 0; i < night->count; i++) {
        if (night->found.base != NULL && night_is_rest(&night->found, &night->generations[i])) {
            manifest_clear(&night->entries[i].manifest);
            continue;
        }
        night->entries[kept++] = night->entries[i];
    }
    night->count = kept;
}

static void find(struct night *night)
{
    describe(night);
    night_find(night->generations, night->count, night->has_mark ? &night->mark : NULL,
               &night->found);
}

/* Only of what may be gone on from is it known in full what was read. */
static void forget_inputs(struct night *night)
{
    const struct night_found *found = &night->found;
    for (size_t i = 0; i < night->count; i++) {
        const struct night_generation *generation = &night->generations[i];
        struct manifest *manifest = &night->entries[i].manifest;
        if (generation == found->base || generation == found->top)
            continue;
        for (size_t j = 0; j < manifest->input_count; j++)
            free(manifest->inputs[j].path);
        free(manifest->inputs);
        manifest->inputs = NULL;
        manifest->input_count = 0;
    }
}

int night_read(struct night *night, struct failure *failure)
{
    const struct store *store = &night->checkpoint->store;
    struct store_listing *listing = &night->candidates.listing;
    clear_entries(night);
    store_listing_free(listing);
    if (store->folder.path == NULL) /* it is only looked, and there is no folder */
        return ask_target(night, failure);
    int marked = store_mark_read(store, &night->mark, failure);
    if (marked < 0 || store_list(store, listing, failure) != 0)
        return -1;
    night->has_mark = marked == 1;
    night->had_mark = night->had_mark || night->has_mark || night->mark.is_damaged;
    if (night->mark.is_damaged && !night->was_asked)
        log_warning("%s: its mark is damaged; the target is asked what was published",
                    store->folder.path);
    size_t count = listing->generation_count;
    night->entries = calloc(count + 1, sizeof *night->entries);
    night->generations = calloc(count + 1, sizeof *night->generations);
    if (night->entries == NULL || night->generations == NULL)
        return failure_memory(failure, "the checkpoints", count * sizeof *night->entries);
    for (size_t i = 0; i < count; i++) {
        bool is_whole = false;
        if (read_entry(night, listing->generations[i], &night->entries[night->count], &is_whole,
                       failure) != 0)
            return -1;
        night->count += is_whole;
    }
    if (mend_mark(night, failure) != 0 || (!night->was_asked && ask_target(night, failure) != 0))
        return -1;
    find(night);
    if (night->looks && night->dropped) {
        pass_over(night);
        find(night);
    }
    forget_inputs(night);
    return 0;
}

int night_clean_rejects(const struct night *night, struct failure *failure)
{
    struct manifest_part *keep = NULL;
    size_t count = 0;
    int result = 0;
    for (size_t i = 0; result == 0 && i < night->count; i++)
        result = checkpoint_add_parts(&night->entries[i].manifest, &keep, &count, failure);
    if (result == 0)
        result = store_clean_rejects(&night->checkpoint->store, keep, count, failure);
    free(keep);
    return result;
}

int night_drop(struct night *night, struct failure *failure)
{
    const struct store *store = &night->checkpoint->store;
    const struct night_found *found = &night->found;
    struct store_generation kept[STORE_KEPT] = {found->base->name};
    bool overtaken = false;
    night->dropped = true;
    if (night->looks)
        return 0;
    /* What goes may be all that tells that the base was published. */
    if (night_mark(night, failure) != 0)
        return -1;
    log_warning("a night that was begun and not published is thrown away, and its files are read "
                "again from what was published");
    if (found->base_sums != NULL)
        kept[1] = found->base_sums->name;
    /* What is dropped is not missed. */
    if (store_keep(store, kept, found->base_sums != NULL ? 2 : 1, &overtaken, failure) != 0)
        return -1;
    for (size_t i = 0; i < night->count; i++) {
        if (!night_is_rest(found, &night->generations[i]))
            continue;
        (void)FAULT("night.drop");
        if (check_attempt(night, failure) != 0 ||
            store_remove(store, night->generations[i].name, failure) != 0)
            return -1;
    }
    return 0;
}

int night_set_aside(struct night *night, const struct night_entry *entry,
                    const struct failure *trouble, struct failure *failure)
{
    if (check_attempt(night, failure) != 0)
        return -1;
    return checkpoint_set_aside(night->checkpoint, &night->candidates,
                                checkpoint_generation_of(&entry->name), trouble, failure);
}

int night_mark(struct night *night, struct failure *failure)
{
    const struct night_found *found = &night->found;
    bool overtaken = false;
    if (found->is_marked)
        return 0;
    struct store_mark mark = {
        .base = found->base->name, .before = found->before, .has_before = found->has_before};
    return store_mark_write(&night->checkpoint->store, &mark, &overtaken, failure);
}
