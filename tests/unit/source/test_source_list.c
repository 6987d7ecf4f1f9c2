#include "unit/source/source_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* What is listed, in which order, what is left out with which note, and what is refused. */

static void make_socket(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", files_path(name));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    CU_ASSERT_EQUAL(close(fd), 0);
}

/* A folder as Amplitude's exports and users' hands leave it. */
static void test_walk(void)
{
    files_begin();
    files_folder_make("100");
    files_folder_make("100/deep");
    files_folder_make("100/.hidden");
    files_folder_make("outside");
    files_text("100/100_2025-07-01_1#0.json.gz", "{}\n");
    files_text("100/100_2025-07-01_10#0.json.gz", "{}\n");
    files_text("100/100_2025-07-01_1_complete", "");
    files_text("100/100_2025-07-01_10_complete", "");
    files_text("100/-200_2025-07-01_3.json.gz", "{}\n");
    files_text("100/my_course_complete", "{}\n");
    files_text("100/deep/x.json", "{}\n");
    files_text("100/deep/.x.json", "{}\n");
    files_text("100/.hidden/y.json", "{}\n");
    files_text("100/deep/empty.json", "");
    files_text("outside/z.json", "{}\n");
    CU_ASSERT_EQUAL(symlink("../outside/z.json", files_path("100/link.json")), 0);
    CU_ASSERT_EQUAL(symlink("../outside", files_path("100/linked")), 0);
    CU_ASSERT_EQUAL(symlink("..", files_path("100/deep/loop")), 0);
    CU_ASSERT_EQUAL(mkfifo(files_path("100/pipe"), 0600), 0);
    CU_ASSERT_EQUAL(symlink("/dev/null", files_path("100/device")), 0);
    make_socket("100/socket");

    struct source_limits limits = files_limits();
    struct source_list *list = files_list("100", &limits);
    CU_ASSERT_EQUAL(list->file_count, 6);
    CU_ASSERT_TRUE(files_has_file(list, "100/100_2025-07-01_1#0.json.gz"));
    CU_ASSERT_TRUE(files_has_file(list, "100/100_2025-07-01_10#0.json.gz"));
    CU_ASSERT_TRUE(files_has_file(list, "100/my_course_complete"));
    CU_ASSERT_TRUE(files_has_file(list, "100/deep/x.json"));
    CU_ASSERT_TRUE(files_has_file(list, "100/deep/empty.json"));
    CU_ASSERT_TRUE(files_has_file(list, "outside/z.json"));
    CU_ASSERT_EQUAL(list->note_count, 8);
    CU_ASSERT_TRUE(files_has_note(list, "_1_complete", "marker of a finished hour"));
    CU_ASSERT_TRUE(files_has_note(list, "_10_complete", "marker of a finished hour"));
    CU_ASSERT_TRUE(files_has_note(list, "/-200_2025-07-01_3.json.gz", "merged identities"));
    CU_ASSERT_TRUE(files_has_note(list, "/100/linked", "symbolic link to a directory"));
    CU_ASSERT_TRUE(files_has_note(list, "/100/deep/loop", "symbolic link to a directory"));
    CU_ASSERT_TRUE(files_has_note(list, "/100/pipe", "not a regular file"));
    CU_ASSERT_TRUE(files_has_note(list, "/100/device", "not a regular file"));
    CU_ASSERT_TRUE(files_has_note(list, "/100/socket", "not a regular file"));
    source_free(list);

    /* So it is when a shell has named all that is there. */
    const char *named[] = {files_path("100/100_2025-07-01_1_complete"),
                           files_path("100/-200_2025-07-01_3.json.gz"),
                           files_path("100/deep/.x.json")};
    struct failure failure = {0};
    CU_ASSERT_EQUAL_FATAL(source_list(named, 3, &limits, NULL, &list, &failure), 0);
    CU_ASSERT_EQUAL(list->file_count, 1);
    CU_ASSERT_TRUE(files_has_file(list, "100/deep/.x.json"));
    CU_ASSERT_EQUAL(list->note_count, 2);
    CU_ASSERT_TRUE(files_has_note(list, "_1_complete", "marker of a finished hour"));
    CU_ASSERT_TRUE(files_has_note(list, "/-200_2025-07-01_3.json.gz", "merged identities"));
    source_free(list);

    /* A folder may be named by a link. */
    list = files_list("100/linked", &limits);
    CU_ASSERT_EQUAL(list->file_count, 1);
    CU_ASSERT_TRUE(files_has_file(list, "outside/z.json"));
    source_free(list);

    CU_ASSERT_EQUAL(symlink("gone.json", files_path("100/dangling")), 0);
    files_expect_failure("100", &limits, EXIT_SOURCE, "dangling: is a symbolic link that can't");
    files_end();
}

