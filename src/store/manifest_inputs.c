#include "manifest_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The inputs of a run, each a text: BYTES IDENTITY SPLITS IS_BASE PATH. A long history has a
 * million, and an object with named members for each takes most of the time that a manifest takes.
 * Tables are few: what has changed in each stands in a list of its own, by the number of the input.
 */
#define INPUTS "inputs"
#define CHANGES "table_changes"
#define INPUT "input"

static bool add_input(cJSON *array, const struct manifest_input *input)
{
    char *text = NULL;
    if (asprintf(&text, "%" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu32 " %s", input->bytes,
                 (uint64_t)input->identity, input->splits, input->is_base, input->path) < 0)
        return false;
    bool added = cJSON_AddItemToArray(array, cJSON_CreateString(text));
    free(text);
    return added;
}

bool manifest_add_inputs(cJSON *root, const struct manifest *manifest)
{
    cJSON *inputs = cJSON_AddArrayToObject(root, INPUTS);
    cJSON *changes = cJSON_AddArrayToObject(root, CHANGES);
    bool added = inputs != NULL && changes != NULL;
    for (size_t i = 0; added && i < manifest->input_count; i++) {
        const struct manifest_input *input = &manifest->inputs[i];
        added = add_input(inputs, input);
        if (!added || input->changes.storage == 0)
            continue;
        cJSON *object = cJSON_CreateObject();
        added = object != NULL && manifest_add_number(object, INPUT, (uint32_t)i) &&
                manifest_add_fields(object, manifest_changes, &input->changes) &&
                cJSON_AddItemToArray(changes, object);
        if (!added)
            cJSON_Delete(object);
    }
    return added;
}

/* Take a number of at most ${most} and the blank behind it from the begin of ${*text}. */
static bool take_number(const char **text, uint64_t most, uint64_t *number)
{
    char *end = NULL;
    if (**text < '0' || **text > '9')
        return false;
    errno = 0;
    *number = strtoull(*text, &end, 10);
    *text = end + 1;
    return errno == 0 && *end == ' ' && *number <= most;
}

static int get_input(const char *text, struct manifest_input *input, struct failure *failure)
{
    uint64_t numbers[4];
    static const uint64_t most[4] = {UINT64_MAX, UINT64_MAX, UINT32_MAX, 1};
    for (int i = 0; i < 4; i++)
        if (text == NULL || !take_number(&text, most[i], &numbers[i]))
            return manifest_malformed(INPUTS, failure);
    *input = (struct manifest_input){.path = strdup(text),
                                     .bytes = numbers[0],
                                     .identity = (int64_t)numbers[1],
                                     .splits = (uint32_t)numbers[2],
                                     .is_base = (uint32_t)numbers[3]};
    return input->path != NULL ? 0 : failure_memory(failure, "the manifest", strlen(text));
}

static int get_changes(const cJSON *array, struct manifest *manifest, struct failure *failure)
{
    const cJSON *element;
    if (!cJSON_IsArray(array))
        return manifest_malformed(CHANGES, failure);
    cJSON_ArrayForEach(element, array)
    {
        uint32_t input = 0;
        if (manifest_get_number(element, INPUT, UINT32_MAX, &input, failure) != 0)
            return -1;
        if (input >= manifest->input_count)
            return manifest_malformed(CHANGES, failure);
        if (manifest_get_fields(element, manifest_changes, &manifest->inputs[input].changes,
                                failure) != 0)
            return -1;
    }
    return 0;
}

int manifest_get_inputs(const cJSON *root, struct manifest *manifest, struct failure *failure)
{
    const cJSON *element, *array = cJSON_GetObjectItemCaseSensitive(root, INPUTS);
    if (!cJSON_IsArray(array))
        return manifest_malformed(INPUTS, failure);
    size_t count = (size_t)cJSON_GetArraySize(array);
    manifest->inputs = calloc(count + 1, sizeof *manifest->inputs);
    if (manifest->inputs == NULL)
        return failure_memory(failure, "the manifest", count * sizeof *manifest->inputs);
    cJSON_ArrayForEach(element, array)
    {
        if (get_input(cJSON_GetStringValue(element), &manifest->inputs[manifest->input_count],
                      failure) != 0)
            return -1;
        manifest->input_count++;
    }
    return get_changes(cJSON_GetObjectItemCaseSensitive(root, CHANGES), manifest, failure);
}
