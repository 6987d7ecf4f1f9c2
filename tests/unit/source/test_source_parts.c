#include "source/source_internal.h"
#include "unit/source/source_files.h"

#include <stdlib.h>
#include <string.h>

/* The small parts of the source stage, each by itself. */

static void test_shown(void)
{
    static const struct {
        const char *name, *shown;
    } names[] = {
        {"", ""},
        {"/a b/c#0.json.gz", "/a b/c#0.json.gz"},
        {"a\tb\nc\x1F\x7F", "a\\x09b\\x0Ac\\x1F\\x7F"},
        {"k\xC3\xBCrs \xE8\xAF\xBE \xF0\x9F\x8E\x93", "k\xC3\xBCrs \xE8\xAF\xBE \xF0\x9F\x8E\x93"},
        {"\xC2\x9B"
         "31m",
         "\\xC2\\x9B31m"},
        {"\xFF\x80", "\\xFF\\x80"},
        {"\xC3", "\\xC3"},
        {"\xE8\xAF", "\\xE8\\xAF"},
        {"\xC0\xAF", "\\xC0\\xAF"},
        {"\xED\xA0\x80", "\\xED\\xA0\\x80"},
        {"\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char shown[100];
        source_names_show(names[i].name, shown, 4 * strlen(names[i].name) + 1);
        CU_ASSERT_STRING_EQUAL(shown, names[i].shown);
        for (size_t capacity = 1; capacity < sizeof shown; capacity++) {
            memset(shown, '?', sizeof shown);
            source_names_show(names[i].name, shown, capacity);
            size_t length = strnlen(shown, capacity);
            CU_ASSERT_TRUE(length < capacity);
            CU_ASSERT_EQUAL(memcmp(shown, names[i].shown, length), 0);
            CU_ASSERT_EQUAL(shown[capacity], '?');
        }
    }
}

static void test_left_out(void)
{
    static const struct {
        const char *name, *reason;
    } names[] = {
        {"187520_2020-01-25_17_complete", "marker"},
        {"187520_2020-01-25_7_complete", "marker"},
        {"187520_2020-01-25_7_completed", NULL},
        {"187520_2020-01-25_7_complete.json", NULL},
        {"187520_2020-01-25_177_complete", NULL},
        {"187520_2020-01-2_17_complete", NULL},
        {"_2020-01-25_17_complete", NULL},
        {"course_complete", NULL},
        {"-187520_2020-01-25_17.json.gz", "merged"},
        {"-187520_2020-01-25_7", "merged"},
        {"-187520_2020-01-25.json.gz", NULL},
        {"-x_2020-01-25_17.json.gz", NULL},
        {"-", NULL},
        {"", NULL},
        {"187520_2020-01-25_17#1.json.gz", NULL},
        {"187520_2020-01-25_1", NULL},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        enum source_note_kind kind;
        const char *reason = source_names_left_out(names[i].name, &kind);
        CU_ASSERT_EQUAL(reason == NULL, names[i].reason == NULL);
        if (reason != NULL && names[i].reason != NULL)
            CU_ASSERT_PTR_NOT_NULL(strstr(reason, names[i].reason));
    }
}

static void test_hidden(void)
{
    static const char *const hidden[] = {".a", "x/.a", ".a/x", "x/.a/y", "..a", "x\\.a", ".../x"};
    static const char *const seen[] = {"",     "a",   "a.b", "./a", "../a",
                                       "a/..", "a/.", ".",   "..",  "a./b"};
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        CU_ASSERT_TRUE(source_names_hidden(hidden[i]));
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++)
        CU_ASSERT_FALSE(source_names_hidden(seen[i]));
    CU_ASSERT_STRING_EQUAL(source_names_base("a/b\\c"), "c");
    CU_ASSERT_STRING_EQUAL(source_names_base("a/b/"), "b/");
    CU_ASSERT_STRING_EQUAL(source_names_base("a"), "a");
}

/* Bytes that come a few at a time. */
struct trickle {
    const struct files_bytes *bytes;
    size_t at;
    size_t step;
};

