#include "course_funnel/decode.h"

#include "course_funnel/calendar.h"
#include "course_funnel/simd.h"
#include "entry_point.h"
#include "json.h"
#include "layout.h"
#include "number.h"
#include "objects.h"
#include "search.h"
#include "structure.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

_Static_assert(DECODE_PADDING >= SEARCH_PADDING, "texts are searched as they are given");

#define FIRST_SCRATCH_BYTES ((size_t)64 << 10)

/* Strings of one line that are unescaped at most: each takes its own bytes and padding. */
#define UNESCAPED_STRINGS 8

/*
 * Room for unescaped strings. All of one line's are bounded by twice its length, as those inside
 * of event_properties may be unescaped twice; the room is made once a line and never moves in it.
 */
struct decoder {
    enum simd_level level;
    bool no_entry_points; /* nobody wants them */
    struct layout *layout;
    char *scratch;
    size_t scratch_bytes;
    size_t used;
    size_t line_bytes; /* of the line in hand */
    size_t lacking;    /* bytes that could not be had, see decode_check */
};

struct text {
    const char *begin; /* NULL when there is none */
    size_t bytes;
};

/* The fields of one event: texts without quotes and escapes, and event_properties as it stands. */
struct fields {
    enum event_kind kind;
    struct text user, time;
    const int64_t *time_us;     /* in place of the text, or NULL */
    const char *properties;     /* the first byte of the JSON value, or NULL */
    const char *properties_end; /* of the text around it */
    bool properties_alone;      /* nothing but blanks may follow it */
};

/* What the third is depends on the kind of event. */
enum property { PROPERTY_COURSE_ID = 0, PROPERTY_LESSON_ID, PROPERTY_OF_KIND, PROPERTIES };

int decode_create(struct decoder **decoder, struct failure *failure)
{
    struct decoder *created = calloc(1, sizeof *created);
    if (created == NULL)
        return failure_memory(failure, "a decoder", sizeof *created);
    created->scratch = malloc(FIRST_SCRATCH_BYTES);
    created->layout = layout_create();
    if (created->scratch == NULL || created->layout == NULL) {
        decode_free(created);
        return failure_memory(failure, "a decoder", FIRST_SCRATCH_BYTES);
    }
    created->scratch_bytes = FIRST_SCRATCH_BYTES;
    created->level = simd_best();
    *decoder = created;
    return 0;
}

void decode_free(struct decoder *decoder)
{
    if (decoder == NULL)
        return;
    layout_free(decoder->layout);
    free(decoder->scratch);
    free(decoder);
}

int decode_check(const struct decoder *decoder, struct failure *failure)
{
    if (decoder->lacking == 0)
        return 0;
    return failure_memory(failure, "the escaped strings of one line", decoder->lacking);
}

void decode_set_level(struct decoder *decoder, enum simd_level level)
{
    decoder->level = level;
    layout_forget(decoder->layout);
}

void decode_leave_out_entry_points(struct decoder *decoder)
{
    decoder->no_entry_points = true;
}

const char *decode_find(const char *begin, const char *end, size_t *line_bytes, uint64_t *lines)
{
    const char *name = search_find(simd_best(), begin, end, lines);
    if (name == NULL)
        return NULL;
    const char *before = memrchr(begin, '\n', (size_t)(name - begin));
    const char *behind = memchr(name, '\n', (size_t)(end - name));
    const char *line = before != NULL ? before + 1 : begin;
    *line_bytes = (size_t)((behind != NULL ? behind : end) - line);
    return line;
}

static void begin_line(struct decoder *decoder, size_t bytes)
{
    decoder->used = 0;
    decoder->line_bytes = bytes;
}

/* Room for a string of the line in hand, or NULL. */
static char *take_scratch(struct decoder *decoder, size_t bytes)
{
    if (decoder->used == 0) {
        size_t needed = 2 * decoder->line_bytes + UNESCAPED_STRINGS * DECODE_PADDING;
        if (needed > decoder->scratch_bytes) {
            free(decoder->scratch);
            decoder->scratch = malloc(needed);
            decoder->scratch_bytes = decoder->scratch != NULL ? needed : 0;
        }
        if (decoder->scratch == NULL) {
            decoder->lacking = needed;
            return NULL;
        }
    }
    char *taken = decoder->scratch + decoder->used;
    decoder->used += bytes + DECODE_PADDING;
    return taken;
}

