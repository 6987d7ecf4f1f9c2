#include "course_funnel/rejects.h"
#include "rejects/reject_line.h"
#include "unit/unit.h"

#include <cjson/cJSON.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/rejects-XXXXXX";

static void expect_field(const char *text, size_t bytes, const char *field, const char *value)
{
    char *line = NULL;
    struct failure failure = {0};
    CU_ASSERT_FATAL(
        reject_line_format("a/b.json", 17, REJECT_NO_TIME, text, bytes, &line, &failure) == 0);
    CU_ASSERT(strchr(line, '\n') == NULL);
    cJSON *object = cJSON_Parse(line);
    CU_ASSERT_FATAL(object != NULL);
    const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, field));
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    CU_ASSERT_STRING_EQUAL(found, value);
    CU_ASSERT_STRING_EQUAL(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "reason")),
                           "no_time");
    CU_ASSERT_EQUAL(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, "offset")), 17);
    cJSON_Delete(object);
    free(line);
}

static void test_text_is_kept_whole(void)
{
    static const char text[] = "{\"a\\u0000\":\"\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}\r";
    expect_field(text, sizeof text - 1, "text", text);
    expect_field("a\0b", 3, "text_base64", "YQBi");
    expect_field("\xff", 1, "text_base64", "/w==");
    expect_field("\xc0\x80", 2, "text_base64", "wIA=");             /* over-long */
    expect_field("\xed\xa0\x80", 3, "text_base64", "7aCA");         /* a surrogate */
    expect_field("\xf4\x90\x80\x80", 4, "text_base64", "9JCAgA=="); /* over U+10FFFF */
    expect_field("\xe2\x82", 2, "text_base64", "4oI=");             /* cut off */
    expect_field("", 0, "text", "");
}

static char *read_all(const char *path)
{
    static char text[4096];
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    size_t bytes = fread(text, 1, sizeof text - 1, file);
    text[bytes] = '\0';
    fclose(file);
    return text;
}

static void test_parts_are_joined_in_the_order_of_splits(void)
{
    char path[64], parts[80], part[128];
    struct failure failure = {0};
    struct rejects_place place = {
        .path = path, .parts = parts, .run_id = "att", .attempt = 1, .code = EXIT_TARGET};
    struct rejects *rejects[2] = {0};
    struct rejects_stretch stretches[8];
    size_t total = 0;
    snprintf(path, sizeof path, "%s/rejects.ndjson", folder);
    snprintf(parts, sizeof parts, "%s.part", path);
    for (int rank = 0; rank < 2; rank++)
        CU_ASSERT_FATAL(rejects_create(&place, rank, &rejects[rank], &failure) == 0);

    /* Rank 0 reads splits 3 and 0, rank 1 reads split 2 and nothing of split 1. */
    CU_ASSERT(rejects_add(rejects[0], 0, 3, "s3", 0, REJECT_NO_USER, "x", 1, &failure) == 0);
    CU_ASSERT(rejects_add(rejects[0], 0, 0, "s0", 5, REJECT_NO_USER, "x", 1, &failure) == 0);
    CU_ASSERT(rejects_add(rejects[0], 0, 0, "s0", 9, REJECT_NO_USER, "x", 1, &failure) == 0);
    CU_ASSERT(rejects_add(rejects[1], 0, 2, "s2", 1, REJECT_NO_USER, "x", 1, &failure) == 0);
    for (int rank = 0; rank < 2; rank++) {
        const struct rejects_stretch *own = NULL;
        size_t count = 0;
        CU_ASSERT(rejects_flush(rejects[rank], &own, &count, &failure) == 0);
        memcpy(stretches + total, own, count * sizeof *own);
        total += count;
    }
    CU_ASSERT_EQUAL(total, 3);
    CU_ASSERT(rejects_join(&place, stretches, total, &failure) == 0);
    CU_ASSERT_STRING_EQUAL(
        read_all(path), "{\"source\":\"s0\",\"offset\":5,\"reason\":\"no_user\",\"text\":\"x\"}\n"
                        "{\"source\":\"s0\",\"offset\":9,\"reason\":\"no_user\",\"text\":\"x\"}\n"
                        "{\"source\":\"s2\",\"offset\":1,\"reason\":\"no_user\",\"text\":\"x\"}\n"
                        "{\"source\":\"s3\",\"offset\":0,\"reason\":\"no_user\",\"text\":\"x\"}\n");

    for (int rank = 0; rank < 2; rank++) {
        rejects_free(rejects[rank]);
        snprintf(part, sizeof part, "%s-0001-%d", parts, rank);
        CU_ASSERT(access(part, F_OK) != 0);
    }
    /* A part that is gone is told, and the joined file stays as it was. */
    CU_ASSERT(rejects_join(&place, stretches, total, &failure) == -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_TARGET);
    CU_ASSERT(strstr(failure.message, "place that all hosts share") != NULL);
    CU_ASSERT(strlen(read_all(path)) > 100);
}

