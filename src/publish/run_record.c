#include "course_funnel/run_record.h"

#include "course_funnel/calendar.h"
#include "course_funnel/rules.h"
#include "course_funnel/utf8.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* The fields that are not rejects. */
_Static_assert(RUN_RECORD_FIELDS == 40 + REJECT_REASONS, "one field a column");
_Static_assert(RUN_RECORD_TEXT_BYTES >= sizeof((struct run_record *)0)->source,
               "the longest text has to fit");

int run_record_draw_id(char run_id[37], struct failure *failure)
{
    unsigned char bytes[16];
    ssize_t drawn;
    do
        drawn = getrandom(bytes, sizeof bytes, 0);
    while (drawn < 0 && errno == EINTR);
    if (drawn != (ssize_t)sizeof bytes)
        return failure_set(failure, EXIT_BUG, "The system gave no random bytes for a run id: %s.",
                           drawn < 0 ? strerror(errno) : "too few came");
    /* RFC 9562: version 4 (random), variant 10. */
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    static const char digits[] = "0123456789abcdef";
    char *at = run_id;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 0x0f];
    }
    *at = '\0';
    return 0;
}

/* A text that was cut in the middle of a sequence ends in a part of one, which is dropped here. */
static void copy_text(char *out, const char *text)
{
    while (*text != '\0') {
        size_t bytes = utf8_character_bytes(text, SIZE_MAX);
        if (bytes == 0) {
            *out++ = '?';
            text++;
        }
        for (; bytes > 0; bytes--)
            *out++ = *text++;
    }
    *out = '\0';
}

static void put(struct run_record_field **at, const char *name, enum run_record_kind kind,
                const char *text)
{
    struct run_record_field *field = (*at)++;
    snprintf(field->name, sizeof field->name, "%s", name);
    field->kind = kind;
    copy_text(field->text, text);
}

static void put_count(struct run_record_field **at, const char *name, uint64_t count)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, count);
    put(at, name, RUN_RECORD_COUNT, text);
}

static void put_count_or_null(struct run_record_field **at, const char *name, bool known,
                              uint64_t count)
{
    if (known)
        put_count(at, name, count);
    else
        put(at, name, RUN_RECORD_NULL, "");
}

static void put_text_or_null(struct run_record_field **at, const char *name, bool known,
                             const char *text)
{
    put(at, name, known ? RUN_RECORD_TEXT : RUN_RECORD_NULL, known ? text : "");
}

static void name_of_rejects(enum reject_reason reason, char *name, size_t size)
{
    snprintf(name, size, "rejected_%s", event_reject_name(reason));
}

static void put_rejected(struct run_record_field **at, const struct ledger *ledger,
                         enum reject_reason reason)
{
    char name[sizeof(*at)->name];
    name_of_rejects(reason, name, sizeof name);
    put_count(at, name, ledger->rejected[reason]);
}

static void put_time(struct run_record_field **at, const char *name, bool known, int64_t time_us)
{
    char text[CALENDAR_TIME_BYTES] = "";
    if (known)
        calendar_format_time(time_us, text);
    put(at, name, known ? RUN_RECORD_TIME : RUN_RECORD_NULL, text);
}

void run_record_fields(const struct run_record *record,
                       struct run_record_field fields[RUN_RECORD_FIELDS])
{
    struct run_record_field *at = fields;
    const struct ledger *ledger = &record->ledger;
    put(&at, "run_id", RUN_RECORD_TEXT, record->run_id);
    put(&at, "program_version", RUN_RECORD_TEXT, record->version);
    put_time(&at, "attempt_at", true, record->attempt_us);
    put_time(&at, "started_at", true, record->started_us);
    put_time(&at, "finished_at", true, record->finished_us);
    put_count(&at, "ranks", (uint64_t)record->ranks);
    put(&at, "source", RUN_RECORD_TEXT, record->source);
    put(&at, "input_fingerprint", RUN_RECORD_TEXT, record->input_fingerprint);
    put_count(&at, "lines_read", ledger->lines_read);
    put_count(&at, "other", ledger->other);
    for (int reason = 0; reason < REJECT_REASONS; reason++)
        if (reason != REJECT_NOT_AN_EVENT)
            put_rejected(&at, ledger, (enum reject_reason)reason);
    put_count(&at, "kept", ledger->kept);
    put_count(&at, "sent", ledger->sent);
    put_count(&at, "received", ledger->received);
    put_count(&at, "folded", ledger->folded);
    put_count(&at, "duplicates", ledger->duplicates);
    put_count(&at, "time_unusable", ledger->time_unusable);
    put_count(&at, "bytes_read", ledger->bytes_read);
    put_count(&at, "cohort_rows", record->cohort_rows);
    put_count(&at, "lesson_rows", record->lesson_rows);
    put_time(&at, "first_event_time", record->has_event_times, record->first_event_us);
    put_time(&at, "last_event_time", record->has_event_times, record->last_event_us);
    put(&at, "cohorts_digest", RUN_RECORD_TEXT, record->cohorts_digest);
    put(&at, "lessons_digest", RUN_RECORD_TEXT, record->lessons_digest);
    const struct {
        const char *name;
        uint64_t count;
    } matched[] = {{"sessions_read", record->sessions_read},
                   {"users_with_session", record->users_with_session},
                   {"users_without_session", record->users_without_session}};
    for (size_t i = 0; i < sizeof matched / sizeof matched[0]; i++)
        put_count_or_null(&at, matched[i].name, record->has_sessions, matched[i].count);
    /* What came later stands last, as where columns were added to a table that was there. */
    put_count(&at, "records_read", ledger->records_read);
    put_rejected(&at, ledger, REJECT_NOT_AN_EVENT);
    put_count(&at, "files_empty", ledger->files_empty);
    put_count(&at, "files_left_out", ledger->files_left_out);
    put_count(&at, "rules_version", RULES_VERSION);
    put_time(&at, "as_of", record->has_as_of, record->as_of_us);
    put_count(&at, "events_in_the_future", record->events_in_the_future);
    put_count_or_null(&at, "entry_points_in_other", record->has_further,
                      record->entry_points_in_other);
    put_count_or_null(&at, "users_in_other", record->has_further, record->users_in_other);
    put_count_or_null(&at, "cells_added", record->has_cells, record->cells_added);
    put_count_or_null(&at, "cells_removed", record->has_cells, record->cells_removed);
    put_count_or_null(&at, "cells_changed", record->has_cells, record->cells_changed);
    put_text_or_null(&at, "steps_digest", record->has_further, record->steps_digest);
    put_text_or_null(&at, "completion_digest", record->has_further, record->completion_digest);
    put_text_or_null(&at, "entry_points_digest", record->has_further, record->entry_points_digest);
}

