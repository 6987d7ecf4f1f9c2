#include "unit/source/source_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Cut, corrupt, changing and hostile input: an error that names the file, or the right text. */

static const char text[] = "{\"event_type\":\"course_lesson_started\",\"user_id\":\"u1\"}\n"
                           "{\"event_type\":\"course_completed\",\"user_id\":\"u1\"}\n"
                           "{\"event_type\":\"course_lesson_started\",\"user_id\":\"u2\"}\n";
static const size_t text_bytes = sizeof text - 1;

/*
 * 1 where the file reads as ${text}, 0 where it fails in a proper way or is left out with a note;
 * -1, all else, is a fault.
 */
static int read_damaged(const char *name)
{
    struct source_limits limits = files_limits();
    const char *from[] = {files_path(name)};
    struct source_list *list = NULL;
    struct files_bytes got = {0};
    struct failure failure = {0};
    int result = source_list(from, 1, &limits, NULL, &list, &failure);
    if (result == 0)
        result = files_read_list(list, &limits, &got, &failure);
    bool same = got.count == text_bytes && memcmp(got.at, text, text_bytes) == 0;
    bool left_out = list != NULL && list->note_count > 0 && list->split_count == 0;
    free(got.at);
    source_free(list);
    if (result == 0)
        return same ? 1 : left_out ? 0 : -1;
    CU_ASSERT_EQUAL(failure.code, EXIT_SOURCE);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, files_path(name)));
    return 0;
}

/* Each cut but the whole fails; each flipped bit fails or changes nothing of the text. */
static void damage_all(const char *name, size_t most_harmless, bool cut_is_noticed)
{
    struct files_bytes bytes = files_read(name);
    CU_ASSERT_EQUAL(read_damaged(name), 1);
    for (size_t cut = 1; cut < bytes.count && cut_is_noticed; cut++) {
        files_write("cut", bytes.at, cut);
        CU_ASSERT_EQUAL(read_damaged("cut"), 0);
    }
    size_t harmless = 0;
    for (size_t at = 0; at < 8 * bytes.count; at++) {
        bytes.at[at / 8] ^= (unsigned char)(1U << at % 8);
        files_write("flipped", bytes.at, bytes.count);
        int result = read_damaged("flipped");
        bytes.at[at / 8] ^= (unsigned char)(1U << at % 8);
        /* Without its magic bytes a file is plain text, which nothing can hold to be wrong. */
        if (result < 0 && at / 8 < 4)
            continue;
        CU_ASSERT_TRUE(result >= 0);
        harmless += result > 0;
        if (result < 0)
            printf("\n    %s: bit %zu of byte %zu changes the text\n", name, at % 8, at / 8);
    }
    CU_ASSERT_TRUE(harmless <= most_harmless);
    if (harmless > most_harmless)
        printf("\n    %s: %zu flipped bits go unnoticed\n", name, harmless);
    free(bytes.at);
}

static void test_damaged_gzip(void)
{
    files_begin();
    struct files_bytes gzip = {0};
    files_gzip(&gzip, text, text_bytes);
    files_write("one.gz", gzip.at, gzip.count);
    /* Harmless: FTEXT, the time, XFL and OS of the header, and what fills the last byte up. */
    damage_all("one.gz", 1 + 32 + 8 + 8 + 7, true);

    gz_header header = {.extra = (Bytef *)(uintptr_t) "extra",
                        .extra_len = 5,
                        .name = (Bytef *)(uintptr_t) "name",
                        .comment = (Bytef *)(uintptr_t) "comment",
                        .hcrc = 1};
    gzip.count = 0;
    files_gzip_with(&gzip, text, text_bytes, &header, 9);
    files_write("header.gz", gzip.at, gzip.count);
    damage_all("header.gz", 1 + 48 + 8 * (5 + 5 + 8 + 2), true);

    gzip.count = 0;
    files_gzip_with(&gzip, text, text_bytes, NULL, 0);
    files_write("stored.gz", gzip.at, gzip.count);
    /* The bits that fill a byte up after a stored block's head mean nothing either. */
    damage_all("stored.gz", 1 + 48 + 10, true);
    free(gzip.at);
    files_end();
}

