#ifndef COURSE_FUNNEL_BLOCK_H
#define COURSE_FUNNEL_BLOCK_H

#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/*
 * Which of 64 bytes of JSON are what, for each level of vector instructions. For structure.c,
 * layout.c and search.c.
 */

#define BLOCK_BYTES 64
#define BLOCK_INLINE static inline __attribute__((always_inline))
#define BLOCK_AVX2 __attribute__((target("avx2,bmi,popcnt")))
#define BLOCK_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx2,bmi,popcnt")))

/* The first byte is the lowest bit. */
struct block {
    uint64_t quote;
    uint64_t backslash;
    uint64_t open; /* [ and { */
    uint64_t close;
    uint64_t colon;
    uint64_t comma;
    uint64_t blank;
    uint64_t initial; /* e, u and $, which the names of the used keys begin with */
};

typedef void block_read_function(const char *bytes, struct block *block);

/* Which of 64 bytes are the same in two places. */
typedef uint64_t block_same_function(const char *a, const char *b);

/*
 * Calls define(NAME, LEVEL, TARGET) for each level of vector instructions of this processor; what
 * is in this file for the level ends in _NAME.
 */
#if defined(__x86_64__)
#define BLOCK_LEVELS(define)                                                                       \
    define(sse2, SIMD_SSE2, ) define(avx2, SIMD_AVX2, BLOCK_AVX2)                                  \
        define(avx512, SIMD_AVX512, BLOCK_AVX512)
#elif defined(__aarch64__)
#define BLOCK_LEVELS(define) define(neon, SIMD_NEON, )
#else
#define BLOCK_LEVELS(define)
#endif

/* The place of the lowest bit; of no bit, any place. */
BLOCK_INLINE unsigned block_lowest(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits | UINT64_C(1) << 63);
}

/* Each bit becomes the parity of the bits up to it, itself included. */
BLOCK_INLINE uint64_t block_run_parity(uint64_t bits)
{
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^= bits << 32;
    return bits;
}

/* Take the quotes out that a backslash stands before; ${escape} is carried from block to block. */
BLOCK_INLINE void block_drop_escaped(uint64_t *quotes, uint64_t backslashes, uint64_t *escape)
{
    uint64_t escaped = *escape;
    backslashes &= ~escaped;
    *escape = 0;
    while (backslashes != 0) {
        uint64_t lowest = backslashes & -backslashes;
        uint64_t next = lowest << 1;
        escaped |= next;
        *escape |= lowest >> 63;
        backslashes &= ~(lowest | next);
    }
    *quotes &= ~escaped;
}

BLOCK_INLINE void block_read_plain(const char *bytes, struct block *block)
{
    *block = (struct block){0};
    for (unsigned i = 0; i < BLOCK_BYTES; i++) {
        uint64_t bit = UINT64_C(1) << i;
        switch (bytes[i]) {
        case '"':
            block->quote |= bit;
            break;
        case '\\':
            block->backslash |= bit;
            break;
        case '[':
        case '{':
            block->open |= bit;
            break;
        case ']':
        case '}':
            block->close |= bit;
            break;
        case ':':
            block->colon |= bit;
            break;
        case ',':
            block->comma |= bit;
            break;
        case ' ':
        case '\t':
        case '\r':
        case '\n':
            block->blank |= bit;
            break;
        case 'e':
        case 'u':
        case '$':
            block->initial |= bit;
            break;
        default:
            break;
        }
    }
}

/*
 * All of a block but the blanks. Brackets of both kinds differ in the bit 0x20 alone, e and u in
 * the bit 0x10 alone, and no other byte becomes the same when that bit is set, as in ${folded}, or
 * cleared, as in ${unfolded}.
 */