static ssize_t trickle_read(void *from, void *to, size_t capacity, struct failure *failure)
{
    (void)failure;
    struct trickle *trickle = from;
    size_t left = trickle->bytes->count - trickle->at;
    size_t count = trickle->step < left ? trickle->step : left;
    count = count < capacity ? count : capacity;
    memcpy(to, trickle->bytes->at + trickle->at, count);
    trickle->at += count;
    return (ssize_t)count;
}

/* Input and output of every size: headers, blocks and trailers are cut everywhere. */
static void test_gzip_steps(void)
{
    static char text[20000], got[30000];
    unsigned seed = 3;
    for (size_t i = 0; i < sizeof text; i++) {
        seed = seed * 1103515245U + 12345U;
        text[i] = (char)('a' + (seed >> 16) % (i % 700 < 350 ? 2 : 26));
    }
    gz_header header = {.extra = (Bytef *)(uintptr_t) "an extra field",
                        .extra_len = 14,
                        .name = (Bytef *)(uintptr_t) "a name",
                        .comment = (Bytef *)(uintptr_t) "a comment",
                        .hcrc = 1};
    struct files_bytes bytes = {0};
    size_t count = 0;
    for (int level = 0; level < 10; level += 3) {
        files_gzip_with(&bytes, text + count, 5000, level % 2 == 0 ? &header : NULL, level);
        files_gzip_with(&bytes, "", 0, level % 2 == 0 ? NULL : &header, level);
        count += 5000;
    }
    struct source_gzip *gzip;
    struct failure failure = {0};
    CU_ASSERT_EQUAL_FATAL(source_gzip_create(&gzip, &failure), 0);
    static const size_t sizes[] = {1, 2, 3, 7, 64, 1000, 4999, 30000};
    for (size_t in = 0; in < 8; in++)
        for (size_t out = 0; out < 8; out++) {
            struct trickle trickle = {&bytes, 0, sizes[in]};
            source_gzip_open(gzip, (struct source_bytes){trickle_read, &trickle}, "trickle", 1100);
            size_t done = 0;
            ssize_t more;
            while ((more = source_gzip_read(gzip, got + done,
                                            sizes[out] < sizeof got - done ? sizes[out]
                                                                           : sizeof got - done,
                                            &failure)) > 0)
                done += (size_t)more;
            CU_ASSERT_EQUAL(more, 0);
            CU_ASSERT_EQUAL(done, count);
            CU_ASSERT_EQUAL(memcmp(got, text, count), 0);
            CU_ASSERT_EQUAL(source_gzip_consumed(gzip), bytes.count);
            CU_ASSERT_EQUAL(source_gzip_read(gzip, got, 1, &failure), 0);
        }
    source_gzip_free(gzip);
    free(bytes.at);
}

static void test_magic_heads(void)
{
    static const struct {
        const char *head;
        size_t count;
        uint64_t total;
        enum source_format format;
    } heads[] = {
        {"", 0, 0, SOURCE_PLAIN},      {"{", 1, 1, SOURCE_PLAIN},
        {"\x1F", 1, 1, SOURCE_GZIP},   {"\x1F\x8B", 2, 2, SOURCE_GZIP},
        {"\x1F{", 2, 2, SOURCE_PLAIN}, {"P", 1, 1, SOURCE_ZIP},
        {"PK", 2, 2, SOURCE_ZIP},      {"PK\3", 3, 3, SOURCE_ZIP},
        {"PK\3\4", 4, 4, SOURCE_ZIP},  {"PK\5\6", 4, 22, SOURCE_ZIP},
        {"PK\n", 3, 3, SOURCE_PLAIN},  {"PKxx", 4, 4, SOURCE_PLAIN},
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        const char *unsupported;
        CU_ASSERT_EQUAL(source_magic_format((const unsigned char *)heads[i].head, heads[i].count,
                                            heads[i].total, &unsupported),
                        heads[i].format);
        CU_ASSERT_PTR_NULL(unsupported);
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"names as they are shown", test_shown},
        {"names that are left out", test_left_out},
        {"hidden names", test_hidden},
        {"gzip in steps of every size", test_gzip_steps},
        {"formats of short files", test_magic_heads},
    };
    return unit_main("source: parts", tests, sizeof tests / sizeof tests[0]);
}