/* Members follow each other: a cut between them is a good file, but of less text. */
static void test_cut_members(void)
{
    files_begin();
    struct files_bytes gzip = {0};
    files_gzip(&gzip, text, 40);
    size_t first = gzip.count;
    files_gzip(&gzip, "", 0);
    size_t second = gzip.count;
    files_gzip(&gzip, text + 40, text_bytes - 40);
    size_t third = gzip.count;
    struct source_limits limits = files_limits();
    for (size_t cut = 1; cut <= gzip.count; cut++) {
        files_write("x.gz", gzip.at, cut);
        if (cut == first || cut == second)
            files_expect("x.gz", &limits, text, 40);
        else if (cut == third)
            files_expect("x.gz", &limits, text, text_bytes);
        else
            files_expect_failure("x.gz", &limits, EXIT_SOURCE, "the gzip data is cut off at byte");
    }
    free(gzip.at);
    files_end();
}

static void test_trailing(void)
{
    files_begin();
    struct source_limits limits = files_limits();
    struct files_bytes gzip = {0};
    files_gzip(&gzip, text, text_bytes);
    size_t whole = gzip.count;
    gzip.at = realloc(gzip.at, whole + 300000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(gzip.at);
    memset(gzip.at + whole, 0, 300000);
    files_write("x.gz", gzip.at, whole + 300000);
    files_expect("x.gz", &limits, text, text_bytes);

    static const char *const garbage[] = {"x", "\n", "\x1F", "\x1F\x8B", "{\"a\":1}\n", "\x1E\x8B"};
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        for (size_t zeros = 0; zeros < 2; zeros++) {
            size_t count = strlen(garbage[i]);
            memset(gzip.at + whole, 0, 10);
            memcpy(gzip.at + whole + zeros, garbage[i], count);
            files_write("x.gz", gzip.at, whole + zeros + count);
            bool member = zeros == 0 && garbage[i][0] == 0x1F;
            char expected[100];
            snprintf(expected, sizeof expected, "follows the compressed text at byte %zu.",
                     whole + zeros);
            files_expect_failure("x.gz", &limits, EXIT_SOURCE, member ? "cut off" : expected);
        }
    }
    /* A member behind zeros would be text that nobody sees. */
    memset(gzip.at + whole, 0, 10);
    memcpy(gzip.at + whole + 10, gzip.at, whole);
    files_write("x.gz", gzip.at, 2 * whole + 10);
    files_expect_failure("x.gz", &limits, EXIT_SOURCE, "follows the compressed text at byte");
    free(gzip.at);
    files_end();
}

static void test_damaged_zip(void)
{
    files_begin();
    struct files_bytes gzip = {0};
    files_gzip(&gzip, text, text_bytes);
    files_zip("stored.zip", &(struct files_entry){"e", text, text_bytes, ZIP_CM_STORE, 0, 0}, 1);
    files_zip("deflated.zip", &(struct files_entry){"e", text, text_bytes, ZIP_CM_DEFLATE, 0, 0},
              1);
    files_zip("gzip.zip", &(struct files_entry){"e", gzip.at, gzip.count, ZIP_CM_STORE, 0, 0}, 1);
    /* Names, times, versions and attributes, twice each, do no harm to the text. */
    damage_all("stored.zip", 1000, true);
    damage_all("deflated.zip", 1000, true);
    damage_all("gzip.zip", 1000, true);

    struct source_limits limits = files_limits();
    struct files_bytes bytes = files_read("stored.zip");
    for (size_t i = 0; i + text_bytes <= bytes.count; i++)
        if (memcmp(bytes.at + i, text, text_bytes) == 0)
            bytes.at[i + text_bytes - 2] ^= 1;
    files_write("x.zip", bytes.at, bytes.count);
    files_expect_failure("x.zip", &limits, EXIT_SOURCE,
                         "x.zip!e: the entry is cut off or damaged (CRC error)");
    files_write("x.zip", bytes.at, bytes.count - 1);
    files_expect_failure("x.zip", &limits, EXIT_SOURCE, "x.zip: is not a whole zip archive");
    free(bytes.at);
    free(gzip.at);
    files_end();
}