/* Counts go in as they are: as a double, cJSON's own number, one above 2^53 would change. */
static bool add_field(cJSON *object, const struct run_record_field *field)
{
    switch (field->kind) {
    case RUN_RECORD_COUNT:
        return cJSON_AddRawToObject(object, field->name, field->text) != NULL;
    case RUN_RECORD_NULL:
        return cJSON_AddNullToObject(object, field->name) != NULL;
    case RUN_RECORD_TEXT:
    case RUN_RECORD_TIME:
        break;
    }
    return cJSON_AddStringToObject(object, field->name, field->text) != NULL;
}

int run_record_json(const struct run_record *record, char **json, struct failure *failure)
{
    *json = NULL;
    struct run_record_field *fields = calloc(RUN_RECORD_FIELDS, sizeof *fields);
    cJSON *object = cJSON_CreateObject();
    bool made = fields != NULL && object != NULL;
    if (made)
        run_record_fields(record, fields);
    for (size_t i = 0; made && i < RUN_RECORD_FIELDS; i++)
        made = add_field(object, &fields[i]);
    char *text = made ? cJSON_Print(object) : NULL;
    if (text != NULL && asprintf(json, "%s\n", text) < 0)
        *json = NULL;
    cJSON_free(text);
    cJSON_Delete(object);
    free(fields);
    return *json != NULL ? 0 : failure_memory(failure, "the record of the run", sizeof *record);
}

static bool get_text(const cJSON *object, const char *name, char *out, size_t size)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    if (text == NULL || strlen(text) >= size)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static bool get_time(const cJSON *object, const char *name, int64_t *time_us)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text != NULL && calendar_parse_time(text, strlen(text), time_us);
}

static bool get_count(const cJSON *object, const char *name, uint64_t *count)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 9007199254740992.0)
        return false;
    *count = (uint64_t)item->valuedouble;
    return true;
}

static bool get_rejects(const cJSON *object, uint64_t rejected[REJECT_REASONS])
{
    for (int reason = 0; reason < REJECT_REASONS; reason++) {
        char name[32];
        name_of_rejects((enum reject_reason)reason, name, sizeof name);
        if (!get_count(object, name, &rejected[reason]))
            return false;
    }
    return true;
}

int run_record_parse(const char *json, struct run_record *record)
{
    memset(record, 0, sizeof *record);
    cJSON *object = cJSON_Parse(json);
    bool good =
        get_text(object, "run_id", record->run_id, sizeof record->run_id) &&
        get_time(object, "attempt_at", &record->attempt_us) &&
        get_time(object, "finished_at", &record->finished_us) &&
        get_count(object, "cohort_rows", &record->cohort_rows) &&
        get_count(object, "lesson_rows", &record->lesson_rows) &&
        get_text(object, "cohorts_digest", record->cohorts_digest, sizeof record->cohorts_digest) &&
        get_text(object, "lessons_digest", record->lessons_digest, sizeof record->lessons_digest);
    /* What is only shown may be missing from a record of an older program. */
    (void)(good && get_text(object, "program_version", record->version, sizeof record->version) &&
           get_text(object, "source", record->source, sizeof record->source) &&
           get_count(object, "lines_read", &record->ledger.lines_read) &&
           get_count(object, "duplicates", &record->ledger.duplicates) &&
           get_rejects(object, record->ledger.rejected));
    record->has_event_times = good &&
                              get_time(object, "first_event_time", &record->first_event_us) &&
                              get_time(object, "last_event_time", &record->last_event_us);
    record->has_as_of = good && get_time(object, "as_of", &record->as_of_us);
    record->has_further =
        good &&
        get_text(object, "steps_digest", record->steps_digest, sizeof record->steps_digest) &&
        get_text(object, "completion_digest", record->completion_digest,
                 sizeof record->completion_digest) &&
        get_text(object, "entry_points_digest", record->entry_points_digest,
                 sizeof record->entry_points_digest);
    record->has_cells = good && get_count(object, "cells_added", &record->cells_added) &&
                        get_count(object, "cells_removed", &record->cells_removed) &&
                        get_count(object, "cells_changed", &record->cells_changed);
    cJSON_Delete(object);
    return good ? 0 : -1;
}