static void test_names(void)
{
    files_begin();
    files_folder_make("in");
    files_text("in/a#0.json", "{}\n");
    files_text("in/a#1.json", "{}\n");
    files_text("in/b.json", "{}\n");
    files_text("in/[ab].json", "{}\n");
    files_text("in/1_2025-07-01_1_complete", "");
    CU_ASSERT_EQUAL(mkfifo(files_path("in/a.pipe"), 0600), 0);
    struct source_limits limits = files_limits();

    struct source_list *list = files_list("in/a#*", &limits);
    CU_ASSERT_EQUAL(list->file_count, 2);
    source_free(list);
    list = files_list("in/*", &limits);
    CU_ASSERT_EQUAL(list->file_count, 4);
    CU_ASSERT_EQUAL(list->note_count, 2);
    source_free(list);
    list = files_list("*", &limits);
    CU_ASSERT_EQUAL(list->file_count, 4);
    source_free(list);
    /* A name that exists is no pattern; one that does not, is. */
    list = files_list("in/[ab].json", &limits);
    CU_ASSERT_EQUAL(list->file_count, 1);
    CU_ASSERT_TRUE(files_has_file(list, "in/[ab].json"));
    source_free(list);
    CU_ASSERT_EQUAL(unlink(files_path("in/[ab].json")), 0);
    list = files_list("in/[ab].json", &limits);
    CU_ASSERT_EQUAL(list->file_count, 1);
    CU_ASSERT_TRUE(files_has_file(list, "in/b.json"));
    source_free(list);
    files_end();
}

static void test_refused_names(void)
{
    files_begin();
    struct source_limits limits = files_limits();
    files_text("a.json", "{}\n");
    CU_ASSERT_EQUAL(mkfifo(files_path("pipe"), 0600), 0);
    make_socket("socket");
    CU_ASSERT_EQUAL(symlink("/dev/zero", files_path("device")), 0);
    CU_ASSERT_EQUAL(symlink("gone", files_path("dangling")), 0);
    CU_ASSERT_EQUAL(symlink("itself", files_path("itself")), 0);
    files_expect_failure("missing.json", &limits, EXIT_SOURCE, "missing.json: nothing matches");
    files_expect_failure("*.gz", &limits, EXIT_SOURCE, "*.gz: nothing matches");
    /* Only the files one folder below were read. */
    files_expect_failure("**/*.gz", &limits, EXIT_SOURCE, "**/*.gz: ** does not stand for folders");
    files_expect_failure("a/**", &limits, EXIT_SOURCE, "a/**: ** does not stand for folders");
    files_expect_failure("a**/b", &limits, EXIT_SOURCE, "a**/b: nothing matches");
    files_expect_failure("gone/*.gz", &limits, EXIT_SOURCE, "gone/*.gz: nothing matches");
    files_expect_failure("a.json/b", &limits, EXIT_SOURCE, "a.json/b: nothing matches");
    files_expect_failure("pipe", &limits, EXIT_SOURCE, "pipe: is not a regular file");
    files_expect_failure("socket", &limits, EXIT_SOURCE, "socket: is not a regular file");
    files_expect_failure("device", &limits, EXIT_SOURCE, "device: is not a regular file");
    files_expect_failure("dangling", &limits, EXIT_SOURCE, "dangling: can't be read: No such");
    files_expect_failure("itself", &limits, EXIT_SOURCE, "itself: can't be read: Too many");
    files_expect_failure("bad\033\n", &limits, EXIT_SOURCE, "bad\\x1B\\x0A: nothing matches");

    /* One good name does not make up for a bad one. */
    const char *from[] = {files_path("a.json"), files_path("b.json")};
    struct source_list *list;
    struct failure failure = {0};
    CU_ASSERT_EQUAL(source_list(from, 2, &limits, NULL, &list, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_SOURCE);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "b.json: nothing matches"));
    CU_ASSERT_PTR_NULL(list);
    files_end();
}