/* Sizes of the directory that are set to nothing must not make an entry empty. */
static void test_zeroed_sizes(void)
{
    files_begin();
    struct source_limits limits = files_limits();
    static const char *const messages[] = {"bytes where the archive promises",
                                           "x.zip!e: the entry is", "checksum is not that of"};
    for (size_t method = 0; method < 2; method++) {
        files_zip("made.zip",
                  &(struct files_entry){"e", text, text_bytes,
                                        method == 0 ? ZIP_CM_STORE : ZIP_CM_DEFLATE, 0, 0},
                  1);
        struct files_bytes bytes = files_read("made.zip");
        const unsigned char *end = bytes.at + bytes.count - 22;
        unsigned char *record = bytes.at + end[16] + 256U * end[17];
        CU_ASSERT_TRUE_FATAL(memcmp(record, "PK\1\2", 4) == 0);
        for (size_t i = 0; i < 3; i++) {
            unsigned char kept[8];
            memcpy(kept, record + 20, 8);
            memset(record + (i == 1 ? 24 : 20), 0, i == 2 ? 8 : 4);
            files_write("x.zip", bytes.at, bytes.count);
            files_expect_failure("x.zip", &limits, EXIT_SOURCE, messages[i]);
            memcpy(record + 20, kept, 8);
        }
        free(bytes.at);
    }
    files_end();
}

static void test_bombs(void)
{
    files_begin();
    struct source_limits limits = files_limits();
    size_t count = 8 << 20;
    char *lines = malloc(count);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lines);
    for (size_t i = 0; i < count; i++)
        lines[i] = i % 1024 == 1023 ? '\n' : ' ';
    struct files_bytes gzip = {0}, both = {0};
    files_gzip_with(&gzip, lines, count, NULL, 9);
    files_write("x.gz", gzip.at, gzip.count);
    files_zip("x.zip", &(struct files_entry){"e", lines, count, ZIP_CM_DEFLATE, 0, 0}, 1);
    files_zip("gz.zip", &(struct files_entry){"e", gzip.at, gzip.count, ZIP_CM_STORE, 0, 0}, 1);
    static const char *const names[] = {"x.gz", "x.zip", "gz.zip"};
    for (size_t i = 0; i < 3; i++) {
        limits.max_ratio = SOURCE_DEFAULT_MAX_RATIO;
        files_expect(names[i], &limits, lines, count);
        limits.max_ratio = 100;
        files_expect_failure(names[i], &limits, EXIT_SOURCE, "raise --max-ratio");
    }

    /* Within the first MiB no ratio is too high. */
    limits.max_ratio = 2;
    both.count = 0;
    files_gzip_with(&both, lines, 1 << 20, NULL, 9);
    files_write("small.gz", both.at, both.count);
    files_expect("small.gz", &limits, lines, 1 << 20);
    free(both.at);
    free(gzip.at);
    free(lines);
    files_end();
}

enum change {
    CHANGE_CUT,
    CHANGE_GROW,
    CHANGE_TOUCH,
    CHANGE_OVERWRITE,
    CHANGE_REPLACE,
    CHANGE_REMOVE,
    CHANGE_FIFO,
    CHANGES
};

/* In place, and no sooner than the clock of file systems, which has ticks of some ms, has moved on.
 */
