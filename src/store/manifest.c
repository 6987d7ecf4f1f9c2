#include "course_funnel/manifest.h"

#include "manifest_internal.h"

#include "course_funnel/fault.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const manifest_kinds[2] = {[MANIFEST_STATE] = "state", [MANIFEST_SUMS] = "sums"};

const struct manifest_count manifest_counts[MANIFEST_COUNTS] = {
    {"lines_read", offsetof(struct manifest, ledger.lines_read)},
    {"records_read", offsetof(struct manifest, ledger.records_read)},
    {"other", offsetof(struct manifest, ledger.other)},
    {"rejected_weight", offsetof(struct manifest, ledger.rejected_weight)},
    {"kept", offsetof(struct manifest, ledger.kept)},
    {"sent", offsetof(struct manifest, ledger.sent)},
    {"received", offsetof(struct manifest, ledger.received)},
    {"folded", offsetof(struct manifest, ledger.folded)},
    {"duplicates", offsetof(struct manifest, ledger.duplicates)},
    {"time_unusable", offsetof(struct manifest, ledger.time_unusable)},
    {"bytes_read", offsetof(struct manifest, ledger.bytes_read)},
    {"range_bytes", offsetof(struct manifest, range_bytes)},
    {"disk_bytes", offsetof(struct manifest, disk_bytes)},
    {"done_bytes", offsetof(struct manifest, done_bytes)},
    {"split_count", offsetof(struct manifest, split_count)},
    {"next", offsetof(struct manifest, next)},
    {"pairs_started", offsetof(struct manifest, pairs_started)},
    {"pairs_completed", offsetof(struct manifest, pairs_completed)},
    {"match_is_known", offsetof(struct manifest, match.is_known)},
    {"sessions_read", offsetof(struct manifest, match.sessions_read)},
    {"users_with_session", offsetof(struct manifest, match.users_with_session)},
    {"users_without_session", offsetof(struct manifest, match.users_without_session)},
    /* Times may be before 1970; they are kept as their 64 bits. */
    {"started_us", offsetof(struct manifest, started_us)},
    {"planned_us", offsetof(struct manifest, planned_us)},
    {"attempt_us", offsetof(struct manifest, attempt_us)},
    {"written_us", offsetof(struct manifest, written_us)},
    {"first_event_us", offsetof(struct manifest, first_event_us)},
    {"last_event_us", offsetof(struct manifest, last_event_us)},
};

const struct manifest_count manifest_changes[MANIFEST_CHANGES] = {
    {"storage", offsetof(struct source_changes, storage)},
    {"columns", offsetof(struct source_changes, columns)},
    {"inserted", offsetof(struct source_changes, inserted)},
    {"updated", offsetof(struct source_changes, updated)},
    {"deleted", offsetof(struct source_changes, deleted)},
    {"vacuums", offsetof(struct source_changes, vacuums)},
};

_Static_assert(LEDGER_COUNTS == 11 + REJECT_REASONS, "the table above names each count");

void manifest_clear(struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->input_count; i++)
        free(manifest->inputs[i].path);
    free(manifest->inputs);
    free(manifest->unfinished);
    free(manifest->files);
    free(manifest->parts);
    memset(manifest, 0, sizeof *manifest);
}

int manifest_set_input(struct manifest *manifest, const struct source_list *list,
                       const struct manifest_choices *choices, struct failure *failure)
{
    manifest->inputs = calloc(list->file_count + 1, sizeof *manifest->inputs);
    if (manifest->inputs == NULL)
        return failure_memory(failure, "the manifest", list->file_count);
    for (size_t i = 0; i < list->file_count; i++) {
        struct manifest_input *input = &manifest->inputs[i];
        input->path = strdup(list->files[i].path);
        if (input->path == NULL)
            return failure_memory(failure, "the manifest", strlen(list->files[i].path));
        input->bytes = list->files[i].bytes;
        input->identity = list->files[i].identity;
        input->changes = list->files[i].changes;
        manifest->input_count++;
    }
    manifest->range_bytes = choices->range_bytes;
    snprintf(manifest->columns, sizeof manifest->columns, "%s",
             choices->columns != NULL ? choices->columns : "");
    manifest_set_sessions(manifest, choices);
    manifest->disk_bytes = list->disk_bytes;
    manifest->split_count = list->split_count;
    memcpy(manifest->input_fingerprint, list->fingerprint, sizeof manifest->input_fingerprint);
    return 0;
}

void manifest_set_sessions(struct manifest *manifest, const struct manifest_choices *choices)
{
    snprintf(manifest->sessions, sizeof manifest->sessions, "%s",
             choices->sessions != NULL ? choices->sessions : "");
}

/* Every function from here on returns false when there is no memory. */

static bool add_text(cJSON *object, const char *name, const char *text)
{
    return cJSON_AddStringToObject(object, name, text) != NULL;
}

static bool add_count(cJSON *object, const char *name, uint64_t count)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, count);
    return add_text(object, name, text);
}

static bool add_number(cJSON *object, const char *name, uint32_t number)
{
    return cJSON_AddNumberToObject(object, name, number) != NULL;
}

