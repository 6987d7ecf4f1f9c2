#include "course_funnel/checkpoint.h"

#include "checkpoint_internal.h"

#include "course_funnel/clock.h"
#include "course_funnel/fault.h"
#include "course_funnel/generation.h"
#include "course_funnel/log.h"
#include "course_funnel/reduce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A generation in the making. */
struct saving {
    struct checkpoint *checkpoint;
    const struct checkpoint_content *content;
    struct manifest manifest;    /* what it shares with the start is borrowed from that */
    struct manifest_file *files; /* this rank's */
    size_t file_count;
    struct manifest_part part;               /* this rank's; of no bytes where there is none */
    const struct rejects_stretch *stretches; /* this rank's */
    size_t stretch_count;
    bool overtaken;
};

static struct store_generation name_of(const struct saving *saving)
{
    return (struct store_generation){saving->manifest.attempt, saving->manifest.generation};
}

static bool is_root(const struct saving *saving)
{
    return ranks_rank(saving->checkpoint->ranks) == 0;
}

/* Counts over all ranks; what this rank alone cannot know. */
static int sum_up(struct saving *saving, struct failure *failure)
{
    struct ranks *ranks = saving->checkpoint->ranks;
    const struct checkpoint_content *content = saving->content;
    struct manifest *manifest = &saving->manifest;
    manifest->ledger = content->ledger;
    manifest->done_bytes = content->done_bytes;
    manifest->first_event_us = content->first_event_us;
    manifest->last_event_us = content->last_event_us;
    days_begin(&manifest->days, content->days->day);
    (void)days_merge(&manifest->days, content->days, failure);
    if (ranks_sum(ranks, &manifest->done_bytes, 1, failure) != 0)
        return -1;
    (void)reduce_days(ranks, &manifest->days, failure);
    if (ranks_vote(ranks, failure) != 0)
        return -1;
    return reduce_ledger(ranks, &manifest->ledger, &manifest->first_event_us,
                         &manifest->last_event_us, failure);
}

static void fill_manifest(struct saving *saving)
{
    struct checkpoint *checkpoint = saving->checkpoint;
    const struct manifest *start = &checkpoint->start;
    struct manifest *manifest = &saving->manifest;
    uint64_t earlier_bytes = checkpoint->found != NULL ? start->done_bytes : 0;
    snprintf(manifest->version, sizeof manifest->version, "%s", COURSE_FUNNEL_VERSION);
    memcpy(manifest->history_id, checkpoint->store.attempt.history_id, sizeof manifest->history_id);
    memcpy(manifest->run_id, checkpoint->run_id, sizeof manifest->run_id);
    manifest->is_finished = saving->content->is_finished;
    if (saving->content->kind == MANIFEST_SUMS)
        manifest->sums_of = checkpoint->finished;
    manifest->kind = saving->content->kind;
    manifest->attempt = checkpoint->store.attempt.number;
    manifest->generation = ++checkpoint->saved_count;
    manifest->ranks = (uint32_t)ranks_count(checkpoint->ranks);
    manifest->resumes += checkpoint->found != NULL && !checkpoint->begins ? 1 : 0;
    manifest->written_us = clock_now_us();
    manifest->next = saving->content->next;
    /* Headers of archives and text that was read again make this no exact count. */
    manifest->done_bytes += earlier_bytes;
    if (manifest->done_bytes > manifest->disk_bytes || manifest->kind == MANIFEST_SUMS)
        manifest->done_bytes = manifest->disk_bytes;
}

/* This rank's rejects so far; the folder is synced for the name of the part. */
static int sync_rejects(struct saving *saving, struct failure *failure)
{
    struct durable_folder folder;
    struct manifest_part *part = &saving->part;
    part->attempt = saving->manifest.attempt;
    part->rank = (uint32_t)ranks_rank(saving->checkpoint->ranks);
    if (rejects_sync(saving->content->rejects, &part->bytes, part->digest, failure) != 0 ||
        store_open_rejects(&saving->checkpoint->store, &folder, failure) != 0)
        return -1;
    int result = part->bytes > 0 ? durable_sync(&folder, failure) : 0;
    durable_close(&folder);
    return result;
}

/* This rank's share of the files. */
static int write_files(struct saving *saving, struct failure *failure)
{
    struct generation generation;
    if (sync_rejects(saving, failure) != 0 ||
        generation_open(&saving->checkpoint->store, &saving->manifest, &generation, failure) != 0)
        return -1;
    int result = 0;
    (void)FAULT("checkpoint.write");
    if (saving->content->kind == MANIFEST_STATE) {
        result = generation_write_state(&generation, saving->content->state, &saving->files,
                                        &saving->file_count, failure);
    } else if (is_root(saving)) {
        saving->files = calloc(1, sizeof *saving->files);
        if (saving->files == NULL)
            result = failure_memory(failure, "a list of files", sizeof *saving->files);
        else
            result =
                generation_write_sums(&generation, saving->content->tally, saving->content->matches,
                                      saving->content->entries, saving->files, failure);
        saving->file_count = saving->files != NULL ? 1 : 0;
    }
    if (result == 0)
        result = durable_sync(&generation.folder, failure);
    generation_close(&generation);
    return result;
}

