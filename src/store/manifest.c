#include "course_funnel/manifest.h"

#include "manifest_internal.h"

#include "course_funnel/fault.h"
#include "course_funnel/rejects.h"
#include "course_funnel/rules.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const manifest_kinds[2] = {[MANIFEST_STATE] = "state", [MANIFEST_SUMS] = "sums"};

#define AT(record, field) .offset = offsetof(struct record, field)
#define ROOM(record, field, kind) AT(record, field), kind, sizeof((struct record){0}.field)

const struct manifest_field manifest_head[] = {
    {"history_id", ROOM(manifest, history_id, MANIFEST_EXACT)},
    {"run_id", ROOM(manifest, run_id, MANIFEST_EXACT)},
    {"program_version", ROOM(manifest, version, MANIFEST_TEXT)},
    {"attempt", AT(manifest, attempt), MANIFEST_NUMBER, UINT32_MAX},
    {"generation", AT(manifest, generation), MANIFEST_NUMBER, UINT32_MAX},
    {"ranks", AT(manifest, ranks), MANIFEST_NUMBER, KEY_GROUPS},
    {"resumes", AT(manifest, resumes), MANIFEST_NUMBER, UINT32_MAX},
    {.name = NULL},
};

const struct manifest_field manifest_body[] = {
    {"columns", ROOM(manifest, columns, MANIFEST_TEXT)},
    {"sessions", ROOM(manifest, sessions, MANIFEST_TEXT)},
    {"input_fingerprint", ROOM(manifest, input_fingerprint, MANIFEST_EXACT)},
    {"range_bytes", AT(manifest, range_bytes)},
    {"disk_bytes", AT(manifest, disk_bytes)},
    {"done_bytes", AT(manifest, done_bytes)},
    {"split_count", AT(manifest, split_count)},
    {"is_finished", AT(manifest, is_finished)},
    {"next", AT(manifest, next.splits)},
    {"next_tables", AT(manifest, next.tables)},
    {"listed_empty", AT(manifest, listed_empty)},
    {"listed_left_out", AT(manifest, listed_left_out)},
    {"pairs_started", AT(manifest, pairs_started)},
    {"pairs_completed", AT(manifest, pairs_completed)},
    {"match_is_known", AT(manifest, match.is_known)},
    {"sessions_read", AT(manifest, match.sessions_read)},
    {"users_with_session", AT(manifest, match.users_with_session)},
    {"users_without_session", AT(manifest, match.users_without_session)},
    /* Times may be before 1970; they are kept as their 64 bits. */
    {"started_us", AT(manifest, started_us)},
    {"planned_us", AT(manifest, planned_us)},
    {"attempt_us", AT(manifest, attempt_us)},
    {"written_us", AT(manifest, written_us)},
    {"first_event_us", AT(manifest, first_event_us)},
    {"last_event_us", AT(manifest, last_event_us)},
    {"as_of", ROOM(manifest, as_of, MANIFEST_TEXT)},
    {"marts_only", AT(manifest, marts_only)},
    {"leave_out_foreign", AT(manifest, leave_out_foreign)},
    {"day", AT(manifest, days.day)},
    {"day_last_us", AT(manifest, days.last_us)},
    {"day_before_us", AT(manifest, days.before_us)},
    {"days_later", AT(manifest, days.later)},
    {.name = NULL},
};

const struct manifest_field manifest_ledger_fields[] = {
    {"lines_read", AT(ledger, lines_read)},
    {"records_read", AT(ledger, records_read)},
    {"other", AT(ledger, other)},
    {"rejected_weight", AT(ledger, rejected_weight)},
    {"kept", AT(ledger, kept)},
    {"sent", AT(ledger, sent)},
    {"received", AT(ledger, received)},
    {"folded", AT(ledger, folded)},
    {"duplicates", AT(ledger, duplicates)},
    {"time_unusable", AT(ledger, time_unusable)},
    {"bytes_read", AT(ledger, bytes_read)},
    {"rows_deleted", AT(ledger, rows_deleted)},
    {"files_empty", AT(ledger, files_empty)},
    {"files_left_out", AT(ledger, files_left_out)},
    {.name = NULL},
};

