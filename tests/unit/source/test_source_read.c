#include "unit/source/source_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The same text in every format, in every range size, from every line on. */

static const char small_text[] = "{\"a\":1}\r\n"
                                 "\n"
                                 "{\"event_type\":\"course_completed\"}\n"
                                 "\n\n"
                                 "  {\"b\":[1,2,3]}\r\n"
                                 "x\n"
                                 "{\"last\":\"has no newline\"}";
static const size_t small_bytes = sizeof small_text - 1;

/* Lines of many lengths, some longer than a block; needs to be freed. */
static struct files_bytes make_text(size_t bytes, size_t longest, unsigned seed)
{
    struct files_bytes text = {malloc(bytes), bytes};
    CU_ASSERT_PTR_NOT_NULL_FATAL(text.at);
    size_t left = 0;
    for (size_t i = 0; i < bytes; i++) {
        seed = seed * 1103515245U + 12345U;
        if (left == 0)
            left = (seed >> 8) % 50 == 0 ? longest : (seed >> 8) % 1500 + 1;
        text.at[i] = --left == 0 ? '\n' : (unsigned char)(' ' + (seed >> 16) % 90);
    }
    return text;
}

static void write_formats(const void *text, size_t count, const char *const **names, size_t *made)
{
    static const char *const all[] = {"plain.json",         "one.json.gz",  "many.json.gz",
                                      "stored.zip",         "deflated.zip", "gz-stored.zip",
                                      "gz-deflated.json.gz"};
    struct files_bytes one = {0}, many = {0};
    files_gzip(&one, text, count);
    files_gzip(&many, "", 0);
    for (size_t at = 0; at < count;) {
        size_t part = count / 7 + 1 < count - at ? count / 7 + 1 : count - at;
        files_gzip(&many, (const char *)text + at, part);
        files_gzip(&many, "", 0);
        at += part;
    }
    many.at = realloc(many.at, many.count + 1000);
    memset(many.at + many.count, 0, 1000);
    many.count += 1000;
    files_write("plain.json", text, count);
    files_write("one.json.gz", one.at, one.count);
    files_write("many.json.gz", many.at, many.count);
    files_zip("stored.zip", &(struct files_entry){"a.json", text, count, ZIP_CM_STORE, 0, 0}, 1);
    files_zip("deflated.zip", &(struct files_entry){"a.json", text, count, ZIP_CM_DEFLATE, 0, 0},
              1);
    files_zip("gz-stored.zip",
              &(struct files_entry){"1/a.json.gz", one.at, one.count, ZIP_CM_STORE, 0, 0}, 1);
    files_zip("gz-deflated.json.gz",
              &(struct files_entry){"1/a.json.gz", many.at, many.count, ZIP_CM_DEFLATE, 0, 0}, 1);
    free(one.at);
    free(many.at);
    *names = all;
    *made = sizeof all / sizeof all[0];
}

static void test_formats(void)
{
    files_begin();
    const char *const *names;
    size_t count;
    struct source_limits limits = files_limits();
    write_formats(small_text, small_bytes, &names, &count);
    for (size_t i = 0; i < count; i++)
        files_expect(names[i], &limits, small_text, small_bytes);

    struct files_bytes text = make_text(5000000, 1300000, 42);
    write_formats(text.at, text.count, &names, &count);
    for (size_t i = 0; i < count; i++)
        files_expect(names[i], &limits, text.at, text.count);
    limits.range_bytes = 100000;
    files_expect(names[0], &limits, text.at, text.count);
    free(text.at);

    write_formats("", 0, &names, &count);
    for (size_t i = 0; i < count; i++)
        files_expect(names[i], &limits, "", 0);
    files_end();
}