/* What a string means. False when it holds half a surrogate pair and ${halves} are not allowed. */
static bool meaning(struct decoder *decoder, const struct json_value *string, bool halves,
                    struct text *text)
{
    *text = (struct text){string->text, string->bytes};
    if (!string->escaped)
        return true;

    char *plain = take_scratch(decoder, string->bytes);
    if (plain == NULL)
        return false;
    bool whole;
    text->begin = plain;
    text->bytes = json_unescape(string, plain, &whole);
    memset(plain + text->bytes, 0, DECODE_PADDING);
    return whole || halves;
}

/* The string at ${at}: not NULL begin when it is one that is not empty. */
static struct text string_at(struct decoder *decoder, const char *at, const char *end)
{
    struct json_value string;
    struct text text;
    if (at == NULL || *at != '"' || json_string(at, end, &string) == NULL ||
        !meaning(decoder, &string, false, &text) || text.bytes == 0)
        return (struct text){NULL, 0};
    return text;
}

/* The integer at ${at}, as a user: its digits. */
static struct text integer_at(const char *at, const char *end)
{
    struct text none = {NULL, 0};
    const char *after = number_end(at, end);
    if (after == NULL || after == end)
        return none;
    for (const char *digit = *at == '-' ? at + 1 : at; digit < after; digit++)
        if (*digit < '0' || *digit > '9')
            return none;
    /* The number must be all of the value. */
    if (*after != ',' && *after != '}' && json_skip_blanks(after, end) == after)
        return none;
    if (at[0] == '-' && at[1] == '0')
        at++;
    return (struct text){at, (size_t)(after - at)};
}

/* Which course event the ${bytes} at ${name} are. */
static bool kind_of(const char *name, size_t bytes, enum event_kind *kind)
{
    for (unsigned i = 0; i < EVENT_KINDS; i++) {
        *kind = (enum event_kind)i;
        if (bytes == strlen(event_names[i]) && memcmp(name, event_names[i], bytes) == 0)
            return true;
    }
    return false;
}

/* Whether a value of event_properties is, as a number or a string that holds one, an integer. */
static bool integer_value(struct decoder *decoder, const struct json_value *value, int32_t *integer)
{
    struct text text = {value->text, value->bytes};
    if (value->kind == JSON_STRING ? !meaning(decoder, value, false, &text)
                                   : value->kind != JSON_NUMBER)
        return false;
    return number_integer(text.begin, text.bytes, integer);
}

static int64_t time_spent(struct decoder *decoder, const struct json_value *value)
{
    struct text text = {value->text, value->bytes};
    int64_t value_us;
    if (value->kind == JSON_STRING ? !meaning(decoder, value, false, &text)
                                   : value->kind != JSON_NUMBER)
        return EVENT_TIME_UNUSABLE;
    return number_microseconds(text.begin, text.bytes, &value_us) ? value_us : EVENT_TIME_UNUSABLE;
}

static void find_entry_point(struct decoder *decoder, const struct json_value *value,
                             struct event *event)
{
    struct text text;
    if (value->kind != JSON_STRING || !meaning(decoder, value, false, &text))
        return;
    event->entry_point = text.begin;
    event->entry_point_bytes = (uint32_t)entry_point_bytes(text.begin, text.bytes);
}

/* Look the used properties up in the object that begins at ${at}, or in a string that holds it. */
static const char *look_up(struct decoder *decoder, enum event_kind kind, const char *at,
                           const char *end, struct json_value values[PROPERTIES])
{
    static const struct json_name all_names[][PROPERTIES] = {
        [EVENT_LESSON_STARTED] = {{"course_id", 9}, {"lesson_id", 9}, {"entry_point", 11}},
        [EVENT_LESSON_COMPLETED] = {{"course_id", 9}, {"lesson_id", 9}, {"time_spent_sec", 14}},
        [EVENT_COURSE_COMPLETED] = {{"course_id", 9}},
    };
    const struct json_name *names = all_names[kind];
    size_t count = kind == EVENT_COURSE_COMPLETED                             ? 1
                   : kind == EVENT_LESSON_STARTED && decoder->no_entry_points ? 2
                                                                              : PROPERTIES;
    if (*at == '{')
        return json_object(at, end, names, count, values);

    struct json_value string;
    struct text text;
    const char *after = json_string(at, end, &string);
    if (after == NULL || !meaning(decoder, &string, true, &text))
        return NULL;
    const char *text_end = text.begin + text.bytes;
    const char *inner = json_skip_blanks(text.begin, text_end);
    if (inner == text_end || *inner != '{')
        return NULL;
    inner = json_object(inner, text_end, names, count, values);
    return inner != NULL && json_skip_blanks(inner, text_end) == text_end ? after : NULL;
}