/* A new object at the end of an array, or NULL. */
static cJSON *append_object(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();
    if (object != NULL && !cJSON_AddItemToArray(array, object)) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

static bool add_changes(cJSON *object, const struct source_changes *changes)
{
    bool added = true;
    for (size_t i = 0; added && changes->storage != 0 && i < MANIFEST_CHANGES; i++) {
        uint64_t count = 0;
        memcpy(&count, (const char *)changes + manifest_changes[i].offset, sizeof count);
        added = add_count(object, manifest_changes[i].name, count);
    }
    return added;
}

static bool add_inputs(cJSON *root, const struct manifest *manifest)
{
    cJSON *array = cJSON_AddArrayToObject(root, "inputs");
    bool added = array != NULL;
    for (size_t i = 0; added && i < manifest->input_count; i++) {
        const struct manifest_input *input = &manifest->inputs[i];
        cJSON *object = append_object(array);
        added = object != NULL && add_text(object, "path", input->path) &&
                add_count(object, "bytes", input->bytes) &&
                add_count(object, "mtime_ns", (uint64_t)input->identity) &&
                add_changes(object, &input->changes);
    }
    return added;
}

static bool add_unfinished(cJSON *root, const struct manifest *manifest)
{
    cJSON *array = cJSON_AddArrayToObject(root, "unfinished");
    bool added = array != NULL;
    for (size_t i = 0; added && i < manifest->unfinished_count; i++) {
        const struct schedule_item *item = &manifest->unfinished[i];
        cJSON *object = append_object(array);
        added = object != NULL && add_number(object, "split", item->split) &&
                add_count(object, "offset", item->offset);
    }
    return added;
}

static bool fill_file(cJSON *object, const char *name, const struct manifest_file *file)
{
    return object != NULL && add_text(object, "name", name) &&
           add_number(object, "first_group", file->first_group) &&
           add_number(object, "last_group", file->last_group) &&
           add_count(object, "bytes", file->bytes) && add_text(object, "digest", file->digest);
}

static bool add_files(cJSON *root, const struct manifest *manifest)
{
    cJSON *array = cJSON_AddArrayToObject(root, "files");
    bool added = array != NULL;
    for (size_t i = 0; added && i < manifest->file_count; i++) {
        char name[MANIFEST_NAME_BYTES] = MANIFEST_SUMS_NAME;
        if (manifest->kind == MANIFEST_STATE)
            manifest_file_name(&manifest->files[i], name);
        added = fill_file(append_object(array), name, &manifest->files[i]);
    }
    return added && fill_file(cJSON_AddObjectToObject(root, "reject_runs"), MANIFEST_STRETCHES_NAME,
                              &manifest->stretches);
}

static bool add_parts(cJSON *root, const struct manifest *manifest)
{
    cJSON *array = cJSON_AddArrayToObject(root, "reject_parts");
    bool added = array != NULL;
    for (size_t i = 0; added && i < manifest->part_count; i++) {
        const struct manifest_part *part = &manifest->parts[i];
        cJSON *object = append_object(array);
        added = object != NULL && add_number(object, "attempt", part->attempt) &&
                add_number(object, "rank", part->rank) && add_count(object, "bytes", part->bytes) &&
                add_text(object, "digest", part->digest);
    }
    return added;
}

static bool add_counts(cJSON *root, const struct manifest *manifest)
{
    bool added = true;
    for (size_t i = 0; added && i < MANIFEST_COUNTS; i++) {
        uint64_t count = 0;
        memcpy(&count, (const char *)manifest + manifest_counts[i].offset, sizeof count);
        added = add_count(root, manifest_counts[i].name, count);
    }
    cJSON *rejected = cJSON_AddObjectToObject(root, "rejected");
    added = added && rejected != NULL;
    for (int i = 0; added && i < REJECT_REASONS; i++)
        added = add_count(rejected, event_reject_name((enum reject_reason)i),
                          manifest->ledger.rejected[i]);
    return added;
}

static bool add_all(cJSON *root, const struct manifest *manifest)
{
    return root != NULL && add_text(root, "format", MANIFEST_FORMAT) &&
           add_number(root, "format_version",
                      (uint32_t)FAULT_NUMBER("manifest.version", MANIFEST_FORMAT_VERSION)) &&
           add_text(root, "kind", manifest_kinds[manifest->kind]) &&
           add_text(root, "run_id", manifest->run_id) &&
           add_text(root, "program_version", manifest->version) &&
           add_number(root, "attempt", manifest->attempt) &&
           add_number(root, "generation", manifest->generation) &&
           add_number(root, "ranks", manifest->ranks) &&
           add_number(root, "resumes", manifest->resumes) &&
           add_number(root, "key_groups", KEY_GROUPS) &&
           add_text(root, "columns", manifest->columns) &&
           add_text(root, "sessions", manifest->sessions) &&
           add_text(root, "input_fingerprint", manifest->input_fingerprint) &&
           add_counts(root, manifest) && add_unfinished(root, manifest) &&
           add_files(root, manifest) && add_parts(root, manifest) && add_inputs(root, manifest);
}

int manifest_print(const struct manifest *manifest, char **text, size_t *byte_count,
                   struct failure *failure)
{
    cJSON *root = cJSON_CreateObject();
    char *body = add_all(root, manifest) ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    size_t bytes = body != NULL ? strlen(body) : 0;
    char *grown = body != NULL ? realloc(body, bytes + SEAL_BYTES) : NULL;
    if (grown == NULL) {
        free(body);
        return failure_memory(failure, "the manifest", bytes);
    }
    *text = grown;
    *byte_count = seal_write(grown, bytes);
    return 0;
}
