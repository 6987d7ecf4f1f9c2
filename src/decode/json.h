#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A strict reader of JSON (RFC 8259) that builds nothing: it checks and tells where things stand.
 * Bytes that are not UTF-8 are let through. Every text needs DECODE_PADDING readable bytes past
 * its end. Pure.
 */

#define JSON_MAX_DEPTH 1024

enum json_kind {
    JSON_NONE = 0, /* not there */
    JSON_NULL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_OTHER /* true, false, an array or an object */
};

struct json_value {
    enum json_kind kind;
    bool escaped;     /* a string with a backslash in it */
    const char *text; /* as spelled; of a string what stands between its quotes */
    size_t bytes;
};

struct json_name {
    const char *text; /* plain ASCII */
    size_t bytes;     /* at most JSON_NAME_BYTES */
};

#define JSON_NAME_BYTES 16

/* Local. The first byte in [at, end) that is not a blank (space, tab, line end), or ${end}. */
const char *json_skip_blanks(const char *at, const char *end);

/*
 * Local. Read the string whose opening quote is at ${at}. Returns what follows its closing quote,
 * or NULL: it does not close before ${end}, or holds a control character or a wrong escape.
 */
const char *json_string(const char *at, const char *end, struct json_value *value);

/*
 * Local. Read the value that begins at ${at}, no blanks before it. Returns what follows it, or
 * NULL: not well-formed, or deeper than JSON_MAX_DEPTH.
 */
const char *json_value(const char *at, const char *end, struct json_value *value);

/*
 * Local. What follows the string whose quote is at ${at}, of which only the end is looked for, or
 * NULL.
 */
const char *json_skip_string(const char *at, const char *end);

/*
 * Local. What follows the value at ${at}, with ${outer} levels around it, whatever it is, or NULL.
 * Of strings only the end is looked for. In an array or object strings must close, brackets must
 * match in kind and no backslash may stand outside a string. All else is a run of bytes up to a
 * quote, backslash, bracket, colon, comma or blank, of one byte at least.
 */
const char *json_skip(const char *at, const char *end, unsigned outer);

/*
 * Local. Read the object whose brace is at ${at}; ${values} gets the last value of each of the
 * ${count} ${names} among its own keys, JSON_NONE where there is none. Its members must be key,
 * colon, value, comma; values are judged as json_skip does, and one that json_value would not read
 * is JSON_OTHER. Returns as json_value.
 */
const char *json_object(const char *at, const char *end, const struct json_name *names,
                        size_t count, struct json_value *values);

/*
 * Local. Write what the well-formed string ${string} means to ${to}, which has room for
 * string->bytes. Returns its length. A \u escape of half a surrogate pair is written as three
 * bytes of its own, and ${whole} becomes false.
 */
size_t json_unescape(const struct json_value *string, char *to, bool *whole);

/* Local. Whether the well-formed string ${string} means ${name}. */
bool json_means(const struct json_value *string, const struct json_name *name);

#endif