/* What all ranks have, on rank 0 as an array that it frees; a failure is found in ${failure}. */
static void gather(struct saving *saving, const void *elements, size_t count, size_t element_bytes,
                   void **all, size_t *all_count, struct failure *failure)
{
    unsigned char *gathered = NULL;
    size_t bytes = 0;
    (void)ranks_gather(saving->checkpoint->ranks, elements, count * element_bytes, &gathered,
                       &bytes, failure);
    *all = gathered;
    *all_count = bytes / element_bytes;
}

static int by_group(const void *a, const void *b)
{
    const struct manifest_file *x = a, *y = b;
    return x->first_group < y->first_group ? -1 : x->first_group > y->first_group;
}

/* On rank 0: earlier attempts' parts, and those of this one that hold anything. */
static int join_parts(struct saving *saving, const struct manifest_part *own, size_t own_count,
                      struct failure *failure)
{
    const struct manifest *start = &saving->checkpoint->start;
    struct manifest *manifest = &saving->manifest;
    manifest->parts = calloc(start->part_count + own_count + 1, sizeof *manifest->parts);
    if (manifest->parts == NULL)
        return failure_memory(failure, "the manifest", own_count * sizeof *own);
    for (size_t i = 0; i < start->part_count; i++)
        manifest->parts[manifest->part_count++] = start->parts[i];
    for (size_t i = 0; i < own_count; i++)
        if (own[i].bytes > 0)
            manifest->parts[manifest->part_count++] = own[i];
    return 0;
}

/* On rank 0: the stretches of earlier attempts and of this one, as a file. */
static int write_stretches(struct saving *saving, const struct generation *generation,
                           const struct rejects_stretch *own, size_t own_count,
                           struct failure *failure)
{
    const struct checkpoint *checkpoint = saving->checkpoint;
    size_t earlier = checkpoint->earlier_stretch_count;
    struct rejects_stretch *all = NULL;
    if (rejects_concatenate(checkpoint->earlier_stretches, earlier, own, own_count, &all,
                            failure) != 0)
        return -1;
    int result = generation_write_stretches(generation, all, earlier + own_count,
                                            &saving->manifest.stretches, failure);
    free(all);
    return result;
}

/* Note which generations are kept. Where that failed the new one goes, and is not to be missed. */
static int note_kept(struct saving *saving, struct failure *failure)
{
    const struct store *store = &saving->checkpoint->store;
    const struct store_generation kept[STORE_KEPT] = {name_of(saving),
                                                      saving->checkpoint->last_good};
    size_t before = kept[1].attempt > 0 ? 1 : 0;
    struct failure trouble = {0};
    bool overtaken = false;
    if (store_keep(store, kept, 1 + before, &saving->overtaken, failure) == 0)
        return 0;
    (void)store_keep(store, kept + 1, before, &overtaken, &trouble);
    return -1;
}

/* On rank 0, with all that the others told in the manifest. */
static int commit(struct saving *saving, const struct rejects_stretch *stretches,
                  size_t stretch_count, struct failure *failure)
{
    struct manifest *manifest = &saving->manifest;
    const struct store *store = &saving->checkpoint->store;
    struct generation generation;
    char *text = NULL;
    size_t bytes = 0;
    if (generation_open(store, manifest, &generation, failure) != 0)
        return -1;
    int result = write_stretches(saving, &generation, stretches, stretch_count, failure);
    if (result == 0)
        result = durable_sync(&generation.folder, failure);
    if (result == 0)
        result = manifest_print(manifest, &text, &bytes, failure);
    if (result == 0)
        result = store_commit(store, name_of(saving), text, bytes, &saving->overtaken, failure);
    if (result == 0)
        result = note_kept(saving, failure);
    if (result == 0 && manifest->is_finished != 0) {
        saving->checkpoint->finished =
            checkpoint_name_manifest(manifest, (unsigned char *)text, bytes);
    }
    free(text);
    generation_close(&generation);
    return result;
}

