#include "json.h"

#include "number.h"

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define ONES UINT64_C(0x0101010101010101)
#define TOPS UINT64_C(0x8080808080808080)

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

const char *json_skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

/* The same without a call where there are none, as nearly everywhere in an export. */
static inline const char *skip_blanks(const char *at, const char *end)
{
    return at < end && (unsigned char)*at > ' ' ? at : json_skip_blanks(at, end);
}

/*
 * The first quote, backslash or control character at or behind ${at}. It may lie past the end of
 * the text, whose padding is read but never trusted.
 */
static const char *next_special(const char *at, const char *end)
{
    while (at < end) {
#if defined(__SSE2__)
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i special = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                       _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_or_si128(special, control));
        if (mask != 0)
            return at + __builtin_ctz(mask);
        at += 16;
#else
        /* A byte is below n where subtracting n borrows from its top bit and that bit was clear. */
        uint64_t bytes;
        memcpy(&bytes, at, sizeof bytes);
        uint64_t quote = bytes ^ ONES * '"';
        uint64_t slash = bytes ^ ONES * '\\';
        uint64_t below = ((quote - ONES) & ~quote) | ((slash - ONES) & ~slash) |
                         ((bytes - ONES * 0x20) & ~bytes);
        if ((below & TOPS) == 0) {
            at += sizeof bytes;
            continue;
        }
        while (*at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
            at++;
        return at;
#endif
    }
    return at;
}

