#ifndef COURSE_FUNNEL_STATE_TABLE_H
#define COURSE_FUNNEL_STATE_TABLE_H

#include "course_funnel/state.h"

#include <stdbool.h>

/* How the tables of a key group are hashed: what state.c and state_warm.c share. */

/* Every bit of the key reaches every bit of the result. */
static inline uint64_t state_pair_hash(uint32_t parent, int32_t id)
{
    uint64_t key = (uint64_t)parent << 32 | (uint32_t)id;
    key ^= key >> 32;
    key *= UINT64_C(0xd6e8feb86659fd93);
    key ^= key >> 32;
    key *= UINT64_C(0xd6e8feb86659fd93);
    return key ^ key >> 32;
}

/* The upper 12 bits of a user's hash are alike in a group, and the lower ones choose the slot. */
static inline uint32_t state_tag(uint64_t hash)
{
    return (uint32_t)(hash >> 20);
}

/* Where the search for a hash begins; the table must not be empty. */
static inline uint32_t state_first_slot(const struct state_table *table, uint64_t hash)
{
    return (uint32_t)hash & (table->size - 1);
}

#endif