/* What every rank wrote, to rank 0; there it becomes the manifest. */
static int finish(struct saving *saving, struct failure *failure)
{
    const struct checkpoint_content *content = saving->content;
    struct manifest *manifest = &saving->manifest;
    void *files = NULL, *parts = NULL, *stretches = NULL, *unfinished = NULL;
    size_t file_count = 0, part_count = 0, stretch_count = 0, unfinished_count = 0;
    gather(saving, saving->files, saving->file_count, sizeof *saving->files, &files, &file_count,
           failure);
    gather(saving, &saving->part, 1, sizeof saving->part, &parts, &part_count, failure);
    gather(saving, saving->stretches, saving->stretch_count, sizeof *saving->stretches, &stretches,
           &stretch_count, failure);
    gather(saving, content->unfinished, content->unfinished_count, sizeof *content->unfinished,
           &unfinished, &unfinished_count, failure);
    if (is_root(saving) && failure->code == 0) {
        qsort(files, file_count, sizeof *saving->files, by_group);
        manifest->files = files;
        manifest->file_count = file_count;
        manifest->unfinished = unfinished;
        manifest->unfinished_count = unfinished_count;
        if (content->tally != NULL) {
            manifest->pairs_started = content->tally->pairs_started;
            manifest->pairs_completed = content->tally->pairs_completed;
            manifest->match = content->match;
        }
        if (join_parts(saving, parts, part_count, failure) == 0)
            (void)commit(saving, stretches, stretch_count, failure);
    }
    free(files);
    free(parts);
    free(stretches);
    free(unfinished);
    free(manifest->parts);
    manifest->parts = NULL;
    return failure->code != 0 ? -1 : 0;
}

static uint64_t bytes_of(const struct saving *saving)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < saving->file_count; i++)
        bytes += saving->files[i].bytes;
    return bytes;
}

/* On rank 0: tell what was done, and when it is due again. */
static void tell(struct saving *saving, uint64_t bytes, double seconds,
                 const struct failure *trouble)
{
    struct checkpoint *checkpoint = saving->checkpoint;
    double wait = interval_next(&checkpoint->options.interval, seconds);
    char name[STORE_NAME_BYTES];
    store_name(name_of(saving), name);
    checkpoint->due = clock_seconds() + wait;
    if (trouble->code == 0)
        log_info("checkpoint %s: %.1f MB in %.2f s, the next in %.0f s", name, (double)bytes / 1e6,
                 seconds, wait);
    else
        log_warning("checkpoint %s could not be written and is given up, the next try is in %.0f "
                    "s: %s",
                    name, wait, trouble->message);
}

/* On rank 0: what is there of a generation that was given up. */
static void give_up(struct saving *saving)
{
    struct failure trouble = {0};
    if (store_remove(&saving->checkpoint->store, name_of(saving), &trouble) != 0)
        log_warning("what was written is left behind: %s", trouble.message);
}

static int save(struct saving *saving, struct failure *failure)
{
    struct checkpoint *checkpoint = saving->checkpoint;
    if (is_root(saving))
        (void)store_make(&checkpoint->store, name_of(saving), failure);
    if (ranks_vote(checkpoint->ranks, failure) != 0)
        return -1;
    (void)write_files(saving, failure);
    if (ranks_vote(checkpoint->ranks, failure) != 0)
        return -1;
    (void)finish(saving, failure);
    return ranks_vote(checkpoint->ranks, failure);
}

int checkpoint_save(struct checkpoint *checkpoint, const struct checkpoint_content *content,
                    bool *saved, struct failure *failure)
{
    struct saving saving = {
        .checkpoint = checkpoint, .content = content, .manifest = checkpoint->start};
    struct failure trouble = {0};
    double begun = clock_seconds();
    *saved = false;
    /* Those of the start are added to in a list of its own. */
    saving.manifest.parts = NULL;
    saving.manifest.part_count = 0;
    saving.manifest.sums_of = (struct manifest_other){0};
    /* Rejects that cannot be written are lost to the run, not to this generation alone. */
    if (sum_up(&saving, failure) == 0)
        (void)rejects_flush(content->rejects, &saving.stretches, &saving.stretch_count, failure);
    if (ranks_vote(checkpoint->ranks, failure) != 0) {
        days_clear(&saving.manifest.days);
        return -1;
    }
    fill_manifest(&saving);

    *saved = save(&saving, &trouble) == 0;
    uint64_t bytes = bytes_of(&saving);
    (void)ranks_sum(checkpoint->ranks, &bytes, 1, failure);
    if (is_root(&saving)) {
        /* What a job that was overtaken committed may be what the later one goes on from. */
        if (*saved)
            checkpoint_prune(checkpoint, name_of(&saving));
        else if (!saving.overtaken)
            give_up(&saving);
        if (saving.overtaken)
            failure_set(failure, trouble.code, "%s", trouble.message);
        else
            tell(&saving, bytes, clock_seconds() - begun, &trouble);
    }
    if (*saved)
        checkpoint->last_good = name_of(&saving);
    free(saving.files);
    days_clear(&saving.manifest.days);
    return ranks_vote(checkpoint->ranks, failure);
}
