#ifndef COURSE_FUNNEL_LANES_H
#define COURSE_FUNNEL_LANES_H

#include <stdint.h>

/*
 * Sets of 64 bits, some side by side in one of the compiler's own vectors, which become the best
 * instructions of each target. They are handed over by pointer, as how a vector is passed depends
 * on the target. For structure.c.
 */

#define LANES 4
#define LANES_INLINE static inline __attribute__((always_inline))

typedef uint64_t lanes __attribute__((vector_size(8 * LANES)));
typedef int64_t signed_lanes __attribute__((vector_size(8 * LANES)));

/* All bits of a lane are set where its top bit is. */
#define LANES_SPREAD_TOP(bits) ((lanes)((signed_lanes)(bits) < 0))

/* Each bit becomes the parity of the bits up to it, itself included, and of what is carried. */
LANES_INLINE void lanes_run_parity(lanes *bits, lanes *carry)
{
    const lanes zero = {0};
    lanes parity = *bits;
    parity ^= parity << 1;
    parity ^= parity << 2;
    parity ^= parity << 4;
    parity ^= parity << 8;
    parity ^= parity << 16;
    parity ^= parity << 32;
    lanes before = __builtin_shufflevector(LANES_SPREAD_TOP(parity), zero, 4, 0, 1, 2);
    before ^= __builtin_shufflevector(before, zero, 4, 0, 1, 2);
    before ^= __builtin_shufflevector(before, zero, 4, 5, 0, 1);
    parity ^= before ^ *carry;
    *carry = __builtin_shufflevector(LANES_SPREAD_TOP(parity), zero, 3, 3, 3, 3);
    *bits = parity;
}

/* Move all bits one up, from lane to lane too; ${before} are the lanes before these. */
LANES_INLINE void lanes_move_up(lanes *bits, lanes *before)
{
    lanes below = __builtin_shufflevector(*bits, *before, 7, 0, 1, 2) >> 63;
    *before = *bits;
    *bits = *bits << 1 | below;
}

LANES_INLINE uint64_t lanes_any_bit(const lanes *bits)
{
    return (*bits)[0] | (*bits)[1] | (*bits)[2] | (*bits)[3];
}

#endif