/* Every line is given by the one range that its first byte lies in, whatever the sizes. */
static void test_ranges(void)
{
    files_begin();
    struct source_limits limits = files_limits();
    for (size_t cut = 0; cut <= small_bytes; cut++) {
        files_write("plain.json", small_text, cut);
        for (uint64_t range = 1; range <= cut + 1; range++) {
            limits.range_bytes = range;
            struct source_list *list = files_list("plain.json", &limits);
            CU_ASSERT_EQUAL(list->split_count, cut == 0 ? 1 : (cut + range - 1) / range);
            struct source_reader *reader;
            struct failure failure = {0};
            struct files_bytes text = {0};
            uint64_t disk_bytes = 0;
            CU_ASSERT_EQUAL_FATAL(source_reader_create(list, &limits, &reader, &failure), 0);
            for (size_t i = 0; i < list->split_count; i++) {
                size_t before = text.count;
                CU_ASSERT_EQUAL(files_read_split(reader, i, 0, &text, &disk_bytes, &failure), 0);
                CU_ASSERT_EQUAL(list->splits[i].begin, i * range);
                /* What was read begins with the first line that begins in the range. */
                if (text.count > before)
                    CU_ASSERT_TRUE(before >= list->splits[i].begin && before < list->splits[i].end);
            }
            CU_ASSERT_EQUAL(text.count, cut);
            CU_ASSERT_TRUE(cut == 0 || memcmp(text.at, small_text, cut) == 0);
            CU_ASSERT_EQUAL(disk_bytes, cut);
            CU_ASSERT_EQUAL(list->disk_bytes, cut);
            free(text.at);
            source_reader_free(reader);
            source_free(list);
        }
    }
    files_end();
}

/* Ranges about the sizes of pages and buffers, lines longer than both, one reader for all. */
static void test_large_ranges(void)
{
    files_begin();
    struct files_bytes text = make_text(4000001, 1200000, 7);
    files_write("plain.json", text.at, text.count);
    static const uint64_t ranges[] = {4095,   4096,   4097,    65536,  524287,
                                      524288, 524289, 1000000, 4000000};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        struct source_limits limits = files_limits();
        limits.range_bytes = ranges[i];
        files_expect("plain.json", &limits, text.at, text.count);
    }
    free(text.at);
    files_end();
}

static void check_resume(const char *name, const struct source_limits *limits, const char *text,
                         size_t count)
{
    struct source_list *list = files_list(name, limits);
    struct source_reader *reader;
    struct failure failure = {0};
    CU_ASSERT_EQUAL_FATAL(source_reader_create(list, limits, &reader, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(list->split_count, 1);
    for (size_t offset = 1; offset <= count + 2; offset++) {
        struct files_bytes rest = {0};
        uint64_t disk_bytes = 0;
        failure.code = 0;
        int result = files_read_split(reader, 0, offset, &rest, &disk_bytes, &failure);
        if (offset <= count && (text[offset - 1] == '\n' || offset == count)) {
            CU_ASSERT_EQUAL(result, 0);
            CU_ASSERT_EQUAL(rest.count, count - offset);
            CU_ASSERT_TRUE(offset == count || memcmp(rest.at, text + offset, rest.count) == 0);
        } else {
            CU_ASSERT_EQUAL(result, -1);
            CU_ASSERT_EQUAL(failure.code, EXIT_SOURCE);
            CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "no line begins at byte"));
        }
        free(rest.at);
    }
    source_reader_free(reader);
    source_free(list);
}

static void test_resume(void)
{
    files_begin();
    const char *const *names;
    size_t count;
    struct source_limits limits = files_limits();
    write_formats(small_text, small_bytes, &names, &count);
    for (size_t i = 0; i < count; i++)
        check_resume(names[i], &limits, small_text, small_bytes);
    /* Chunks of few bytes, so that what is dropped takes several. */
    limits.max_line_bytes = 40;
    for (size_t i = 0; i < count; i++)
        check_resume(names[i], &limits, small_text, small_bytes);
    files_end();
}