static void overwrite(const char *name, const void *bytes)
{
    struct timespec pause = {.tv_nsec = 30000000};
    CU_ASSERT_EQUAL(nanosleep(&pause, NULL), 0);
    int fd = open(files_path(name), O_WRONLY);
    CU_ASSERT_EQUAL(pwrite(fd, bytes, 1, 0), 1);
    CU_ASSERT_EQUAL(close(fd), 0);
}

/* All but a touch put the time of the last change back. */
static void make_change(enum change change, const char *name)
{
    struct files_bytes bytes = files_read(name);
    struct stat status;
    CU_ASSERT_EQUAL(stat(files_path(name), &status), 0);
    struct timespec times[2] = {status.st_mtim, status.st_mtim};
    switch (change) {
    case CHANGE_CUT:
        CU_ASSERT_EQUAL(truncate(files_path(name), (off_t)bytes.count - 1), 0);
        break;
    case CHANGE_GROW:
        CU_ASSERT_EQUAL(truncate(files_path(name), (off_t)bytes.count + 1), 0);
        break;
    case CHANGE_TOUCH:
        times[1].tv_sec++;
        break;
    case CHANGE_OVERWRITE:
        overwrite(name, bytes.at);
        break;
    case CHANGE_REPLACE:
        files_write("other", bytes.at, bytes.count);
        CU_ASSERT_EQUAL(rename(files_path("other"), files_path(name)), 0);
        break;
    case CHANGE_REMOVE:
    case CHANGE_FIFO:
    default:
        CU_ASSERT_EQUAL(unlink(files_path(name)), 0);
        if (change == CHANGE_FIFO)
            CU_ASSERT_EQUAL(mkfifo(files_path(name), 0600), 0);
    }
    if (change < CHANGE_REMOVE)
        CU_ASSERT_EQUAL(utimensat(AT_FDCWD, files_path(name), times, 0), 0);
    free(bytes.at);
}

/* The file changes before it is opened, while it is read, or between two of its splits. */
static void check_changes(const char *name, const void *bytes, size_t count, bool last_split)
{
    static const char *const messages[CHANGES][2] = {
        {"was cut off after it was listed", "was cut off after it was listed"},
        {"grew after it was listed", "grew after it was listed"},
        {"was changed after it was listed", "was changed after it was listed"},
        {"was changed after it was listed", "was changed after it was listed"},
        {"was replaced after it was listed", "was replaced after it was listed"},
        {"can't be opened: No such file", "but is no more: No such file"},
        {"is not a regular file", "after it was listed"},
    };
    struct source_limits limits = files_limits();
    limits.range_bytes = 600000;
    for (unsigned change = 0; change < CHANGES; change++) {
        for (unsigned when = 0; when < 3; when++) {
            files_write(name, bytes, count);
            struct source_list *list = files_list(name, &limits);
            struct source_reader *reader;
            struct source_block block;
            struct failure failure = {0};
            CU_ASSERT_EQUAL_FATAL(source_reader_create(list, &limits, &reader, &failure), 0);
            size_t split = last_split ? list->split_count - 1 : 0;
            if (when == 0)
                make_change((enum change)change, name);
            int result = source_open(reader, split, 0, &failure);
            if (when == 1) {
                CU_ASSERT_EQUAL(source_next(reader, &block, &failure), 1);
                make_change((enum change)change, name);
            }
            while (result == 0 && (result = source_next(reader, &block, &failure)) == 1)
                result = 0;
            if (when == 2 && failure.code == 0) {
                make_change((enum change)change, name);
                result = source_open(reader, split, 0, &failure);
            }
            const char *message = messages[change][when > 0];
            CU_ASSERT_EQUAL(failure.code, EXIT_SOURCE);
            CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, message));
            if (strstr(failure.message, message) == NULL)
                printf("\n    %s, change %u, when %u: \"%s\"\n", name, change, when,
                       failure.message);
            failure.code = 0;
            CU_ASSERT_EQUAL(source_next(reader, &block, &failure), -1);
            CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
            source_reader_free(reader);
            source_free(list);
            CU_ASSERT_EQUAL(unlink(files_path(name)), change == CHANGE_REMOVE ? -1 : 0);
        }
    }
}