/* Permissions don't stop root, who looks at these as a user without rights. */
static void test_locked(void)
{
    static const uid_t nobody = 65534;
    bool is_root = geteuid() == 0;
    files_begin();
    struct source_limits limits = files_limits();
    files_folder_make("locked");
    files_text("a.json", "{}\n");
    files_text("locked/b.json", "{}\n");
    CU_ASSERT_EQUAL(chmod(files_folder, 0755), 0);
    CU_ASSERT_EQUAL(chmod(files_path("a.json"), 0), 0);
    CU_ASSERT_EQUAL(chmod(files_path("locked"), 0), 0);
    if (is_root)
        CU_ASSERT_EQUAL_FATAL(seteuid(nobody), 0);
    files_expect_failure("a.json", &limits, EXIT_SOURCE, "a.json: can't be opened: Permission");
    files_expect_failure("locked", &limits, EXIT_SOURCE, "can't be opened: Permission denied");
    files_expect_failure("locked/*", &limits, EXIT_SOURCE, "can't be read");
    files_expect_failure("locked/b.json", &limits, EXIT_SOURCE,
                         "b.json: can't be read: Permission");
    if (is_root)
        CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
    CU_ASSERT_EQUAL(chmod(files_path("locked"), 0700), 0);
    files_end();
}

/* Whatever the order and the way in which files are named, the list is the same. */
static void test_order(void)
{
    files_begin();
    files_folder_make("b");
    files_text("b/1.json", "{}\n");
    files_text("b/2.json", "{\"a\":0}\n{}\n");
    files_text("a.json", "{}\n");
    files_text("b.json", "{}\n");
    CU_ASSERT_EQUAL(symlink("a.json", files_path("z.json")), 0);
    char names[4][4200];
    snprintf(names[0], sizeof names[0], "%s/b/*", files_folder);
    snprintf(names[1], sizeof names[1], "%s/b", files_folder);
    snprintf(names[2], sizeof names[2], "%s/b/../a.json", files_folder);
    snprintf(names[3], sizeof names[3], "%s/?.json", files_folder);
    static const unsigned orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {1, 3, 0, 2}};
    struct source_limits limits = files_limits();
    limits.range_bytes = 4;
    unsigned char *packed[4];
    size_t packed_bytes[4];
    for (size_t i = 0; i < 4; i++) {
        const char *from[4];
        for (size_t j = 0; j < 4; j++)
            from[j] = names[orders[i][j]];
        struct source_list *list;
        struct failure failure = {0};
        CU_ASSERT_EQUAL_FATAL(source_list(from, 4, &limits, NULL, &list, &failure), 0);
        CU_ASSERT_EQUAL(list->file_count, 4);
        CU_ASSERT_TRUE(files_has_note(list, "/a.json", "named more than once, read once"));
        CU_ASSERT_TRUE(files_has_note(list, "/b/1.json", "named more than once, read once"));
        CU_ASSERT_EQUAL(list->note_count, 3);
        for (size_t j = 1; j < list->file_count; j++)
            CU_ASSERT_TRUE(strcmp(list->files[j - 1].path, list->files[j].path) < 0);
        for (size_t j = 1; j < list->split_count; j++) {
            const struct source_split *a = &list->splits[j - 1], *b = a + 1;
            CU_ASSERT_TRUE(a->file < b->file || (a->file == b->file && a->end == b->begin));
        }
        CU_ASSERT_EQUAL(source_pack(list, &packed[i], &packed_bytes[i], &failure), 0);
        source_free(list);
        CU_ASSERT_EQUAL_FATAL(packed_bytes[i], packed_bytes[0]);
        CU_ASSERT_EQUAL(memcmp(packed[i], packed[0], packed_bytes[0]), 0);
    }
    for (size_t i = 0; i < 4; i++)
        free(packed[i]);
    files_end();
}

