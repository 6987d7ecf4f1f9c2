#ifndef COURSE_FUNNEL_SIMD_H
#define COURSE_FUNNEL_SIMD_H

#include <stdbool.h>

/* Which vector instructions this processor has. Every level gives the same results. */
enum simd_level {
    SIMD_PLAIN = 0, /* plain C, on every processor */
    SIMD_SSE2,
    SIMD_AVX2,   /* with BMI and bit counting */
    SIMD_AVX512, /* F, BW and VL, likewise */
    SIMD_NEON,
    SIMD_LEVELS /* how many there are */
};

/* Local. Whether this processor and this build have the level. */
bool simd_has(enum simd_level level);

/* Local. The fastest level that simd_has. Cheap enough to be asked for every line. */
enum simd_level simd_best(void);

/* Local. The name of the level for logs and tests, such as "avx2". */
const char *simd_name(enum simd_level level);

#endif