static void test_changes(void)
{
    files_begin();
    size_t count = 2000000;
    char *lines = malloc(count);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lines);
    unsigned seed = 1;
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1103515245U + 12345U;
        lines[i] = i % 100 == 99 ? '\n' : (char)(' ' + (seed >> 16) % 90);
    }
    struct files_bytes gzip = {0};
    files_gzip_with(&gzip, lines, count, NULL, 1);
    files_zip("made", &(struct files_entry){"e", lines, count, ZIP_CM_DEFLATE, 0, 0}, 1);
    struct files_bytes zip = files_read("made");
    check_changes("plain", lines, count, false);
    check_changes("plain", lines, count, true);
    check_changes("x.gz", gzip.at, gzip.count, true);
    check_changes("x.zip", zip.at, zip.count, true);
    check_changes("plain", "{}\n", 3, true);
    free(zip.at);
    free(gzip.at);
    free(lines);
    files_end();
}

/* An empty file that grows is noticed as well; so is a file of /proc, which has no size. */
static void test_empty(void)
{
    files_begin();
    struct source_limits limits = files_limits();
    files_text("empty", "");
    struct source_list *list = files_list("empty", &limits);
    struct files_bytes got = {0};
    struct failure failure = {0};
    CU_ASSERT_EQUAL(files_read_list(list, &limits, &got, &failure), 0);
    files_text("empty", "{}\n");
    CU_ASSERT_EQUAL(files_read_list(list, &limits, &got, &failure), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "grew after it was listed"));
    CU_ASSERT_EQUAL(got.count, 0);
    source_free(list);

    const char *from[] = {"/proc/version"};
    failure.code = 0;
    CU_ASSERT_EQUAL_FATAL(source_list(from, 1, &limits, NULL, &list, &failure), 0);
    CU_ASSERT_EQUAL(files_read_list(list, &limits, &got, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_SOURCE);
    source_free(list);
    free(got.at);
    files_end();
}

/* Random bytes behind good magic: never a crash, never more than an error. */
static void test_noise(void)
{
    files_begin();
    const char *given = getenv("COURSE_FUNNEL_TEST_SEED");
    unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    printf(" (COURSE_FUNNEL_TEST_SEED=%u) ", seed);
    struct files_bytes gzip = {0};
    files_gzip(&gzip, text, text_bytes);
    files_zip("x.zip", &(struct files_entry){"e", text, text_bytes, ZIP_CM_DEFLATE, 0, 0}, 1);
    struct files_bytes zip = files_read("x.zip");
    for (unsigned i = 0; i < 3000; i++) {
        const struct files_bytes *of = i % 2 == 0 ? &gzip : &zip;
        unsigned char bytes[1000];
        memcpy(bytes, of->at, of->count);
        for (unsigned j = 0; j < 1 + i % 7; j++) {
            seed = seed * 1103515245U + 12345U;
            bytes[4 + (seed >> 8) % (of->count - 4)] = (unsigned char)(seed >> 16);
        }
        files_write("noise", bytes, of->count);
        CU_ASSERT_TRUE(read_damaged("noise") >= 0);
    }
    free(zip.at);
    free(gzip.at);
    files_end();
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"gzip cut and flipped", test_damaged_gzip},
        {"members cut", test_cut_members},
        {"bytes behind gzip", test_trailing},
        {"zip cut and flipped", test_damaged_zip},
        {"sizes of an entry set to nothing", test_zeroed_sizes},
        {"bombs", test_bombs},
        {"files that change", test_changes},
        {"files without a size", test_empty},
        {"noise", test_noise},
    };
    return unit_main("source: damage", tests, sizeof tests / sizeof tests[0]);
}