static void fingerprint(const char *name, char taken[33])
{
    struct source_limits limits = files_limits();
    struct source_list *list = files_list(name, &limits);
    CU_ASSERT_EQUAL(strlen(list->fingerprint), 32);
    CU_ASSERT_EQUAL(strspn(list->fingerprint, "0123456789abcdef"), 32);
    memcpy(taken, list->fingerprint, 33);
    source_free(list);
}

static void test_fingerprint(void)
{
    files_begin();
    char prints[6][33];
    struct timespec times[2] = {{1750000000, 1}, {1750000000, 1}};
    files_text("a.json", "{}\n");
    files_text("b.json", "{}\n");
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, files_path("a.json"), times, 0), 0);
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, files_path("b.json"), times, 0), 0);
    fingerprint("", prints[0]);
    fingerprint("", prints[1]);
    CU_ASSERT_STRING_EQUAL(prints[0], prints[1]);
    fingerprint("a.json", prints[1]);
    times[1].tv_nsec = 2;
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, files_path("b.json"), times, 0), 0);
    fingerprint("", prints[2]);
    times[1].tv_nsec = 1;
    files_text("b.json", "{}\n\n");
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, files_path("b.json"), times, 0), 0);
    fingerprint("", prints[3]);
    files_text("b.json", "{}\n");
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, files_path("b.json"), times, 0), 0);
    CU_ASSERT_EQUAL(rename(files_path("b.json"), files_path("c.json")), 0);
    fingerprint("", prints[4]);
    CU_ASSERT_EQUAL(rename(files_path("c.json"), files_path("b.json")), 0);
    fingerprint("", prints[5]);
    CU_ASSERT_STRING_EQUAL(prints[0], prints[5]);
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(prints[i], prints[j]);
    files_end();
}

/* Formats are told by magic bytes, never by names; what can't be read is refused by its name. */
/* A name that begins as that of another file is none of its. */
static void test_names_in_a_list(void)
{
    struct source_file files[] = {{.path = "/d/a"},
                                  {.path = "/d/a!b"},
                                  {.path = "/d/a.json"},
                                  {.path = "/d/a.json.zip"},
                                  {.path = "/d/b.zip"}};
    struct source_list list = {.files = files, .file_count = 5};
    static const char *const there[] = {"/d/a",          "/d/a.json", "/d/a.json.zip!x!y",
                                        "/d/a!b!c/d.gz", "/d/a!x",    "/d/b.zip!/d/c"};
    static const char *const missing[] = {"",     "/d", "/d/a.json.gz", "/d/b.zip2",
                                          "/d/b", "!x", "/d/c!/a",      "/d/b.zip.x!/a"};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        CU_ASSERT_TRUE(source_has_name(&list, there[i]));
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        CU_ASSERT_FALSE(source_has_name(&list, missing[i]));
}