const struct manifest_field manifest_other_fields[] = {
    {"attempt", AT(manifest_other, attempt), MANIFEST_NUMBER, UINT32_MAX},
    {"generation", AT(manifest_other, generation), MANIFEST_NUMBER, UINT32_MAX},
    {"digest", ROOM(manifest_other, digest, MANIFEST_TEXT)},
    {.name = NULL},
};

const struct manifest_field manifest_day_fields[] = {
    {"events", AT(days_count, events)},
    {"latest_us", AT(days_count, latest_us)},
    {.name = NULL},
};

const struct manifest_field manifest_input_fields[] = {
    {"bytes", AT(manifest_input, bytes)},
    {"mtime_ns", AT(manifest_input, identity)},
    {"splits", AT(manifest_input, splits), MANIFEST_NUMBER, UINT32_MAX},
    {"is_base", AT(manifest_input, is_base), MANIFEST_NUMBER, 1},
    {.name = NULL},
};

const struct manifest_field manifest_changes[] = {
    {"storage", AT(source_changes, storage)},
    {"columns", AT(source_changes, columns)},
    {"inserted", AT(source_changes, inserted)},
    {"updated", AT(source_changes, updated)},
    {"deleted", AT(source_changes, deleted)},
    {"vacuums", AT(source_changes, vacuums)},
    {.name = NULL},
};

const struct manifest_field manifest_unfinished_fields[] = {
    {"split", AT(schedule_item, split), MANIFEST_NUMBER, UINT32_MAX},
    {"offset", AT(schedule_item, offset)},
    {.name = NULL},
};

const struct manifest_field manifest_file_fields[] = {
    {"first_group", AT(manifest_file, first_group), MANIFEST_NUMBER, KEY_GROUPS - 1},
    {"last_group", AT(manifest_file, last_group), MANIFEST_NUMBER, KEY_GROUPS - 1},
    {"bytes", AT(manifest_file, bytes)},
    {"digest", ROOM(manifest_file, digest, MANIFEST_EXACT)},
    {.name = NULL},
};

const struct manifest_field manifest_part_fields[] = {
    {"attempt", AT(manifest_part, attempt), MANIFEST_NUMBER, UINT32_MAX},
    {"rank", AT(manifest_part, rank), MANIFEST_NUMBER, REJECTS_JOINED_RANK},
    {"bytes", AT(manifest_part, bytes)},
    {"digest", ROOM(manifest_part, digest, MANIFEST_EXACT)},
    {.name = NULL},
};

_Static_assert(LEDGER_COUNTS == 14 + REJECT_REASONS, "manifest_ledger_fields names each count");

void manifest_clear(struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->input_count; i++)
        free(manifest->inputs[i].path);
    free(manifest->inputs);
    free(manifest->unfinished);
    free(manifest->files);
    free(manifest->parts);
    days_clear(&manifest->days);
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
    for (size_t i = 0; i < list->split_count; i++)
        manifest->inputs[list->splits[i].file].splits++;
    manifest->range_bytes = choices->range_bytes;
    snprintf(manifest->columns, sizeof manifest->columns, "%s",
             choices->columns != NULL ? choices->columns : "");
    manifest_set_sessions(manifest, choices);
    snprintf(manifest->as_of, sizeof manifest->as_of, "%s",
             choices->as_of != NULL ? choices->as_of : "");
    manifest->marts_only = choices->marts_only;
    manifest->leave_out_foreign = choices->leave_out_foreign;
    manifest->listed_empty = list->files_empty;
    manifest->listed_left_out = list->files_left_out;
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

static bool add_fields(cJSON *object, const struct manifest_field *field, const void *values)
{
    bool added = true;
    for (; added && field->name != NULL; field++) {
        const void *value = (const char *)values + field->offset;
        if (field->kind == MANIFEST_COUNT)
            added = add_count(object, field->name, *(const uint64_t *)value);
        else if (field->kind == MANIFEST_NUMBER)
            added = add_number(object, field->name, *(const uint32_t *)value);
        else
            added = add_text(object, field->name, value);
    }
    return added;
}

static bool add_input(cJSON *object, const struct manifest *manifest, size_t i)
{
    const struct manifest_input *input = &manifest->inputs[i];
    return add_text(object, "path", input->path) &&
           add_fields(object, manifest_input_fields, input) &&
           (input->changes.storage == 0 || add_fields(object, manifest_changes, &input->changes));
}

