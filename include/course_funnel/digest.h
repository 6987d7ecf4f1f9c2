#ifndef COURSE_FUNNEL_DIGEST_H
#define COURSE_FUNNEL_DIGEST_H

#include "course_funnel/failure.h"

#include <stddef.h>

/*
 * Digests against accidents, not against forgers: XXH3, 128 bits, as 32 hex digits. Pure.
 */

#define DIGEST_BYTES 33

struct digest; /* of bytes that come piece by piece */

/*
 * Local. The digest of ${byte_count} bytes. ${identity} is part of it: equal bytes of another
 * identity have another one. Without an identity (NULL) it is what `xxhsum -H2` prints.
 */
void digest_bytes(const char *identity, const void *bytes, size_t byte_count,
                  char text[DIGEST_BYTES]);

/* Local. The same piece by piece. digest_create returns 0, or -1 (EXIT_BUG). */
int digest_create(const char *identity, struct digest **digest, struct failure *failure);
void digest_add(struct digest *digest, const void *bytes, size_t byte_count);

/* Local. The digest of what was added so far; more may be added. */
void digest_text(const struct digest *digest, char text[DIGEST_BYTES]);

/* Local. digest_free(NULL) does nothing. */
void digest_free(struct digest *digest);

#endif
