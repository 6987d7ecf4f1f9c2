#include "generate_hostile.h"

#include <string.h>

#define NEST 2000 /* deeper than a line may be */

/* Put ${bytes} at the place behind the first ${marker}, or at the line's begin without one. */
static char *insert(char *line, char *end, const char *marker, const char *bytes, size_t count)
{
    size_t marker_bytes = strlen(marker);
    char *at = memmem(line, (size_t)(end - line), marker, marker_bytes);
    at = at == NULL ? line : at + marker_bytes;
    memmove(at + count, at, (size_t)(end - at));
    memcpy(at, bytes, count);
    return end + count;
}

static char *nest(char *line, char *end)
{
    static const char name[] = "\"deep\":";
    char deep[sizeof name + 2 * NEST];
    memcpy(deep, name, sizeof name - 1);
    memset(deep + sizeof name - 1, '[', NEST);
    memset(deep + sizeof name - 1 + NEST, ']', NEST);
    deep[sizeof deep - 1] = ',';
    return insert(line, end, "{", deep, sizeof deep);
}

char *generate_hostile_apply(char *line, char *end, struct generate_random *random)
{
    static const struct {
        const char *marker;
        const char *bytes;
        size_t count;
    } insertions[] = {
        {"\"city\":\"", "\0", 1},
        {"\"city\":\"", "\\u0000", 6},
        {"\"city\":\"", "\\ud800", 6},
        {"\"city\":\"", "\xff\xfe", 2},
        {"\"city\":\"", "\xed\xa0\x80", 3},
        {"\"user_id\":\"", "\0", 1},
        {"\"user_id\":\"", "\\u0000", 6},
        {"\"user_id\":\"", "\\udc00", 6},
        {"\"user_id\":\"", "\xc0\x80", 2},
        {"\"event_properties\":{", "\"a\\u0000\":1,", 11},
        {"{", "\0", 1},
        {"no marker", "\xef\xbb\xbf", 3},
        {"no marker", "\0", 1},
        {"no marker", "[", 1},
    };
    const size_t count = sizeof insertions / sizeof insertions[0];
    size_t way = generate_below(random, count + 2);
    if (way == count)
        return nest(line, end);
    if (way == count + 1) {
        *end = '\r';
        return end + 1;
    }
    return insert(line, end, insertions[way].marker, insertions[way].bytes, insertions[way].count);
}
