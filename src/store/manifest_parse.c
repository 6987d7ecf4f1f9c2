#include "manifest_internal.h"

#include "course_funnel/rules.h"
#include "course_funnel/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* An array of the manifest: ${elements} points to the pointer, and the fields are filled in. */
static int get_array(const cJSON *root, const char *name, const struct manifest_field *fields,
                     size_t element_bytes, void *elements, size_t *count, struct failure *failure)
{
    const cJSON *element, *array = member(root, name);
    if (!cJSON_IsArray(array))
        return manifest_malformed(name, failure);
    size_t all_bytes = (size_t)cJSON_GetArraySize(array) * element_bytes;
    char *next = calloc(1, all_bytes + element_bytes);
    if (next == NULL)
        return failure_memory(failure, "the manifest", all_bytes);
    /* The pointer's own type is the caller's, so its bytes are copied. */
    memcpy(elements, &next, sizeof next);
    cJSON_ArrayForEach(element, array)
    {
        if (manifest_get_fields(element, fields, next, failure) != 0)
            return -1;
        next += element_bytes;
        ++*count;
    }
    return 0;
}

/* A time that a day can be told of without overflow, or none. */
static bool is_time(int64_t time_us)
{
    const int64_t most_us = DAYS_ALL_OVER * CALENDAR_US_PER_DAY;
    return time_us == DAYS_NONE || (time_us > -most_us && time_us < most_us);
}

/* The same days come out when they are added up again: in order, each once and on its side. */
static int get_days(const cJSON *root, struct days *days, struct failure *failure)
{
    struct days found, more = *days;
    struct failure trouble = {0};
    if (more.day < -DAYS_ALL_OVER || more.day > DAYS_ALL_OVER || !is_time(more.last_us) ||
        !is_time(more.before_us))
        return manifest_malformed("days", failure);
    days_begin(&found, more.day);
    bool sound = get_array(root, "days", manifest_day_fields, sizeof *more.counts, &more.counts,
                           &more.count, failure) == 0;
    for (size_t i = 0; sound && i < more.count; i++)
        sound = is_time(more.counts[i].latest_us) && more.counts[i].latest_us != DAYS_NONE;
    sound = sound && days_merge(&found, &more, &trouble) == 0 && found.count == more.count &&
            found.last_us == more.last_us && found.before_us == more.before_us &&
            found.later == more.later;
    free(more.counts);
    *days = found;
    if (trouble.code == EXIT_BUG)
        return failure_set(failure, trouble.code, "%s", trouble.message);
    return sound ? 0 : manifest_malformed("days", failure);
}

static int get_unfinished(const cJSON *root, struct manifest *manifest, struct failure *failure)
{
    if (get_array(root, "unfinished", manifest_unfinished_fields, sizeof *manifest->unfinished,
                  &manifest->unfinished, &manifest->unfinished_count, failure) != 0)
        return -1;
    bool good = manifest->unfinished_count <= manifest->next.splits;
    for (size_t i = 0; good && i < manifest->unfinished_count; i++)
        good = manifest->unfinished[i].split < manifest->split_count;
    return good ? 0 : manifest_malformed("unfinished", failure);
}

/* The files of key groups lie side by side, from the first group to the last. */
static int get_files(const cJSON *root, struct manifest *manifest, struct failure *failure)
{
    uint32_t next_group = 0;
    if (get_array(root, "files", manifest_file_fields, sizeof *manifest->files, &manifest->files,
                  &manifest->file_count, failure) != 0)
        return -1;
    bool is_sums = manifest->kind == MANIFEST_SUMS;
    bool good = !is_sums || manifest->file_count == 1;
    for (size_t i = 0; good && !is_sums && i < manifest->file_count; i++) {
        const struct manifest_file *file = &manifest->files[i];
        good = file->first_group == next_group && file->last_group >= file->first_group;
        next_group = file->last_group + 1;
    }
    if (!good || (!is_sums && next_group != KEY_GROUPS))
        return manifest_malformed("files", failure);
    return manifest_get_fields(member(root, "reject_runs"), manifest_file_fields,
                               &manifest->stretches, failure);
}

