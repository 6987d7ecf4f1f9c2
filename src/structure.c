#include "course_funnel/structure.h"

#include "block.h"
#include "course_funnel/json.h"

#include <stdbool.h>
#include <string.h>

/*
 * An object at the top is read 64 bytes at a time, as sets of bits. Inside it, outside of nested
 * values, stand points (colons and commas) and values (strings, nested values, and runs of other
 * bytes). It is well shaped when values and points take turns, beginning and ending with a value,
 * when colons and commas take turns, beginning and ending with a colon, and when the values before
 * colons are strings. That is a matter of parities, whatever blanks stand between.
 */
struct scan {
    const char *text;
    const char *end;
    bool judge_shape; /* of an object at the top; an array's is not judged */
    bool every_key;   /* look at each key, to find names spelled with escapes */

    /* Carried from block to block: all bits set, or none. */
    uint64_t in_string;
    uint64_t in_nested;
    uint64_t after_value; /* the last point or value was a value */
    uint64_t after_colon; /* the last point was a colon */
    /* Likewise, as the lowest bit alone. */
    uint64_t escape;
    uint64_t in_run;
    uint64_t key_quote;

    uint64_t errors;
    uint64_t tokens; /* not 0 when the object is not empty */
    uint64_t escaped_keys;
    const char *keys[STRUCTURE_FIELDS]; /* the closing quote of each */
    const char *close;                  /* the bracket that ends the value at the top */
    unsigned depth;
    char opened[JSON_MAX_DEPTH];
};

static const struct json_name names[STRUCTURE_FIELDS] = {
    [STRUCTURE_EVENT_TYPE] = {"event_type", 10},
    [STRUCTURE_USER_ID] = {"user_id", 7},
    [STRUCTURE_EVENT_TIME] = {"event_time", 10},
    [STRUCTURE_EVENT_PROPERTIES] = {"event_properties", 16},
    [STRUCTURE_UUID] = {"uuid", 4},
    [STRUCTURE_INSERT_ID] = {"$insert_id", 10},
};

BLOCK_INLINE uint64_t spread_top(uint64_t bits)
{
    return UINT64_C(0) - (bits >> 63);
}

/* The bytes that a backslash stands before. */
BLOCK_INLINE uint64_t escaped_bytes(struct scan *scan, uint64_t backslashes)
{
    uint64_t escaped = scan->escape;
    scan->escape = 0;
    backslashes &= ~escaped;
    while (backslashes != 0) {
        uint64_t lowest = backslashes & -backslashes;
        uint64_t next = lowest << 1;
        escaped |= next;
        scan->escape |= lowest >> 63;
        backslashes &= ~(lowest | next);
    }
    return escaped;
}

#define STARTS_WITH(at, name) (memcmp(at, name "\"", sizeof(name)) == 0)

/*
 * Note a used key. Its bytes may run over the end of the text into the padding; such a text is
 * not whole, and nothing that is noted of it counts.
 */
BLOCK_INLINE void note_key(struct scan *scan, const char *at)
{
    switch (*at) {
    case 'e':
        if (memcmp(at, "event_", 6) != 0)
            break;
        if (STARTS_WITH(at + 6, "time"))
            scan->keys[STRUCTURE_EVENT_TIME] = at + 10;
        else if (STARTS_WITH(at + 6, "type"))
            scan->keys[STRUCTURE_EVENT_TYPE] = at + 10;
        else if (STARTS_WITH(at + 6, "properties"))
            scan->keys[STRUCTURE_EVENT_PROPERTIES] = at + 16;
        break;
    case 'u':
        if (STARTS_WITH(at, "user_id"))
            scan->keys[STRUCTURE_USER_ID] = at + 7;
        else if (STARTS_WITH(at, "uuid"))
            scan->keys[STRUCTURE_UUID] = at + 4;
        break;
    case '$':
        if (STARTS_WITH(at, "$insert_id"))
            scan->keys[STRUCTURE_INSERT_ID] = at + 10;
        break;
    default:
        break;
    }
}

static void note_spelled_key(struct scan *scan, const char *at)
{
    struct json_value key;
    const char *after = json_string(at - 1, scan->end, &key);
    for (unsigned i = 0; after != NULL && i < STRUCTURE_FIELDS; i++)
        if (json_means(&key, &names[i]))
            scan->keys[i] = after - 1;
}

