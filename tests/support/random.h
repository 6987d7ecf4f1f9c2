#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdint.h>

/* Random numbers for tests. COURSE_FUNNEL_SEED gives the seed, so that a run can be repeated. */

/* The seed that is given, or the time; it is printed. */
uint64_t random_seed(void);

/* SplitMix64: every seed, 0 included, gives a good sequence. */
uint64_t random_next(uint64_t *state);

/* From 0 to ${limit} - 1. */
uint64_t random_below(uint64_t *state, uint64_t limit);

#endif
