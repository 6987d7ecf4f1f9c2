#include "unit/source/source_files.h"

#include <stdlib.h>
#include <string.h>

/* Zip archives: which entries are read, which are left out, and which archives are refused. */

static void test_archive(void)
{
    files_begin();
    const struct files_entry entries[] = {
        {"100/", NULL, 0, 0, 0, 0},
        {"100/100_2025-07-01_1#0.json", "{}\n", 3, ZIP_CM_DEFLATE, 0, 0},
        {"100/100_2025-07-01_1_complete", "", 0, ZIP_CM_STORE, 0, 0},
        {"-200_2025-07-01_3.json.gz", "{}\n", 3, ZIP_CM_STORE, 0, 0},
        {"../../etc/passwd", "{}\n", 3, ZIP_CM_STORE, 0, 0},
        {"/absolute\\windows", "{}\n", 3, ZIP_CM_STORE, 0, 0},
        {"__MACOSX/._x.json", "\0\5\26\7", 4, ZIP_CM_STORE, 0, 0},
        {"bell\a\033[2J\n", "{}\n", 3, ZIP_CM_STORE, 0, 0},
    };
    files_zip("x.zip", entries, sizeof entries / sizeof entries[0]);
    struct source_limits limits = files_limits();
    struct source_list *list = files_list("x.zip", &limits);
    CU_ASSERT_EQUAL_FATAL(list->split_count, 4);
    CU_ASSERT_EQUAL(list->note_count, 3);
    CU_ASSERT_TRUE(files_has_note(list, "x.zip!100/100_2025-07-01_1_complete", "marker"));
    CU_ASSERT_TRUE(files_has_note(list, "x.zip!-200_2025-07-01_3.json.gz", "merged identities"));
    CU_ASSERT_TRUE(files_has_note(list, "x.zip!__MACOSX/._x.json", "hidden"));
    static const char *const names[] = {"100/100_2025-07-01_1#0.json", "../../etc/passwd",
                                        "/absolute\\windows", "bell\\x07\\x1B[2J\\x0A"};
    for (size_t i = 0; i < 4; i++) {
        char *name;
        struct failure failure = {0};
        CU_ASSERT_EQUAL_FATAL(source_name(list, i, &name, &failure), 0);
        const char *entry = strstr(name, "x.zip!");
        CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
        CU_ASSERT_STRING_EQUAL(entry + 6, names[i]);
        CU_ASSERT_EQUAL(strncmp(name, files_folder, strlen(files_folder)), 0);
        free(name);
    }
    source_free(list);

    files_zip("none.zip", entries, 1);
    list = files_list("none.zip", &limits);
    CU_ASSERT_EQUAL(list->split_count, 0);
    source_free(list);
    /* An archive of nothing at all, which libzip would not write. */
    files_write("empty.zip", "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);
    files_expect("empty.zip", &limits, "", 0);
    files_end();
}

static void test_refused_archives(void)
{
    files_begin();
    struct source_limits limits = files_limits();
    files_zip("inner.zip", &(struct files_entry){"a", "{}\n", 3, ZIP_CM_STORE, 0, 0}, 1);
    struct files_bytes inner = files_read("inner.zip");
    files_zip("x.zip", &(struct files_entry){"in", inner.at, inner.count, ZIP_CM_DEFLATE, 0, 0}, 1);
    files_expect_failure("x.zip", &limits, EXIT_SOURCE, "x.zip!in: holds a zip archive inside");
    struct files_bytes gzip = {0};
    files_gzip(&gzip, inner.at, inner.count);
    files_write("x.gz", gzip.at, gzip.count);
    files_expect_failure("x.gz", &limits, EXIT_SOURCE, "the gzip data holds zip, not text");
    struct files_bytes twice = {0};
    files_gzip(&twice, gzip.at, gzip.count);
    files_write("x.gz", twice.at, twice.count);
    files_expect_failure("x.gz", &limits, EXIT_SOURCE, "the gzip data holds gzip, not text");
    free(twice.at);
    free(gzip.at);
    free(inner.at);

    files_zip("x.zip", &(struct files_entry){"e", "{}\n", 3, ZIP_CM_DEFLATE, true, 0}, 1);
    files_expect_failure("x.zip", &limits, EXIT_SOURCE, "x.zip!e: the entry is encrypted");
    files_zip("x.zip", &(struct files_entry){"l", "/etc/passwd", 11, ZIP_CM_STORE, 0, true}, 1);
    files_expect_failure("x.zip", &limits, EXIT_SOURCE, "x.zip!l: the entry is a symbolic link");
    if (zip_compression_method_supported(ZIP_CM_BZIP2, 1)) {
        files_zip("x.zip", &(struct files_entry){"e", "{}\n", 3, ZIP_CM_BZIP2, 0, 0}, 1);
        files_expect_failure("x.zip", &limits, EXIT_SOURCE, "compressed by method 12");
    }

    /* libzip writes neither text in a directory nor a name twice: both are made by hand. */
    files_zip("x.zip", &(struct files_entry){"foo", "{}\n", 3, ZIP_CM_STORE, 0, 0}, 1);
    struct files_bytes folder = files_read("x.zip");
    for (size_t i = 0; i + 3 <= folder.count; i++)
        if (memcmp(folder.at + i, "foo", 3) == 0)
            folder.at[i + 2] = '/';
    files_write("x.zip", folder.at, folder.count);
    free(folder.at);
    files_expect_failure("x.zip", &limits, EXIT_SOURCE, "x.zip!fo/: the entry is a directory that");
    const struct files_entry pair[] = {{"aaaa", "{}\n", 3, ZIP_CM_STORE, 0, 0},
                                       {"bbbb", "{}\n", 3, ZIP_CM_STORE, 0, 0}};
    files_zip("x.zip", pair, 2);
    struct files_bytes bytes = files_read("x.zip");
    for (size_t i = 0; i + 4 <= bytes.count; i++)
        if (memcmp(bytes.at + i, "bbbb", 4) == 0)
            memcpy(bytes.at + i, "aaaa", 4);
    files_write("x.zip", bytes.at, bytes.count);
    free(bytes.at);
    files_expect_failure("x.zip", &limits, EXIT_SOURCE, "two entries have the name aaaa");
    files_end();
}

/* Two records of the directory that point to the same bytes: a way to make much of little. */
static void test_overlap(void)
{
    files_begin();
    struct source_limits limits = files_limits();
    char text[1000];
    memset(text, '\n', sizeof text);
    files_zip("one.zip", &(struct files_entry){"aaaa", text, sizeof text, ZIP_CM_STORE, 0, 0}, 1);
    struct files_bytes one = files_read("one.zip");
    unsigned char *end = one.at + one.count - 22;
    size_t record_bytes = end[12];
    CU_ASSERT_TRUE_FATAL(memcmp(end, "PK\5\6", 4) == 0 && record_bytes > 46);
    unsigned char bytes[2000];
    size_t directory = one.count - 22 - record_bytes;
    memcpy(bytes, one.at, directory + record_bytes);
    memcpy(bytes + directory + record_bytes, one.at + directory, record_bytes);
    memcpy(bytes + directory + record_bytes + 46, "bbbb", 4);
    end[8] = end[10] = 2;
    end[12] = (unsigned char)(2 * record_bytes);
    memcpy(bytes + directory + 2 * record_bytes, end, 22);
    files_write("x.zip", bytes, directory + 2 * record_bytes + 22);
    free(one.at);
    files_expect_failure("x.zip", &limits, EXIT_SOURCE, "x.zip: its entries overlap");
    files_end();
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"entries of an archive", test_archive},
        {"archives that are refused", test_refused_archives},
        {"entries that overlap", test_overlap},
    };
    return unit_main("source: archives", tests, sizeof tests / sizeof tests[0]);
}
