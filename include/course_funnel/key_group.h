#ifndef COURSE_FUNNEL_KEY_GROUP_H
#define COURSE_FUNNEL_KEY_GROUP_H

#include <stddef.h>
#include <stdint.h>

/*
 * user → key group → rank. The number of key groups is fixed, so that only the second step
 * depends on the number of ranks: a checkpoint stored by key group fits any number of them.
 * Pure.
 */

/* More ranks than this would have nothing to own. */
#define KEY_GROUPS 4096

/* Local. The hash of a user's bytes; the same on every rank and in every run. */
uint64_t key_group_hash(const char *user, size_t bytes);

/* Local. The key group of a user's hash: its upper bits, as hash tables use the lower ones. */
static inline uint32_t key_group_of(uint64_t user_hash)
{
    return (uint32_t)(user_hash >> 52);
}

/* Local. The rank that owns a key group. */
static inline int key_group_rank(uint32_t group, int ranks)
{
    return (int)((uint64_t)group * (uint64_t)ranks / KEY_GROUPS);
}

/* Local. The first key group that a rank owns; its last is before the first of the next rank. */
static inline uint32_t key_group_first(int rank, int ranks)
{
    return (uint32_t)(((uint64_t)rank * KEY_GROUPS + (uint64_t)ranks - 1) / (uint64_t)ranks);
}

#endif
