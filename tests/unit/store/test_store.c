#include "course_funnel/fault.h"
#include "support/checkpoint_folder.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

#define RUN_A "aaaaaaaa-1234-1234-1234-123456789abc"
#define RUN_B "bbbbbbbb-1234-1234-1234-123456789abc"

static void make_folder(void)
{
    folder_make(folder);
    CU_ASSERT_EQUAL_FATAL(chmod(folder, 0700), 0);
}

static void begin(struct store *store, bool restart, const char *run_id)
{
    struct failure failure = {0};
    CU_ASSERT_EQUAL_FATAL(store_open(folder, store, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(store_begin(store, restart, run_id, &failure), 0);
}

static void commit(const struct store *store, uint32_t number)
{
    struct failure failure = {0};
    bool overtaken = false;
    struct store_generation generation = {store->attempt.number, number};
    CU_ASSERT_EQUAL_FATAL(store_make(store, generation, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(store_commit(store, generation, "text", 4, &overtaken, &failure), 0);
}

static void expect_listing(const struct store *store, const char *names)
{
    struct failure failure = {0};
    struct store_listing listing;
    char found[256] = "";
    size_t at = 0;
    CU_ASSERT_EQUAL_FATAL(store_list(store, &listing, &failure), 0);
    for (size_t i = 0; i < listing.generation_count; i++)
        at += (size_t)snprintf(found + at, sizeof found - at, "%u-%u ",
                               listing.generations[i].attempt, listing.generations[i].number);
    for (size_t i = 0; i < listing.incomplete_count; i++)
        at += (size_t)snprintf(found + at, sizeof found - at, "incomplete:%u-%u ",
                               listing.incomplete[i].attempt, listing.incomplete[i].number);
    for (size_t i = 0; i < listing.damaged_count; i++)
        at += (size_t)snprintf(found + at, sizeof found - at, "damaged:%u-%u ",
                               listing.damaged[i].generation.attempt,
                               listing.damaged[i].generation.number);
    for (size_t i = 0; i < listing.lost_count; i++)
        at += (size_t)snprintf(found + at, sizeof found - at, "lost:%u-%u ",
                               listing.lost[i].attempt, listing.lost[i].number);
    for (size_t i = 0; i < listing.other_count; i++)
        at += (size_t)snprintf(found + at, sizeof found - at, "other:%s ", listing.others[i]);
    if (strcmp(found, names) != 0)
        fprintf(stderr, "found \"%s\", due \"%s\"\n", found, names);
    CU_ASSERT_STRING_EQUAL(found, names);
    store_listing_free(&listing);
}

static void test_attempts(void)
{
    struct store store;
    make_folder();
    begin(&store, false, RUN_A);
    CU_ASSERT_EQUAL(store.attempt.number, 1);
    CU_ASSERT_FALSE(store.is_history_known);
    commit(&store, 1);
    commit(&store, 2);
    expect_listing(&store, "1-2 1-1 ");
    store_close(&store);

    begin(&store, false, RUN_B);
    CU_ASSERT_EQUAL(store.attempt.number, 2);
    CU_ASSERT_STRING_EQUAL(store.attempt.history_id, RUN_A);
    CU_ASSERT_TRUE(store.is_history_known);
    commit(&store, 1);
    expect_listing(&store, "2-1 1-2 1-1 ");
    store_close(&store);

    begin(&store, true, RUN_B);
    CU_ASSERT_EQUAL(store.attempt.number, 3);
    CU_ASSERT_STRING_EQUAL(store.attempt.history_id, RUN_B);
    expect_listing(&store, "");
    store_close(&store);
    folder_remove(folder);
}

/* The number of the next attempt is one that no name has, though the file of it is gone. */
static void test_lost_attempt_file(void)
{
    struct store store;
    char path[128];
    struct failure failure = {0};
    make_folder();
    begin(&store, false, RUN_A);
    commit(&store, 7);
    store_close(&store);
    snprintf(path, sizeof path, "%s/damaged-generation-0004-000001", folder);
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    for (int way = 0; way < 3; way++) {
        snprintf(path, sizeof path, "%s/attempt", folder);
        if (way == 0)
            CU_ASSERT_EQUAL(unlink(path), 0);
        if (way == 1)
            folder_write(path, "{}", 2);
        if (way == 2)
            CU_ASSERT_EQUAL(truncate(path, 40), 0);
        begin(&store, false, RUN_B);
        CU_ASSERT_EQUAL(store.attempt.number, 5);
        CU_ASSERT_FALSE(store.is_history_known);
        CU_ASSERT_EQUAL(store_adopt(&store, RUN_A, &failure), 0);
        expect_listing(&store, "1-7 damaged:4-1 ");
        store_close(&store);
    }
    folder_remove(folder);
}

static void test_stale_attempt(void)
{
    struct store old, later;
    struct failure failure = {0};
    bool overtaken = false;
    char due[256];
    make_folder();
    begin(&old, false, RUN_A);
    commit(&old, 1);
    /* Its host was cut off, and the lock with it; it lives on. */
    close(old.lock);
    begin(&later, false, RUN_B);
    CU_ASSERT_EQUAL(store_make(&old, (struct store_generation){1, 2}, &failure), 0);
    CU_ASSERT_EQUAL(
        store_commit(&old, (struct store_generation){1, 2}, "text", 4, &overtaken, &failure), -1);
    CU_ASSERT_TRUE(overtaken);
    snprintf(due, sizeof due,
             "%s: attempt 2 of this run has begun, so attempt 1, which this job is, keeps and "
             "publishes nothing more.",
             folder);
    CU_ASSERT_STRING_EQUAL(failure.message, due);
    failure = (struct failure){0};
    overtaken = false;
    CU_ASSERT_EQUAL(store_keep(&old, &(struct store_generation){1, 2}, 1, &overtaken, &failure),
                    -1);
    CU_ASSERT_TRUE(overtaken);
    CU_ASSERT_STRING_EQUAL(failure.message, due);
    expect_listing(&later, "1-1 incomplete:1-2 ");
    old.lock = -1;
    store_close(&old);
    store_close(&later);
    folder_remove(folder);
}

static void expect_no_open(const char *due)
{
    struct store store;
    struct failure failure = {0};
    CU_ASSERT_EQUAL(store_open(folder, &store, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_CHECKPOINT);
    if (strcmp(failure.message, due) != 0)
        fprintf(stderr, "said: %s\ndue:  %s\n", failure.message, due);
    CU_ASSERT_STRING_EQUAL(failure.message, due);
}

static void test_lock(void)
{
    struct store store;
    char holder[256], host[128] = "", due[512];
    make_folder();
    begin(&store, false, RUN_A);
    CU_ASSERT_EQUAL(gethostname(host, sizeof host - 1), 0);
    snprintf(due, sizeof due,
             "%s is in use by another job that lives: host %s, process %d, attempt 1. Wait for it, "
             "stop it, or name another --checkpoint folder.",
             folder, host, (int)getpid());
    expect_no_open(due);
    CU_ASSERT_TRUE(store_is_locked(&store, holder));
    store_close(&store);

    /* A process that is killed holds nothing. */
    pid_t child = fork();
    if (child == 0) {
        struct store held;
        struct failure trouble = {0};
        if (store_open(folder, &held, &trouble) == 0)
            (void)kill(getpid(), SIGKILL);
        _exit(1);
    }
    int status = 0;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFSIGNALED(status));
    begin(&store, false, RUN_A);
    store_close(&store);
    struct failure failure = {0};
    CU_ASSERT_EQUAL(store_look(folder, &store, &failure), 0);
    CU_ASSERT_FALSE(store_is_locked(&store, holder));
    store_close(&store);
    folder_remove(folder);
}

static void test_folders_that_are_refused(void)
{
    char due[512], path[128];
    struct store store;
    struct failure failure = {0};
    make_folder();
    CU_ASSERT_EQUAL(chmod(folder, 0770), 0);
    snprintf(due, sizeof due,
             "%s: others may write to it (mode 0770). Take that from them: chmod go-w.", folder);
    expect_no_open(due);
    CU_ASSERT_EQUAL(chmod(folder, 0700), 0);
    snprintf(path, sizeof path, "%s/lock", folder);
    CU_ASSERT_EQUAL(symlink("elsewhere", path), 0);
    snprintf(due, sizeof due, "%s/lock: cannot be opened: Too many levels of symbolic links.",
             folder);
    expect_no_open(due);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    snprintf(due, sizeof due, "%s/lock: is not a regular file with this one name.", folder);
    expect_no_open(due);
    CU_ASSERT_EQUAL(store_open("/proc/nothing/here", &store, &failure), -1);
    CU_ASSERT_STRING_EQUAL(
        failure.message,
        "/proc/nothing/here: the checkpoint folder cannot be made: No such file or directory.");
    folder_remove(folder);
}

/* Names that are none of ours are left alone, and what a dead attempt left goes. */
static void test_leftovers(void)
{
    struct store store;
    char path[128];
    static const char *const others[] = {"notes.txt", "generation-1-1", "generation-00001-000001",
                                         "generation-0001-000001x"};
    make_folder();
    begin(&store, false, RUN_A);
    commit(&store, 1);
    struct failure failure = {0};
    CU_ASSERT_EQUAL(store_make(&store, (struct store_generation){1, 2}, &failure), 0);
    snprintf(path, sizeof path, "%s/generation-0001-000002/groups-0000-4095.h5.tmp", folder);
    folder_write(path, "half", 4);
    CU_ASSERT_EQUAL(store_make(&store, (struct store_generation){1, 3}, &failure), 0);
    snprintf(path, sizeof path, "%s/generation-0001-000003/mine", folder);
    folder_write(path, "kept", 4);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, others[i]);
        folder_write(path, "kept", 4);
    }
    snprintf(path, sizeof path, "%s/probe.tmp", folder);
    folder_write(path, "half", 4);
    snprintf(path, sizeof path, "%s/attempt.tmp", folder);
    folder_write(path, "half", 4);
    store_close(&store);

    begin(&store, false, RUN_A);
    struct store_listing listing;
    CU_ASSERT_EQUAL_FATAL(store_list(&store, &listing, &failure), 0);
    CU_ASSERT_EQUAL(listing.generation_count, 1);
    CU_ASSERT_EQUAL_FATAL(listing.incomplete_count, 1);
    CU_ASSERT_EQUAL(listing.incomplete[0].number, 3);
    CU_ASSERT_EQUAL(listing.other_count, 4);
    store_listing_free(&listing);
    snprintf(path, sizeof path, "%s/generation-0001-000003/mine", folder);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    CU_ASSERT_EQUAL(store_remove(&store, (struct store_generation){1, 1}, &failure), 0);
    char aside[STORE_NAME_BYTES];
    CU_ASSERT_EQUAL(store_set_aside(&store, (struct store_generation){1, 3}, aside, &failure), 0);
    CU_ASSERT_STRING_EQUAL(aside, "damaged-generation-0001-000003");
    store_close(&store);
    folder_remove(folder);
}

/* A folder that has the name of a file does not keep the next attempt from its work. */
static void test_folder_for_a_file(void)
{
    struct store store;
    char path[128];
    struct failure failure = {0};
    make_folder();
    begin(&store, false, RUN_A);
    CU_ASSERT_EQUAL(store_make(&store, (struct store_generation){1, 1}, &failure), 0);
    store_close(&store);
    snprintf(path, sizeof path, "%s/generation-0001-000001/groups-0000-0001.h5", folder);
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    begin(&store, false, RUN_A);
    expect_listing(&store, "incomplete:1-1 ");
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    store_close(&store);
    folder_remove(folder);
}

/* What has the name of a generation and is none counts as one, so that it is missed. */
static void test_other_things_for_generations(void)
{
    struct store store;
    char path[128], aside[STORE_NAME_BYTES];
    struct failure failure = {0};
    make_folder();
    begin(&store, false, RUN_A);
    commit(&store, 1);
    snprintf(path, sizeof path, "%s/generation-0001-000002", folder);
    CU_ASSERT_EQUAL(symlink("generation-0001-000001", path), 0);
    snprintf(path, sizeof path, "%s/generation-0001-000003", folder);
    folder_write(path, "text", 4);
    expect_listing(&store, "1-3 1-2 1-1 ");
    CU_ASSERT_EQUAL(store_set_aside(&store, (struct store_generation){1, 2}, aside, &failure), 0);
    expect_listing(&store, "1-3 1-1 damaged:1-2 ");
    store_close(&store);
    /* A restart throws them away, and not what a link leads to. */
    snprintf(path, sizeof path, "%s/elsewhere", folder);
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    begin(&store, true, RUN_B);
    expect_listing(&store, "other:elsewhere ");
    store_close(&store);
    folder_remove(folder);
}

#ifdef COURSE_FUNNEL_FAULTS
/* A generation whose folder cannot be opened now is not taken for one that is not there. */
static void test_unreadable_generation(void)
{
    struct store store;
    struct store_listing listing;
    struct failure failure = {0};
    make_folder();
    begin(&store, false, RUN_A);
    commit(&store, 1);
    setenv("COURSE_FUNNEL_FAULT", "durable.open_folder:1:*:ESTALE", 1);
    fault_forget();
    CU_ASSERT_EQUAL(store_list(&store, &listing, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_CHECKPOINT);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "generation-0001-000001"));
    /* Nor is an attempt file that cannot be read now taken for one that is lost. */
    store_close(&store);
    failure = (struct failure){0};
    CU_ASSERT_EQUAL_FATAL(store_open(folder, &store, &failure), 0);
    setenv("COURSE_FUNNEL_FAULT", "durable.open_to_read:1:*:EIO", 1);
    fault_forget();
    CU_ASSERT_EQUAL(store_begin(&store, false, RUN_B, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_CHECKPOINT);
    unsetenv("COURSE_FUNNEL_FAULT");
    store_close(&store);
    begin(&store, false, RUN_B);
    CU_ASSERT_STRING_EQUAL(store.attempt.history_id, RUN_A);
    expect_listing(&store, "1-1 ");
    store_close(&store);
    folder_remove(folder);
}

#endif

static void keep(const struct store *store, uint32_t newest, uint32_t before)
{
    struct failure failure = {0};
    bool overtaken = true;
    const struct store_generation kept[] = {{1, newest}, {1, before}};
    CU_ASSERT_EQUAL(store_keep(store, kept, before > 0 ? 2 : 1, &overtaken, &failure), 0);
    CU_ASSERT_FALSE(overtaken);
}

/* A committed generation that lost its manifest, or is gone, is missed, and what is left stays. */
static void test_lost_generations(void)
{
    struct store store;
    char path[128], aside[STORE_NAME_BYTES];
    struct failure failure = {0};
    make_folder();
    begin(&store, false, RUN_A);
    commit(&store, 1);
    keep(&store, 1, 0);
    commit(&store, 2);
    keep(&store, 2, 1);
    expect_listing(&store, "1-2 1-1 ");
    store_close(&store);
    snprintf(path, sizeof path, "%s/generation-0001-000002/manifest.json", folder);
    CU_ASSERT_EQUAL(unlink(path), 0);
    begin(&store, false, RUN_A);
    expect_listing(&store, "1-1 incomplete:1-2 lost:1-2 ");
    CU_ASSERT_EQUAL(store_set_aside(&store, (struct store_generation){1, 2}, aside, &failure), 0);
    expect_listing(&store, "1-1 damaged:1-2 ");
    CU_ASSERT_EQUAL(store_remove(&store, (struct store_generation){1, 1}, &failure), 0);
    expect_listing(&store, "damaged:1-2 lost:1-1 ");
    store_close(&store);
    /* A note that is damaged tells nothing. */
    snprintf(path, sizeof path, "%s/kept", folder);
    CU_ASSERT_EQUAL(truncate(path, 20), 0);
    begin(&store, false, RUN_A);
    expect_listing(&store, "damaged:1-2 ");
    keep(&store, 1, 0);
    expect_listing(&store, "damaged:1-2 lost:1-1 ");
    store_close(&store);
    begin(&store, true, RUN_B);
    expect_listing(&store, "");
    store_close(&store);
    folder_remove(folder);
}

/* Set aside once more, as when somebody copied it back: under a name of its own. */
static void test_set_aside_again(void)
{
    static const char *const names[] = {"damaged-generation-0001-000001",
                                        "damaged-generation-0001-000001.2",
                                        "damaged-generation-0001-000001.3"};
    struct store store;
    struct failure failure = {0};
    make_folder();
    begin(&store, false, RUN_A);
    for (size_t i = 0; i < 3; i++) {
        char aside[STORE_NAME_BYTES];
        commit(&store, 1);
        CU_ASSERT_EQUAL(store_set_aside(&store, (struct store_generation){1, 1}, aside, &failure),
                        0);
        CU_ASSERT_STRING_EQUAL(aside, names[i]);
    }
    expect_listing(&store, "damaged:1-1 damaged:1-1 damaged:1-1 ");
    store_close(&store);
    begin(&store, true, RUN_B);
    expect_listing(&store, "");
    store_close(&store);
    folder_remove(folder);
}

static void test_parts(void)
{
    struct store store;
    struct failure failure = {0};
    char path[128];
    static const char *const names[] = {"part-0001-0", "part-0001-12", "part-0002-0", "part-1-1",
                                        "part-0001-0.kept"};
    static const bool stays[] = {false, true, true, true, true};
    struct manifest_part keep[2] = {{.attempt = 1, .rank = 12}, {.attempt = 2, .rank = 0}};
    make_folder();
    begin(&store, false, RUN_A);
    for (size_t i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "%s/rejects/%s", folder, names[i]);
        folder_write(path, "x", 1);
    }
    CU_ASSERT_EQUAL(store_clean_rejects(&store, keep, 2, &failure), 0);
    for (size_t i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "%s/rejects/%s", folder, names[i]);
        CU_ASSERT_EQUAL(access(path, F_OK) == 0, stays[i]);
    }
    store_close(&store);
    folder_remove(folder);
}

