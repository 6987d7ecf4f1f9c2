#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Numbers as JSON spells them (`-`, digits without leading zeros, fraction, exponent; nothing
 * around them), read exactly. Pure; expects the locale "C".
 */

/* Local. What follows the number at ${at}, or NULL when no number stands there before ${end}. */
const char *number_end(const char *at, const char *end);

/*
 * Local. Read all ${bytes} at ${text} as a number that is exactly an integer, as its decimal text
 * says (`3`, `3.0`, `30e-1`, `-0`), from -2^31 to 2^31-1. Returns true and ${value}, or false.
 */
bool number_integer(const char *text, size_t bytes, int32_t *value);

/*
 * Local. Read all ${bytes} at ${text} as a number of seconds: the double nearest to it, which
 * must be >= 0 (-0 is 0), rounded half up to a whole microsecond. The byte behind the text must be
 * readable and not go on with the number. Returns true and ${value_us}, or false: no such number,
 * or more than INT64_MAX microseconds.
 */
bool number_microseconds(const char *text, size_t bytes, int64_t *value_us);

#endif