/* A run that goes on merges its rejects with the one part of the run before. */
static void test_inputs_that_come_between_have_their_rejects_there(void)
{
    char path[64], parts[80], digest[DIGEST_BYTES], due[DIGEST_BYTES];
    static const uint32_t numbers[] = {1, 2};
    struct failure failure = {0};
    struct rejects_place place = {.path = path,
                                  .parts = parts,
                                  .run_id = "att",
                                  .attempt = 1,
                                  .lasting = true,
                                  .code = EXIT_CHECKPOINT};
    struct rejects *rejects = NULL;
    const struct rejects_stretch *own = NULL;
    struct rejects_stretch stretches[3];
    size_t count = 0;
    uint64_t bytes = 0, more = 0;
    snprintf(path, sizeof path, "%s/rejects.ndjson", folder);
    snprintf(parts, sizeof parts, "%s/part", folder);
    CU_ASSERT_FATAL(rejects_create(&place, 0, &rejects, &failure) == 0);
    CU_ASSERT(rejects_add(rejects, 1, 0, "b", 7, REJECT_NO_USER, "x", 1, &failure) == 0);
    CU_ASSERT(rejects_add(rejects, 0, 2, "a", 5, REJECT_NO_USER, "x", 1, &failure) == 0);
    CU_ASSERT(rejects_flush(rejects, &own, &count, &failure) == 0);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    memcpy(stretches, own, count * sizeof *own);
    CU_ASSERT(rejects_join_part(&place, stretches, count, &bytes, digest, &failure) == 0);
    CU_ASSERT_EQUAL(bytes, stretches[1].end);
    CU_ASSERT_EQUAL(stretches[0].input, 0);
    CU_ASSERT_EQUAL(stretches[1].begin, stretches[0].end);
    CU_ASSERT_EQUAL(stretches[1].rank, REJECTS_JOINED_RANK);
    rejects_hand_over(rejects);
    CU_ASSERT(rejects_flush(rejects, &own, &count, &failure) == 0);
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT(rejects_sync(rejects, &more, due, &failure) == 0);
    CU_ASSERT_EQUAL(more, 0);
    rejects_free(rejects);

    /* An input before both, with a later split than they have. */
    rejects_renumber(stretches, 2, numbers);
    CU_ASSERT_EQUAL(stretches[0].input, 1);
    CU_ASSERT_EQUAL(stretches[1].input, 2);
    place.attempt = 2;
    CU_ASSERT_FATAL(rejects_create(&place, 0, &rejects, &failure) == 0);
    CU_ASSERT(rejects_add(rejects, 0, 5, "0", 1, REJECT_NO_USER, "x", 1, &failure) == 0);
    CU_ASSERT(rejects_flush(rejects, &own, &count, &failure) == 0);
    stretches[2] = own[0];
    CU_ASSERT(rejects_join(&place, stretches, 3, &failure) == 0);
    CU_ASSERT_STRING_EQUAL(
        read_all(path), "{\"source\":\"0\",\"offset\":1,\"reason\":\"no_user\",\"text\":\"x\"}\n"
                        "{\"source\":\"a\",\"offset\":5,\"reason\":\"no_user\",\"text\":\"x\"}\n"
                        "{\"source\":\"b\",\"offset\":7,\"reason\":\"no_user\",\"text\":\"x\"}\n");
    CU_ASSERT(rejects_join_part(&place, stretches, 3, &bytes, digest, &failure) == 0);
    CU_ASSERT_EQUAL(bytes, strlen(read_all(path)));
    digest_bytes(REJECTS_DIGEST_IDENTITY, read_all(path), (size_t)bytes, due);
    CU_ASSERT_STRING_EQUAL(digest, due);
    /* Its name is taken: nothing is lost by a second one. */
    CU_ASSERT(rejects_join_part(&place, stretches, 3, &bytes, digest, &failure) == -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_CHECKPOINT);
    rejects_free(rejects);
    for (uint32_t attempt = 1; attempt <= 2; attempt++)
        for (uint32_t rank = 0; rank <= REJECTS_JOINED_RANK; rank += REJECTS_JOINED_RANK) {
            char part[128];
            rejects_part_name(parts, attempt, rank, part, sizeof part);
            CU_ASSERT(unlink(part) == 0);
        }
    CU_ASSERT(unlink(path) == 0);
}

