#include "seal.h"

#include <stdio.h>
#include <string.h>

#define IDENTITY "seal"

static void format(const char *text, size_t byte_count, char seal[SEAL_BYTES + 1])
{
    char digest[DIGEST_BYTES];
    digest_bytes(IDENTITY, text, byte_count, digest);
    snprintf(seal, SEAL_BYTES + 1, "%s%s%s", SEAL_BEGIN, digest, SEAL_END);
}

size_t seal_write(char *text, size_t byte_count)
{
    /* The seal brings the object's closing brace with it. */
    size_t bytes = byte_count - 1;
    format(text, bytes, text + bytes);
    return bytes + SEAL_BYTES;
}

bool seal_is_right(const char *text, size_t byte_count)
{
    char seal[SEAL_BYTES + 1];
    if (byte_count < SEAL_BYTES)
        return false;
    size_t bytes = byte_count - SEAL_BYTES;
    format(text, bytes, seal);
    return memcmp(text + bytes, seal, SEAL_BYTES) == 0;
}
