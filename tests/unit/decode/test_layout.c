#include "unit/unit.h"

#include "course_funnel/decode.h"
#include "decode/layout.h"

#include "support/export_line.h"
#include "support/random.h"

#include <stdio.h>
#include <string.h>

static char line[EXPORT_LINE_ROOM + DECODE_PADDING];

static struct layout *create(void)
{
    struct layout *layout = layout_create();
    CU_ASSERT_PTR_NOT_NULL_FATAL(layout);
    return layout;
}

static size_t set_line(const char *text)
{
    memset(line, 'x', sizeof line);
    memcpy(line, text, strlen(text));
    return strlen(text);
}

/* Whether a line matches a layout that was learned from another one. */
static bool matches(const char *learned, const char *text)
{
    const char *values[STRUCTURE_FIELDS];
    struct layout *layout = create();
    layout_missed(layout, line, set_line(learned));
    bool result = layout_match(layout, simd_best(), line, set_line(text), values);
    layout_free(layout);
    return result;
}

static void test_the_same_keys(void)
{
    if (simd_best() == SIMD_PLAIN)
        return;
    const char *keys = "{\"a\":1,\"user_id\":\"u\",\"c\":{}}";
    CU_ASSERT_TRUE(matches(keys, keys));
    CU_ASSERT_TRUE(matches(keys, "{\"a\":null,\"user_id\":\"\",\"c\":[1,{\"d\":\"]\"}]}"));
    CU_ASSERT_TRUE(matches(keys, "{\"a\":\"\\\"\\\\\",\"user_id\":-1.5e3,\"c\":true} \r"));
    CU_ASSERT_FALSE(matches(keys, "{\"a\":1,\"user_id\":\"u\"}"));
    CU_ASSERT_FALSE(matches(keys, "{\"a\":1,\"user_id\":\"u\",\"c\":{},\"d\":1}"));
    CU_ASSERT_FALSE(matches(keys, "{\"user_id\":\"u\",\"a\":1,\"c\":{}}"));
    CU_ASSERT_FALSE(matches(keys, "{\"a\":1,\"user_id\":\"u\",\"c\":{}"));
    CU_ASSERT_FALSE(matches(keys, "{\"a\":1,\"user_id\":\"u\",\"c\":{}}}"));
    CU_ASSERT_FALSE(matches(keys, "{\"a\":,\"user_id\":\"u\",\"c\":{}}"));
    CU_ASSERT_FALSE(matches(keys, "{\"a\":1,\"user_id\":\"u,\"c\":{}}"));
    CU_ASSERT_FALSE(matches(keys, "{\"a\":1 ,\"user_id\":\"u\",\"c\":{}}"));
    CU_ASSERT_FALSE(matches(keys, "{\"a\":nulls,\"user_id\":\"u\",\"c\":{}}"));
    CU_ASSERT_FALSE(matches(keys, "{\"a\":1,\"user_id\":\"u\",\"c\":{]}"));
    CU_ASSERT_FALSE(matches(keys, "{\"a\":1,\"user_id\":\"u\",\"c\":[\\]}"));
    CU_ASSERT_FALSE(matches(keys, ""));
}

/* What a layout can't be learned from is not matched, not even by itself. */
static void test_not_to_be_learned(void)
{
    static const char *const texts[] = {
        "",
        "{}",
        "[1]",
        "{ \"a\":1}",
        "{\"a\" :1}",
        "{\"a\": 1}",
        "{\"a\":1 }",
        "{\"a\\u0062\":1}",
        "{\"a\":1",
        "{\"a key that is longer than all those which exporters are known to write\":1}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CU_ASSERT_FALSE(matches(texts[i], texts[i]));
}

/* A layout that is out of use gives way, but not to every line that is of another kind. */
static void test_trust(void)
{
    if (simd_best() == SIMD_PLAIN)
        return;
    const char *old = "{\"a\":1}", *new = "{\"b\":1}";
    const char *values[STRUCTURE_FIELDS];
    struct layout *layout = create();
    layout_missed(layout, line, set_line(old));
    for (int i = 0; i < 10; i++)
        CU_ASSERT_TRUE(layout_match(layout, simd_best(), line, set_line(old), values));
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_FALSE(layout_match(layout, simd_best(), line, set_line(new), values));
        layout_missed(layout, line, set_line(new));
    }
    CU_ASSERT_TRUE(layout_match(layout, simd_best(), line, set_line(old), values));
    for (int i = 0; i < 10; i++)
        layout_missed(layout, line, set_line(new));
    CU_ASSERT_TRUE(layout_match(layout, simd_best(), line, set_line(new), values));
    layout_forget(layout);
    CU_ASSERT_FALSE(layout_match(layout, simd_best(), line, set_line(new), values));
    layout_free(layout);
}

/* One to three bytes of a line become others, come or go. */
static size_t spoil(size_t bytes, uint64_t *random)
{
    static const char some[] = "\"\"\"\\\\{}[],: n1a\n\r\t";
    for (uint64_t left = random_below(random, 4); left > 0 && bytes > 2; left--) {
        size_t at = random_below(random, bytes - 1);
        char byte = some[random_below(random, sizeof some - 1)];
        switch (random_below(random, 3)) {
        case 0:
            line[at] = byte;
            break;
        case 1:
            memmove(line + at, line + at + 1, bytes - at - 1);
            bytes--;
            break;
        default:
            memmove(line + at + 1, line + at, bytes - at);
            line[at] = byte;
            bytes++;
        }
    }
    return bytes;
}

/* Whatever matches is what the scanner of all structure sees, at each level. */
static void test_agrees_with_the_scanner(void)
{
    uint64_t random = random_seed(), drawn = random;
    for (int level = SIMD_PLAIN + 1; level < SIMD_LEVELS; level++) {
        if (!simd_has((enum simd_level)level))
            continue;
        struct layout *layout = create();
        unsigned matched = 0, not_whole = 0;
        size_t bytes = 0;
        bool differ = false;
        layout_missed(layout, line, export_line(line, "course_completed", &drawn) - 1);
        for (int i = 0; i < 20000 && !differ; i++) {
            const char *values[STRUCTURE_FIELDS], *expected[STRUCTURE_FIELDS];
            bytes = spoil(export_line(line, "course_completed", &drawn) - 1, &random);
            memset(line + bytes, i % 2 == 0 ? '"' : '}', DECODE_PADDING);
            enum structure_result whole = structure_scan(SIMD_PLAIN, line, bytes, expected);
            not_whole += whole == STRUCTURE_BROKEN;
            if (!layout_match(layout, (enum simd_level)level, line, bytes, values))
                continue;
            matched++;
            differ = whole != STRUCTURE_OBJECT || memcmp(values, expected, sizeof values) != 0;
        }
        if (differ)
            printf("\n    %s differs: %.*s\n", simd_name((enum simd_level)level), EXPORT_LINE_ROOM,
                   line);
        CU_ASSERT_FALSE(differ);
        CU_ASSERT(matched > 6000);
        CU_ASSERT(not_whole > 2000);
        layout_free(layout);
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"the same keys", test_the_same_keys},
        {"not to be learned", test_not_to_be_learned},
        {"trust", test_trust},
        {"agrees with the scanner", test_agrees_with_the_scanner},
    };
    return unit_main("layout", tests, sizeof tests / sizeof tests[0]);
}
