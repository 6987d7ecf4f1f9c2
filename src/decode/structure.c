#include "structure.h"

#include "block.h"
#include "json.h"
#include "lanes.h"

#include <stdbool.h>
#include <string.h>

/*
 * A bracketed value is read in chunks of some KiB, in steps with hardly a branch that depends on
 * the data: (1) each 64 bytes become sets of bits; (2) strings are told from what is outside of
 * them; (3) the brackets are matched, which tells the top level from nested values; (4) the shape
 * of the top level is judged; (5) keys that may be used ones are compared.
 *
 * About (4): at the top level of an object stand points (colons and commas) and values (strings,
 * nested values, and runs of other bytes). It is well shaped when values and points take turns,
 * beginning and ending with a value, when colons and commas take turns, beginning and ending with
 * a colon, and when the values before colons are strings. That is a matter of parities, whatever
 * blanks stand between.
 */

#define RECORD_SEPARATOR '\x1e'

#define CHUNK_BLOCKS 64
#define CHUNK_BYTES (CHUNK_BLOCKS * BLOCK_BYTES)

#define CHUNK_VECTORS (CHUNK_BLOCKS / LANES)

union sets {
    uint64_t block[CHUNK_BLOCKS];
    lanes lane[CHUNK_VECTORS];
};

/* Places are written this many at a time, whether there are as many or not. */
#define PLACES_AT_ONCE 2

/* Places of bytes in a chunk. */
struct places {
    unsigned count;
    uint16_t at[CHUNK_BYTES + PLACES_AT_ONCE];
};

struct chunk {
    const char *begin;
    unsigned blocks;
    unsigned vectors;  /* that hold them; what is left of the last holds blanks */
    union sets quotes; /* from (2) without escaped ones */
    union sets backslashes;
    union sets opens;
    union sets closes;
    union sets colons;
    union sets commas;
    union sets blanks;
    union sets initials;
    union sets strings; /* from (2): from each opening quote to before the closing one */
    union sets turns;   /* from (2): brackets outside of strings; from (3): of these, the ones
                           that lead to the top level of the object or away from it */
    union sets firsts;  /* from (4): first bytes of keys that may be used ones */
    struct places places;
};

struct scan {
    const char *end;
    bool is_object; /* an array's shape is not judged */
    bool every_key; /* look at each key, to find names spelled with escapes */

    /* Carried from chunk to chunk: all bits are set, or none. */
    lanes in_string;
    lanes off_top;
    lanes after_value; /* the last point or value was a value */
    lanes after_colon; /* the last point was a colon */
    /* Likewise: the top bit of the last lane. */
    lanes runs;
    lanes key_quotes;
    uint64_t escape; /* the lowest bit */