static void test_join(void)
{
    struct store store, other;
    struct failure failure = {0};
    make_folder();
    begin(&store, false, RUN_A);
    CU_ASSERT_EQUAL(store_join(folder, &store.attempt, &other, &failure), 0);
    store_close(&other);
    /* Half a second will do where faults are built in; else it takes ten. */
    CU_ASSERT_EQUAL(setenv("COURSE_FUNNEL_FAULT_NUMBERS", "store.join_tries=5", 1), 0);
    struct store_attempt wrong = store.attempt;
    wrong.number++;
    CU_ASSERT_EQUAL(store_join(folder, &wrong, &other, &failure), -1);
    CU_ASSERT(strstr(failure.message, "that all hosts share") != NULL);
    store_close(&store);
    folder_remove(folder);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"attempts count up, and restart begins anew", test_attempts},
        {"an attempt file that is lost", test_lost_attempt_file},
        {"a stale attempt cannot commit", test_stale_attempt},
        {"a folder in place of a file", test_folder_for_a_file},
        {"other things in place of generations", test_other_things_for_generations},
#ifdef COURSE_FUNNEL_FAULTS
        {"a generation that cannot be read now", test_unreadable_generation},
#endif
        {"generations that are lost", test_lost_generations},
        {"set aside once more", test_set_aside_again},
        {"one job at a time", test_lock},
        {"folders that are not safe are refused", test_folders_that_are_refused},
        {"leftovers go, other names stay", test_leftovers},
        {"parts of rejects that count stay", test_parts},
        {"other ranks see the same folder", test_join},
    };
    return unit_main("store", tests, sizeof tests / sizeof tests[0]);
}
