#include "inspection.h"

#include "course_funnel/output.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

/*
 * Every function returns false when there is no memory. Counts are plain numbers here, exact up to
 * 2^53: this text is for people's tools, not to resume from.
 */

static bool add_number(cJSON *object, const char *name, uint64_t number)
{
    return cJSON_AddNumberToObject(object, name, (double)number) != NULL;
}

static bool add_text(cJSON *object, const char *name, const char *text)
{
    return cJSON_AddStringToObject(object, name, text) != NULL;
}

static bool add_counts(cJSON *object, const struct ledger *ledger)
{
    cJSON *counts = cJSON_AddObjectToObject(object, "counts");
    return counts != NULL && add_number(counts, "lines_read", ledger->lines_read) &&
           add_number(counts, "records_read", ledger->records_read) &&
           add_number(counts, "other", ledger->other) &&
           add_number(counts, "rejected", ledger_rejected(ledger)) &&
           add_number(counts, "kept", ledger->kept) &&
           add_number(counts, "duplicates", ledger->duplicates) &&
           add_number(counts, "time_unusable", ledger->time_unusable);
}

static bool add_progress(cJSON *object, const struct manifest *manifest)
{
    return add_number(object, "bytes_read", manifest->done_bytes) &&
           add_number(object, "bytes_in_all", manifest->disk_bytes) &&
           add_number(object, "pieces_in_all", manifest->split_count) &&
           add_number(object, "pieces_done", manifest->next.splits - manifest->unfinished_count) &&
           add_number(object, "pieces_begun", manifest->unfinished_count) &&
           add_number(object, "pieces_waiting", manifest->split_count - manifest->next.splits);
}

static bool add_contents(cJSON *object, const struct generation_contents *contents)
{
    bool added = add_number(object, "bytes", contents->bytes) &&
                 add_number(object, "users", contents->users) &&
                 add_number(object, "enrolments", contents->enrolments) &&
                 add_number(object, "progress", contents->progress) &&
                 add_number(object, "sums", contents->sums);
    cJSON *largest = added ? cJSON_AddArrayToObject(object, "largest_key_groups") : NULL;
    added = largest != NULL;
    for (size_t i = 0; added && i < GENERATION_LARGEST && contents->largest[i].users > 0; i++) {
        cJSON *group = cJSON_CreateObject();
        added = group != NULL && cJSON_AddItemToArray(largest, group) &&
                add_number(group, "group", contents->largest[i].group) &&
                add_number(group, "users", contents->largest[i].users) &&
                add_number(group, "bytes", contents->largest[i].bytes);
    }
    return added;
}

static bool add_entry(cJSON *array, const struct inspection_entry *entry)
{
    char name[STORE_NAME_BYTES];
    const struct manifest *manifest = &entry->manifest;
    cJSON *object = cJSON_CreateObject();
    store_name(entry->name, name);
    if (object == NULL || !cJSON_AddItemToArray(array, object) || !add_text(object, "name", name) ||
        cJSON_AddBoolToObject(object, "whole", entry->problem.code == 0) == NULL)
        return false;
    if (entry->problem.code != 0 && !add_text(object, "problem", entry->problem.message))
        return false;
    if (!entry->has_manifest)
        return true;
    return add_text(object, "kind", manifest->kind == MANIFEST_SUMS ? "sums" : "state") &&
           add_text(object, "run_id", manifest->run_id) &&
           add_number(object, "attempt", manifest->attempt) &&
           add_number(object, "files", manifest->input_count) &&
           add_number(object, "ranks", manifest->ranks) &&
           add_number(object, "resumes", manifest->resumes) && add_progress(object, manifest) &&
           add_counts(object, &manifest->ledger) && add_contents(object, &entry->contents);
}

static bool add_name(cJSON *array, const char *name)
{
    cJSON *text = cJSON_CreateString(name);
    return text != NULL && cJSON_AddItemToArray(array, text);
}

static bool add_names(cJSON *root, const struct inspection *inspection)
{
    const struct store_listing *listing = &inspection->listing;
    cJSON *damaged = cJSON_AddArrayToObject(root, "set_aside");
    cJSON *others = cJSON_AddArrayToObject(root, "others");
    cJSON *lost = cJSON_AddArrayToObject(root, "lost");
    bool added = damaged != NULL && others != NULL && lost != NULL;
    for (size_t i = 0; added && i < listing->damaged_count; i++)
        added = add_name(damaged, listing->damaged[i].name);
    for (size_t i = 0; added && i < listing->lost_count; i++) {
        char name[STORE_NAME_BYTES];
        store_name(listing->lost[i], name);
        added = add_name(lost, name);
    }
    for (size_t i = 0; added && i < listing->other_count; i++)
        added = add_name(others, listing->others[i]);
    return added;
}

static bool add_state(cJSON *root, const char *key, const struct inspection_entry *entry)
{
    char name[STORE_NAME_BYTES];
    if (entry == NULL)
        return true;
    store_name(entry->name, name);
    return add_text(root, key, name);
}

static bool add_all(cJSON *root, const struct inspection *inspection)
{
    bool added = root != NULL && add_text(root, "folder", inspection->store.folder.path) &&
                 cJSON_AddBoolToObject(root, "in_use", inspection->locked) != NULL;
    if (added && inspection->locked)
        added = add_text(root, "holder", inspection->holder);
    if (added && inspection->has_attempt)
        added = add_text(root, "run_id", inspection->attempt.history_id) &&
                add_number(root, "attempt", inspection->attempt.number);
    added = added && add_state(root, "base", inspection->base) &&
            add_state(root, "base_if_recorded", inspection->if_recorded);
    cJSON *entries = added ? cJSON_AddArrayToObject(root, "generations") : NULL;
    added = entries != NULL;
    for (size_t i = 0; added && i < inspection->listing.generation_count; i++)
        added = add_entry(entries, &inspection->entries[i]);
    if (!added || !add_names(root, inspection))
        return false;
    if (inspection->resume == NULL)
        return cJSON_AddNullToObject(root, "resumes_from") != NULL;
    char name[STORE_NAME_BYTES];
    store_name(inspection->resume->name, name);
    return add_text(root, "resumes_from", name);
}

int inspection_print_json(FILE *out, const struct inspection *inspection, struct failure *failure)
{
    cJSON *root = cJSON_CreateObject();
    char *text = add_all(root, inspection) ? cJSON_Print(root) : NULL;
    cJSON_Delete(root);
    if (text == NULL)
        return failure_memory(failure, "the text", 1);
    fprintf(out, "%s\n", text);
    free(text);
    return output_end(out, failure);
}
