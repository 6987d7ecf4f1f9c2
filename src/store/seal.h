#ifndef SEAL_H
#define SEAL_H

#include "course_funnel/digest.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A JSON object whose last member is a digest of all that stands before it, so that no bit of the
 * text can change unnoticed. Pure.
 */

#define SEAL_BEGIN ",\"digest\":\""
#define SEAL_END "\"}\n"
#define SEAL_BYTES (sizeof SEAL_BEGIN - 1 + DIGEST_BYTES - 1 + sizeof SEAL_END - 1)

/*
 * Local. Seal the JSON object at ${text}, which has SEAL_BYTES of room behind its ${byte_count}.
 * Returns the new length; a NUL follows.
 */
size_t seal_write(char *text, size_t byte_count);

/* Local. Whether a text ends in the seal of what stands before it. */
bool seal_is_right(const char *text, size_t byte_count);

#endif