/* What is inflated again comes in small pieces, and can be left and begun anew; it counts once. */
static void test_resume_in_pieces(void)
{
    files_begin();
    struct files_bytes text = make_text(3000000, 2000, 11);
    const char *const *names;
    size_t count;
    size_t offset = 2500000;
    while (text.at[offset - 1] != '\n')
        offset++;
    write_formats(text.at, text.count, &names, &count);
    struct source_limits limits = files_limits();
    for (size_t i = 1; i < count; i++) {
        struct source_list *list = files_list(names[i], &limits);
        struct source_reader *reader;
        struct source_block block;
        struct failure failure = {0};
        struct files_bytes rest = {0};
        uint64_t disk_bytes = 0, all_disk_bytes = 0;
        unsigned pieces = 0;
        CU_ASSERT_EQUAL_FATAL(source_reader_create(list, &limits, &reader, &failure), 0);
        CU_ASSERT_EQUAL(files_read_split(reader, 0, 0, &rest, &all_disk_bytes, &failure), 0);
        CU_ASSERT_EQUAL(source_open(reader, 0, offset, &failure), 0);
        do {
            CU_ASSERT_EQUAL_FATAL(source_next(reader, &block, &failure), 1);
            CU_ASSERT_EQUAL(block.offset, offset);
            pieces += block.begin == block.end;
        } while (block.begin == block.end);
        CU_ASSERT_TRUE(pieces >= 4 && pieces <= 100);

        CU_ASSERT_EQUAL(source_open(reader, 0, offset, &failure), 0);
        CU_ASSERT_EQUAL(source_next(reader, &block, &failure), 1);
        rest.count = 0;
        CU_ASSERT_EQUAL(files_read_split(reader, 0, offset, &rest, &disk_bytes, &failure), 0);
        CU_ASSERT_EQUAL(rest.count, text.count - offset);
        CU_ASSERT_EQUAL(memcmp(rest.at, text.at + offset, rest.count), 0);
        CU_ASSERT_TRUE(disk_bytes > 0 && disk_bytes < all_disk_bytes / 3);
        free(rest.at);
        source_reader_free(reader);
        source_free(list);
    }
    free(text.at);
    files_end();
}

/* A range is resumed where it was left, be it behind its own end; not before its begin. */
static void test_resume_range(void)
{
    files_begin();
    files_text("plain.json", "0123456\n89abcdef\nhij\n");
    struct source_limits limits = files_limits();
    limits.range_bytes = 7;
    struct source_list *list = files_list("plain.json", &limits);
    struct source_reader *reader;
    struct failure failure = {0};
    CU_ASSERT_EQUAL_FATAL(source_reader_create(list, &limits, &reader, &failure), 0);
    struct files_bytes text = {0};
    uint64_t disk_bytes = 0;
    CU_ASSERT_EQUAL(files_read_split(reader, 1, 8, &text, &disk_bytes, &failure), 0);
    CU_ASSERT_EQUAL(text.count, 9);
    CU_ASSERT_EQUAL(files_read_split(reader, 1, 17, &text, &disk_bytes, &failure), 0);
    CU_ASSERT_EQUAL(text.count, 9);
    CU_ASSERT_EQUAL(files_read_split(reader, 2, 17, &text, &disk_bytes, &failure), 0);
    CU_ASSERT_EQUAL(text.count, 13);
    CU_ASSERT_EQUAL(files_read_split(reader, 2, 8, &text, &disk_bytes, &failure), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "no line begins at byte 8"));
    free(text.at);
    source_reader_free(reader);
    source_free(list);
    files_end();
}

/* A line of just the limit is read, one byte more is not; in any format, wherever it stands. */
static void test_long_lines(void)
{
    files_begin();
    static const size_t maxima[] = {1, 10, 4096, 524288, 600000};
    for (size_t i = 0; i < sizeof maxima / sizeof maxima[0]; i++) {
        struct source_limits limits = files_limits();
        limits.max_line_bytes = maxima[i];
        for (size_t place = 0; place < 3; place++) {
            for (size_t over = 0; over < 2; over++) {
                const char *before = place == 0 ? "" : "{\n";
                const char *after = place == 2 ? "" : "\n{\n";
                size_t line = maxima[i] + over;
                size_t count = strlen(before) + line + strlen(after);
                char *text = malloc(count + 1);
                CU_ASSERT_PTR_NOT_NULL_FATAL(text);
                memcpy(text, before, strlen(before) + 1);
                memset(text + strlen(before), '{', line);
                memcpy(text + strlen(before) + line, after, strlen(after) + 1);
                const char *const *names;
                size_t made;
                write_formats(text, count, &names, &made);
                for (size_t j = 0; j < made; j++) {
                    if (over == 0)
                        files_expect(names[j], &limits, text, count);
                    else
                        files_expect_failure(names[j], &limits, EXIT_SOURCE, "--max-line-bytes");
                }
                free(text);
            }
        }
    }
    files_end();
}

