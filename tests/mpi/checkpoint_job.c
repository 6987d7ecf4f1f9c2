#include "mpi/checkpoint_job.h"

#include "course_funnel/fault.h"
#include "course_funnel/log.h"
#include "support/checkpoint_folder.h"
#include "support/random.h"
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ranks *job_ranks;
char job_folder[64];
struct source_file job_files[] = {{.path = (char *)"/data/a", .bytes = 100},
                                  {.path = (char *)"/data/b", .bytes = 50}};
static struct source_split job_splits[] = {{.file = 0}, {.file = 0}, {.file = 1}};
static struct source_list job_list = {
    .files = job_files, .file_count = 2, .splits = job_splits, .split_count = 3, .disk_bytes = 150};
struct manifest_choices job_choices = {.range_bytes = 60};

const char *job_run_id = "aaaaaaaa-1234-1234-1234-123456789abc";
uint64_t job_random;

bool job_is_root(void)
{
    return ranks_rank(job_ranks) == 0;
}

void job_wait_for_all(void)
{
    struct failure none = {0};
    CU_ASSERT_EQUAL_FATAL(ranks_vote(job_ranks, &none), 0);
}

bool job_is_there(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", job_folder, name);
    return access(path, F_OK) == 0;
}

void job_make_folder(void)
{
    struct failure failure = {0};
    unsigned char *bytes = (unsigned char *)job_folder;
    size_t byte_count = sizeof job_folder;
    if (job_is_root())
        folder_make(job_folder);
    CU_ASSERT_EQUAL_FATAL(ranks_broadcast(job_ranks, &bytes, &byte_count, &failure), 0);
    if (!job_is_root()) {
        memcpy(job_folder, bytes, sizeof job_folder);
        free(bytes);
    }
    memset(job_list.fingerprint, 'f', 32);
}

void job_remove_folder(void)
{
    job_wait_for_all();
    if (job_is_root())
        folder_remove(job_folder);
    job_wait_for_all();
}

int job_open(bool restart, struct checkpoint **checkpoint, struct failure *failure)
{
    struct checkpoint_options options = {
        .path = job_folder, .restart = restart, .interval = {.mean_time_seconds = 1000}};
    *checkpoint = NULL;
    return checkpoint_open(job_ranks, &options, &job_list, &job_choices, job_run_id, checkpoint,
                           failure);
}

/* One generation of so many users, with a reject on every rank. */
bool job_save_state(struct checkpoint *checkpoint, struct rejects *rejects, uint32_t users)
{
    struct failure failure = {0};
    struct state *state = NULL;
    bool saved = false;
    uint32_t split = (uint32_t)ranks_rank(job_ranks) % 3;
    CU_ASSERT_EQUAL_FATAL(
        state_create(ranks_rank(job_ranks), ranks_count(job_ranks), &state, &failure), 0);
    folder_fill_state(state, users);
    uint32_t file = job_splits[split].file, number = source_split_of_file(&job_list, split);
    CU_ASSERT_EQUAL(
        rejects_add(rejects, file, number, "s", users, REJECT_NO_USER, "x", 1, &failure), 0);
    days_begin(&state->days, 20000);
    CU_ASSERT_EQUAL(days_add(&state->days, ranks_rank(job_ranks), &failure), 0);
    CU_ASSERT_EQUAL(days_add(&state->days, 20001 * CALENDAR_US_PER_DAY, &failure), 0);
    struct schedule_item open = {.split = 2, .offset = users};
    struct checkpoint_content content = {.kind = MANIFEST_STATE,
                                         .state = state,
                                         .rejects = rejects,
                                         .first_event_us = ranks_rank(job_ranks) + 5,
                                         .last_event_us = ranks_rank(job_ranks) + 7,
                                         .days = &state->days,
                                         .unfinished = &open,
                                         .unfinished_count = job_is_root() ? 1 : 0,
                                         .next = {.splits = 3},
                                         .done_bytes = 10};
    content.ledger.lines_read = content.ledger.records_read = content.ledger.other = users;
    CU_ASSERT_EQUAL(checkpoint_save(checkpoint, &content, &saved, &failure), 0);
    state_free(state);
    return saved;
}

struct rejects *job_make_rejects(const struct checkpoint *checkpoint)
{
    struct failure failure = {0};
    struct rejects_place place = {.path = "unused"};
    struct rejects *rejects = NULL;
    const struct rejects_stretch *earlier = NULL;
    size_t earlier_count = 0;
    checkpoint_rejects(checkpoint, &place, &earlier, &earlier_count);
    CU_ASSERT_EQUAL_FATAL(rejects_create(&place, ranks_rank(job_ranks), &rejects, &failure), 0);
    return rejects;
}

void job_save_two(void)
{
    struct failure failure = {0};
    struct checkpoint *checkpoint = NULL;
    CU_ASSERT_EQUAL_FATAL(job_open(false, &checkpoint, &failure), 0);
    CU_ASSERT_PTR_NULL(checkpoint_found(checkpoint));
    struct rejects *rejects = job_make_rejects(checkpoint);
    CU_ASSERT_TRUE(job_save_state(checkpoint, rejects, 20));
    CU_ASSERT_TRUE(job_save_state(checkpoint, rejects, 40));
    CU_ASSERT_TRUE(job_save_state(checkpoint, rejects, 60));
    rejects_free(rejects);
    checkpoint_free(checkpoint);
    job_wait_for_all();
}

/* How many users a resume finds, of all ranks; 0 when it fails. */
uint64_t job_users_found(struct failure *failure)
{
    struct checkpoint *checkpoint = NULL;
    uint64_t users = 0;
    if (job_open(false, &checkpoint, failure) != 0)
        return 0;
    struct state *state = checkpoint_take_state(checkpoint);
    const struct manifest *found = checkpoint_found(checkpoint);
    if (found != NULL && state != NULL) {
        struct failure none = {0};
        users = folder_count_users(state);
        CU_ASSERT_EQUAL(ranks_sum(job_ranks, &users, 1, &none), 0);
        CU_ASSERT_EQUAL(found->unfinished_count, 1);
        CU_ASSERT_EQUAL(found->unfinished[0].offset, users);
        CU_ASSERT_EQUAL(found->ledger.lines_read, users * found->ranks);
        CU_ASSERT_EQUAL(found->first_event_us, 5);
        CU_ASSERT_EQUAL(found->last_event_us, (int64_t)found->ranks + 6);
        CU_ASSERT_EQUAL(found->part_count, found->ranks);
        CU_ASSERT_EQUAL(found->days.last_us, (int64_t)found->ranks - 1);
        CU_ASSERT_EQUAL(found->days.before_us, DAYS_NONE);
        CU_ASSERT_EQUAL(days_in_the_future(&found->days), found->ranks);
        CU_ASSERT_EQUAL(state->first_event_us, 5);
    }
    state_free(state);
    checkpoint_free(checkpoint);
    job_wait_for_all();
    return users;
}

int job_main(const char *name, const struct unit_test *tests, size_t count)
{
    struct failure failure = {0};
    if (ranks_start(&job_ranks, &failure) != 0 ||
        setenv("COURSE_FUNNEL_FAULT_NUMBERS", "store.join_tries=3", 0) != 0)
        return EXIT_FAILURE;
    FAULT_RANK(ranks_rank(job_ranks));
    log_open(LOG_TEXT, false);
    if (job_is_root())
        job_random = random_seed();
    int result = unit_main(name, tests, count);
    return ranks_end(job_ranks, &failure) == 0 ? result : EXIT_FAILURE;
}
