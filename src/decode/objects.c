#include "objects.h"

#include "json.h"
#include "structure.h"

#include <string.h>

#define RECORD_SEPARATOR '\x1e'

const char *objects_skip_separators(const char *at, const char *end)
{
    at = json_skip_blanks(at, end);
    while (at < end && *at == RECORD_SEPARATOR)
        at = json_skip_blanks(at + 1, end);
    return at;
}

const char *objects_begin(const char *at, const char *end)
{
    if (end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    return objects_skip_separators(at, end);
}

const char *objects_end(const char *at, const char *end)
{
    return at < end && *at == '{' ? json_skip(at, end, 0) : NULL;
}

bool objects_are_several(enum simd_level level, const char *text, size_t bytes)
{
    const char *end = text + bytes;
    const char *at = objects_begin(text, end);
    for (size_t count = 1;; count++) {
        const char *values[STRUCTURE_FIELDS];
        const char *after = objects_end(at, end);
        if (after == NULL ||
            structure_scan(level, at, (size_t)(after - at), values) != STRUCTURE_OBJECT)
            return false;
        if (json_skip_blanks(after, end) == end)
            return count > 1;
        at = objects_skip_separators(after, end);
    }
}