static void test_no_reject_leaves_an_empty_file(void)
{
    char path[64];
    struct failure failure = {0};
    struct rejects_place place = {
        .path = path, .parts = path, .run_id = "att", .attempt = 1, .code = EXIT_TARGET};
    snprintf(path, sizeof path, "%s/rejects.ndjson", folder);
    CU_ASSERT(rejects_join(&place, NULL, 0, &failure) == 0);
    CU_ASSERT_STRING_EQUAL(read_all(path), "");
    CU_ASSERT(unlink(path) == 0);
}

static void test_a_place_that_cannot_be_written_is_told(void)
{
    struct failure failure = {0};
    CU_ASSERT(rejects_check("/proc/rejects.ndjson", &failure) == -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_TARGET);
    CU_ASSERT(strstr(failure.message, "--rejects") != NULL);
    failure.code = 0;
    CU_ASSERT(rejects_check(folder, &failure) == -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_USAGE);
    failure.code = 0;
    char path[64];
    snprintf(path, sizeof path, "%s/rejects.ndjson", folder);
    CU_ASSERT(rejects_check(path, &failure) == 0);

    /* A disk that takes a file's name, but not its bytes. */
    struct rlimit before, none;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    CU_ASSERT(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    for (none.rlim_cur = 0; none.rlim_cur < 6; none.rlim_cur += 3) {
        failure.code = 0;
        CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &none), 0);
        CU_ASSERT(rejects_check(path, &failure) == -1);
        CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &before), 0);
        CU_ASSERT_EQUAL(failure.code, EXIT_TARGET);
        CU_ASSERT(strstr(failure.message, "the rejects cannot be written: ") != NULL);
    }
    /* Nothing is left behind. */
    CU_ASSERT_EQUAL(rmdir(folder), 0);
    CU_ASSERT_EQUAL(mkdir(folder, 0700), 0);
}