/* Members end anywhere in the input buffer, their headers with all that a header may hold. */
static void test_many_members(void)
{
    files_begin();
    struct source_limits limits = files_limits();
    struct files_bytes gzip = {0}, text = {0};
    static unsigned char extra[5000];
    static char name[3000], comment[2000];
    memset(extra, 0x1F, sizeof extra);
    memset(name, 'n', sizeof name - 1);
    memset(comment, 'c', sizeof comment - 1);
    text.at = malloc(400000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text.at);
    for (unsigned i = 0; i < 3000; i++) {
        char line[64];
        int length = snprintf(line, sizeof line, "{\"line\":%u}\n", i * 7919);
        gz_header header = {.extra = i % 3 == 0 ? extra : NULL,
                            .extra_len = i * 31 % 5000,
                            .name = i % 4 == 0 ? (Bytef *)name + i % 2999 : NULL,
                            .comment = i % 5 == 0 ? (Bytef *)comment : NULL,
                            .hcrc = i % 2};
        files_gzip_with(&gzip, line, (size_t)length, &header, (int)(i % 10));
        memcpy(text.at + text.count, line, (size_t)length);
        text.count += (size_t)length;
    }
    files_write("many.gz", gzip.at, gzip.count);
    files_expect("many.gz", &limits, text.at, text.count);
    files_zip("many.zip", &(struct files_entry){"a", gzip.at, gzip.count, ZIP_CM_DEFLATE, 0, 0}, 1);
    files_expect("many.zip", &limits, text.at, text.count);
    free(gzip.at);
    free(text.at);
    files_end();
}

/* One reader goes from file to file and back, and an archive's entries in any order. */
static void test_one_reader(void)
{
    files_begin();
    struct files_bytes gzip = {0};
    files_gzip(&gzip, "{\"in\":\"gzip\"}\n", 14);
    files_text("a.json", "{\"in\":\"a\"}\n");
    files_write("b.gz", gzip.at, gzip.count);
    const struct files_entry entries[] = {
        {"1/", NULL, 0, 0, 0, 0},
        {"1/x.json.gz", gzip.at, gzip.count, ZIP_CM_STORE, 0, 0},
        {"1/y.json", "{\"in\":\"y\"}\n", 11, ZIP_CM_DEFLATE, 0, 0},
        {"1/z.json", "{\"in\":\"z\"}", 10, ZIP_CM_STORE, 0, 0},
    };
    files_zip("c.zip", entries, 4);
    struct source_limits limits = files_limits();
    struct source_list *list = files_list("", &limits);
    CU_ASSERT_EQUAL_FATAL(list->split_count, 5);
    static const char *const texts[] = {"{\"in\":\"a\"}\n", "{\"in\":\"gzip\"}\n",
                                        "{\"in\":\"gzip\"}\n", "{\"in\":\"y\"}\n",
                                        "{\"in\":\"z\"}"};
    struct source_reader *reader;
    struct failure failure = {0};
    CU_ASSERT_EQUAL_FATAL(source_reader_create(list, &limits, &reader, &failure), 0);
    for (unsigned i = 0; i < 200; i++) {
        size_t split = i * 7 / 3 % 5;
        struct files_bytes text = {0};
        uint64_t disk_bytes = 0;
        CU_ASSERT_EQUAL(files_read_split(reader, split, 0, &text, &disk_bytes, &failure), 0);
        CU_ASSERT_EQUAL(text.count, strlen(texts[split]));
        CU_ASSERT_EQUAL(memcmp(text.at, texts[split], text.count), 0);
        CU_ASSERT_TRUE(disk_bytes > 0 && disk_bytes < 300);
        free(text.at);
    }
    source_reader_free(reader);
    source_free(list);
    free(gzip.at);
    files_end();
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"all formats give one text", test_formats},
        {"ranges of every size", test_ranges},
        {"ranges about page and buffer sizes", test_large_ranges},
        {"resume at every offset", test_resume},
        {"resume within ranges", test_resume_range},
        {"resume in small pieces", test_resume_in_pieces},
        {"the longest line", test_long_lines},
        {"members with large headers", test_many_members},
        {"one reader for many splits", test_one_reader},
    };
    return unit_main("source: reading", tests, sizeof tests / sizeof tests[0]);
}
