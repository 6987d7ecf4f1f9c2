#ifndef GENERATE_RANDOM_H
#define GENERATE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Random numbers by counting: the nth of a key is a mix of both, so that any learner can be drawn
 * without those before. Whole numbers only, since the last bit of a floating-point function is not
 * the same everywhere.
 */
struct generate_random {
    uint64_t key;
    uint64_t count;
};

static inline uint64_t generate_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* One number that belongs to (seed, a, b) and to no other. */
static inline uint64_t generate_hash(uint64_t seed, uint64_t a, uint64_t b)
{
    uint64_t mixed = generate_mix(seed + UINT64_C(0x9e3779b97f4a7c15) * (a + 1));
    return generate_mix(mixed + UINT64_C(0xd1b54a32d192ed03) * (b + 1));
}

static inline uint64_t generate_next(struct generate_random *random)
{
    return generate_mix(random->key + UINT64_C(0x9e3779b97f4a7c15) * ++random->count);
}

/* 0 to ${bound} - 1; the bias of the scaling is below 2^-31 for the bounds in use. */
static inline uint64_t generate_below(struct generate_random *random, uint64_t bound)
{
    return ((generate_next(random) >> 32) * bound) >> 32;
}

/* True in ${threshold} of 2^32 cases. */
static inline bool generate_chance(struct generate_random *random, uint64_t threshold)
{
    return (generate_next(random) >> 32) < threshold;
}

#define GENERATE_PERCENT(n) ((UINT64_C(1) << 32) / 100 * (n))

/* Numbers with 16 binary digits after the point. */
#define GENERATE_ONE UINT64_C(65536)

/* Local. Exponentially distributed with the given mean, at most 32 * ln 2 times as large. */
int64_t generate_exponential(struct generate_random *random, int64_t mean);

/* Local. Near to log-normal: the median times 2 to a bell-shaped power from -3 to 3. */
int64_t generate_lognormal(struct generate_random *random, int64_t median);

/* Local. A whole number with the mean ${mean} / GENERATE_ONE, near to it or half or twice of it. */
uint64_t generate_around(struct generate_random *random, uint64_t mean);

#endif
