#include "course_funnel/key_group.h"

#include <xxhash.h>

_Static_assert(KEY_GROUPS == 1 << 12, "a key group is the upper 12 bits of a hash");

uint64_t key_group_hash(const char *user, size_t bytes)
{
    return XXH3_64bits(user, bytes);
}
