#ifndef TESTS_CHECKPOINT_JOB_H
#define TESTS_CHECKPOINT_JOB_H

#include "course_funnel/checkpoint.h"
#include "course_funnel/fault.h"
#include "course_funnel/log.h"
#include "course_funnel/store.h"
#include "support/checkpoint_folder.h"

/*
 * What the tests of checkpoints on ranks share: a job's folder, and two generations in it, of 40
 * and of 60 users. Run under mpirun; every rank runs every test.
 */

static struct ranks *ranks;
static char folder[64];
static struct source_file files[] = {{.path = (char *)"/data/a", .bytes = 100},
                                     {.path = (char *)"/data/b", .bytes = 50}};
static struct source_list list = {
    .files = files, .file_count = 2, .split_count = 3, .disk_bytes = 150};
static struct manifest_choices choices = {.range_bytes = 60};

static const char *run_id = "aaaaaaaa-1234-1234-1234-123456789abc";

static inline bool is_root(void)
{
    return ranks_rank(ranks) == 0;
}

static inline void wait_for_all(void)
{
    struct failure none = {0};
    CU_ASSERT_EQUAL_FATAL(ranks_vote(ranks, &none), 0);
}

static inline bool is_there(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static inline void make_folder(void)
{
    struct failure failure = {0};
    unsigned char *bytes = (unsigned char *)folder;
    size_t byte_count = sizeof folder;
    if (is_root())
        folder_make(folder);
    CU_ASSERT_EQUAL_FATAL(ranks_broadcast(ranks, &bytes, &byte_count, &failure), 0);
    if (!is_root()) {
        memcpy(folder, bytes, sizeof folder);
        free(bytes);
    }
    memset(list.fingerprint, 'f', 32);
}

static inline void remove_folder(void)
{
    wait_for_all();
    if (is_root())
        folder_remove(folder);
    wait_for_all();
}

static inline int open_checkpoint(bool restart, struct checkpoint **checkpoint,
                                  struct failure *failure)
{
    struct checkpoint_options options = {
        .path = folder, .restart = restart, .interval = {.mean_time_seconds = 1000}};
    *checkpoint = NULL;
    return checkpoint_open(ranks, &options, &list, &choices, run_id, checkpoint, failure);
}

/* One generation of so many users, with a reject on every rank. */
static inline bool save_state(struct checkpoint *checkpoint, struct rejects *rejects,
                              uint32_t users)
{
    struct failure failure = {0};
    struct state *state = NULL;
    bool saved = false;
    uint32_t split = (uint32_t)ranks_rank(ranks) % 3;
    CU_ASSERT_EQUAL_FATAL(state_create(ranks_rank(ranks), ranks_count(ranks), &state, &failure), 0);
    folder_fill_state(state, users);
    CU_ASSERT_EQUAL(rejects_add(rejects, split, "s", users, REJECT_NO_USER, "x", 1, &failure), 0);
    struct schedule_item open = {.split = 2, .offset = users};
    struct checkpoint_content content = {.kind = MANIFEST_STATE,
                                         .state = state,
                                         .rejects = rejects,
                                         .first_event_us = ranks_rank(ranks) + 5,
                                         .last_event_us = ranks_rank(ranks) + 7,
                                         .unfinished = &open,
                                         .unfinished_count = is_root() ? 1 : 0,
                                         .next = 3,
                                         .done_bytes = 10};
    content.ledger.lines_read = content.ledger.other = users;
    CU_ASSERT_EQUAL(checkpoint_save(checkpoint, &content, &saved, &failure), 0);
    state_free(state);
    return saved;
}

static inline struct rejects *make_rejects(const struct checkpoint *checkpoint)
{
    struct failure failure = {0};
    struct rejects_place place = {.path = "unused"};
    struct rejects *rejects = NULL;
    const struct rejects_stretch *earlier = NULL;
    size_t earlier_count = 0;
    checkpoint_rejects(checkpoint, &place, &earlier, &earlier_count);
    CU_ASSERT_EQUAL_FATAL(rejects_create(&place, ranks_rank(ranks), &rejects, &failure), 0);
    return rejects;
}

static inline void save_two(void)
{
    struct failure failure = {0};
    struct checkpoint *checkpoint = NULL;
    CU_ASSERT_EQUAL_FATAL(open_checkpoint(false, &checkpoint, &failure), 0);
    CU_ASSERT_PTR_NULL(checkpoint_found(checkpoint));
    struct rejects *rejects = make_rejects(checkpoint);
    CU_ASSERT_TRUE(save_state(checkpoint, rejects, 20));
    CU_ASSERT_TRUE(save_state(checkpoint, rejects, 40));
    CU_ASSERT_TRUE(save_state(checkpoint, rejects, 60));
    rejects_free(rejects);
    checkpoint_free(checkpoint);
    wait_for_all();
}

/* How many users a resume finds, of all ranks; 0 when it fails. */
static inline uint64_t users_found(struct failure *failure)
{
    struct checkpoint *checkpoint = NULL;
    uint64_t users = 0;
    if (open_checkpoint(false, &checkpoint, failure) != 0)
        return 0;
    struct state *state = checkpoint_take_state(checkpoint);
    const struct manifest *found = checkpoint_found(checkpoint);
    if (found != NULL && state != NULL) {
        struct failure none = {0};
        users = folder_count_users(state);
        CU_ASSERT_EQUAL(ranks_sum(ranks, &users, 1, &none), 0);
        CU_ASSERT_EQUAL(found->unfinished_count, 1);
        CU_ASSERT_EQUAL(found->unfinished[0].offset, users);
        CU_ASSERT_EQUAL(found->ledger.lines_read, users * found->ranks);
        CU_ASSERT_EQUAL(found->first_event_us, 5);
        CU_ASSERT_EQUAL(found->last_event_us, (int64_t)found->ranks + 6);
        CU_ASSERT_EQUAL(found->part_count, found->ranks);
        CU_ASSERT_EQUAL(state->first_event_us, 5);
    }
    state_free(state);
    checkpoint_free(checkpoint);
    wait_for_all();
    return users;
}

static inline int checkpoint_job_main(const char *name, const struct unit_test *tests, size_t count)
{
    struct failure failure = {0};
    if (ranks_start(&ranks, &failure) != 0 ||
        setenv("COURSE_FUNNEL_FAULT_NUMBERS", "store.join_tries=3", 0) != 0)
        return EXIT_FAILURE;
    FAULT_RANK(ranks_rank(ranks));
    log_open(LOG_TEXT, false);
    if (is_root())
        folder_set_seed();
    int result = unit_main(name, tests, count);
    return ranks_end(ranks, &failure) == 0 ? result : EXIT_FAILURE;
}

#endif
