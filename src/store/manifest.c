#include "course_funnel/manifest.h"

#include "manifest_internal.h"

#include "course_funnel/fault.h"
#include "course_funnel/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static bool add_unfinished(cJSON *object, const struct manifest *manifest, size_t i)
{
    return manifest_add_fields(object, manifest_unfinished_fields, &manifest->unfinished[i]);
}

static bool add_file(cJSON *object, const struct manifest *manifest, size_t i)
{
    char name[MANIFEST_NAME_BYTES] = MANIFEST_SUMS_NAME;
    if (manifest->kind == MANIFEST_STATE)
        manifest_file_name(&manifest->files[i], name);
    return manifest_add_text(object, "name", name) &&
           manifest_add_fields(object, manifest_file_fields, &manifest->files[i]);
}

static bool add_stretches(cJSON *root, const struct manifest *manifest)
{
    cJSON *object = cJSON_AddObjectToObject(root, "reject_runs");
    return object != NULL && manifest_add_text(object, "name", MANIFEST_STRETCHES_NAME) &&
           manifest_add_fields(object, manifest_file_fields, &manifest->stretches);
}

static bool add_part(cJSON *object, const struct manifest *manifest, size_t i)
{
    return manifest_add_fields(object, manifest_part_fields, &manifest->parts[i]);
}

static bool add_day(cJSON *object, const struct manifest *manifest, size_t i)
{
    return manifest_add_fields(object, manifest_day_fields, &manifest->days.counts[i]);
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
    bool added = manifest_add_fields(root, manifest_ledger_fields, ledger);
    cJSON *rejected = added ? cJSON_AddObjectToObject(root, "rejected") : NULL;
    added = rejected != NULL;
    for (int i = 0; added && i < REJECT_REASONS; i++)
        added = manifest_add_count(rejected, event_reject_name((enum reject_reason)i),
                                   ledger->rejected[i]);
    return added;
}

/* The run's own counts stand first, where who looks for them comes to them. */
static bool add_others(cJSON *root, const struct manifest *manifest)
{
    cJSON *base = cJSON_AddObjectToObject(root, "base");
    cJSON *sums_of = cJSON_AddObjectToObject(root, "sums_of");
    return base != NULL && sums_of != NULL &&
           manifest_add_fields(base, manifest_other_fields, &manifest->base) &&
           add_ledger(base, &manifest->base_ledger) &&
           manifest_add_fields(sums_of, manifest_other_fields, &manifest->sums_of);
}

static bool add_all(cJSON *root, const struct manifest *manifest)
{
    return root != NULL && manifest_add_text(root, "format", MANIFEST_FORMAT) &&
           manifest_add_number(
               root, "format_version",
               (uint32_t)FAULT_NUMBER("manifest.version", MANIFEST_FORMAT_VERSION)) &&
           manifest_add_number(root, "rules_version",
                               (uint32_t)FAULT_NUMBER("manifest.rules", RULES_VERSION)) &&
           manifest_add_text(root, "kind", manifest_kinds[manifest->kind]) &&
           manifest_add_fields(root, manifest_head, manifest) &&
           manifest_add_number(root, "key_groups", KEY_GROUPS) &&
           manifest_add_fields(root, manifest_body, manifest) &&
           add_ledger(root, &manifest->ledger) && add_others(root, manifest) &&
           add_array(root, "days", manifest, manifest->days.count, add_day) &&
           add_array(root, "unfinished", manifest, manifest->unfinished_count, add_unfinished) &&
           add_array(root, "files", manifest, manifest->file_count, add_file) &&
           add_stretches(root, manifest) &&
           add_array(root, "reject_parts", manifest, manifest->part_count, add_part) &&
           manifest_add_inputs(root, manifest);
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
