#include "objects.h"

#include "json.h"
#include "structure.h"

const char *objects_end(const char *at, const char *end)
{
    return at < end && *at == '{' ? json_skip(at, end, 0) : NULL;
}

bool objects_are_several(enum simd_level level, const char *text, size_t bytes)
{
    const char *end = text + bytes;
    const char *at = structure_begin(text, end);
    for (size_t count = 1;; count++) {
        const char *values[STRUCTURE_FIELDS];
        const char *after = objects_end(at, end);
        if (after == NULL ||
            structure_scan(level, at, (size_t)(after - at), values) != STRUCTURE_OBJECT)
            return false;
        if (json_skip_blanks(after, end) == end)
            return count > 1;
        at = structure_skip_separators(after, end);
    }
}