/* What stands there by the name of the unfinished file is not written through. */
static void test_a_leftover_is_replaced(void)
{
    char path[64], leftover[80], other[80];
    struct failure failure = {0};
    struct rejects_place place = {
        .path = path, .parts = path, .run_id = "att", .attempt = 1, .code = EXIT_TARGET};
    snprintf(path, sizeof path, "%s/rejects.ndjson", folder);
    snprintf(leftover, sizeof leftover, "%s.joined-att", path);
    snprintf(other, sizeof other, "%s.other", path);
    FILE *file = fopen(other, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT(fputs("kept", file) >= 0);
    CU_ASSERT_EQUAL(fclose(file), 0);
    CU_ASSERT_EQUAL(symlink(other, leftover), 0);
    CU_ASSERT(rejects_join(&place, NULL, 0, &failure) == 0);
    CU_ASSERT_STRING_EQUAL(read_all(other), "kept");
    struct stat status;
    CU_ASSERT(lstat(path, &status) == 0 && S_ISREG(status.st_mode));
    CU_ASSERT(unlink(path) == 0 && unlink(other) == 0);
}

static void test_the_first_of_each_reason_is_found(void)
{
    static const struct {
        const char *source, *text;
        size_t bytes;
        enum reject_reason reason;
    } kept[] = {
        {"a\",\"offset\":7,\"reason\":\"no_user\",\n", "{\"a\":\"\t\xc3\xa9\"}", 11,
         REJECT_NO_TIME},
        {"b", "x\0y\xff", 4, REJECT_NOT_JSON},
        {"c", "later", 5, REJECT_NO_TIME},
        {"d", "not asked for", 13, REJECT_NO_LESSON},
    };
    const uint64_t counts[REJECT_REASONS] = {
        [REJECT_NO_TIME] = 2, [REJECT_NOT_JSON] = 1, [REJECT_NO_COURSE] = 1, [REJECT_NO_USER] = 1};
    struct rejects_sample samples[REJECT_REASONS];
    struct failure failure = {0};
    char path[64], text[300];
    snprintf(path, sizeof path, "%s/first", folder);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        char *line = NULL;
        CU_ASSERT_FATAL(reject_line_format(kept[i].source, UINT64_MAX - i, kept[i].reason,
                                           kept[i].text, kept[i].bytes, &line, &failure) == 0);
        fprintf(file, "%s\n", line);
        free(line);
    }
    /* Of all lengths that base64 pads in its own way, and longer than is shown. */
    memset(text, '\xfe', sizeof text);
    char *line = NULL;
    CU_ASSERT_FATAL(
        reject_line_format("e", 1, REJECT_NO_COURSE, text, sizeof text, &line, &failure) == 0);
    fprintf(file, "%s\n", line);
    free(line);
    CU_ASSERT_EQUAL(fclose(file), 0);

    rejects_first(path, counts, NULL, NULL, samples);
    CU_ASSERT_STRING_EQUAL(samples[REJECT_NO_TIME].source,
                           "a\",\"offset\":7,\"reason\":\"no_user\",\\x0A");
    CU_ASSERT_STRING_EQUAL(samples[REJECT_NO_TIME].text, "{\"a\":\"\\x09\xc3\xa9\"}");
    CU_ASSERT(samples[REJECT_NO_TIME].is_there && !samples[REJECT_NO_TIME].is_cut);
    CU_ASSERT_EQUAL(samples[REJECT_NO_TIME].offset, UINT64_MAX);
    CU_ASSERT_STRING_EQUAL(samples[REJECT_NOT_JSON].text, "x\\x00y\\xFF");
    CU_ASSERT_EQUAL(samples[REJECT_NOT_JSON].offset, UINT64_MAX - 1);
    CU_ASSERT_EQUAL(strlen(samples[REJECT_NO_COURSE].text), 200);
    CU_ASSERT(samples[REJECT_NO_COURSE].is_cut);
    CU_ASSERT_FALSE(samples[REJECT_NO_LESSON].is_there);
    CU_ASSERT_FALSE(samples[REJECT_NO_USER].is_there);
    CU_ASSERT_EQUAL(unlink(path), 0);
    rejects_first(path, counts, NULL, NULL, samples);
    CU_ASSERT_FALSE(samples[REJECT_NO_TIME].is_there);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"text is kept whole", test_text_is_kept_whole},
        {"parts are joined in the order of splits", test_parts_are_joined_in_the_order_of_splits},
        {"inputs that come between have their rejects there",
         test_inputs_that_come_between_have_their_rejects_there},
        {"no reject leaves an empty file", test_no_reject_leaves_an_empty_file},
        {"a place that cannot be written is told", test_a_place_that_cannot_be_written_is_told},
        {"a leftover is replaced", test_a_leftover_is_replaced},
        {"the first of each reason is found", test_the_first_of_each_reason_is_found},
    };
    if (mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    int result = unit_main("rejects", tests, sizeof tests / sizeof tests[0]);
    return rmdir(folder) == 0 ? result : EXIT_FAILURE;
}