static void test_magic(void)
{
    files_begin();
    struct source_limits limits = files_limits();
    struct files_bytes gzip = {0};
    files_gzip(&gzip, "{}\n", 3);
    files_write("gzip.zip", gzip.at, gzip.count);
    files_write("gzip.json", gzip.at, gzip.count);
    free(gzip.at);
    files_zip("zip.json.gz", &(struct files_entry){"a", "{}\n", 3, ZIP_CM_STORE, 0, 0}, 1);
    files_expect("gzip.zip", &limits, "{}\n", 3);
    files_expect("gzip.json", &limits, "{}\n", 3);
    files_expect("zip.json.gz", &limits, "{}\n", 3);

    static const struct {
        const char *bytes;
        size_t count;
        const char *name;
    } refused[] = {
        {"\x28\xB5\x2F\xFD\x04\0", 6, "zstd"},   {"BZh91AY&SY", 10, "bzip2"},
        {"\xFD\x37\x7A\x58\x5A\0\0\4", 8, "xz"}, {"\x04\x22\x4D\x18@@", 6, "lz4"},
        {"7z\xBC\xAF\x27\x1C\0\4", 8, "7-Zip"},  {"\x1F\x9D\x90", 3, "compress (.Z)"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char expected[100];
        snprintf(expected, sizeof expected,
                 "holds %s, which is not read. Unpack it, or compress it with gzip",
                 refused[i].name);
        files_write("x.json.gz", refused[i].bytes, refused[i].count);
        files_expect_failure("x.json.gz", &limits, EXIT_SOURCE, expected);
        files_zip(
            "x.zip",
            &(struct files_entry){"e", refused[i].bytes, refused[i].count, ZIP_CM_DEFLATE, 0, 0},
            1);
        files_expect_failure("x.zip", &limits, EXIT_SOURCE, expected);
        gzip = (struct files_bytes){0};
        files_gzip(&gzip, refused[i].bytes, refused[i].count);
        files_write("x.gz", gzip.at, gzip.count);
        snprintf(expected, sizeof expected, "the gzip data holds %s, not text", refused[i].name);
        files_expect_failure("x.gz", &limits, EXIT_SOURCE, expected);
        free(gzip.at);
    }
    char tar[1024] = "a.json";
    memcpy(tar + 257, "ustar", 5);
    files_write("x.tar", tar, sizeof tar);
    files_expect_failure("x.tar", &limits, EXIT_SOURCE, "holds tar, which is not read");
    files_end();
}

static void test_guess(void)
{
    static const struct {
        const char *text;
        size_t bytes;
        const char *guess;
    } texts[] = {
        {"[{}]\n", 5, "a JSON array"},
        {" \n[", 3, "a JSON array"},
        {"\xEF\xBB\xBF[{}]\n", 8, "a JSON array"},
        {"a,b,c\n1,2,3", 11, "CSV"},
        {"<!DOCTYPE html>", 15, "HTML"},
        {"{\"error\":{}}\n", 13, "a JSON error"},
        {"{\"EVENT_TYPE\":1}", 16, "JSON, but"},
        {"Obj\1\4", 5, "Avro"},
        {"PAR1\x15", 5, "Parquet"},
        {"\xFF\xFE{\0", 4, "UTF-16"},
        {"{\0\"\0e\0", 6, "UTF-16"},
        {"\0{\0\"\0e", 6, "UTF-16"},
        {"x\x9C\xCB", 3, "a zlib stream"},
        {"\nPK\3\4", 5, "an archive"},
        {"hello", 5, "something else"},
        {"", 0, "something else"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *guess = source_guess(texts[i].text, texts[i].bytes);
        CU_ASSERT_EQUAL(strncmp(guess, texts[i].guess, strlen(texts[i].guess)), 0);
    }
}

/* Files of several projects are counted, whatever else is there. */
static void test_projects(void)
{
    files_begin();
    struct source_limits limits = files_limits();
    files_folder_make("d");
    files_text("d/100_2025-07-02_3#0.json", "{}\n");
    files_text("d/100_2025-07-02_13#0.json", "{}\n");
    files_text("d/1000_2025-07-02_3#0.json", "{}\n");
    files_text("d/1000_2025-07-02_3_complete", "");
    files_text("d/7_events.json", "{}\n");
    files_zip("d/z.zip",
              &(struct files_entry){"7/9_2025-07-02_3#0.json", "{}\n", 3, ZIP_CM_STORE, 0, 0}, 1);
    struct source_list *list = files_list("d", &limits);
    CU_ASSERT_EQUAL_FATAL(list->project_count, 3);
    CU_ASSERT_STRING_EQUAL(list->projects[0].number, "1000");
    CU_ASSERT_EQUAL(list->projects[0].files, 1);
    CU_ASSERT_STRING_EQUAL(list->projects[1].number, "100");
    CU_ASSERT_EQUAL(list->projects[1].files, 2);
    CU_ASSERT_STRING_EQUAL(list->projects[2].number, "9");
    source_free(list);
    files_end();
}

/* What holds another format is left out where that is asked for, with its name and a count. */
static void test_leave_out(void)
{
    files_begin();
    struct source_limits limits = files_limits();
    files_folder_make("d");
    files_text("d/a.json", "{}\n");
    files_text("d/b.zst", "\x28\xB5\x2F\xFD....");
    files_expect_failure("d", &limits, EXIT_SOURCE, "holds zstd, which is not read");
    limits.leave_out_foreign = true;
    struct source_list *list = files_list("d", &limits);
    CU_ASSERT_EQUAL(list->files_left_out, 1);
    CU_ASSERT_EQUAL(list->split_count, 1);
    CU_ASSERT_TRUE(files_has_note(list, "b.zst", "left out"));
    source_free(list);
    files_end();
}

static void check_same_list(const struct source_list *a, const struct source_list *b)
{
    CU_ASSERT_EQUAL_FATAL(a->file_count, b->file_count);
    CU_ASSERT_EQUAL_FATAL(a->split_count, b->split_count);
    CU_ASSERT_EQUAL(a->disk_bytes, b->disk_bytes);
    CU_ASSERT_STRING_EQUAL(a->fingerprint, b->fingerprint);
    for (size_t i = 0; i < a->file_count; i++) {
        CU_ASSERT_STRING_EQUAL(a->files[i].path, b->files[i].path);
        CU_ASSERT_EQUAL(a->files[i].bytes, b->files[i].bytes);
        CU_ASSERT_EQUAL(a->files[i].identity, b->files[i].identity);
        CU_ASSERT_EQUAL(a->files[i].ctime_ns, b->files[i].ctime_ns);
        CU_ASSERT_EQUAL(a->files[i].inode, b->files[i].inode);
        CU_ASSERT_EQUAL(a->files[i].format, b->files[i].format);
    }
    for (size_t i = 0; i < a->split_count; i++)
        CU_ASSERT_EQUAL(memcmp(&a->splits[i], &b->splits[i], sizeof a->splits[i]), 0);
}

static void test_pack(void)
{
    files_begin();
    files_folder_make("none");
    files_text("a.json", "{}\n{}\n{}\n");
    files_text("b.json", "");
    files_zip("c.zip", &(struct files_entry){"e", "{}\n", 3, ZIP_CM_DEFLATE, 0, 0}, 1);
    struct source_limits limits = files_limits();
    limits.range_bytes = 2;
    static const char *const names[] = {"", "none"};
    for (size_t i = 0; i < 2; i++) {
        struct source_list *list = files_list(names[i], &limits), *unpacked;
        struct failure failure = {0};
        unsigned char *bytes;
        size_t count;
        CU_ASSERT_EQUAL_FATAL(source_pack(list, &bytes, &count, &failure), 0);
        CU_ASSERT_EQUAL_FATAL(source_unpack(bytes, count, &unpacked, &failure), 0);
        check_same_list(list, unpacked);
        CU_ASSERT_EQUAL(unpacked->note_count, 0);
        source_free(unpacked);

        /* Every cut is refused; flipped bytes are refused or harmless, never a crash. */
        for (size_t cut = 0; cut < count; cut++) {
            unsigned char *part = malloc(cut + 1);
            CU_ASSERT_PTR_NOT_NULL_FATAL(part);
            memcpy(part, bytes, cut);
            failure.code = 0;
            CU_ASSERT_EQUAL(source_unpack(part, cut, &unpacked, &failure), -1);
            CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
            CU_ASSERT_PTR_NULL(unpacked);
            free(part);
        }
        for (size_t at = 0; at < 8 * count; at++) {
            bytes[at / 8] ^= (unsigned char)(1U << at % 8);
            failure.code = 0;
            if (source_unpack(bytes, count, &unpacked, &failure) == 0)
                source_free(unpacked);
            bytes[at / 8] ^= (unsigned char)(1U << at % 8);
        }
        free(bytes);
        source_free(list);
    }
    files_end();
}

struct told {
    uint64_t looked_at, found, calls, end_at;
    bool is_wrong;
};

static int hear(void *whom, uint64_t looked_at, uint64_t found, struct failure *failure)
{
    struct told *told = whom;
    told->calls++;
    told->is_wrong |= looked_at < told->looked_at || looked_at > found || found < told->found ||
                      looked_at + found > told->looked_at + told->found + 1;
    told->looked_at = looked_at;
    told->found = found;
    return told->calls == told->end_at ? failure_set(failure, EXIT_STOPPED, "enough") : 0;
}

static void test_watch(void)
{
    files_begin();
    for (int i = 0; i < 5; i++) {
        char name[20];
        snprintf(name, sizeof name, "%d.json", i);
        files_write(name, "{}\n", 3);
    }
    const char *from[1] = {files_folder};
    struct told told = {0};
    const struct source_watch watch = {hear, &told};
    struct source_limits limits = files_limits();
    struct source_list *list;
    struct failure failure = {0};
    CU_ASSERT_EQUAL_FATAL(source_list(from, 1, &limits, &watch, &list, &failure), 0);
    CU_ASSERT(told.calls == 11 && told.looked_at == 5 && told.found == 5 && !told.is_wrong);
    source_free(list);
    files_end();
}

/* Folders without files and archives of many entries may take long too. */
static void test_watch_ends(void)
{
    files_begin();
    static const struct files_entry entries[] = {{"1.json", "{}\n", 3, ZIP_CM_STORE, 0, 0},
                                                 {"2.json", "{}\n", 3, ZIP_CM_STORE, 0, 0}};
    files_folder_make("empty");
    files_folder_make("empty/too");
    files_zip("a.zip", entries, 2);
    files_write("b.json", "{}\n", 3);
    const char *from[1] = {files_folder};
    struct source_limits limits = files_limits();
    /* Three folders, two files found, two entries looked at, two files looked at. */
    for (uint64_t end_at = 1; end_at <= 10; end_at++) {
        struct told told = {.end_at = end_at};
        const struct source_watch watch = {hear, &told};
        struct source_list *list;
        struct failure failure = {0};
        bool ended = source_list(from, 1, &limits, &watch, &list, &failure) != 0;
        CU_ASSERT(ended == (end_at <= 9) && ended == (list == NULL) && !told.is_wrong);
        CU_ASSERT(told.calls == (ended ? end_at : 9));
        CU_ASSERT(failure.code == (ended ? EXIT_STOPPED : 0));
        source_free(list);
    }
    files_end();
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"a folder is walked", test_walk},
        {"globs and names", test_names},
        {"names that are refused", test_refused_names},
        {"what may not be read", test_locked},
        {"one order", test_order},
        {"fingerprint", test_fingerprint},
        {"names in a list", test_names_in_a_list},
        {"magic bytes", test_magic},
        {"what other files look like", test_guess},
        {"projects", test_projects},
        {"foreign files left out", test_leave_out},
        {"pack and unpack", test_pack},
        {"the look at the files is told", test_watch},
        {"the look at the files is ended", test_watch_ends},
    };
    return unit_main("source: listing", tests, sizeof tests / sizeof tests[0]);
}
