#include "inspection.h"

#include "course_funnel/store_choice.h"

#include <stdlib.h>
#include <string.h>

static int look_at(struct inspection *inspection, struct inspection_entry *entry,
                   struct failure *failure)
{
    struct durable_bytes text = {0};
    struct failure trouble = {0};
    struct generation generation;
    int result = store_read_manifest(&inspection->store, entry->name, &text, &entry->problem);
    if (result == 0 &&
        manifest_parse((char *)text.bytes, text.byte_count, &entry->manifest, &trouble) != 0)
        result = failure_set(&entry->problem, trouble.code, MANIFEST_NAME ": %s.", trouble.message);
    durable_bytes_free(&text);
    if (result != 0)
        goto check_memory;
    entry->has_manifest = true;
    enum store_owner owner =
        store_whose(&entry->manifest, entry->name,
                    inspection->has_attempt ? inspection->attempt.history_id : NULL);
    if (owner == STORE_OF_ANOTHER_GENERATION)
        failure_set(&entry->problem, STORE_DAMAGED, MANIFEST_NAME ": is of another generation.");
    else if (owner == STORE_OF_ANOTHER_RUN)
        failure_set(&entry->problem, STORE_DAMAGED, MANIFEST_NAME ": is of another run.");
    else if (generation_open(&inspection->store, &entry->manifest, &generation, &entry->problem) ==
             0) {
        (void)generation_look(&inspection->store, &generation, &entry->contents, &entry->problem);
        generation_close(&generation);
    }
check_memory:
    if (entry->problem.code == EXIT_BUG)
        return failure_set(failure, EXIT_BUG, "%s", entry->problem.message);
    return 0;
}

/* What jobs/rebuild.sh keeps in the folder is no stranger's. */
static void leave_out_jobs(struct store_listing *listing)
{
    size_t kept = 0;
    for (size_t i = 0; i < listing->other_count; i++) {
        char *name = listing->others[i];
        if (strcmp(name, "job-attempts") == 0 || strcmp(name, "job-attempts.tmp") == 0)
            free(name);
        else
            listing->others[kept++] = name;
    }
    listing->other_count = kept;
}

static bool is_named(const struct inspection_entry *entry, const struct manifest_other *other)
{
    return entry->name.attempt == other->attempt && entry->name.number == other->generation;
}

/* By the mark; or as a night stands on it, which only happens to what was published. */
static bool is_published(const struct inspection *inspection, const struct inspection_entry *state)
{
    const struct store_mark *mark = &inspection->mark;
    bool published =
        inspection->has_mark && (store_is_same(mark->base, state->name) ||
                                 (mark->has_before && store_is_same(mark->before, state->name)));
    for (size_t i = 0; i < inspection->listing.generation_count; i++) {
        const struct inspection_entry *entry = &inspection->entries[i];
        published = published || (entry->problem.code == 0 && manifest_has(&entry->manifest.base) &&
                                  is_named(state, &entry->manifest.base));
    }
    return published;
}

/* The entries are the newest first. */
static void find_base(struct inspection *inspection)
{
    for (size_t i = 0; i < inspection->listing.generation_count && inspection->base == NULL; i++) {
        const struct inspection_entry *entry = &inspection->entries[i];
        if (entry->problem.code != 0 || entry->manifest.is_finished == 0 ||
            (inspection->has_attempt && store_is_thrown_away(&inspection->attempt, entry->name)))
            continue;
        if (is_published(inspection, entry))
            inspection->base = entry;
        else if (inspection->if_recorded == NULL)
            inspection->if_recorded = entry;
    }
    /* A night that was not published is thrown away, its sums too. */
    const struct inspection_entry *resume = inspection->resume;
    if (inspection->base != NULL && resume != NULL && resume->manifest.kind == MANIFEST_SUMS &&
        !is_named(inspection->base, &resume->manifest.sums_of))
        inspection->resume = inspection->base;
}

int inspection_make(const char *path, struct inspection *inspection, struct failure *failure)
{
    memset(inspection, 0, sizeof *inspection);
    struct store *store = &inspection->store;
    if (store_look(path, store, failure) != 0)
        return -1;
    inspection->locked = store_is_locked(store, inspection->holder);
    int read = store_read_attempt(store, &inspection->attempt, failure);
    int marked = store_mark_read(store, &inspection->mark, failure);
    if (read < 0 || marked < 0 || store_list(store, &inspection->listing, failure) != 0)
        return -1;
    inspection->has_attempt = read == 1;
    inspection->has_mark = marked == 1;
    leave_out_jobs(&inspection->listing);
    size_t count = inspection->listing.generation_count;
    inspection->entries = calloc(count + 1, sizeof *inspection->entries);
    if (inspection->entries == NULL)
        return failure_memory(failure, "the checkpoints", count * sizeof *inspection->entries);
    for (size_t i = 0; i < count; i++) {
        struct inspection_entry *entry = &inspection->entries[i];
        entry->name = inspection->listing.generations[i];
        if (look_at(inspection, entry, failure) != 0)
            return -1;
        bool thrown_away =
            inspection->has_attempt && store_is_thrown_away(&inspection->attempt, entry->name);
        if (thrown_away || inspection->resume != NULL || inspection->refused != NULL)
            continue;
        enum store_choice choice = store_choose(entry->problem.code);
        if (choice == STORE_TAKEN)
            inspection->resume = entry;
        else if (choice == STORE_REFUSED)
            inspection->refused = entry;
    }
    find_base(inspection);
    return 0;
}

void inspection_clear(struct inspection *inspection)
{
    for (size_t i = 0; inspection->entries != NULL && i < inspection->listing.generation_count; i++)
        manifest_clear(&inspection->entries[i].manifest);
    free(inspection->entries);
    store_listing_free(&inspection->listing);
    store_close(&inspection->store);
    memset(inspection, 0, sizeof *inspection);
}
