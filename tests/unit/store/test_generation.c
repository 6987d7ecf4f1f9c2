#include "support/checkpoint_folder.h"
#include "support/random.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A generation on disk, and every way to damage it: whatever is done to a file is found by its size
 * or digest, before HDF5 sees it.
 */

static char folder[64];
static struct store store;
static struct manifest manifest;
static char generation_path[128];
static struct state *empty; /* what is loaded into, as long as nothing was */
static uint64_t drawn;      /* of random.h */

/* Sanitizers make each trial some ten times as long. */
#if defined(__SANITIZE_ADDRESS__)
#define STRIDE 16
#else
#define STRIDE 1
#endif

/* How many bytes a trial is apart from the next; COURSE_FUNNEL_STRIDE makes it larger. */
static size_t stride_of(size_t bytes)
{
    const char *text = getenv("COURSE_FUNNEL_STRIDE");
    if (text != NULL && strtoull(text, NULL, 10) > STRIDE)
        return strtoull(text, NULL, 10);
    return bytes > 20000 ? STRIDE : 1;
}

/* One generation with two stretches of rejects, written as the job writes it. */
static void write_generation(struct manifest *made, uint32_t number, uint32_t users)
{
    struct failure failure = {0};
    struct state *state = NULL;
    struct generation generation;
    char name[STORE_NAME_BYTES], *text = NULL;
    size_t bytes = 0;
    bool overtaken = false;
    struct rejects_stretch stretches[2] = {
        {.split = 0, .rank = 0, .attempt = 1, .begin = 0, .end = 4},
        {.split = 1, .rank = 0, .attempt = 1, .begin = 4, .end = 7}};
    *made = (struct manifest){.attempt = store.attempt.number,
                              .generation = number,
                              .ranks = 1,
                              .split_count = 2,
                              .next = {.splits = 2},
                              .version = "1.0.0"};
    days_begin(&made->days, 20000);
    memcpy(made->history_id, store.attempt.history_id, sizeof made->history_id);
    memcpy(made->run_id, store.attempt.history_id, sizeof made->run_id);
    memset(made->input_fingerprint, 'f', sizeof made->input_fingerprint - 1);
    made->inputs = calloc(1, sizeof *made->inputs);
    made->input_count = 1;
    made->inputs[0] =
        (struct manifest_input){.path = strdup("/data/a.json"), .bytes = 7, .splits = 2};
    made->parts = calloc(1, sizeof *made->parts);
    made->part_count = 1;
    made->parts[0] = (struct manifest_part){.attempt = 1, .rank = 0, .bytes = 7};
    digest_bytes(REJECTS_DIGEST_IDENTITY, "abc\nde\n", 7, made->parts[0].digest);

    CU_ASSERT_EQUAL_FATAL(state_create(0, 1, &state, &failure), 0);
    folder_fill_state(state, users);
    store_name((struct store_generation){made->attempt, number}, name);
    CU_ASSERT_EQUAL_FATAL(
        store_make(&store, (struct store_generation){made->attempt, number}, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(generation_open(&store, made, &generation, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(
        generation_write_state(&generation, state, &made->files, &made->file_count, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(
        generation_write_stretches(&generation, stretches, 2, &made->stretches, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(manifest_print(made, &text, &bytes, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(store_commit(&store, (struct store_generation){made->attempt, number},
                                       text, bytes, &overtaken, &failure),
                          0);
    free(text);
    generation_close(&generation);
    state_free(state);
}

static void set_up(void)
{
    struct failure failure = {0};
    char path[128];
    folder_make(folder);
    CU_ASSERT_EQUAL_FATAL(chmod(folder, 0700), 0);
    CU_ASSERT_EQUAL_FATAL(store_open(folder, &store, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(
        store_begin(&store, false, "12345678-1234-1234-1234-123456789abc", &failure), 0);
    snprintf(path, sizeof path, "%s/rejects/part-0001-0", folder);
    folder_write(path, "abc\nde\nof no use any more", 25);
    write_generation(&manifest, 1, 40);
    snprintf(generation_path, sizeof generation_path, "%s/generation-0001-000001", folder);
}

static void tear_down(void)
{
    manifest_clear(&manifest);
    store_close(&store);
    folder_remove(folder);
}

/* All that a job does with a generation before it goes on from it. */
static int load(struct failure *failure)
{
    struct durable_bytes text = {0};
    struct manifest read = {0};
    struct generation generation = {0};
    struct rejects_stretch *stretches = NULL;
    size_t stretch_count = 0;
    int result = store_read_manifest(&store, (struct store_generation){1, 1}, &text, failure);
    if (result == 0)
        result = manifest_parse((char *)text.bytes, text.byte_count, &read, failure);
    durable_bytes_free(&text);
    if (result != 0)
        return -1;
    if (generation_open(&store, &read, &generation, failure) != 0 ||
        generation_load_stretches(&generation, &stretches, &stretch_count, failure) != 0 ||
        generation_check_parts(&store, &read, failure) != 0 ||
        (empty == NULL && state_create(0, 1, &empty, failure) != 0) ||
        generation_load_state(&generation, empty, failure) != 0)
        result = -1;
    if (empty != NULL && folder_count_users(empty) > 0) {
        /* Nothing of a file whose digest is wrong is taken. */
        CU_ASSERT_EQUAL(result, 0);
        CU_ASSERT_EQUAL(folder_count_users(empty), 40);
        state_free(empty);
        empty = NULL;
    }
    free(stretches);
    generation_close(&generation);
    manifest_clear(&read);
    return result;
}

/* Damage is found, and by what stands before HDF5. */
static void expect_found(const char *what)
{
    struct failure failure = {0};
    int result = load(&failure);
    bool early = strstr(failure.message, "digest") != NULL ||
                 strstr(failure.message, "bytes long") != NULL ||
                 strstr(failure.message, "cannot be opened") != NULL ||
                 strstr(failure.message, "too short") != NULL ||
                 strstr(failure.message, "this one name") != NULL;
    if (result == 0 || failure.code != STORE_DAMAGED || !early)
        fprintf(stderr, "%s: %d \"%s\"\n", what, result, failure.message);
    CU_ASSERT_EQUAL(result, -1);
    CU_ASSERT_EQUAL(failure.code, STORE_DAMAGED);
    CU_ASSERT(early);
}

static void expect_whole(void)
{
    struct failure failure = {0};
    CU_ASSERT_EQUAL(load(&failure), 0);
    if (failure.code != 0)
        fprintf(stderr, "said: %s\n", failure.message);
}

/* The paths of all files that count, one at a time; the last is the part of rejects. */
static bool path_of(size_t at, char path[256])
{
    char name[MANIFEST_NAME_BYTES];
    if (at < manifest.file_count) {
        manifest_file_name(&manifest.files[at], name);
        snprintf(path, 256, "%s/%s", generation_path, name);
        return true;
    }
    switch (at - manifest.file_count) {
    case 0:
        snprintf(path, 256, "%s/" MANIFEST_STRETCHES_NAME, generation_path);
        return true;
    case 1:
        snprintf(path, 256, "%s/" MANIFEST_NAME, generation_path);
        return true;
    case 2:
        snprintf(path, 256, "%s/rejects/part-0001-0", folder);
        return true;
    }
    return false;
}

static void test_every_byte(void)
{
    char path[256];
    unsigned long tried = 0;
    set_up();
    expect_whole();
    for (size_t file = 0; path_of(file, path); file++) {
        size_t bytes = 0;
        unsigned char *text = folder_read(path, &bytes);
        int fd = open(path, O_WRONLY);
        CU_ASSERT_FATAL(fd >= 0);
        /* Of a part only the begin counts. */
        size_t counted = strstr(path, "part") != NULL ? 7 : bytes;
        size_t stride = stride_of(bytes);
        for (size_t at = random_below(&drawn, stride); at < counted; at += stride) {
            unsigned char flipped = (unsigned char)(text[at] ^ (1u << random_below(&drawn, 8)));
            CU_ASSERT_EQUAL_FATAL(pwrite(fd, &flipped, 1, (off_t)at), 1);
            expect_found(path);
            CU_ASSERT_EQUAL_FATAL(pwrite(fd, &text[at], 1, (off_t)at), 1);
            tried++;
        }
        close(fd);
        free(text);
    }
    expect_whole();
    printf("%lu bytes ", tried);
    CU_ASSERT(tried > 100000 / stride_of(UINT32_MAX));
    tear_down();
}

static void test_every_length(void)
{
    char path[256];
    set_up();
    for (size_t file = 0; path_of(file, path); file++) {
        size_t bytes = 0;
        unsigned char *text = folder_read(path, &bytes);
        bool part = strstr(path, "part") != NULL;
        size_t step = bytes > 10000 ? 61 * stride_of(0) : stride_of(UINT32_MAX);
        for (size_t length = 0; length < (part ? 7 : bytes); length += step) {
            CU_ASSERT_EQUAL_FATAL(truncate(path, (off_t)length), 0);
            expect_found(path);
            folder_write(path, text, bytes);
        }
        if (!part) {
            CU_ASSERT_EQUAL_FATAL(truncate(path, (off_t)bytes + 1), 0);
            expect_found(path);
            folder_write(path, text, bytes);
        }
        free(text);
    }
    expect_whole();
    tear_down();
}

/* Pages of zeros, of words turned from 0 to 0xffff, and pages in each other's place. */
static void test_pages(void)
{
    char path[256];
    set_up();
    for (size_t file = 0; path_of(file, path); file++) {
        size_t bytes = 0, page = 512, step = page * stride_of(0);
        unsigned char *text = folder_read(path, &bytes);
        unsigned char *damaged = malloc(bytes + 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(damaged);
        if (strstr(path, "part") != NULL)
            bytes = 0;
        for (size_t at = 0; at + 2 * page <= bytes; at += step) {
            memcpy(damaged, text, bytes);
            memset(damaged + at, 0, page);
            if (memcmp(damaged, text, bytes) != 0) {
                folder_write(path, damaged, bytes);
                expect_found("a page of zeros");
            }
            memcpy(damaged, text, bytes);
            memset(damaged + at + random_below(&drawn, page - 2), 0xff, 2);
            if (memcmp(damaged, text, bytes) != 0) {
                folder_write(path, damaged, bytes);
                expect_found("a word of ones");
            }
            memcpy(damaged, text, bytes);
            memcpy(damaged + at, text + at + page, page);
            memcpy(damaged + at + page, text + at, page);
            if (memcmp(damaged, text, bytes) != 0) {
                folder_write(path, damaged, bytes);
                expect_found("two pages swapped");
            }
        }
        free(damaged);
        if (bytes > 0)
            folder_write(path, text, bytes);
        free(text);
    }
    expect_whole();
    tear_down();
}

static void test_other_things_in_place(void)
{
    char path[256], other[300];
    set_up();
    for (size_t file = 0; path_of(file, path); file++) {
        snprintf(other, sizeof other, "%s.kept", path);
        CU_ASSERT_EQUAL_FATAL(rename(path, other), 0);
        expect_found("missing");
        CU_ASSERT_EQUAL_FATAL(symlink(other, path), 0);
        expect_found("a symbolic link");
        CU_ASSERT_EQUAL_FATAL(unlink(path), 0);
        CU_ASSERT_EQUAL_FATAL(link(other, path), 0);
        expect_found("a hard link");
        CU_ASSERT_EQUAL_FATAL(unlink(path), 0);
        CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
        expect_found("a FIFO");
        CU_ASSERT_EQUAL_FATAL(unlink(path), 0);
        CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
        expect_found("a folder");
        CU_ASSERT_EQUAL_FATAL(rmdir(path), 0);
        CU_ASSERT_EQUAL_FATAL(rename(other, path), 0);
    }
    expect_whole();
    tear_down();
}

/* A file of another generation of the same run, of the same records and so the same size. */
static void test_foreign_files(void)
{
    char path[256], other[300];
    struct manifest second;
    set_up();
    write_generation(&second, 2, 40);
    for (size_t file = 0; file <= manifest.file_count; file++) {
        size_t bytes = 0, other_bytes = 0;
        CU_ASSERT_FATAL(path_of(file, path));
        snprintf(other, sizeof other, "%s/generation-0001-000002/%s", folder,
                 strrchr(path, '/') + 1);
        unsigned char *text = folder_read(path, &bytes);
        unsigned char *foreign = folder_read(other, &other_bytes);
        CU_ASSERT_EQUAL(bytes, other_bytes);
        CU_ASSERT_EQUAL(memcmp(text, foreign, bytes), 0);
        free(text);
        free(foreign);
    }
    /* The same bytes have another digest there, so that the manifest of one does not fit the other.
     */
    CU_ASSERT(strcmp(manifest.files[0].digest, second.files[0].digest) != 0);
    CU_ASSERT(strcmp(manifest.stretches.digest, second.stretches.digest) != 0);

    manifest_clear(&second);
    tear_down();
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"a bit flipped in any byte", test_every_byte},
        {"cut off at any length, and longer", test_every_length},
        {"pages of zeros, words of ones, pages swapped", test_pages},
        {"something else in a file's place", test_other_things_in_place},
        {"a file of another generation", test_foreign_files},
    };
    drawn = random_seed();
    int result = unit_main("generation", tests, sizeof tests / sizeof tests[0]);
    state_free(empty);
    return result;
}
