#include "course_funnel/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct digest {
    XXH3_state_t *state;
};

static void write_text(XXH128_hash_t hash, char text[DIGEST_BYTES])
{
    snprintf(text, DIGEST_BYTES, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
             (uint64_t)hash.low64);
}

static uint64_t seed_of(const char *identity)
{
    return identity != NULL ? XXH3_64bits(identity, strlen(identity)) : 0;
}

void digest_bytes(const char *identity, const void *bytes, size_t byte_count,
                  char text[DIGEST_BYTES])
{
    write_text(XXH3_128bits_withSeed(bytes, byte_count, seed_of(identity)), text);
}

int digest_create(const char *identity, struct digest **digest, struct failure *failure)
{
    struct digest *made = malloc(sizeof *made);
    XXH3_state_t *state = XXH3_createState();
    if (made == NULL || state == NULL ||
        XXH3_128bits_reset_withSeed(state, seed_of(identity)) != XXH_OK) {
        (void)XXH3_freeState(state);
        free(made);
        return failure_memory(failure, "a digest", sizeof *made);
    }
    made->state = state;
    *digest = made;
    return 0;
}

void digest_add(struct digest *digest, const void *bytes, size_t byte_count)
{
    /* It fails for a NULL pointer only. */
    if (byte_count > 0)
        (void)XXH3_128bits_update(digest->state, bytes, byte_count);
}

void digest_text(const struct digest *digest, char text[DIGEST_BYTES])
{
    write_text(XXH3_128bits_digest(digest->state), text);
}

void digest_free(struct digest *digest)
{
    if (digest == NULL)
        return;
    (void)XXH3_freeState(digest->state);
    free(digest);
}