/* False: event_properties is there, but is neither null nor an object nor a string with one. */
static bool read_properties(struct decoder *decoder, const struct fields *fields,
                            struct json_value values[PROPERTIES])
{
    for (unsigned i = 0; i < PROPERTIES; i++)
        values[i].kind = JSON_NONE;
    const char *at = fields->properties;
    const char *end = fields->properties_end;
    if (at == NULL)
        return true;
    if (at == end)
        return false;

    struct json_value value;
    if (*at == '{' || *at == '"')
        at = look_up(decoder, fields->kind, at, end, values);
    else if ((at = json_value(at, end, &value)) != NULL && value.kind != JSON_NULL)
        return false;
    if (at == NULL)
        return false;
    at = json_skip_blanks(at, end);
    return fields->properties_alone ? at == end : at < end && (*at == ',' || *at == '}');
}

/* The kind of the id goes in, so that a uuid and an $insert_id of the same text differ. */
static uint64_t fingerprint(const struct event *event, struct text id, bool is_uuid)
{
    const int64_t rest[3] = {event->time_us, event->time_spent_us, is_uuid};
    XXH64_hash_t seed = XXH3_64bits(rest, sizeof rest);
    XXH64_hash_t hash = XXH3_64bits_withSeed(id.begin, id.bytes, seed);
    return hash == EVENT_NO_FINGERPRINT ? 1 : hash;
}

static enum decode_result reject(enum reject_reason *reason, enum reject_reason why)
{
    *reason = why;
    return DECODE_REJECT;
}

/* All of a course event but its fingerprint. */
static enum decode_result finish(struct decoder *decoder, const struct fields *fields,
                                 struct event *event, enum reject_reason *reason)
{
    if (fields->user.begin == NULL || fields->user.bytes > UINT32_MAX)
        return reject(reason, REJECT_NO_USER);
    event->user = fields->user.begin;
    event->user_bytes = (uint32_t)fields->user.bytes;
    event->kind = fields->kind;

    if (fields->time_us != NULL)
        event->time_us = *fields->time_us;
    else if (fields->time.begin == NULL ||
             !calendar_parse_time(fields->time.begin, fields->time.bytes, &event->time_us))
        return reject(reason, REJECT_NO_TIME);

    struct json_value values[PROPERTIES];
    if (!read_properties(decoder, fields, values))
        return reject(reason, REJECT_BAD_PROPERTIES);
    if (!integer_value(decoder, &values[PROPERTY_COURSE_ID], &event->course_id))
        return reject(reason, REJECT_NO_COURSE);

    event->lesson_id = 0;
    event->time_spent_us = EVENT_TIME_UNUSABLE;
    event->fingerprint = EVENT_NO_FINGERPRINT;
    event->entry_point = NULL;
    event->entry_point_bytes = 0;
    if (fields->kind != EVENT_COURSE_COMPLETED &&
        !integer_value(decoder, &values[PROPERTY_LESSON_ID], &event->lesson_id))
        return reject(reason, REJECT_NO_LESSON);
    if (fields->kind == EVENT_LESSON_COMPLETED)
        event->time_spent_us = time_spent(decoder, &values[PROPERTY_OF_KIND]);
    else if (fields->kind == EVENT_LESSON_STARTED)
        find_entry_point(decoder, &values[PROPERTY_OF_KIND], event);
    return DECODE_EVENT;
}