/* What the brackets of a block mean. */
struct nesting {
    uint64_t turns;  /* brackets that lead from the top level into a nested value, or back */
    uint64_t begins; /* those that lead into one */
    uint64_t live;   /* the bytes before the bracket that ends the value at the top */
};

/* Follow the ${brackets}. Returns false when they don't match or are too many. */
BLOCK_INLINE bool follow(struct scan *scan, const char *bytes, uint64_t brackets, uint64_t open,
                         struct nesting *nesting)
{
    *nesting = (struct nesting){0, 0, ~UINT64_C(0)};
    for (; brackets != 0; brackets &= brackets - 1) {
        uint64_t bit = brackets & -brackets;
        const char *at = bytes + __builtin_ctzll(brackets);
        if ((open & bit) != 0) {
            if (scan->depth == JSON_MAX_DEPTH)
                return false;
            if (scan->depth == 1) {
                nesting->turns |= bit;
                nesting->begins |= bit;
            }
            scan->opened[scan->depth++] = *at;
            continue;
        }
        if (*at - scan->opened[--scan->depth] != 2) /* in ASCII, [ and ] as well as { and } */
            return false;
        if (scan->depth == 1)
            nesting->turns |= bit;
        if (scan->depth == 0) {
            scan->close = at;
            nesting->live = bit - 1;
            return true;
        }
    }
    return true;
}

/* Read one block. Returns false when the text is found broken. */
BLOCK_INLINE bool read_block(struct scan *scan, const char *bytes, block_read_function *read,
                             block_parity_function *parity)
{
    struct block block;
    read(bytes, &block);
    size_t left = (size_t)(scan->end - bytes);
    uint64_t live = left < BLOCK_BYTES ? (UINT64_C(1) << left) - 1 : ~UINT64_C(0);
    block.backslash &= live;

    uint64_t escaped = 0;
    if ((block.backslash | scan->escape) != 0)
        escaped = escaped_bytes(scan, block.backslash);
    uint64_t quotes = block.quote & ~escaped & live;
    uint64_t strings = parity(quotes) ^ scan->in_string; /* opening quotes in, closing ones not */
    scan->in_string = spread_top(strings);

    struct nesting nesting;
    uint64_t brackets = (block.open | block.close) & ~strings & live;
    if (!follow(scan, bytes, brackets, block.open, &nesting))
        return false;
    live &= nesting.live;

    uint64_t nested = parity(nesting.turns) ^ scan->in_nested;
    scan->in_nested = spread_top(nested);
    uint64_t top = ~nested & live;

    uint64_t outside = top & ~strings;
    uint64_t colons = block.colon & outside;
    uint64_t commas = block.comma & outside;
    uint64_t points = colons | commas;
    uint64_t runs = outside & ~(points | quotes | block.blank | block.open | block.close);
    uint64_t run_begins = runs & ~(runs << 1 | scan->in_run);
    scan->in_run = runs >> 63;

    uint64_t opening = quotes & strings & top;
    uint64_t others = run_begins | nesting.begins; /* values that can't be keys */
    uint64_t tokens = opening | others | points;
    uint64_t after_value = parity(tokens) ^ scan->after_value;
    uint64_t after_colon = parity(points) ^ scan->after_colon;
    scan->after_value = spread_top(after_value);
    scan->after_colon = spread_top(after_colon);
    scan->tokens |= tokens;

    uint64_t misplaced = (opening | others) & ~after_value;
    misplaced |= points & after_value;
    misplaced |= (colons | others) & ~after_colon;
    misplaced |= commas & after_colon;
    scan->errors |= scan->judge_shape ? misplaced : 0;
    scan->errors |= block.backslash & ~strings & live;

    uint64_t in_keys = strings & top & ~after_colon;
    scan->escaped_keys |= block.backslash & in_keys;
    uint64_t key_quotes = quotes & in_keys;
    uint64_t initials = (key_quotes << 1 | scan->key_quote) & live;
    scan->key_quote = key_quotes >> 63;
    if (scan->every_key) {
        for (; initials != 0; initials &= initials - 1)
            note_spelled_key(scan, bytes + __builtin_ctzll(initials));
    } else {
        for (initials &= block.initial; initials != 0; initials &= initials - 1)
            note_key(scan, bytes + __builtin_ctzll(initials));
    }
    return true;
}

