#include "course_funnel/decode.h"

#include "json.h"
#include "objects.h"
#include "search.h"
#include "structure.h"

#include <string.h>

const char *decode_next(const char *at, const char *end, size_t *bytes)
{
    const char *begin = structure_begin(at, end);
    const char *after = objects_end(begin, end);
    if (after == NULL)
        return NULL;
    *bytes = (size_t)(after - begin);
    return begin;
}

/* How many backslashes stand before ${at}, not before ${begin}. */
static size_t slashes_before(const char *begin, const char *at)
{
    size_t count = 0;
    while (at > begin && at[-1] == '\\') {
        at--;
        count++;
    }
    return count;
}

/* Whether the name at ${name} is a string of its own, in a text that may be encoded any times. */
static bool is_string(const char *begin, const char *name, const char *end)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
    if (name == begin || name[-1] != '"')
        return false;
    size_t slashes = slashes_before(begin, name - 1);
    const char *at = name;
    while (at < end && *at != '\0' && strchr(letters, *at) != NULL)
        at++;
    for (; at < end && *at == '\\' && slashes > 0; at++)
        slashes--;
    return at < end && *at == '"' && slashes == 0;
}

uint64_t decode_weight(const char *line, size_t bytes)
{
    const char *end = line + bytes;
    uint64_t weight = 0, lines = 0;
    const char *name = search_find(simd_best(), line, end, &lines);
    while (name != NULL) {
        weight += is_string(line, name, end);
        name = search_find(simd_best(), name + 1, end, &lines);
    }
    return weight > 0 ? weight : 1;
}

bool decode_is_whole(const char *line, size_t bytes)
{
    const char *values[STRUCTURE_FIELDS];
    return structure_scan(simd_best(), line, bytes, values) != STRUCTURE_BROKEN ||
           objects_are_several(simd_best(), line, bytes);
}

/* Whether a record is a whole object with a string event_type at its top level. */
static bool has_event_type(const char *record, size_t bytes)
{
    const char *values[STRUCTURE_FIELDS];
    struct json_value type;
    return structure_scan(simd_best(), record, bytes, values) == STRUCTURE_OBJECT &&
           values[STRUCTURE_EVENT_TYPE] != NULL && *values[STRUCTURE_EVENT_TYPE] == '"' &&
           json_string(values[STRUCTURE_EVENT_TYPE], record + bytes, &type) != NULL;
}

bool decode_is_event(const char *line, size_t bytes)
{
    if (has_event_type(line, bytes))
        return true;
    if (!objects_are_several(simd_best(), line, bytes))
        return false;
    size_t record_bytes = 0;
    const char *record = decode_next(line, line + bytes, &record_bytes);
    while (record != NULL && !has_event_type(record, record_bytes))
        record = decode_next(record + record_bytes, line + bytes, &record_bytes);
    return record != NULL;
}

bool decode_is_like_event(const char *line, size_t bytes)
{
    const char *values[STRUCTURE_FIELDS];
    return structure_scan(simd_best(), line, bytes, values) == STRUCTURE_OBJECT &&
           values[STRUCTURE_USER_ID] != NULL && values[STRUCTURE_EVENT_TIME] != NULL &&
           values[STRUCTURE_EVENT_PROPERTIES] != NULL;
}