/* The value of four hexadecimal digits, or -1. */
static int hex_quad(const char *at)
{
    int value = 0;
    for (unsigned i = 0; i < 4; i++) {
        char byte = at[i];
        int digit;
        if (byte >= '0' && byte <= '9')
            digit = byte - '0';
        else if ((byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F'))
            digit = (byte | 0x20) - 'a' + 10;
        else
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* What the escape whose backslash is at ${at} is long, or 0 when it is none. */
static size_t escape_bytes(const char *at, const char *end)
{
    if (end - at < 2)
        return 0;
    switch (at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return 2;
    case 'u':
        return end - at >= 6 && hex_quad(at + 2) >= 0 ? 6 : 0;
    default:
        return 0;
    }
}

const char *json_string(const char *at, const char *end, struct json_value *value)
{
    *value = (struct json_value){JSON_STRING, false, at + 1, 0};
    at++;
    for (;;) {
        at = next_special(at, end);
        if (at >= end)
            return NULL;
        if (*at == '"') {
            value->bytes = (size_t)(at - value->text);
            return at + 1;
        }
        size_t bytes = *at == '\\' ? escape_bytes(at, end) : 0;
        if (bytes == 0)
            return NULL;
        value->escaped = true;
        at += bytes;
    }
}

static const char *literal(const char *at, const char *end, const char *text, size_t bytes)
{
    return (size_t)(end - at) >= bytes && memcmp(at, text, bytes) == 0 ? at + bytes : NULL;
}

/* A value that is not an array or an object. */
static const char *scalar(const char *at, const char *end, struct json_value *value)
{
    if (at >= end)
        return NULL;
    if (*at == '"')
        return json_string(at, end, value);

    const char *after;
    *value = (struct json_value){JSON_OTHER, false, at, 0};
    switch (*at) {
    case 't':
        after = literal(at, end, "true", 4);
        break;
    case 'f':
        after = literal(at, end, "false", 5);
        break;
    case 'n':
        value->kind = JSON_NULL;
        after = literal(at, end, "null", 4);
        break;
    default:
        value->kind = JSON_NUMBER;
        after = number_end(at, end);
    }
    if (after != NULL)
        value->bytes = (size_t)(after - at);
    return after;
}

/* A key at ${at} and its colon; returns the first byte of the value, or NULL. */
static const char *read_key(const char *at, const char *end, struct json_value *key)
{
    if (at >= end || *at != '"')
        return NULL;
    at = json_string(at, end, key);
    if (at == NULL)
        return NULL;
    at = skip_blanks(at, end);
    if (at >= end || *at != ':')
        return NULL;
    return skip_blanks(at + 1, end);
}

const char *json_skip_string(const char *at, const char *end)
{
    for (at = next_special(at + 1, end); at < end; at = next_special(at, end)) {
        if (*at == '"')
            return at + 1;
        at += *at == '\\' ? 2 : 1;
    }
    return NULL;
}

static const char *skip_nested(const char *at, const char *end, unsigned outer)
{
    char closers[JSON_MAX_DEPTH];
    unsigned depth = 0;
    while (at != NULL && at < end) {
        switch (*at) {
        case '"':
            at = json_skip_string(at, end);
            continue;
        case '\\':
            return NULL;
        case '{':
        case '[':
            if (outer + depth == JSON_MAX_DEPTH)
                return NULL;
            closers[depth++] = (char)(*at + 2); /* in ASCII, for both kinds */
            break;
        case '}':
        case ']':
            if (closers[--depth] != *at)
                return NULL;
            if (depth == 0)
                return at + 1;
            break;
        default:
            break;
        }
        at++;
    }
    return NULL;
}

/* Whether a byte ends a run of bytes that stands in the place of a number or literal. */
static inline bool ends_run(char byte)
{
    switch (byte) {
    case '{':
    case '}':
    case '[':
    case ']':
    case ',':
    case ':':
    case '"':
    case '\\':
        return true;
    default:
        return is_blank(byte);
    }
}

const char *json_skip(const char *at, const char *end, unsigned outer)
{
    if (at >= end)
        return NULL;
    if (*at == '"')
        return json_skip_string(at, end);
    if (*at == '{' || *at == '[')
        return skip_nested(at, end, outer);
    const char *begin = at;
    while (at < end && !ends_run(*at))
        at++;
    return at > begin ? at : NULL;
}

/* The value at ${at}, which is an array or object. */
static const char *nested(const char *at, const char *end)
{
    char closers[JSON_MAX_DEPTH];
    unsigned depth = 0;
    struct json_value ignored;

    for (;;) {
        /* A value begins here. */
        if (at < end && (*at == '{' || *at == '[')) {
            if (depth == JSON_MAX_DEPTH)
                return NULL;
            char closer = *at == '{' ? '}' : ']';
            closers[depth++] = closer;
            at = skip_blanks(at + 1, end);
            if (at >= end)
                return NULL;
            if (*at != closer) {
                if (closer == '}' && (at = read_key(at, end, &ignored)) == NULL)
                    return NULL;
                continue;
            }
        } else {
            at = scalar(at, end, &ignored);
            if (at == NULL)
                return NULL;
            at = skip_blanks(at, end);
        }
        /* A value ended: close what ends here, then go on with the next member. */
        while (at < end && *at == closers[depth - 1]) {
            at++;
            if (--depth == 0)
                return at;
            at = skip_blanks(at, end);
        }
        if (at >= end || *at != ',')
            return NULL;
        at = skip_blanks(at + 1, end);
        if (closers[depth - 1] == '}' && (at = read_key(at, end, &ignored)) == NULL)
            return NULL;
    }
}

const char *json_value(const char *at, const char *end, struct json_value *value)
{
    if (at >= end || (*at != '{' && *at != '['))
        return scalar(at, end, value);
    const char *after = nested(at, end);
    if (after != NULL)
        *value = (struct json_value){JSON_OTHER, false, at, (size_t)(after - at)};
    return after;
}

/* A key as an object may have it that is not judged; one that is no string means no name. */
static const char *read_loose_key(const char *at, const char *end, struct json_value *key)
{
    const char *after = read_key(at, end, key);
    if (after != NULL || at >= end || *at != '"')
        return after;
    *key = (struct json_value){JSON_NONE, false, at, 0};
    at = json_skip_string(at, end);
    if (at == NULL)
        return NULL;
    at = skip_blanks(at, end);
    return at < end && *at == ':' ? skip_blanks(at + 1, end) : NULL;
}

/* A member's value; what is no JSON is skipped, and is JSON_OTHER. */
static const char *read_loose_value(const char *at, const char *end, struct json_value *value)
{
    if (at < end && *at != '{' && *at != '[') {
        const char *after = scalar(at, end, value);
        if (after != NULL && after < end && (*after == ',' || *after == '}' || ends_run(*after)))
            return after;
    }
    const char *after = json_skip(at, end, 1);
    if (after != NULL)
        *value = (struct json_value){JSON_OTHER, false, at, (size_t)(after - at)};
    return after;
}

const char *json_object(const char *at, const char *end, const struct json_name *names,
                        size_t count, struct json_value *values)
{
    for (size_t i = 0; i < count; i++)
        values[i] = (struct json_value){JSON_NONE, false, NULL, 0};

    at = skip_blanks(at + 1, end);
    if (at < end && *at == '}')
        return at + 1;
    for (;;) {
        struct json_value key, value;
        at = read_loose_key(at, end, &key);
        if (at == NULL)
            return NULL;
        at = read_loose_value(at, end, &value);
        if (at == NULL)
            return NULL;
        for (size_t i = 0; i < count; i++)
            if ((key.bytes == names[i].bytes || key.escaped) && json_means(&key, &names[i]))
                values[i] = value;

        at = skip_blanks(at, end);
        if (at >= end || (*at != ',' && *at != '}'))
            return NULL;
        if (*at == '}')
            return at + 1;
        at = skip_blanks(at + 1, end);
    }
}

static size_t put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xc0 | code >> 6);
        to[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xe0 | code >> 12);
        to[1] = (char)(0x80 | (code >> 6 & 0x3f));
        to[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | code >> 18);
    to[1] = (char)(0x80 | (code >> 12 & 0x3f));
    to[2] = (char)(0x80 | (code >> 6 & 0x3f));
    to[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* Unescape the \u at ${*at} (a pair of them where they belong together) and step over it. */
static size_t unescape_unicode(const char **at, const char *end, char *to, bool *whole)
{
    unsigned code = (unsigned)hex_quad(*at + 2);
    *at += 6;
    if (code >= 0xd800 && code <= 0xdfff) {
        const char *next = *at;
        int low = code <= 0xdbff && end - next >= 6 && next[0] == '\\' && next[1] == 'u'
                      ? hex_quad(next + 2)
                      : -1;
        if (low >= 0xdc00 && low <= 0xdfff) {
            code = 0x10000 + ((code - 0xd800) << 10) + ((unsigned)low - 0xdc00);
            *at += 6;
        } else {
            *whole = false;
        }
    }
    return put_utf8(to, code);
}

static char unescape_short(char letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter; /* a quote, backslash or slash stands for itself */
    }
}

size_t json_unescape(const struct json_value *string, char *to, bool *whole)
{
    const char *at = string->text;
    const char *end = at + string->bytes;
    char *next = to;
    *whole = true;
    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((slash != NULL ? slash : end) - at);
        memcpy(next, at, plain);
        next += plain;
        at += plain;
        if (at == end)
            break;
        if (at[1] == 'u') {
            next += unescape_unicode(&at, end, next, whole);
        } else {
            *next++ = unescape_short(at[1]);
            at += 2;
        }
    }
    return (size_t)(next - to);
}

bool json_means(const struct json_value *string, const struct json_name *name)
{
    if (!string->escaped)
        return string->bytes == name->bytes && memcmp(string->text, name->text, name->bytes) == 0;

    char plain[6 * JSON_NAME_BYTES];
    if (string->bytes > sizeof plain)
        return false;
    bool whole;
    size_t bytes = json_unescape(string, plain, &whole);
    return bytes == name->bytes && memcmp(plain, name->text, bytes) == 0;
}