static bool add_unfinished(cJSON *object, const struct manifest *manifest, size_t i)
{
    return add_fields(object, manifest_unfinished_fields, &manifest->unfinished[i]);
}

static bool add_file(cJSON *object, const struct manifest *manifest, size_t i)
{
    char name[MANIFEST_NAME_BYTES] = MANIFEST_SUMS_NAME;
    if (manifest->kind == MANIFEST_STATE)
        manifest_file_name(&manifest->files[i], name);
    return add_text(object, "name", name) &&
           add_fields(object, manifest_file_fields, &manifest->files[i]);
}

static bool add_stretches(cJSON *root, const struct manifest *manifest)
{
    cJSON *object = cJSON_AddObjectToObject(root, "reject_runs");
    return object != NULL && add_text(object, "name", MANIFEST_STRETCHES_NAME) &&
           add_fields(object, manifest_file_fields, &manifest->stretches);
}

static bool add_part(cJSON *object, const struct manifest *manifest, size_t i)
{
    return add_fields(object, manifest_part_fields, &manifest->parts[i]);
}

static bool add_day(cJSON *object, const struct manifest *manifest, size_t i)
{
    return add_fields(object, manifest_day_fields, &manifest->days.counts[i]);
}

/* An array of ${count} objects, each of which ${add} fills. */
static bool add_array(cJSON *root, const char *name, const struct manifest *manifest, size_t count,
                      bool (*add)(cJSON *object, const struct manifest *manifest, size_t i))
{
    cJSON *array = cJSON_AddArrayToObject(root, name);
    bool added = array != NULL;
    for (size_t i = 0; added && i < count; i++) {
        cJSON *object = cJSON_CreateObject();
        added = object != NULL && add(object, manifest, i) && cJSON_AddItemToArray(array, object);
        if (!added)
            cJSON_Delete(object);
    }
    return added;
}

static bool add_ledger(cJSON *root, const struct ledger *ledger)
{
    bool added = add_fields(root, manifest_ledger_fields, ledger);
    cJSON *rejected = added ? cJSON_AddObjectToObject(root, "rejected") : NULL;
    added = rejected != NULL;
    for (int i = 0; added && i < REJECT_REASONS; i++)
        added = add_count(rejected, event_reject_name((enum reject_reason)i), ledger->rejected[i]);
    return added;
}

/* The run's own counts stand first, where who looks for them comes to them. */
static bool add_others(cJSON *root, const struct manifest *manifest)
{
    cJSON *base = cJSON_AddObjectToObject(root, "base");
    cJSON *sums_of = cJSON_AddObjectToObject(root, "sums_of");
    return base != NULL && sums_of != NULL &&
           add_fields(base, manifest_other_fields, &manifest->base) &&
           add_ledger(base, &manifest->base_ledger) &&
           add_fields(sums_of, manifest_other_fields, &manifest->sums_of);
}

static bool add_all(cJSON *root, const struct manifest *manifest)
{
    return root != NULL && add_text(root, "format", MANIFEST_FORMAT) &&
           add_number(root, "format_version",
                      (uint32_t)FAULT_NUMBER("manifest.version", MANIFEST_FORMAT_VERSION)) &&
           add_number(root, "rules_version",
                      (uint32_t)FAULT_NUMBER("manifest.rules", RULES_VERSION)) &&
           add_text(root, "kind", manifest_kinds[manifest->kind]) &&
           add_fields(root, manifest_head, manifest) &&
           add_number(root, "key_groups", KEY_GROUPS) &&
           add_fields(root, manifest_body, manifest) && add_ledger(root, &manifest->ledger) &&
           add_others(root, manifest) &&
           add_array(root, "days", manifest, manifest->days.count, add_day) &&
           add_array(root, "unfinished", manifest, manifest->unfinished_count, add_unfinished) &&
           add_array(root, "files", manifest, manifest->file_count, add_file) &&
           add_stretches(root, manifest) &&
           add_array(root, "reject_parts", manifest, manifest->part_count, add_part) &&
           add_array(root, "inputs", manifest, manifest->input_count, add_input);
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
