#include "layout.h"

#include "block.h"
#include "json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MOST_KEYS 128

/* How deep a value may be nested: one bit a level says what is open. */
#define MOST_DEPTH 64

/* A line that matches earns trust, another one uses it up; without any the next line is learned. */
#define MOST_TRUST 64

/* A key with what stands before and behind it: `{"key":` or `,"key":`. */
struct key {
    char text[BLOCK_BYTES];
    uint64_t mask; /* of the bytes that count */
    unsigned bytes;
    unsigned field;        /* STRUCTURE_FIELDS: none that is used */
    unsigned string_bytes; /* of its value, a string that is always as long, or 0 */
};

struct layout {
    unsigned count;
    unsigned trust;
    struct key keys[MOST_KEYS];
};

struct layout *layout_create(void)
{
    return calloc(1, sizeof(struct layout));
}

void layout_free(struct layout *layout)
{
    free(layout);
}

void layout_forget(struct layout *layout)
{
    layout->count = 0;
    layout->trust = 0;
}

/* What follows the string at ${at}; NULL when it does not close. */
BLOCK_INLINE const char *skip_string(const char *at, const char *end, block_read_function *read)
{
    for (at++; at < end;) {
        struct block block;
        read(at, &block);
        unsigned length = block_lowest(block.quote);
        uint64_t before = block.quote ^ (block.quote - 1);
        if (block.quote != 0 && (block.backslash & before) == 0)
            return at + length + 1;
        /* To the byte behind the escape, if there is one. */
        at += block.backslash != 0 ? block_lowest(block.backslash) + 2 : BLOCK_BYTES;
    }
    return NULL;
}

/* Whether a string of ${bytes} stands at ${at}: told without waiting for where it ends. */
BLOCK_INLINE bool has_string(const char *at, unsigned bytes, block_read_function *read)
{
    struct block block;
    read(at + 1, &block);
    uint64_t quote = UINT64_C(1) << bytes;
    return (block.quote & (quote | (quote - 1))) == quote && (block.backslash & (quote - 1)) == 0;
}

/* What follows a number or literal: the first byte that can't be one's. NULL when there is none. */
BLOCK_INLINE const char *skip_run(const char *at, const char *end, block_read_function *read)
{
    for (const char *begin = at; at < end; at += BLOCK_BYTES) {
        struct block block;
        read(at, &block);
        uint64_t stops = block.quote | block.backslash | block.open | block.close | block.colon |
                         block.comma | block.blank;
        if (stops != 0) {
            at += block_lowest(stops);
            return at > begin ? at : NULL;
        }
    }
    return NULL;
}

/* What follows the array or object at ${at}; NULL when it is not well nested. */
BLOCK_INLINE const char *skip_nested(const char *at, const char *end, block_read_function *read)
{
    uint64_t in_string = 0, escape = 0, braces = 0;
    unsigned depth = 0;
    for (; at < end; at += BLOCK_BYTES) {
        struct block block;
        read(at, &block);
        if ((block.backslash | escape) != 0)
            block_drop_escaped(&block.quote, block.backslash, &escape);
        uint64_t strings = block_run_parity(block.quote) ^ in_string;
        uint64_t stray = block.backslash & ~strings;
        in_string = 0 - (strings >> 63);
        for (uint64_t bits = (block.open | block.close) & ~strings; bits != 0; bits &= bits - 1) {
            unsigned place = block_lowest(bits);
            bool is_brace = at[place] == '{' || at[place] == '}';
            if ((block.open >> place & 1) != 0) {
                if (depth++ == MOST_DEPTH)
                    return NULL;
                braces = braces << 1 | is_brace;
                continue;
            }
            if ((braces & 1) != is_brace)
                return NULL;
            braces >>= 1;
            if (--depth == 0)
                return (stray & ((UINT64_C(1) << place) - 1)) == 0 ? at + place + 1 : NULL;
        }
        if (stray != 0)
            return NULL;
    }
    return NULL;
}

