#include "commands/learners/learners_read.h"

#include "course_funnel/fault.h"
#include "course_funnel/generation.h"
#include "course_funnel/store_mark.h"
#include "support/checkpoint_folder.h"
#include "unit/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The state that is read: that of the mark, also where it moves, and what is said of none. */

#define HISTORY "12345678-1234-1234-1234-123456789abc"
#define COURSE 2

static char folder[64];
static struct store store;

static const struct learners_wish wish = {.course_id = COURSE, .who = LEARNERS_STARTED};

static void run_id(char id[37], uint32_t number)
{
    snprintf(id, 37, "%08u-1234-1234-1234-123456789abc", number);
}

/* Commit a generation that is whole, with its files if it has any. */
static struct manifest_other commit(struct manifest *manifest, const struct state *state)
{
    struct failure failure = {0};
    struct generation generation;
    struct store_generation name = {manifest->attempt, manifest->generation};
    struct manifest_other other = {manifest->attempt, manifest->generation, ""};
    struct manifest_file sums = {0};
    struct tally tally = {0};
    struct entries entries = {0};
    char *text = NULL;
    size_t bytes = 0;
    bool overtaken = false;
    CU_ASSERT_EQUAL_FATAL(store_make(&store, name, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(generation_open(&store, manifest, &generation, &failure), 0);
    if (state != NULL) {
        CU_ASSERT_EQUAL_FATAL(generation_write_state(&generation, state, &manifest->files,
                                                     &manifest->file_count, &failure),
                              0);
    } else {
        CU_ASSERT_EQUAL_FATAL(
            generation_write_sums(&generation, &tally, &tally, &entries, &sums, &failure), 0);
        manifest->files = malloc(sizeof sums);
        CU_ASSERT_PTR_NOT_NULL_FATAL(manifest->files);
        manifest->files[manifest->file_count++] = sums;
    }
    CU_ASSERT_EQUAL_FATAL(
        generation_write_stretches(&generation, NULL, 0, &manifest->stretches, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(manifest_print(manifest, &text, &bytes, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(store_commit(&store, name, text, bytes, &overtaken, &failure), 0);
    manifest_digest(text, bytes, other.digest);
    free(text);
    generation_close(&generation);
    manifest_clear(manifest);
    return other;
}

static struct manifest begin_manifest(uint32_t number, int64_t last_us)
{
    struct manifest manifest = {.attempt = store.attempt.number,
                                .generation = number,
                                .ranks = 1,
                                .version = "1.0.0",
                                .history_id = HISTORY};
    run_id(manifest.run_id, number);
    days_begin(&manifest.days, 20000);
    if (last_us != DAYS_NONE) {
        struct failure failure = {0};
        CU_ASSERT_EQUAL(days_add(&manifest.days, last_us, &failure), 0);
    }
    memset(manifest.input_fingerprint, 'f', sizeof manifest.input_fingerprint - 1);
    return manifest;
}

/* A state of so many users, finished or not. */
static struct manifest_other write_state(uint32_t number, uint32_t users, bool is_finished)
{
    struct failure failure = {0};
    struct state *state = NULL;
    struct manifest manifest = begin_manifest(number, 5000);
    manifest.is_finished = is_finished;
    CU_ASSERT_EQUAL_FATAL(state_create(0, 1, &state, &failure), 0);
    folder_fill_state(state, users);
    struct manifest_other other = commit(&manifest, state);
    state_free(state);
    return other;
}

static void write_sums(uint32_t number, const struct manifest_other *of, int64_t last_us)
{
    struct manifest manifest = begin_manifest(number, last_us);
    manifest.kind = MANIFEST_SUMS;
    manifest.sums_of = *of;
    (void)commit(&manifest, NULL);
}

static void mark(uint32_t number)
{
    struct failure failure = {0};
    bool overtaken = false;
    struct store_mark marked = {.base = {store.attempt.number, number}};
    CU_ASSERT_EQUAL_FATAL(store_mark_write(&store, &marked, &overtaken, &failure), 0);
}

static void set_up(void)
{
    struct failure failure = {0};
    folder_make(folder);
    CU_ASSERT_EQUAL_FATAL(chmod(folder, 0700), 0);
    CU_ASSERT_EQUAL_FATAL(store_open(folder, &store, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(store_begin(&store, false, HISTORY, &failure), 0);
}

static void tear_down(void)
{
    store_close(&store);
    folder_remove(folder);
}

/* Each fifth user is of the course, as folder_fill_state has it. */
static void reads(uint32_t number, uint32_t users)
{
    struct failure failure = {0};
    struct learners_list list = {.count = 0};
    char id[37];
    run_id(id, number);
    if (learners_read(folder, &wish, &list, &failure) != 0)
        printf("%s\n", failure.message);
    CU_ASSERT_EQUAL(failure.code, 0);
    CU_ASSERT_STRING_EQUAL(list.run_id, id);
    CU_ASSERT_EQUAL(list.count, (users + 4 - COURSE) / 5);
    for (size_t i = 1; i < list.count; i++)
        CU_ASSERT(learners_compare(&list.rows[i - 1], &list.rows[i]) < 0);
    learners_clear(&list);
}

static void fails(const struct learners_wish *wanted, int code, const char *text)
{
    struct failure failure = {0};
    struct learners_list list = {.count = 0};
    CU_ASSERT_EQUAL(learners_read(folder, wanted, &list, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, code);
    if (strstr(failure.message, text) == NULL)
        printf("\"%s\" where this is due: %s\n", failure.message, text);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, text));
    learners_clear(&list);
}

static void test_the_marked_one(void)
{
    set_up();
    write_state(1, 40, true);
    fails(&wish, EXIT_STRANGER, "--keep-learners");
    write_state(2, 60, true);
    mark(1);
    reads(1, 40);
    mark(2);
    reads(2, 60);
    tear_down();
}

static void test_published_again(void)
{
    set_up();
    struct manifest_other other = write_state(1, 30, true), base = write_state(2, 40, true);
    mark(2);
    write_sums(3, &base, 5000);
    write_sums(4, &base, DAYS_NONE);
    write_sums(5, &other, 5000);
    base.digest[0] = base.digest[0] == '0' ? '1' : '0';
    write_sums(6, &base, 5000);
    reads(4, 40);
    struct learners_wish idle = wish;
    idle.has_idle = true;
    fails(&idle, EXIT_USAGE, "no event of such a day");
    tear_down();
}

static void test_what_is_not_there(void)
{
    set_up();
    write_state(1, 40, true);
    mark(1);
    struct learners_wish other = wish;
    other.course_id = 5;
    fails(&other, EXIT_USAGE, "There are the courses 0, 1, 2, 3, 4.");
    other = wish;
    other.has_cohort = true;
    fails(&other, EXIT_USAGE, "There are the cohorts 1969-12-29.");
    other = wish;
    other.has_lesson = true;
    other.lesson_id = 7;
    fails(&other, EXIT_USAGE, "There are the lessons 0, 1, 2, 3, 4, 5, 6.");
    tear_down();
}

static void test_not_usable(void)
{
    char path[128];
    set_up();
    write_state(1, 40, false);
    mark(1);
    fails(&wish, EXIT_CHECKPOINT, "is not the state of a finished run");
    mark(7);
    fails(&wish, EXIT_CHECKPOINT, "generation-0001-000007");
    write_state(2, 40, true);
    mark(2);
    snprintf(path, sizeof path, "%s/attempt", folder);
    folder_write(path, "", 0);
    reads(2, 40); /* whose the folder is only proves more */
    snprintf(path, sizeof path, "%s/mark", folder);
    folder_write(path, "", 0);
    fails(&wish, EXIT_STRANGER, "mark: is damaged");
    tear_down();
}

#ifdef COURSE_FUNNEL_FAULTS

/* Between two files another night is marked, and what was read is removed. */
static void move_on(int signal)
{
    struct failure failure = {0};
    (void)signal;
    mark(2);
    CU_ASSERT_EQUAL(store_remove(&store, (struct store_generation){1, 1}, &failure), 0);
}

static void test_moves_on(void)
{
    set_up();
    CU_ASSERT_EQUAL(setenv("COURSE_FUNNEL_FAULT_NUMBERS", "generation.file_bytes=4096", 1), 0);
    write_state(1, 4000, true);
    write_state(2, 5000, true);
    mark(1);
    reads(1, 4000);
    (void)fault_forget();
    CU_ASSERT_EQUAL(setenv("COURSE_FUNNEL_FAULT", "learners.file:3:*:stop", 1), 0);
    CU_ASSERT_NOT_EQUAL(signal(SIGUSR1, move_on), SIG_ERR);
    reads(2, 5000);
    CU_ASSERT_EQUAL(fault_forget(), 1);

    /* A file that is gone where nothing moved on is damage. */
    char path[160];
    struct durable_bytes text = {0};
    struct failure failure = {0};
    struct manifest manifest = {0};
    char name[MANIFEST_NAME_BYTES];
    CU_ASSERT_EQUAL(unsetenv("COURSE_FUNNEL_FAULT"), 0);
    CU_ASSERT_EQUAL_FATAL(
        store_read_manifest(&store, (struct store_generation){1, 2}, &text, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(manifest_parse((char *)text.bytes, text.byte_count, &manifest, &failure),
                          0);
    CU_ASSERT(manifest.file_count > 3);
    manifest_file_name(&manifest.files[2], name);
    snprintf(path, sizeof path, "%s/generation-0001-000002/%s", folder, name);
    CU_ASSERT_EQUAL(remove(path), 0);
    fails(&wish, EXIT_CHECKPOINT, name);
    manifest_clear(&manifest);
    durable_bytes_free(&text);
    CU_ASSERT_EQUAL(unsetenv("COURSE_FUNNEL_FAULT_NUMBERS"), 0);
    tear_down();
}
#endif

int main(void)
{
    static const struct unit_test tests[] = {
        {"the marked one", test_the_marked_one},       {"published again", test_published_again},
        {"what is not there", test_what_is_not_there}, {"not usable", test_not_usable},
#ifdef COURSE_FUNNEL_FAULTS
        {"a night moves on", test_moves_on},
#endif
    };
    return unit_main("learners_read", tests, sizeof tests / sizeof tests[0]);
}
