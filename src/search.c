#include "course_funnel/search.h"

#include <stddef.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/*
 * All names begin with `course_`. A `c` four bytes before an `s` is what is looked for: no key of
 * an export has that pair, while `se`, `e_`, `rs`, `ou` and the like stand in several keys of each
 * line. ${PAIR_AT} is where the `s` stands in a name.
 */
#define PAIR_AT 4
#define PAIR_DISTANCE 4
#define BLOCK_BYTES 64

/* Which of 64 bytes are what; the first byte is the lowest bit. */
struct search_masks {
    uint64_t newline;
    uint64_t first;  /* `c` */
    uint64_t second; /* `s` */
};

typedef void search_masks_function(const char *block, struct search_masks *masks);

#define ALWAYS_INLINE static inline __attribute__((always_inline))

static bool has_text(const char *at, size_t room, const char *text, size_t bytes)
{
    return room >= bytes && memcmp(at, text, bytes) == 0;
}

#define HAS_TEXT(at, room, text) has_text(at, room, text, sizeof(text) - 1)

static bool is_name(const char *at, const char *end)
{
    size_t room = (size_t)(end - at);
    if (HAS_TEXT(at, room, "course_lesson_"))
        return HAS_TEXT(at + 14, room - 14, "started") || HAS_TEXT(at + 14, room - 14, "completed");
    return HAS_TEXT(at, room, "course_completed");
}

/* The loop of all levels; with the constant ${read_masks} it is compiled for each of them. */
ALWAYS_INLINE const char *scan(search_masks_function *read_masks, const char *begin,
                               const char *end, uint64_t *lines)
{
    uint64_t passed = 0;
    uint64_t carry = 0; /* a first byte of the pair at the end of the block before */
    for (const char *block = begin; block < end; block += BLOCK_BYTES) {
        struct search_masks masks;
        read_masks(block, &masks);
        size_t left = (size_t)(end - block);
        if (left < BLOCK_BYTES) {
            masks.newline &= (UINT64_C(1) << left) - 1;
            masks.second &= (UINT64_C(1) << left) - 1;
        }
        uint64_t pairs = masks.second & (masks.first << PAIR_DISTANCE | carry);
        carry = masks.first >> (BLOCK_BYTES - PAIR_DISTANCE);
        while (pairs != 0) {
            unsigned bit = (unsigned)__builtin_ctzll(pairs);
            const char *pair = block + bit;
            if (pair - begin >= PAIR_AT && is_name(pair - PAIR_AT, end)) {
                uint64_t before = masks.newline & ((UINT64_C(1) << bit) - 1);
                *lines += passed + (uint64_t)__builtin_popcountll(before) + 1;
                return pair - PAIR_AT;
            }
            pairs &= pairs - 1;
        }
        passed += (uint64_t)__builtin_popcountll(masks.newline);
    }
    *lines += passed + (begin < end && end[-1] != '\n');
    return NULL;
}

static void read_masks_plain(const char *block, struct search_masks *masks)
{
    *masks = (struct search_masks){0, 0, 0};
    for (unsigned i = 0; i < BLOCK_BYTES; i++) {
        masks->newline |= (uint64_t)(block[i] == '\n') << i;
        masks->first |= (uint64_t)(block[i] == 'c') << i;
        masks->second |= (uint64_t)(block[i] == 's') << i;
    }
}

static const char *find_plain(const char *begin, const char *end, uint64_t *lines)
{
    return scan(read_masks_plain, begin, end, lines);
}

#if defined(__x86_64__)

ALWAYS_INLINE uint64_t equal_sse2(const __m128i bytes[4], char byte)
{
    __m128i wanted = _mm_set1_epi8(byte);
    uint64_t mask = 0;
    for (unsigned i = 0; i < 4; i++)
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes[i], wanted)) << 16 * i;
    return mask;
}

ALWAYS_INLINE void read_masks_sse2(const char *block, struct search_masks *masks)
{
    __m128i bytes[4];
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = _mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i));
    masks->newline = equal_sse2(bytes, '\n');
    masks->first = equal_sse2(bytes, 'c');
    masks->second = equal_sse2(bytes, 's');
}

static const char *find_sse2(const char *begin, const char *end, uint64_t *lines)
{
    return scan(read_masks_sse2, begin, end, lines);
}

#define TARGET_AVX2 __attribute__((target("avx2,bmi,popcnt")))
#define TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx2,bmi,popcnt")))

TARGET_AVX2 ALWAYS_INLINE uint64_t equal_avx2(__m256i low, __m256i high, char byte)
{
    __m256i wanted = _mm256_set1_epi8(byte);
    unsigned low_mask = (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
    unsigned high_mask = (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
    return (uint64_t)high_mask << 32 | low_mask;
}

TARGET_AVX2 ALWAYS_INLINE void read_masks_avx2(const char *block, struct search_masks *masks)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)block);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(block + 32));
    masks->newline = equal_avx2(low, high, '\n');
    masks->first = equal_avx2(low, high, 'c');
    masks->second = equal_avx2(low, high, 's');
}

TARGET_AVX2 static const char *find_avx2(const char *begin, const char *end, uint64_t *lines)
{
    return scan(read_masks_avx2, begin, end, lines);
}

TARGET_AVX512 ALWAYS_INLINE void read_masks_avx512(const char *block, struct search_masks *masks)
{
    __m512i bytes = _mm512_loadu_si512(block);
    masks->newline = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n'));
    masks->first = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('c'));
    masks->second = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('s'));
}

TARGET_AVX512 static const char *find_avx512(const char *begin, const char *end, uint64_t *lines)
{
    return scan(read_masks_avx512, begin, end, lines);
}

#elif defined(__aarch64__)

/* One bit a byte: each byte keeps the bit of its place, and pairs are added up three times. */
ALWAYS_INLINE uint64_t equal_neon(const uint8x16_t bytes[4], char byte)
{
    static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t place = vld1q_u8(places);
    uint8x16_t wanted = vdupq_n_u8((uint8_t)byte);
    uint8x16_t kept[4];
    for (unsigned i = 0; i < 4; i++)
        kept[i] = vandq_u8(vceqq_u8(bytes[i], wanted), place);
    uint8x16_t sums = vpaddq_u8(vpaddq_u8(kept[0], kept[1]), vpaddq_u8(kept[2], kept[3]));
    sums = vpaddq_u8(sums, sums);
    return vgetq_lane_u64(vreinterpretq_u64_u8(sums), 0);
}

ALWAYS_INLINE void read_masks_neon(const char *block, struct search_masks *masks)
{
    uint8x16_t bytes[4];
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = vld1q_u8((const uint8_t *)block + 16 * i);
    masks->newline = equal_neon(bytes, '\n');
    masks->first = equal_neon(bytes, 'c');
    masks->second = equal_neon(bytes, 's');
}

static const char *find_neon(const char *begin, const char *end, uint64_t *lines)
{
    return scan(read_masks_neon, begin, end, lines);
}

#endif

const char *search_find(enum simd_level level, const char *begin, const char *end, uint64_t *lines)
{
    switch (level) {
#if defined(__x86_64__)
    case SIMD_SSE2:
        return find_sse2(begin, end, lines);
    case SIMD_AVX2:
        return find_avx2(begin, end, lines);
    case SIMD_AVX512:
        return find_avx512(begin, end, lines);
#elif defined(__aarch64__)
    case SIMD_NEON:
        return find_neon(begin, end, lines);
#endif
    default:
        return find_plain(begin, end, lines);
    }
}