    uint64_t errors;
    uint64_t tokens;                    /* not 0 when the object is not empty */
    uint64_t escaped_names;             /* not 0 when a key has a backslash */
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

/* Step 1. */
BLOCK_INLINE void read_blocks(struct chunk *chunk, const char *end, block_read_function *read)
{
    unsigned i = 0;
    for (const char *at = chunk->begin; i < CHUNK_BLOCKS && at < end; at += BLOCK_BYTES) {
        struct block block;
        read(at, &block);
        chunk->quotes.block[i] = block.quote;
        chunk->backslashes.block[i] = block.backslash;
        chunk->opens.block[i] = block.open;
        chunk->closes.block[i] = block.close;
        chunk->colons.block[i] = block.colon;
        chunk->commas.block[i] = block.comma;
        chunk->blanks.block[i] = block.blank;
        chunk->initials.block[i] = block.initial;
        i++;
    }
    chunk->blocks = i;
    chunk->vectors = (i + LANES - 1) / LANES;
}

/* Bytes behind ${end} become blanks. */
static void blank_rest(struct chunk *chunk, const char *end)
{
    size_t bytes = (size_t)(end - chunk->begin);
    for (unsigned i = (unsigned)(bytes / BLOCK_BYTES); i < chunk->vectors * LANES; i++) {
        uint64_t live = 0;
        if (i == bytes / BLOCK_BYTES)
            live = (UINT64_C(1) << bytes % BLOCK_BYTES) - 1;
        bool is_read = i < chunk->blocks;
        union sets *const all[] = {&chunk->quotes, &chunk->backslashes, &chunk->opens,
                                   &chunk->closes, &chunk->colons,      &chunk->commas};
        for (unsigned j = 0; j < sizeof all / sizeof *all; j++)
            all[j]->block[i] = is_read ? all[j]->block[i] & live : 0;
        chunk->blanks.block[i] = is_read ? chunk->blanks.block[i] | ~live : ~UINT64_C(0);
        chunk->initials.block[i] = is_read ? chunk->initials.block[i] : 0;
    }
}

/* Take the quotes out that a backslash stands before. Returns the escape that is carried on. */
static uint64_t drop_escaped(struct chunk *chunk, uint64_t escape)
{
    for (unsigned i = 0; i < chunk->blocks; i++)
        block_drop_escaped(&chunk->quotes.block[i], chunk->backslashes.block[i], &escape);
    return escape;
}

BLOCK_INLINE bool has_backslash(const struct chunk *chunk)
{
    lanes backslashes = {0};
    for (unsigned i = 0; i < chunk->vectors; i++)
        backslashes |= chunk->backslashes.lane[i];
    return lanes_any_bit(&backslashes) != 0;
}

/* Step 2. */
BLOCK_INLINE void tell_strings(struct scan *scan, struct chunk *chunk)
{
    lanes in_string = scan->in_string;
    lanes stray = {0};
    for (unsigned i = 0; i < chunk->vectors; i++) {
        lanes strings = chunk->quotes.lane[i];
        lanes_run_parity(&strings, &in_string);
        chunk->strings.lane[i] = strings;
        chunk->turns.lane[i] = (chunk->opens.lane[i] | chunk->closes.lane[i]) & ~strings;
        stray |= chunk->backslashes.lane[i] & ~strings;
    }
    scan->in_string = in_string;
    scan->errors |= lanes_any_bit(&stray);
}

BLOCK_INLINE void list_places(struct chunk *chunk, const union sets *sets)
{
    unsigned count = 0;
    for (unsigned i = 0; i < chunk->blocks; i++) {
        uint64_t bits = sets->block[i];
        uint16_t *next = chunk->places.at + count;
        count += (unsigned)__builtin_popcountll(bits);
        do {
            /* Where no bit is left, some place is written that the next one overwrites. */
            uint64_t rest = bits & (bits - 1);
            next[0] = (uint16_t)(i * BLOCK_BYTES + block_lowest(bits));
            next[1] = (uint16_t)(i * BLOCK_BYTES + block_lowest(rest));
            next += PLACES_AT_ONCE;
            bits = rest & (rest - 1);
        } while (bits != 0);
    }
    chunk->places.count = count;
}

/* Step 3. Returns false when the brackets don't match or are nested too deep. */
static bool match_brackets(struct scan *scan, struct chunk *chunk)
{
    unsigned depth = scan->depth;
    for (unsigned i = 0; i < chunk->places.count; i++) {
        if (scan->close != NULL)
            return false;
        unsigned place = chunk->places.at[i];
        char bracket = chunk->begin[place];
        unsigned outer; /* the level around the brackets */
        if (bracket == '{' || bracket == '[') {
            if (depth == JSON_MAX_DEPTH)
                return false;
            scan->opened[depth] = bracket;
            outer = depth++;
        } else {
            outer = --depth;
            if (bracket - scan->opened[depth] != 2) /* in ASCII, [ and ] as well as { and } */
                return false;
            if (depth == 0)
                scan->close = chunk->begin + place;
        }
        if (outer > 1)
            chunk->turns.block[place / BLOCK_BYTES] &= ~(UINT64_C(1) << place % BLOCK_BYTES);
    }
    scan->depth = depth;
    return true;
}

/* Step 4. What follows the bracket that ends the object is off the top level as well. */
BLOCK_INLINE void judge_shape(struct scan *scan, struct chunk *chunk)
{
    lanes off_top = scan->off_top;
    lanes was_value = scan->after_value;
    lanes was_colon = scan->after_colon;
    lanes runs_before = scan->runs;
    lanes quotes_before = scan->key_quotes;
    const uint64_t every_key = scan->every_key ? ~UINT64_C(0) : 0;
    lanes misplaced = {0};
    lanes tokens = {0};
    lanes escaped_names = {0};
    for (unsigned i = 0; i < chunk->vectors; i++) {
        lanes turns = chunk->turns.lane[i];
        lanes top = turns;
        lanes_run_parity(&top, &off_top);
        top = ~top;
        lanes strings = chunk->strings.lane[i] & top;
        lanes outside = top & ~chunk->strings.lane[i];
        lanes quotes = chunk->quotes.lane[i];
        lanes colons = chunk->colons.lane[i] & outside;
        lanes commas = chunk->commas.lane[i] & outside;
        lanes points = colons | commas;

        lanes runs = outside & ~(points | quotes | chunk->blanks.lane[i] | turns);
        lanes run_begins = runs;
        lanes_move_up(&run_begins, &runs_before);
        run_begins = runs & ~run_begins;

        lanes opening = quotes & strings;
        lanes nested = turns & chunk->opens.lane[i] & ~top;
        lanes unnamed = run_begins | nested; /* values that can't be keys */
        lanes values = opening | unnamed;
        lanes after_value = values | points;
        tokens |= after_value;
        lanes_run_parity(&after_value, &was_value);
        lanes after_colon = points;
        lanes_run_parity(&after_colon, &was_colon);
        misplaced |= (values & ~after_value) | (points & after_value);
        misplaced |= ((colons | unnamed) & ~after_colon) | (commas & after_colon);

        lanes in_names = strings & ~after_colon;
        escaped_names |= chunk->backslashes.lane[i] & in_names;
        lanes firsts = opening & in_names;
        lanes_move_up(&firsts, &quotes_before);
        chunk->firsts.lane[i] = firsts & (chunk->initials.lane[i] | every_key);
    }
    scan->off_top = off_top;
    scan->after_value = was_value;
    scan->after_colon = was_colon;
    scan->runs = runs_before;
    scan->key_quotes = quotes_before;
    scan->tokens |= lanes_any_bit(&tokens);
    scan->escaped_names |= lanes_any_bit(&escaped_names);
    if (scan->is_object)
        scan->errors |= lanes_any_bit(&misplaced);
}

#define STARTS_WITH(at, name) (memcmp(at, name "\"", sizeof(name)) == 0)

/*
 * Note a used key. Its bytes may run over the end of the text into the padding; such a text is
 * not whole, and nothing that is noted of it counts.
 */
static inline void note_key(struct scan *scan, const char *at)
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

/* Step 5. */
static void note_keys(struct scan *scan, const struct chunk *chunk)
{
    for (unsigned i = 0; i < chunk->places.count; i++) {
        const char *at = chunk->begin + chunk->places.at[i];
        if (scan->every_key)
            note_spelled_key(scan, at);
        else
            note_key(scan, at);
    }
}

/* Read the array or object at ${at}. Returns whether it is whole; then scan->close is set. */
BLOCK_INLINE bool read_chunks(struct scan *scan, const char *at, block_read_function *read)
{
    struct chunk chunk;
    for (; at < scan->end && scan->close == NULL; at += CHUNK_BYTES) {
        chunk.begin = at;
        read_blocks(&chunk, scan->end, read);
        blank_rest(&chunk, scan->end);
        if (has_backslash(&chunk) || scan->escape != 0)
            scan->escape = drop_escaped(&chunk, scan->escape);
        tell_strings(scan, &chunk);
        list_places(&chunk, &chunk.turns);
        if (!match_brackets(scan, &chunk))
            return false;
        judge_shape(scan, &chunk);
        if (scan->errors != 0)
            return false;
        list_places(&chunk, &chunk.firsts);
        note_keys(scan, &chunk);
    }
    lanes ended = scan->after_value & scan->after_colon;
    return scan->close != NULL && (!scan->is_object || scan->tokens == 0 || ended[0] != 0);
}

static bool read_plain(struct scan *scan, const char *at)
{
    return read_chunks(scan, at, block_read_plain);
}

#define READER(name, level, target)                                                                \
    target static bool read_##name(struct scan *scan, const char *at)                              \
    {                                                                                              \
        return read_chunks(scan, at, block_read_##name);                                           \
    }
BLOCK_LEVELS(READER)

static bool read_at_level(struct scan *scan, const char *at, enum simd_level level)
{
    switch (level) {
#define CASE(name, level, target)                                                                  \
    case level:                                                                                    \
        return read_##name(scan, at);
        BLOCK_LEVELS(CASE)
    default:
        return read_plain(scan, at);
    }
}

static void start(struct scan *scan, const char *at, const char *end, bool every_key)
{
    memset(scan, 0, offsetof(struct scan, opened));
    scan->end = end;
    scan->is_object = *at == '{';
    scan->off_top = ~scan->off_top;
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
    if (!read_at_level(&scan, at, level) || json_skip_blanks(scan.close + 1, end) != end)
        return STRUCTURE_BROKEN;
    if (!scan.is_object)
        return STRUCTURE_OTHER;

    if (scan.escaped_names != 0) {
        start(&scan, at, end, true);
        if (!read_at_level(&scan, at, level))
            return STRUCTURE_BROKEN;
    }
    for (unsigned i = 0; i < STRUCTURE_FIELDS; i++)
        if (scan.keys[i] != NULL)
            values[i] = value_of(scan.keys[i], end);
    return STRUCTURE_OBJECT;
}

const char *structure_skip_separators(const char *at, const char *end)
{
    at = json_skip_blanks(at, end);
    while (at < end && *at == RECORD_SEPARATOR)
        at = json_skip_blanks(at + 1, end);
    return at;
}

const char *structure_begin(const char *at, const char *end)
{
    if (end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    return structure_skip_separators(at, end);
}

enum structure_field structure_field_named(const char *name, size_t bytes)
{
    for (unsigned i = 0; i < STRUCTURE_FIELDS; i++)
        if (bytes == names[i].bytes && memcmp(name, names[i].text, bytes) == 0)
            return (enum structure_field)i;
    return STRUCTURE_FIELDS;
}

enum structure_result structure_scan(enum simd_level level, const char *text, size_t bytes,
                                     const char *values[STRUCTURE_FIELDS])
{
    for (unsigned i = 0; i < STRUCTURE_FIELDS; i++)
        values[i] = NULL;

    const char *end = text + bytes;
    const char *at = structure_begin(text, end);
    if (at == end)
        return STRUCTURE_BROKEN;
    if (*at == '{' || *at == '[')
        return read_brackets(level, at, end, values);

    struct json_value value;
    const char *after = *at == '"' ? json_skip_string(at, end) : json_value(at, end, &value);
    if (after == NULL || json_skip_blanks(after, end) != end)
        return STRUCTURE_BROKEN;
    return STRUCTURE_OTHER;
}
