#include "mpi/checkpoint_job.h"
#include "support/checkpoint_folder.h"
#include "support/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The newer generation is damaged in every way, and the older one must be what the job goes on
 * from.
 */

static void test_newest_is_used(void)
{
    struct failure failure = {0};
    job_make_folder();
    job_save_two();
    CU_ASSERT_EQUAL(job_users_found(&failure), 60);
    CU_ASSERT_EQUAL(job_users_found(&failure), 60);
    /* Two are kept, and no more. */
    if (job_is_root()) {
        CU_ASSERT_FALSE(job_is_there("generation-0001-000001"));
        CU_ASSERT_TRUE(job_is_there("generation-0001-000002"));
        CU_ASSERT_TRUE(job_is_there("generation-0001-000003"));
    }
    job_remove_folder();
}

static void test_sums(void)
{
    struct failure failure = {0};
    struct checkpoint *checkpoint = NULL;
    struct tally tally = {0}, matches = {0};
    bool saved = false;
    job_make_folder();
    job_save_two();
    CU_ASSERT_EQUAL_FATAL(job_open(false, &checkpoint, &failure), 0);
    state_free(checkpoint_take_state(checkpoint));
    struct rejects *rejects = job_make_rejects(checkpoint);
    struct tally_record record = {.course_id = 3, .users_started = 5};
    CU_ASSERT_EQUAL(tally_append(&tally, &record, &failure), 0);
    tally.pairs_started = 5;
    struct tally_record match = {.course_id = 3, .users_completed = 4};
    CU_ASSERT_EQUAL(tally_append(&matches, &match, &failure), 0);
    struct entry entry = {
        .course_id = 3, .week = 4, .users_started = 5, .text = "home", .bytes = 4};
    struct entries_cut cut = {.course_id = 3, .texts = 7, .users = 8};
    struct entries entries = {.entries = &entry, .count = 1, .cuts = &cut, .cut_count = 1};
    struct days days;
    days_begin(&days, 20000);
    struct checkpoint_content content = {.kind = MANIFEST_SUMS,
                                         .days = &days,
                                         .tally = job_is_root() ? &tally : NULL,
                                         .matches = job_is_root() ? &matches : NULL,
                                         .entries = job_is_root() ? &entries : NULL,
                                         .match = {1, 9, 4, 1},
                                         .rejects = rejects,
                                         .next = {.splits = 3}};
    CU_ASSERT_EQUAL(checkpoint_save(checkpoint, &content, &saved, &failure), 0);
    CU_ASSERT_TRUE(saved);
    tally_clear(&tally);
    tally_clear(&matches);
    rejects_free(rejects);
    checkpoint_free(checkpoint);
    job_wait_for_all();

    CU_ASSERT_EQUAL_FATAL(job_open(false, &checkpoint, &failure), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(checkpoint_found(checkpoint));
    CU_ASSERT_EQUAL(checkpoint_found(checkpoint)->kind, MANIFEST_SUMS);
    CU_ASSERT_EQUAL(checkpoint_found(checkpoint)->match.sessions_read, 9);
    CU_ASSERT_EQUAL(checkpoint_found(checkpoint)->match.users_without_session, 1);
    matches = checkpoint_take_matches(checkpoint);
    CU_ASSERT_EQUAL(matches.count, job_is_root() ? 1 : 0);
    CU_ASSERT(!job_is_root() || memcmp(matches.records, &match, sizeof match) == 0);
    tally_clear(&matches);
    entries = checkpoint_take_entries(checkpoint);
    CU_ASSERT_EQUAL(entries.count, job_is_root() ? 1 : 0);
    CU_ASSERT_EQUAL(entries.cut_count, job_is_root() ? 1 : 0);
    CU_ASSERT(!job_is_root() || memcmp(entries.entries[0].text, "home", 4) == 0);
    CU_ASSERT(!job_is_root() || memcmp(entries.cuts, &cut, sizeof cut) == 0);
    entries_clear(&entries);
    CU_ASSERT_EQUAL(checkpoint_found(checkpoint)->done_bytes, 150);
    CU_ASSERT_PTR_NULL(checkpoint_take_state(checkpoint));
    tally = checkpoint_take_tally(checkpoint);
    CU_ASSERT_EQUAL(tally.count, job_is_root() ? 1 : 0);
    CU_ASSERT_EQUAL(tally.pairs_started, job_is_root() ? 5 : 0);
    tally_clear(&tally);
    checkpoint_free(checkpoint);
    job_remove_folder();
}

/* The newer generation's name, and a file of it, by what the folder holds now. */
static void path_of(char path[256], const char *name)
{
    snprintf(path, 256, "%s/generation-0001-000003/%s", job_folder, name);
}

static void first_file(char path[256])
{
    char name[64];
    int count = ranks_count(job_ranks);
    snprintf(name, sizeof name, "groups-0000-%04d.h5", (4096 + count - 1) / count - 1);
    path_of(path, name);
}

static void flip(const char *path, size_t at)
{
    size_t bytes = 0;
    unsigned char *text = folder_read(path, &bytes);
    text[at % bytes] ^= 1;
    folder_write(path, text, bytes);
    free(text);
}

static void damage_file(void)
{
    char path[256];
    first_file(path);
    flip(path, 4000);
}

static void damage_manifest(void)
{
    char path[256];
    path_of(path, "manifest.json");
    flip(path, 100);
}

static void empty_manifest(void)
{
    char path[256];
    path_of(path, "manifest.json");
    CU_ASSERT_EQUAL(truncate(path, 0), 0);
}

static void remove_file(void)
{
    char path[256];
    first_file(path);
    CU_ASSERT_EQUAL(unlink(path), 0);
}

static void remove_manifest(void)
{
    char path[256];
    path_of(path, "manifest.json");
    CU_ASSERT_EQUAL(unlink(path), 0);
}

static void damage_stretches(void)
{
    char path[256];
    path_of(path, "rejects.h5");
    flip(path, 2048);
}

/* Only the newer generation counts the end of the part. */
static void shorten_part(void)
{
    char path[256];
    size_t bytes = 0;
    snprintf(path, sizeof path, "%s/rejects/part-0001-0", job_folder);
    free(folder_read(path, &bytes));
    CU_ASSERT_EQUAL(truncate(path, (off_t)bytes - 1), 0);
}

static void other_generations_file(void)
{
    char path[256], other[256];
    first_file(path);
    snprintf(other, sizeof other, "%s/generation-0001-000002/%s", job_folder,
             strrchr(path, '/') + 1);
    size_t bytes = 0;
    unsigned char *text = folder_read(other, &bytes);
    folder_write(path, text, bytes);
    free(text);
}

/* With each other: two of key groups where there are two, else one and that of the rejects. */
static void exchange_files(void)
{
    char path[256], other[256] = "", aside[256];
    unsigned first =
        (unsigned)(4096 + ranks_count(job_ranks) - 1) / (unsigned)ranks_count(job_ranks);
    first_file(path);
    path_of(other, "rejects.h5");
    if (ranks_count(job_ranks) > 1) {
        char name[64];
        unsigned last =
            (2 * 4096 + (unsigned)ranks_count(job_ranks) - 1) / (unsigned)ranks_count(job_ranks);
        snprintf(name, sizeof name, "groups-%04u-%04u.h5", first, last - 1);
        path_of(other, name);
    }
    path_of(aside, "aside");
    CU_ASSERT_EQUAL(rename(path, aside), 0);
    CU_ASSERT_EQUAL(rename(other, path), 0);
    CU_ASSERT_EQUAL(rename(aside, other), 0);
}

static void link_in_place(void)
{
    char path[256], aside[256];
    first_file(path);
    path_of(aside, "aside");
    CU_ASSERT_EQUAL(rename(path, aside), 0);
    CU_ASSERT_EQUAL(symlink("aside", path), 0);
}

static void zero_page(void)
{
    char path[256];
    size_t bytes = 0;
    first_file(path);
    unsigned char *text = folder_read(path, &bytes);
    memset(text + 4096, 0, 4096);
    folder_write(path, text, bytes);
    free(text);
}

static void cut_off(void)
{
    char path[256];
    size_t bytes = 0;
    first_file(path);
    free(folder_read(path, &bytes));
    CU_ASSERT_EQUAL(truncate(path, (off_t)bytes / 2), 0);
}

static void other_generations_all(void)
{
    char path[256], other[256];
    snprintf(path, sizeof path, "%s/generation-0001-000003", job_folder);
    snprintf(other, sizeof other, "%s/generation-0002-000001", job_folder);
    CU_ASSERT_EQUAL(rename(path, other), 0);
}

static void extra_file(void)
{
    char path[256];
    path_of(path, "groups-0000-0001.h5");
    folder_write(path, "x", 1);
}

static void link_for_folder(void)
{
    char path[256], aside[256];
    snprintf(path, sizeof path, "%s/generation-0001-000003", job_folder);
    snprintf(aside, sizeof aside, "%s/elsewhere", job_folder);
    CU_ASSERT_EQUAL(rename(path, aside), 0);
    CU_ASSERT_EQUAL(symlink("elsewhere", path), 0);
}

static void test_damage(void)
{
    static const struct {
        const char *name;
        void (*damage)(void);
        uint64_t users;   /* that are found */
        const char *left; /* what the newer generation is called afterwards */
    } cases[] = {
        {"a bit of a file", damage_file, 40, "damaged-generation-0001-000003"},
        {"a bit of the manifest", damage_manifest, 40, "damaged-generation-0001-000003"},
        {"an empty manifest", empty_manifest, 40, "damaged-generation-0001-000003"},
        {"a file that is missing", remove_file, 40, "damaged-generation-0001-000003"},
        {"a manifest that is missing", remove_manifest, 40, "damaged-generation-0001-000003"},
        {"a bit of the stretches of rejects", damage_stretches, 40,
         "damaged-generation-0001-000003"},
        {"a part of rejects cut off", shorten_part, 40, "damaged-generation-0001-000003"},
        {"a file of the generation before", other_generations_file, 40,
         "damaged-generation-0001-000003"},
        {"two files exchanged", exchange_files, 40, "damaged-generation-0001-000003"},
        {"a link in place of a file", link_in_place, 40, "damaged-generation-0001-000003"},
        {"a page of zeros", zero_page, 40, "damaged-generation-0001-000003"},
        {"a file cut off", cut_off, 40, "damaged-generation-0001-000003"},
        {"a generation under another name", other_generations_all, 40,
         "damaged-generation-0002-000001"},
        {"a file too many", extra_file, 40, "damaged-generation-0001-000003"},
        {"a link in place of the folder", link_for_folder, 40, "damaged-generation-0001-000003"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct failure failure = {0};
        char path[256];
        job_make_folder();
        job_save_two();
        if (job_is_root())
            cases[i].damage();
        job_wait_for_all();
        uint64_t users = job_users_found(&failure);
        if (users != cases[i].users)
            fprintf(stderr, "%s: %llu users, \"%s\"\n", cases[i].name, (unsigned long long)users,
                    failure.message);
        CU_ASSERT_EQUAL(users, cases[i].users);
        snprintf(path, sizeof path, "%s/%s", job_folder, cases[i].left);
        CU_ASSERT_EQUAL(access(path, F_OK), 0);
        job_remove_folder();
    }
}

/* The newer generation is another run's, whole by itself. */
static void test_another_runs_generation(void)
{
    struct failure failure = {0};
    char from[256], to[256], own[sizeof job_folder], other[sizeof job_folder];
    const char *own_run = job_run_id;
    job_make_folder();
    job_save_two();
    path_of(to, "");
    memcpy(own, job_folder, sizeof own);
    job_make_folder();
    job_run_id = "bbbbbbbb-1234-1234-1234-123456789abc";
    job_save_two();
    job_run_id = own_run;
    path_of(from, "");
    memcpy(other, job_folder, sizeof other);
    memcpy(job_folder, own, sizeof own);
    if (job_is_root()) {
        folder_remove(to);
        CU_ASSERT_EQUAL(rename(from, to), 0);
        folder_remove(other);
    }
    job_wait_for_all();
    CU_ASSERT_EQUAL(job_users_found(&failure), 40);
    if (job_is_root())
        CU_ASSERT_TRUE(job_is_there("damaged-generation-0001-000003"));
    job_remove_folder();
}

/* Random bits of random files of the newer generation, many times over the same folder. */
static void test_random_damage(void)
{
    job_make_folder();
    job_save_two();
    for (int i = 0; i < 200; i++) {
        struct failure failure = {0};
        char path[256], aside[256], whole[256];
        unsigned char *text = NULL;
        size_t bytes = 0;
        static const char *const names[] = {"manifest.json", "rejects.h5"};
        if (i % 3 < 2)
            path_of(path, names[i % 3]);
        else
            first_file(path);
        if (job_is_root()) {
            text = folder_read(path, &bytes);
            flip(path, (size_t)random_below(&job_random, bytes));
        }
        job_wait_for_all();
        CU_ASSERT_EQUAL(job_users_found(&failure), 40);
        if (job_is_root()) {
            snprintf(aside, sizeof aside, "%s/damaged-generation-0001-000003", job_folder);
            snprintf(whole, sizeof whole, "%s/generation-0001-000003", job_folder);
            CU_ASSERT_EQUAL_FATAL(rename(aside, whole), 0);
            folder_write(path, text, bytes);
            free(text);
        }
        job_wait_for_all();
    }
    struct failure failure = {0};
    CU_ASSERT_EQUAL(job_users_found(&failure), 60);
    job_remove_folder();
}

static void expect_failure(bool restart, int code, const char *due)
{
    struct failure failure = {0};
    struct checkpoint *checkpoint = NULL;
    CU_ASSERT_EQUAL(job_open(restart, &checkpoint, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, code);
    if (strcmp(failure.message, due) != 0)
        fprintf(stderr, "said: %s\ndue:  %s\n", failure.message, due);
    CU_ASSERT_STRING_EQUAL(failure.message, due);
    checkpoint_free(checkpoint);
    job_wait_for_all();
}

static void test_all_damaged(void)
{
    char due[1024], path[256];
    struct failure failure = {0};
    struct checkpoint *checkpoint = NULL;
    job_make_folder();
    job_save_two();
    if (job_is_root()) {
        empty_manifest();
        snprintf(path, sizeof path, "%s/generation-0001-000002/manifest.json", job_folder);
        flip(path, 50);
    }
    job_wait_for_all();
    snprintf(
        due, sizeof due,
        "%s: none of its checkpoints can be used: %s/generation-0001-000002/manifest.json: its "
        "digest is not that of its text. They are kept there as damaged-generation-*. "
        "--restart throws them away and reads the whole input anew.",
        job_folder, job_folder);
    expect_failure(false, EXIT_CHECKPOINT, due);
    /* Nor does it begin anew in silence the next time. */
    snprintf(due, sizeof due,
             "%s: none of its checkpoints can be used. They are kept there as "
             "damaged-generation-*. --restart throws them away and reads the whole input anew.",
             job_folder);
    expect_failure(false, EXIT_CHECKPOINT, due);
    expect_failure(false, EXIT_CHECKPOINT, due);
    CU_ASSERT_EQUAL(job_open(true, &checkpoint, &failure), 0);
    CU_ASSERT_PTR_NULL(checkpoint_found(checkpoint));
    checkpoint_free(checkpoint);
    job_wait_for_all();
    CU_ASSERT_EQUAL(job_open(false, &checkpoint, &failure), 0);
    CU_ASSERT_PTR_NULL(checkpoint_found(checkpoint));
    checkpoint_free(checkpoint);
    job_remove_folder();
}

static void test_strangers(void)
{
    char due[1024];
    struct failure failure = {0};
    job_make_folder();
    job_save_two();
    job_choices.range_bytes = 61;
    job_files[1].bytes = 51;
    snprintf(due, sizeof due,
             "%s holds the checkpoint of another run, so this one cannot go on from it:"
             "\n  --range-bytes: was 60, now is 61\n  /data/b: had 50 bytes, now has 51\n"
             "Give the run what it had, name another --checkpoint folder, or throw away what is "
             "there with --restart.",
             job_folder);
    expect_failure(false, EXIT_STRANGER, due);
    job_choices.range_bytes = 60;
    job_files[1].bytes = 50;
    CU_ASSERT_EQUAL(job_users_found(&failure), 60);
    job_remove_folder();
}

/* The lost file that names the run is made anew from the generations. */
static void test_lost_attempt_file(void)
{
    char path[256];
    struct failure failure = {0};
    job_make_folder();
    job_save_two();
    if (job_is_root()) {
        snprintf(path, sizeof path, "%s/attempt", job_folder);
        CU_ASSERT_EQUAL(unlink(path), 0);
    }
    job_wait_for_all();
    CU_ASSERT_EQUAL(job_users_found(&failure), 60);
    CU_ASSERT_EQUAL(job_users_found(&failure), 60);
    job_remove_folder();
}

/* Books that do not balance end the job, and no generation is made of them. */
static void test_unbalanced_books(void)
{
    struct failure failure = {0};
    struct checkpoint *checkpoint = NULL;
    struct state *state = NULL;
    bool saved = true;
    job_make_folder();
    CU_ASSERT_EQUAL_FATAL(job_open(false, &checkpoint, &failure), 0);
    struct rejects *rejects = job_make_rejects(checkpoint);
    CU_ASSERT_EQUAL_FATAL(
        state_create(ranks_rank(job_ranks), ranks_count(job_ranks), &state, &failure), 0);
    struct checkpoint_content content = {.kind = MANIFEST_STATE,
                                         .state = state,
                                         .days = &state->days,
                                         .rejects = rejects,
                                         .next = {.splits = 3}};
    content.ledger.lines_read = 1;
    CU_ASSERT_EQUAL(checkpoint_save(checkpoint, &content, &saved, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
    CU_ASSERT_FALSE(saved);
    state_free(state);
    rejects_free(rejects);
    checkpoint_free(checkpoint);
    job_remove_folder();
}

/* A generation that cannot be written is given up, and the next one is not hindered by it. */
static void test_given_up(void)
{
    char path[256];
    struct failure failure = {0};
    struct checkpoint *checkpoint = NULL;
    job_make_folder();
    CU_ASSERT_EQUAL_FATAL(job_open(false, &checkpoint, &failure), 0);
    struct rejects *rejects = job_make_rejects(checkpoint);
    CU_ASSERT_TRUE(job_save_state(checkpoint, rejects, 20));
    snprintf(path, sizeof path, "%s/generation-0001-000002", job_folder);
    if (job_is_root())
        folder_write(path, "in the way", 10);
    job_wait_for_all();
    CU_ASSERT_FALSE(job_save_state(checkpoint, rejects, 40));
    /* It is of no more use than a generation that is given up, and goes like one. */
    if (job_is_root())
        CU_ASSERT_EQUAL(access(path, F_OK), -1);
    job_wait_for_all();
    CU_ASSERT_TRUE(job_save_state(checkpoint, rejects, 60));
    rejects_free(rejects);
    checkpoint_free(checkpoint);
    job_wait_for_all();
    CU_ASSERT_EQUAL(job_users_found(&failure), 60);
    snprintf(path, sizeof path, "%s/generation-0001-000001", job_folder);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    job_remove_folder();
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"the newest generation is used", test_newest_is_used},
        {"sums are kept and come back", test_sums},
        {"damage is found and the generation before is used", test_damage},
        {"another run's generation", test_another_runs_generation},
        {"random damage", test_random_damage},
        {"all are damaged", test_all_damaged},
        {"the checkpoint of another run", test_strangers},
        {"a lost attempt file", test_lost_attempt_file},
        {"books that do not balance", test_unbalanced_books},
        {"a generation that cannot be written", test_given_up},
    };
    return job_main("checkpoint", tests, sizeof tests / sizeof tests[0]);
}
