#include "manifest_internal.h"

#include "course_funnel/store.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * A text whose digest is right was written by this program, so what follows finds no accidents; it
 * keeps a text that was made by hand from doing harm.
 */
static int malformed(const char *name, struct failure *failure)
{
    return failure_set(failure, STORE_DAMAGED, "its \"%s\" is missing or out of range", name);
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* A text of exactly, or at most, ${room} - 1 bytes. */
static int get_text(const cJSON *object, const char *name, char *text, size_t room, bool exact,
                    struct failure *failure)
{
    const char *found = cJSON_GetStringValue(member(object, name));
    size_t bytes = found != NULL ? strlen(found) : 0;
    if (found == NULL || bytes >= room || (exact && bytes != room - 1))
        return malformed(name, failure);
    memcpy(text, found, bytes + 1);
    return 0;
}

static int get_count(const cJSON *object, const char *name, uint64_t *count,
                     struct failure *failure)
{
    const char *found = cJSON_GetStringValue(member(object, name));
    char *end = NULL;
    if (found == NULL || found[0] < '0' || found[0] > '9')
        return malformed(name, failure);
    errno = 0;
    *count = strtoull(found, &end, 10);
    return errno == 0 && *end == '\0' ? 0 : malformed(name, failure);
}

static int get_number(const cJSON *object, const char *name, uint32_t most, uint32_t *number,
                      struct failure *failure)
{
    const cJSON *found = member(object, name);
    if (!cJSON_IsNumber(found) || !(found->valuedouble >= 0 && found->valuedouble <= most))
        return malformed(name, failure);
    *number = (uint32_t)found->valuedouble;
    return *number == found->valuedouble ? 0 : malformed(name, failure);
}

/* An array of the manifest as memory for its elements: ${*elements}, all zero. */
static int get_array(const cJSON *root, const char *name, size_t element_bytes, const cJSON **array,
                     void **elements, struct failure *failure)
{
    *array = member(root, name);
    if (!cJSON_IsArray(*array))
        return malformed(name, failure);
    size_t count = (size_t)cJSON_GetArraySize(*array);
    *elements = calloc(count + 1, element_bytes);
    return *elements != NULL ? 0 : failure_memory(failure, "the manifest", count * element_bytes);
}

static int get_changes(const cJSON *object, struct source_changes *changes, struct failure *failure)
{
    if (member(object, manifest_changes[0].name) == NULL)
        return 0;
    for (size_t i = 0; i < MANIFEST_CHANGES; i++) {
        uint64_t count = 0;
        if (get_count(object, manifest_changes[i].name, &count, failure) != 0)
            return -1;
        memcpy((char *)changes + manifest_changes[i].offset, &count, sizeof count);
    }
    return 0;
}

static int get_inputs(const cJSON *root, struct manifest *manifest, struct failure *failure)
{
    const cJSON *array, *element;
    void *elements = NULL;
    if (get_array(root, "inputs", sizeof *manifest->inputs, &array, &elements, failure) != 0)
        return -1;
    manifest->inputs = elements;
    cJSON_ArrayForEach(element, array)
    {
        struct manifest_input *input = &manifest->inputs[manifest->input_count];
        const char *path = cJSON_GetStringValue(member(element, "path"));
        uint64_t identity = 0;
        if (path == NULL || get_count(element, "bytes", &input->bytes, failure) != 0 ||
            get_count(element, "mtime_ns", &identity, failure) != 0 ||
            get_changes(element, &input->changes, failure) != 0)
            return malformed("inputs", failure);
        input->identity = (int64_t)identity;
        input->path = strdup(path);
        if (input->path == NULL)
            return failure_memory(failure, "the manifest", strlen(path));
        manifest->input_count++;
    }
    return 0;
}

static int get_unfinished(const cJSON *root, struct manifest *manifest, struct failure *failure)
{
    const cJSON *array, *element;
    void *elements = NULL;
    if (get_array(root, "unfinished", sizeof *manifest->unfinished, &array, &elements, failure) !=
        0)
        return -1;
    manifest->unfinished = elements;
    cJSON_ArrayForEach(element, array)
    {
        struct schedule_item *item = &manifest->unfinished[manifest->unfinished_count++];
        if (get_number(element, "split", UINT32_MAX, &item->split, failure) != 0 ||
            get_count(element, "offset", &item->offset, failure) != 0)
            return -1;
        if (item->split >= manifest->split_count)
            return malformed("unfinished", failure);
    }
    return manifest->unfinished_count <= manifest->next ? 0 : malformed("unfinished", failure);
}

static int get_file(const cJSON *object, struct manifest_file *file, struct failure *failure)
{
    if (get_number(object, "first_group", KEY_GROUPS - 1, &file->first_group, failure) != 0 ||
        get_number(object, "last_group", KEY_GROUPS - 1, &file->last_group, failure) != 0 ||
        get_count(object, "bytes", &file->bytes, failure) != 0)
        return -1;
    return get_text(object, "digest", file->digest, sizeof file->digest, true, failure);
}

/* The files of key groups lie side by side, from the first group to the last. */
static int get_files(const cJSON *root, struct manifest *manifest, struct failure *failure)
{
    const cJSON *array, *element;
    void *elements = NULL;
    uint32_t next_group = 0;
    if (get_array(root, "files", sizeof *manifest->files, &array, &elements, failure) != 0)
        return -1;
    manifest->files = elements;
    cJSON_ArrayForEach(element, array)
    {
        struct manifest_file *file = &manifest->files[manifest->file_count++];
        if (get_file(element, file, failure) != 0)
            return -1;
        if (manifest->kind == MANIFEST_SUMS)
            continue;
        if (file->first_group != next_group || file->last_group < file->first_group)
            return malformed("files", failure);
        next_group = file->last_group + 1;
    }
    bool complete =
        manifest->kind == MANIFEST_SUMS ? manifest->file_count == 1 : next_group == KEY_GROUPS;
    if (!complete)
        return malformed("files", failure);
    return get_file(member(root, "reject_runs"), &manifest->stretches, failure);
}

static int get_parts(const cJSON *root, struct manifest *manifest, struct failure *failure)
{
    const cJSON *array, *element;
    void *elements = NULL;
    if (get_array(root, "reject_parts", sizeof *manifest->parts, &array, &elements, failure) != 0)
        return -1;
    manifest->parts = elements;
    cJSON_ArrayForEach(element, array)
    {
        struct manifest_part *part = &manifest->parts[manifest->part_count++];
        if (get_number(element, "attempt", UINT32_MAX, &part->attempt, failure) != 0 ||
            get_number(element, "rank", KEY_GROUPS - 1, &part->rank, failure) != 0 ||
            get_count(element, "bytes", &part->bytes, failure) != 0 ||
            get_text(element, "digest", part->digest, sizeof part->digest, true, failure) != 0)
            return -1;
    }
    return 0;
}

static int get_counts(const cJSON *root, struct manifest *manifest, struct failure *failure)
{
    for (size_t i = 0; i < MANIFEST_COUNTS; i++) {
        uint64_t count = 0;
        if (get_count(root, manifest_counts[i].name, &count, failure) != 0)
            return -1;
        memcpy((char *)manifest + manifest_counts[i].offset, &count, sizeof count);
    }
    const cJSON *rejected = member(root, "rejected");
    for (int i = 0; i < REJECT_REASONS; i++)
        if (get_count(rejected, event_reject_name((enum reject_reason)i),
                      &manifest->ledger.rejected[i], failure) != 0)
            return -1;
    if (manifest->next > manifest->split_count)
        return malformed("next", failure);
    struct failure trouble = {0};
    return ledger_check(&manifest->ledger, &trouble) == 0 ? 0 : malformed("records_read", failure);
}

static int get_version(const cJSON *root, struct failure *failure)
{
    uint32_t version = 0;
    const char *format = cJSON_GetStringValue(member(root, "format"));
    if (format == NULL || strcmp(format, MANIFEST_FORMAT) != 0)
        return malformed("format", failure);
    if (get_number(root, "format_version", UINT32_MAX, &version, failure) != 0)
        return -1;
    if (version != MANIFEST_FORMAT_VERSION)
        return failure_set(failure, EXIT_STRANGER,
                           "it is of version %" PRIu32
                           " of the format, and this program (%s) reads "
                           "version %d. Go on with the program that wrote it, or start over with "
                           "--restart",
                           version, COURSE_FUNNEL_VERSION, MANIFEST_FORMAT_VERSION);
    return 0;
}

static int get_all(const cJSON *root, struct manifest *manifest, struct failure *failure)
{
    char kind[8];
    uint32_t key_groups = 0;
    if (get_version(root, failure) != 0 ||
        get_text(root, "kind", kind, sizeof kind, false, failure) != 0 ||
        get_text(root, "run_id", manifest->run_id, sizeof manifest->run_id, true, failure) != 0 ||
        get_text(root, "program_version", manifest->version, sizeof manifest->version, false,
                 failure) != 0 ||
        get_text(root, "columns", manifest->columns, sizeof manifest->columns, false, failure) !=
            0 ||
        get_text(root, "sessions", manifest->sessions, sizeof manifest->sessions, false, failure) !=
            0 ||
        get_text(root, "input_fingerprint", manifest->input_fingerprint,
                 sizeof manifest->input_fingerprint, true, failure) != 0 ||
        get_number(root, "attempt", UINT32_MAX, &manifest->attempt, failure) != 0 ||
        get_number(root, "generation", UINT32_MAX, &manifest->generation, failure) != 0 ||
        get_number(root, "ranks", KEY_GROUPS, &manifest->ranks, failure) != 0 ||
        get_number(root, "resumes", UINT32_MAX, &manifest->resumes, failure) != 0 ||
        get_number(root, "key_groups", UINT32_MAX, &key_groups, failure) != 0)
        return -1;
    if (key_groups != KEY_GROUPS)
        return malformed("key_groups", failure);
    manifest->kind =
        strcmp(kind, manifest_kinds[MANIFEST_SUMS]) == 0 ? MANIFEST_SUMS : MANIFEST_STATE;
    if (strcmp(kind, manifest_kinds[manifest->kind]) != 0)
        return malformed("kind", failure);
    if (get_counts(root, manifest, failure) != 0 || get_inputs(root, manifest, failure) != 0 ||
        get_unfinished(root, manifest, failure) != 0 || get_files(root, manifest, failure) != 0)
        return -1;
    return get_parts(root, manifest, failure);
}

int manifest_parse(const char *text, size_t byte_count, struct manifest *manifest,
                   struct failure *failure)
{
    memset(manifest, 0, sizeof *manifest);
    if (!seal_is_right(text, byte_count))
        return failure_set(failure, STORE_DAMAGED, "its digest is not that of its text");
    cJSON *root = cJSON_ParseWithLengthOpts(text, byte_count + 1, NULL, 1);
    if (root == NULL)
        return failure_set(failure, EXIT_BUG,
                           "it is right by its digest and cannot be read as JSON: there is no "
                           "memory left for it, or it was made by hand");
    int result = get_all(root, manifest, failure);
    cJSON_Delete(root);
    if (result != 0)
        manifest_clear(manifest);
    return result;
}