#define BLOCK_FILL(block, equal, bytes, folded, unfolded)                                          \
    do {                                                                                           \
        (block)->quote = equal(bytes, '"');                                                        \
        (block)->backslash = equal(bytes, '\\');                                                   \
        (block)->open = equal(folded, '{');                                                        \
        (block)->close = equal(folded, '}');                                                       \
        (block)->colon = equal(bytes, ':');                                                        \
        (block)->comma = equal(bytes, ',');                                                        \
        (block)->initial = equal(unfolded, 'e') | equal(bytes, '$');                               \
    } while (0)

#if defined(__x86_64__)

BLOCK_INLINE uint64_t block_equal_sse2(const __m128i bytes[4], char byte)
{
    __m128i wanted = _mm_set1_epi8(byte);
    uint64_t mask = 0;
    for (unsigned i = 0; i < 4; i++)
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes[i], wanted)) << 16 * i;
    return mask;
}

BLOCK_INLINE void block_read_sse2(const char *text, struct block *block)
{
    __m128i bytes[4], folded[4], unfolded[4];
    for (unsigned i = 0; i < 4; i++) {
        bytes[i] = _mm_loadu_si128((const __m128i *)(const void *)(text + 16 * i));
        folded[i] = _mm_or_si128(bytes[i], _mm_set1_epi8(0x20));
        unfolded[i] = _mm_andnot_si128(_mm_set1_epi8(0x10), bytes[i]);
    }
    BLOCK_FILL(block, block_equal_sse2, bytes, folded, unfolded);
    block->blank = block_equal_sse2(bytes, ' ') | block_equal_sse2(bytes, '\t') |
                   block_equal_sse2(bytes, '\r') | block_equal_sse2(bytes, '\n');
}

BLOCK_INLINE uint64_t block_same_sse2(const char *a, const char *b)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < 64; i += 16) {
        __m128i from_a = _mm_loadu_si128((const __m128i *)(const void *)(a + i));
        __m128i from_b = _mm_loadu_si128((const __m128i *)(const void *)(b + i));
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(from_a, from_b)) << i;
    }
    return mask;
}

BLOCK_AVX2 BLOCK_INLINE uint64_t block_mask_avx2(__m256i low, __m256i high)
{
    return (uint64_t)(unsigned)_mm256_movemask_epi8(high) << 32 |
           (unsigned)_mm256_movemask_epi8(low);
}

BLOCK_AVX2 BLOCK_INLINE uint64_t block_equal_avx2(const __m256i bytes[2], char byte)
{
    __m256i wanted = _mm256_set1_epi8(byte);
    return block_mask_avx2(_mm256_cmpeq_epi8(bytes[0], wanted),
                           _mm256_cmpeq_epi8(bytes[1], wanted));
}

/*
 * A blank equals what its low four bits look up here, and no other byte does: bytes above 0x7f
 * look up 0, those below never equal BLOCK_NO.
 */
#define BLOCK_NO ((char)0x80)
#define BLOCK_NO_4 BLOCK_NO, BLOCK_NO, BLOCK_NO, BLOCK_NO
#define BLOCK_BLANKS                                                                               \
    ' ', BLOCK_NO_4, BLOCK_NO_4, '\t', '\n', BLOCK_NO, BLOCK_NO, '\r', BLOCK_NO, BLOCK_NO

BLOCK_AVX2 BLOCK_INLINE void block_read_avx2(const char *text, struct block *block)
{
    __m256i bytes[2], folded[2], unfolded[2], blanks[2];
    __m256i wanted = _mm256_setr_epi8(BLOCK_BLANKS, BLOCK_BLANKS);
    for (unsigned i = 0; i < 2; i++) {
        bytes[i] = _mm256_loadu_si256((const __m256i *)(const void *)(text + 32 * i));
        folded[i] = _mm256_or_si256(bytes[i], _mm256_set1_epi8(0x20));
        unfolded[i] = _mm256_andnot_si256(_mm256_set1_epi8(0x10), bytes[i]);
        blanks[i] = _mm256_cmpeq_epi8(bytes[i], _mm256_shuffle_epi8(wanted, bytes[i]));
    }
    BLOCK_FILL(block, block_equal_avx2, bytes, folded, unfolded);
    block->blank = block_mask_avx2(blanks[0], blanks[1]);
}

