#ifndef STRUCTURE_H
#define STRUCTURE_H

#include "course_funnel/simd.h"

#include <stddef.h>

/*
 * Whether a line is one whole JSON text, and where in it the used fields stand, without reading
 * the values of the others. Pure.
 */

/* The keys of an exported event that are used; of each the last occurrence at the top level counts.
 */
enum structure_field {
    STRUCTURE_EVENT_TYPE = 0,
    STRUCTURE_USER_ID,
    STRUCTURE_EVENT_TIME,
    STRUCTURE_EVENT_PROPERTIES,
    STRUCTURE_UUID,
    STRUCTURE_INSERT_ID,
    STRUCTURE_FIELDS /* how many there are */
};

/*
 * Local. What follows the separators at ${at}: blanks, and the byte 0x1E, which RFC 7464 puts
 * before each record.
 */
const char *structure_skip_separators(const char *at, const char *end);

/* Local. Where the first record of a line begins: behind a byte order mark and separators. */
const char *structure_begin(const char *at, const char *end);

enum structure_result {
    STRUCTURE_BROKEN, /* not one whole JSON text */
    STRUCTURE_OBJECT, /* an object: the fields are set */
    STRUCTURE_OTHER   /* whole, but not an object */
};

/*
 * Local. Look through ${bytes} at ${text}. Whole is: what structure_begin passes over, one value,
 * blanks, where all strings close, brackets match in kind and are at most JSON_MAX_DEPTH
 * deep, no backslash stands outside a string, and an object at the top has the shape
 * `{"key": value, ...}`. What stands in strings, how nested values are laid out, and what the
 * bytes of a number or literal inside the object are, is not judged. Sets ${values} to the first
 * byte of each used field's value, NULL where it is missing. DECODE_PADDING bytes past the text
 * must be readable. ${level} must be one that simd_has.
 */
enum structure_result structure_scan(enum simd_level level, const char *text, size_t bytes,
                                     const char *values[STRUCTURE_FIELDS]);

/* Local. The field whose key is ${bytes} at ${name}, as spelled, or STRUCTURE_FIELDS: none. */
enum structure_field structure_field_named(const char *name, size_t bytes);

#endif
