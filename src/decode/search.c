#include "search.h"

#include "block.h"

#include <stddef.h>
#include <string.h>

/*
 * All names begin with `course_`, and of these seven bytes three are looked for at their places:
 * the `c`, the `s` and the `_`. Hardly anything else in an export has all of them so.
 */
#define SECOND_AT 4
#define THIRD_AT 6

/* Which of 64 bytes are what; the first byte is the lowest bit. */
struct search_masks {
    uint64_t newline;
    uint64_t name; /* bytes that a name may begin with; bytes behind the 64 are looked at for it */
};

typedef void search_masks_function(const char *block, struct search_masks *masks);

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
BLOCK_INLINE const char *scan(search_masks_function *read_masks, const char *begin, const char *end,
                              uint64_t *lines)
{
    uint64_t passed = 0;
    for (const char *block = begin; block < end; block += BLOCK_BYTES) {
        struct search_masks masks;
        read_masks(block, &masks);
        size_t left = (size_t)(end - block);
        if (left < BLOCK_BYTES) {
            masks.newline &= (UINT64_C(1) << left) - 1;
            masks.name &= (UINT64_C(1) << left) - 1;
        }
        while (masks.name != 0) {
            unsigned bit = (unsigned)__builtin_ctzll(masks.name);
            if (is_name(block + bit, end)) {
                uint64_t before = masks.newline & ((UINT64_C(1) << bit) - 1);
                *lines += passed + (uint64_t)__builtin_popcountll(before) + 1;
                return block + bit;
            }
            masks.name &= masks.name - 1;
        }
        passed += (uint64_t)__builtin_popcountll(masks.newline);
    }
    *lines += passed + (begin < end && end[-1] != '\n');
    return NULL;
}

static void read_masks_plain(const char *block, struct search_masks *masks)
{
    *masks = (struct search_masks){0, 0};
    for (unsigned i = 0; i < BLOCK_BYTES; i++) {
        const char *at = block + i;
        masks->newline |= (uint64_t)(*at == '\n') << i;
        masks->name |= (uint64_t)(*at == 'c' && at[SECOND_AT] == 's' && at[THIRD_AT] == '_') << i;
    }
}

static const char *find_plain(const char *begin, const char *end, uint64_t *lines)
{
    return scan(read_masks_plain, begin, end, lines);
}

#if defined(__x86_64__)

BLOCK_INLINE __m128i equal_sse2(const char *at, char byte)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte));
}

BLOCK_INLINE void read_masks_sse2(const char *block, struct search_masks *masks)
{
    *masks = (struct search_masks){0, 0};
    for (unsigned i = 0; i < 4; i++) {
        const char *at = block + 16 * i;
        __m128i name = _mm_and_si128(equal_sse2(at, 'c'), equal_sse2(at + SECOND_AT, 's'));
        name = _mm_and_si128(name, equal_sse2(at + THIRD_AT, '_'));
        unsigned newline_mask = (unsigned)_mm_movemask_epi8(equal_sse2(at, '\n'));
        unsigned name_mask = (unsigned)_mm_movemask_epi8(name);
        masks->newline |= (uint64_t)newline_mask << 16 * i;
        masks->name |= (uint64_t)name_mask << 16 * i;
    }
}

BLOCK_AVX2 BLOCK_INLINE __m256i equal_avx2(const char *at, char byte)
{
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
    return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte));
}

BLOCK_AVX2 BLOCK_INLINE __m256i name_avx2(const char *at)
{
    __m256i name = _mm256_and_si256(equal_avx2(at, 'c'), equal_avx2(at + SECOND_AT, 's'));
    return _mm256_and_si256(name, equal_avx2(at + THIRD_AT, '_'));
}

BLOCK_AVX2 BLOCK_INLINE void read_masks_avx2(const char *block, struct search_masks *masks)
{
    masks->newline = block_mask_avx2(equal_avx2(block, '\n'), equal_avx2(block + 32, '\n'));
    masks->name = block_mask_avx2(name_avx2(block), name_avx2(block + 32));
}

BLOCK_AVX512 BLOCK_INLINE void read_masks_avx512(const char *block, struct search_masks *masks)
{
    __m512i bytes = _mm512_loadu_si512(block);
    masks->newline = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n'));
    __mmask64 name = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('c'));
    bytes = _mm512_loadu_si512(block + SECOND_AT);
    name = _mm512_mask_cmpeq_epi8_mask(name, bytes, _mm512_set1_epi8('s'));
    bytes = _mm512_loadu_si512(block + THIRD_AT);
    masks->name = _mm512_mask_cmpeq_epi8_mask(name, bytes, _mm512_set1_epi8('_'));
}

#elif defined(__aarch64__)

BLOCK_INLINE uint8x16_t equal_neon(const char *at, char byte)
{
    return vceqq_u8(vld1q_u8((const uint8_t *)at), vdupq_n_u8((uint8_t)byte));
}

BLOCK_INLINE void read_masks_neon(const char *block, struct search_masks *masks)
{
    uint8x16_t newline[4], name[4];
    for (unsigned i = 0; i < 4; i++) {
        const char *at = block + 16 * i;
        newline[i] = equal_neon(at, '\n');
        name[i] = vandq_u8(equal_neon(at, 'c'), equal_neon(at + SECOND_AT, 's'));
        name[i] = vandq_u8(name[i], equal_neon(at + THIRD_AT, '_'));
    }
    masks->newline = block_mask_neon(newline);
    masks->name = block_mask_neon(name);
}

#endif

#define FINDER(name, level, target)                                                                \
    target static const char *find_##name(const char *begin, const char *end, uint64_t *lines)     \
    {                                                                                              \
        return scan(read_masks_##name, begin, end, lines);                                         \
    }
BLOCK_LEVELS(FINDER)

const char *search_find(enum simd_level level, const char *begin, const char *end, uint64_t *lines)
{
    switch (level) {
#define CASE(name, level, target)                                                                  \
    case level:                                                                                    \
        return find_##name(begin, end, lines);
        BLOCK_LEVELS(CASE)
    default:
        return find_plain(begin, end, lines);
    }
}