BLOCK_AVX2 BLOCK_INLINE uint64_t block_same_avx2(const char *a, const char *b)
{
    const __m256i *from_a = (const __m256i *)(const void *)a;
    const __m256i *from_b = (const __m256i *)(const void *)b;
    return block_mask_avx2(
        _mm256_cmpeq_epi8(_mm256_loadu_si256(from_a), _mm256_loadu_si256(from_b)),
        _mm256_cmpeq_epi8(_mm256_loadu_si256(from_a + 1), _mm256_loadu_si256(from_b + 1)));
}

BLOCK_AVX512 BLOCK_INLINE uint64_t block_same_avx512(const char *a, const char *b)
{
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(a), _mm512_loadu_si512(b));
}

BLOCK_AVX512 BLOCK_INLINE uint64_t block_equal_avx512(__m512i bytes, char byte)
{
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte));
}

BLOCK_AVX512 BLOCK_INLINE void block_read_avx512(const char *text, struct block *block)
{
    __m512i bytes = _mm512_loadu_si512(text);
    __m512i folded = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
    __m512i unfolded = _mm512_andnot_si512(_mm512_set1_epi8(0x10), bytes);
    BLOCK_FILL(block, block_equal_avx512, bytes, folded, unfolded);
    __m512i blanks = _mm512_broadcast_i32x4(_mm_setr_epi8(BLOCK_BLANKS));
    block->blank = _mm512_cmpeq_epi8_mask(bytes, _mm512_shuffle_epi8(blanks, bytes));
}

#elif defined(__aarch64__)

/* One bit a byte: each byte keeps the bit of its place, and pairs are added up three times. */
BLOCK_INLINE uint64_t block_mask_neon(const uint8x16_t bytes[4])
{
    static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t place = vld1q_u8(places);
    uint8x16_t sums = vpaddq_u8(vpaddq_u8(vandq_u8(bytes[0], place), vandq_u8(bytes[1], place)),
                                vpaddq_u8(vandq_u8(bytes[2], place), vandq_u8(bytes[3], place)));
    sums = vpaddq_u8(sums, sums);
    return vgetq_lane_u64(vreinterpretq_u64_u8(sums), 0);
}

BLOCK_INLINE uint64_t block_equal_neon(const uint8x16_t bytes[4], char byte)
{
    uint8x16_t same[4];
    for (unsigned i = 0; i < 4; i++)
        same[i] = vceqq_u8(bytes[i], vdupq_n_u8((uint8_t)byte));
    return block_mask_neon(same);
}

BLOCK_INLINE uint64_t block_same_neon(const char *a, const char *b)
{
    uint8x16_t same[4];
    for (unsigned i = 0; i < 4; i++)
        same[i] =
            vceqq_u8(vld1q_u8((const uint8_t *)a + 16 * i), vld1q_u8((const uint8_t *)b + 16 * i));
    return block_mask_neon(same);
}

BLOCK_INLINE void block_read_neon(const char *text, struct block *block)
{
    uint8x16_t bytes[4], folded[4], unfolded[4];
    for (unsigned i = 0; i < 4; i++) {
        bytes[i] = vld1q_u8((const uint8_t *)text + 16 * i);
        folded[i] = vorrq_u8(bytes[i], vdupq_n_u8(0x20));
        unfolded[i] = vandq_u8(bytes[i], vdupq_n_u8(0xef));
    }
    BLOCK_FILL(block, block_equal_neon, bytes, folded, unfolded);
    block->blank = block_equal_neon(bytes, ' ') | block_equal_neon(bytes, '\t') |
                   block_equal_neon(bytes, '\r') | block_equal_neon(bytes, '\n');
}

#endif

#endif