static int get_ledger(const cJSON *root, struct ledger *ledger, struct failure *failure)
{
    const cJSON *rejected = member(root, "rejected");
    struct failure trouble = {0};
    if (manifest_get_fields(root, manifest_ledger_fields, ledger, failure) != 0)
        return -1;
    for (int i = 0; i < REJECT_REASONS; i++)
        if (manifest_get_count(rejected, event_reject_name((enum reject_reason)i),
                               &ledger->rejected[i], failure) != 0)
            return -1;
    return ledger_check(ledger, &trouble) == 0 ? 0 : manifest_malformed("records_read", failure);
}

/* A digest that is not whole would never be that of another generation. */
static bool is_other(const struct manifest_other *other)
{
    return strlen(other->digest) == (manifest_has(other) ? DIGEST_BYTES - 1 : 0);
}

static int get_counts(const cJSON *root, struct manifest *manifest, struct failure *failure)
{
    const cJSON *base = member(root, "base"), *sums_of = member(root, "sums_of");
    if (manifest->next.splits > manifest->split_count)
        return manifest_malformed("next", failure);
    if (manifest->next.tables > manifest->next.splits)
        return manifest_malformed("next_tables", failure);
    if (get_ledger(root, &manifest->ledger, failure) != 0 ||
        manifest_get_fields(base, manifest_other_fields, &manifest->base, failure) != 0 ||
        get_ledger(base, &manifest->base_ledger, failure) != 0 ||
        manifest_get_fields(sums_of, manifest_other_fields, &manifest->sums_of, failure) != 0)
        return -1;
    return is_other(&manifest->base) && is_other(&manifest->sums_of)
               ? 0
               : manifest_malformed("base", failure);
}

static int get_version(const cJSON *root, struct failure *failure)
{
    uint32_t version = 0;
    const char *format = cJSON_GetStringValue(member(root, "format"));
    if (format == NULL || strcmp(format, MANIFEST_FORMAT) != 0)
        return manifest_malformed("format", failure);
    if (manifest_get_number(root, "format_version", UINT32_MAX, &version, failure) != 0)
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

/* What lacks a version is of the first rules, as it is of a program that had no others. */
static int get_rules(const cJSON *root, struct failure *failure)
{
    uint32_t version = 1;
    if (member(root, "rules_version") != NULL &&
        manifest_get_number(root, "rules_version", UINT32_MAX, &version, failure) != 0)
        return -1;
    if (version != RULES_VERSION)
        return failure_set(failure, EXIT_STRANGER,
                           "what it holds was read by version %" PRIu32
                           " of the rules, which tell what counts, and this program (%s) has "
                           "version %d. Go on with the program that wrote it, or start over with "
                           "--restart",
                           version, COURSE_FUNNEL_VERSION, RULES_VERSION);
    return 0;
}

static int get_all(const cJSON *root, struct manifest *manifest, struct failure *failure)
{
    char kind[8];
    uint32_t key_groups = 0;
    if (get_version(root, failure) != 0 || get_rules(root, failure) != 0 ||
        manifest_get_text(root, "kind", kind, sizeof kind, false, failure) != 0 ||
        manifest_get_fields(root, manifest_head, manifest, failure) != 0 ||
        manifest_get_fields(root, manifest_body, manifest, failure) != 0 ||
        manifest_get_number(root, "key_groups", UINT32_MAX, &key_groups, failure) != 0)
        return -1;
    if (key_groups != KEY_GROUPS)
        return manifest_malformed("key_groups", failure);
    manifest->kind =
        strcmp(kind, manifest_kinds[MANIFEST_SUMS]) == 0 ? MANIFEST_SUMS : MANIFEST_STATE;
    if (strcmp(kind, manifest_kinds[manifest->kind]) != 0)
        return manifest_malformed("kind", failure);
    if (get_counts(root, manifest, failure) != 0 || get_days(root, &manifest->days, failure) != 0 ||
        manifest_get_inputs(root, manifest, failure) != 0 ||
        get_unfinished(root, manifest, failure) != 0 || get_files(root, manifest, failure) != 0)
        return -1;
    return get_array(root, "reject_parts", manifest_part_fields, sizeof *manifest->parts,
                     &manifest->parts, &manifest->part_count, failure);
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