/* What follows the value at ${at}, whatever that is, or NULL. */
BLOCK_INLINE const char *skip_value(const char *at, const char *end, block_read_function *read)
{
    switch (*at) {
    case '"':
        return skip_string(at, end, read);
    case '{':
    case '[':
        return at[1] == *at + 2 ? at + 2 : skip_nested(at, end, read);
    case 'n':
        if (memcmp(at, "null", 4) == 0)
            return at + 4;
        return skip_run(at, end, read);
    default:
        return skip_run(at, end, read);
    }
}

/* What follows a value is judged by the next key, or by the brace at the end. */
BLOCK_INLINE bool match(const struct layout *layout, const char *at, const char *end,
                        block_read_function *read, block_same_function *same,
                        const char *values[STRUCTURE_FIELDS])
{
    const char *found[STRUCTURE_FIELDS + 1] = {NULL};
    for (unsigned i = 0; i < layout->count; i++) {
        const struct key *key = &layout->keys[i];
        if (at >= end || (~same(at, key->text) & key->mask) != 0)
            return false;
        at += key->bytes;
        found[key->field] = at;
        if (key->string_bytes > 0 && *at == '"' && has_string(at, key->string_bytes, read)) {
            at += key->string_bytes + 2;
            continue;
        }
        at = skip_value(at, end, read);
        if (at == NULL)
            return false;
    }
    memcpy(values, found, STRUCTURE_FIELDS * sizeof *values);
    return at < end && *at == '}' && json_skip_blanks(at + 1, end) == end;
}

#define MATCHER(name, level, target)                                                               \
    target static bool match_##name(const struct layout *layout, const char *at, const char *end,  \
                                    const char *values[STRUCTURE_FIELDS])                          \
    {                                                                                              \
        return match(layout, at, end, block_read_##name, block_same_##name, values);               \
    }
BLOCK_LEVELS(MATCHER)

static bool match_at_level(const struct layout *layout, enum simd_level level, const char *at,
                           const char *end, const char *values[STRUCTURE_FIELDS])
{
    switch (level) {
#define CASE(name, level, target)                                                                  \
    case level:                                                                                    \
        return match_##name(layout, at, end, values);
        BLOCK_LEVELS(CASE)
    default:
        /* Without vectors the long way is not longer. */
        return false;
    }
}

bool layout_match(struct layout *layout, enum simd_level level, const char *text, size_t bytes,
                  const char *values[STRUCTURE_FIELDS])
{
    if (layout->count == 0 || !match_at_level(layout, level, text, text + bytes, values))
        return false;
    if (layout->trust < MOST_TRUST)
        layout->trust++;
    return true;
}

/* The length that a value always has, as it looks: times and UUIDs. */
static unsigned steady_bytes(const struct json_value *value)
{
    bool is_steady =
        value->kind == JSON_STRING && !value->escaped && (value->bytes == 26 || value->bytes == 36);
    return is_steady ? (unsigned)value->bytes : 0;
}

/* Learn the keys of a text. Returns how many, or 0: it has no layout that can be learned. */
static unsigned learn(struct key keys[MOST_KEYS], const char *at, const char *end)
{
    for (unsigned count = 0; count < MOST_KEYS; count++) {
        const char *begin = at;
        struct json_value name, value;
        if (*at != (count == 0 ? '{' : ',') || end - at < 2 || at[1] != '"')
            return 0;
        at = json_string(at + 1, end, &name);
        if (at == NULL || name.escaped || at == end || *at != ':')
            return 0;
        at++;
        if (at - begin > BLOCK_BYTES)
            return 0;
        struct key *key = &keys[count];
        *key = (struct key){.bytes = (unsigned)(at - begin),
                            .field = structure_field_named(name.text, name.bytes)};
        key->mask = ~UINT64_C(0) >> (BLOCK_BYTES - key->bytes);
        memcpy(key->text, begin, key->bytes);
        at = at < end ? json_value(at, end, &value) : NULL;
        if (at == NULL || at == end)
            return 0;
        key->string_bytes = steady_bytes(&value);
        if (*at == '}')
            return count + 1;
    }
    return 0;
}

void layout_missed(struct layout *layout, const char *text, size_t bytes)
{
    if (layout->trust > 0) {
        layout->trust--;
        return;
    }
    layout->count = bytes > 0 ? learn(layout->keys, text, text + bytes) : 0;
    layout->trust = layout->count > 0 ? 1 : MOST_TRUST;
}