/* What is no event at its top level: it matters where it names a course event. */
static enum decode_result other(const struct decoder *decoder, const char *at, const char *end,
                                enum reject_reason *reason)
{
    uint64_t lines = 0;
    if (search_find(decoder->level, at, end, &lines) == NULL)
        return DECODE_OTHER;
    return reject(reason, REJECT_NOT_AN_EVENT);
}

enum decode_result decode_line(struct decoder *decoder, const char *line, size_t bytes,
                               struct event *event, enum reject_reason *reason)
{
    const char *end = line + bytes;
    const char *values[STRUCTURE_FIELDS];
    enum structure_result structure = STRUCTURE_OBJECT;
    const char *begin = line;
    if (bytes > 0 && (unsigned char)*line <= ' ')
        begin = structure_skip_separators(line, end);
    if (!layout_match(decoder->layout, decoder->level, begin, (size_t)(end - begin), values)) {
        structure = structure_scan(decoder->level, line, bytes, values);
        if (structure == STRUCTURE_OBJECT)
            layout_missed(decoder->layout, begin, (size_t)(end - begin));
    }
    if (structure == STRUCTURE_BROKEN)
        return objects_are_several(decoder->level, line, bytes) ? DECODE_SEVERAL
                                                                : reject(reason, REJECT_NOT_JSON);

    struct fields fields;
    const char *type = values[STRUCTURE_EVENT_TYPE];
    if (structure == STRUCTURE_OTHER || type == NULL || *type != '"')
        return other(decoder, line, end, reason);
    const char *type_end = memchr(type + 1, '"', (size_t)(end - type - 1));
    if (type_end == NULL || !kind_of(type + 1, (size_t)(type_end - type - 1), &fields.kind)) {
        struct json_value string;
        return json_string(type, end, &string) != NULL ? DECODE_OTHER
                                                       : other(decoder, line, end, reason);
    }

    begin_line(decoder, bytes);
    const char *user = values[STRUCTURE_USER_ID];
    fields.user =
        user == NULL || *user == '"' ? string_at(decoder, user, end) : integer_at(user, end);
    fields.time = string_at(decoder, values[STRUCTURE_EVENT_TIME], end);
    fields.time_us = NULL;
    fields.properties = values[STRUCTURE_EVENT_PROPERTIES];
    fields.properties_end = end;
    fields.properties_alone = false;
    enum decode_result result = finish(decoder, &fields, event, reason);
    if (result != DECODE_EVENT || event->kind != EVENT_LESSON_COMPLETED)
        return result;

    struct text uuid = string_at(decoder, values[STRUCTURE_UUID], end);
    struct text id = uuid;
    if (uuid.begin == NULL)
        id = string_at(decoder, values[STRUCTURE_INSERT_ID], end);
    if (id.begin != NULL)
        event->fingerprint = fingerprint(event, id, uuid.begin != NULL);
    return DECODE_EVENT;
}

static struct text column(const char *text, size_t bytes)
{
    return bytes > 0 ? (struct text){text, bytes} : (struct text){NULL, 0};
}

enum decode_result decode_row(struct decoder *decoder, const struct decode_row *row,
                              struct event *event, enum reject_reason *reason)
{
    struct fields fields;
    if (row->event_type == NULL || !kind_of(row->event_type, row->event_type_bytes, &fields.kind))
        return DECODE_OTHER;

    const char *properties = row->event_properties;
    fields.user = column(row->user_id, row->user_id_bytes);
    fields.time = column(row->event_time, row->event_time_bytes);
    fields.time_us = row->time_us;
    fields.properties_end = properties == NULL ? NULL : properties + row->event_properties_bytes;
    fields.properties =
        properties == NULL ? NULL : json_skip_blanks(properties, fields.properties_end);
    fields.properties_alone = true;
    begin_line(decoder, row->event_properties_bytes);
    enum decode_result result = finish(decoder, &fields, event, reason);
    if (result != DECODE_EVENT || event->kind != EVENT_LESSON_COMPLETED)
        return result;

    struct text uuid = column(row->uuid, row->uuid_bytes);
    struct text id = uuid.begin != NULL ? uuid : column(row->insert_id, row->insert_id_bytes);
    if (id.begin != NULL)
        event->fingerprint = fingerprint(event, id, uuid.begin != NULL);
    return DECODE_EVENT;
}
