#include "course_funnel/simd.h"

bool simd_has(enum simd_level level)
{
    switch (level) {
    case SIMD_PLAIN:
        return true;
#if defined(__x86_64__)
    case SIMD_SSE2:
        return true;
    case SIMD_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
               __builtin_cpu_supports("popcnt");
    case SIMD_AVX512:
        return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               simd_has(SIMD_AVX2);
#elif defined(__aarch64__)
    case SIMD_NEON:
        return true;
#endif
    default:
        return false;
    }
}

enum simd_level simd_best(void)
{
#if defined(__x86_64__)
    if (simd_has(SIMD_AVX512))
        return SIMD_AVX512;
    return simd_has(SIMD_AVX2) ? SIMD_AVX2 : SIMD_SSE2;
#elif defined(__aarch64__)
    return SIMD_NEON;
#else
    return SIMD_PLAIN;
#endif
}

const char *simd_name(enum simd_level level)
{
    static const char *const names[SIMD_LEVELS] = {
        [SIMD_PLAIN] = "plain",   [SIMD_SSE2] = "sse2", [SIMD_AVX2] = "avx2",
        [SIMD_AVX512] = "avx512", [SIMD_NEON] = "neon",
    };
    return names[level];
}