/* Read the array or object at scan->text. Returns whether it is whole, in which case close is set.
 */
BLOCK_INLINE bool read_blocks(struct scan *scan, block_read_function *read,
                              block_parity_function *parity)
{
    for (const char *bytes = scan->text; bytes < scan->end; bytes += BLOCK_BYTES) {
        if (!read_block(scan, bytes, read, parity) || scan->errors != 0)
            return false;
        if (scan->close != NULL)
            return !scan->judge_shape || scan->tokens == 0 ||
                   (scan->after_value & scan->after_colon) != 0;
    }
    return false;
}

static bool read_plain(struct scan *scan)
{
    return read_blocks(scan, block_read_plain, block_parity_plain);
}

#if defined(__x86_64__)

static bool read_sse2(struct scan *scan)
{
    return read_blocks(scan, block_read_sse2, block_parity_plain);
}

BLOCK_AVX2 static bool read_avx2(struct scan *scan)
{
    return read_blocks(scan, block_read_avx2, block_parity_clmul);
}

BLOCK_AVX512 static bool read_avx512(struct scan *scan)
{
    return read_blocks(scan, block_read_avx512, block_parity_clmul);
}

#elif defined(__aarch64__)

static bool read_neon(struct scan *scan)
{
    return read_blocks(scan, block_read_neon, block_parity_plain);
}

#endif

static bool read_at_level(struct scan *scan, enum simd_level level)
{
    switch (level) {
#if defined(__x86_64__)
    case SIMD_SSE2:
        return read_sse2(scan);
    case SIMD_AVX2:
        return read_avx2(scan);
    case SIMD_AVX512:
        return read_avx512(scan);
#elif defined(__aarch64__)
    case SIMD_NEON:
        return read_neon(scan);
#endif
    default:
        return read_plain(scan);
    }
}

static void start(struct scan *scan, const char *at, const char *end, bool every_key)
{
    memset(scan, 0, offsetof(struct scan, opened));
    scan->text = at;
    scan->end = end;
    scan->judge_shape = *at == '{';
    scan->every_key = every_key;
}

/* The value behind a key's closing quote, in an object that is known to be whole. */
static const char *value_of(const char *closing_quote, const char *end)
{
    const char *colon = json_skip_blanks(closing_quote + 1, end);
    return json_skip_blanks(colon + 1, end);
}

static enum structure_result read_brackets(enum simd_level level, const char *at, const char *end,
                                           const char *values[STRUCTURE_FIELDS])
{
    struct scan scan;
    start(&scan, at, end, false);
    if (!read_at_level(&scan, level) || json_skip_blanks(scan.close + 1, end) != end)
        return STRUCTURE_BROKEN;
    if (!scan.judge_shape)
        return STRUCTURE_OTHER;

    if (scan.escaped_keys != 0) {
        start(&scan, at, end, true);
        if (!read_at_level(&scan, level))
            return STRUCTURE_BROKEN;
    }
    for (unsigned i = 0; i < STRUCTURE_FIELDS; i++)
        if (scan.keys[i] != NULL)
            values[i] = value_of(scan.keys[i], end);
    return STRUCTURE_OBJECT;
}

/* What follows the string at ${at}, of which only the end is looked for, or NULL. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at < end ? at + 1 : NULL;
}

enum structure_result structure_scan(enum simd_level level, const char *text, size_t bytes,
                                     const char *values[STRUCTURE_FIELDS])
{
    for (unsigned i = 0; i < STRUCTURE_FIELDS; i++)
        values[i] = NULL;

    const char *end = text + bytes;
    if (bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    const char *at = json_skip_blanks(text, end);
    if (at == end)
        return STRUCTURE_BROKEN;
    if (*at == '{' || *at == '[')
        return read_brackets(level, at, end, values);

    struct json_value value;
    const char *after = *at == '"' ? skip_string(at, end) : json_value(at, end, &value);
    if (after == NULL || json_skip_blanks(after, end) != end)
        return STRUCTURE_BROKEN;
    return STRUCTURE_OTHER;
}
