#include "manifest_internal.h"

#include "course_funnel/rejects.h"
#include "course_funnel/store.h"

#include <errno.h>
#include <inttypes.h>
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
    {"loaded_bytes", AT(manifest_file, loaded_bytes)},
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

bool manifest_add_text(cJSON *object, const char *name, const char *text)
{
    return cJSON_AddStringToObject(object, name, text) != NULL;
}

bool manifest_add_count(cJSON *object, const char *name, uint64_t count)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, count);
    return manifest_add_text(object, name, text);
}

bool manifest_add_number(cJSON *object, const char *name, uint32_t number)
{
    return cJSON_AddNumberToObject(object, name, number) != NULL;
}

bool manifest_add_fields(cJSON *object, const struct manifest_field *field, const void *values)
{
    bool added = true;
    for (; added && field->name != NULL; field++) {
        const void *value = (const char *)values + field->offset;
        if (field->kind == MANIFEST_COUNT)
            added = manifest_add_count(object, field->name, *(const uint64_t *)value);
        else if (field->kind == MANIFEST_NUMBER)
            added = manifest_add_number(object, field->name, *(const uint32_t *)value);
        else
            added = manifest_add_text(object, field->name, value);
    }
    return added;
}

/*
 * A text whose digest is right was written by this program, so what follows finds no accidents; it
 * keeps a text that was made by hand from doing harm.
 */
int manifest_malformed(const char *name, struct failure *failure)
{
    return failure_set(failure, STORE_DAMAGED, "its \"%s\" is missing or out of range", name);
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

int manifest_get_text(const cJSON *object, const char *name, char *text, size_t room, bool exact,
                      struct failure *failure)
{
    const char *found = cJSON_GetStringValue(member(object, name));
    size_t bytes = found != NULL ? strlen(found) : 0;
    if (found == NULL || bytes >= room || (exact && bytes != room - 1))
        return manifest_malformed(name, failure);
    memcpy(text, found, bytes + 1);
    return 0;
}

int manifest_get_count(const cJSON *object, const char *name, uint64_t *count,
                       struct failure *failure)
{
    const char *found = cJSON_GetStringValue(member(object, name));
    char *end = NULL;
    if (found == NULL || found[0] < '0' || found[0] > '9')
        return manifest_malformed(name, failure);
    errno = 0;
    *count = strtoull(found, &end, 10);
    return errno == 0 && *end == '\0' ? 0 : manifest_malformed(name, failure);
}

int manifest_get_number(const cJSON *object, const char *name, uint32_t most, uint32_t *number,
                        struct failure *failure)
{
    const cJSON *found = member(object, name);
    if (!cJSON_IsNumber(found) || !(found->valuedouble >= 0 && found->valuedouble <= most))
        return manifest_malformed(name, failure);
    *number = (uint32_t)found->valuedouble;
    return *number == found->valuedouble ? 0 : manifest_malformed(name, failure);
}

int manifest_get_fields(const cJSON *object, const struct manifest_field *field, void *values,
                        struct failure *failure)
{
    int result = 0;
    for (; result == 0 && field->name != NULL; field++) {
        void *value = (char *)values + field->offset;
        if (field->kind == MANIFEST_COUNT)
            result = manifest_get_count(object, field->name, value, failure);
        else if (field->kind == MANIFEST_NUMBER)
            result =
                manifest_get_number(object, field->name, (uint32_t)field->most, value, failure);
        else
            result = manifest_get_text(object, field->name, value, field->most,
                                       field->kind == MANIFEST_EXACT, failure);
    }
    return result;
}
