#include "generate_random.h"

/* -log2 of a number from 0 to 1, of GENERATE_ONE: the leading zeros, and the rest as a line. */
static uint64_t minus_log2(uint64_t uniform)
{
    uniform |= 1;
    unsigned zeros = (unsigned)__builtin_clzll(uniform);
    uint64_t mantissa = uniform << zeros;
    uint64_t rest = (mantissa >> 47) & (GENERATE_ONE - 1);
    return zeros * GENERATE_ONE + (GENERATE_ONE - rest);
}

int64_t generate_exponential(struct generate_random *random, int64_t mean)
{
    /* minus_log2 has the mean 3/2, its straight lines included. */
    int64_t log2 = (int64_t)minus_log2(generate_next(random) | (UINT64_C(1) << 32));
    return mean * 2 / 3 * log2 >> 16;
}

int64_t generate_lognormal(struct generate_random *random, int64_t median)
{
    /* Four uniform numbers added up are near enough to a bell. */
    uint64_t draw = generate_next(random);
    uint64_t sum = (draw & 0xffff) + (draw >> 16 & 0xffff) + (draw >> 32 & 0xffff) + (draw >> 48);
    uint64_t power = sum * 3 / 2;
    int64_t scaled = median * (int64_t)(GENERATE_ONE + (power & (GENERATE_ONE - 1)));
    return ((scaled >> 16) << (power >> 16)) >> 3;
}

uint64_t generate_around(struct generate_random *random, uint64_t mean)
{
    uint64_t draw = generate_next(random);
    uint64_t scaled = mean;
    if ((draw & 1) != 0)
        scaled = mean / 2;
    else if ((draw & 2) != 0)
        scaled = mean * 2;
    return (scaled >> 16) + ((draw >> 48) < (scaled & (GENERATE_ONE - 1)) ? 1 : 0);
}
