#include "course_funnel/fault.h"
#include "course_funnel/store.h"
#include "mpi/checkpoint_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Every call that a checkpoint makes on files fails in turn, once and for good, on the first rank
 * and on the last. In a build without fault points none does, and the test shows that.
 */

#ifdef COURSE_FUNNEL_FAULTS

/* From now on the k-th of these calls (with "+" all after it too) fails on a rank. */
static void let_fail(const char *point, unsigned k, const char *how, int rank)
{
    char order[96];
    snprintf(order, sizeof order, "%s:%u%s:%d:%s", point, k, how, rank,
             k % 2 == 0 ? "EIO" : "ENOSPC");
    (void)fault_forget();
    CU_ASSERT_EQUAL_FATAL(setenv("COURSE_FUNNEL_FAULT", order, 1), 0);
}

/* Ends that; whether any call did fail. */
static bool did_fail(void)
{
    struct failure none = {0};
    uint64_t failed = fault_forget();
    CU_ASSERT_EQUAL(unsetenv("COURSE_FUNNEL_FAULT"), 0);
    CU_ASSERT_EQUAL_FATAL(ranks_sum(job_ranks, &failed, 1, &none), 0);
    return failed > 0;
}

/* On the root rank: of what was given up nothing is missed. */
static void check_none_is_lost(void)
{
    struct store store;
    struct store_listing listing;
    struct failure failure = {0};
    CU_ASSERT_EQUAL_FATAL(store_look(job_folder, &store, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(store_list(&store, &listing, &failure), 0);
    CU_ASSERT_EQUAL(listing.lost_count, 0);
    store_listing_free(&listing);
    store_close(&store);
}

/*
 * One call that writes fails: the generation is given up or it is whole, the next one is written,
 * and what was kept before is there.
 */
static bool try_to_save(const char *point, unsigned k, const char *how, int rank)
{
    struct failure failure = {0};
    struct checkpoint *checkpoint = NULL;
    job_make_folder();
    CU_ASSERT_EQUAL_FATAL(job_open(false, &checkpoint, &failure), 0);
    struct rejects *rejects = job_make_rejects(checkpoint);
    CU_ASSERT_TRUE(job_save_state(checkpoint, rejects, 20));
    CU_ASSERT_TRUE(job_save_state(checkpoint, rejects, 40));
    let_fail(point, k, how, rank);
    bool saved = job_save_state(checkpoint, rejects, 60);
    bool failed = did_fail();
    if (job_is_root())
        check_none_is_lost();
    uint64_t least = saved ? 60 : 40;
    /* What an fsync of the rejects may have lost is gone for this attempt. */
    if (k % 3 == 0 && strcmp(point, "rejects.fsync") != 0) {
        CU_ASSERT_TRUE(job_save_state(checkpoint, rejects, 80));
        least = 80;
    }
    rejects_free(rejects);
    checkpoint_free(checkpoint);
    job_wait_for_all();
    uint64_t users = job_users_found(&failure);
    if (users < least || job_is_there("damaged-generation-0001-000003"))
        fprintf(stderr, "%s, %u%s, rank %d: %llu users, \"%s\"\n", point, k, how, rank,
                (unsigned long long)users, failure.message);
    CU_ASSERT(users >= least);
    if (job_is_root()) {
        CU_ASSERT_FALSE(job_is_there("damaged-generation-0001-000003"));
        CU_ASSERT_TRUE(least == 80 || job_is_there("generation-0001-000002"));
    }
    job_remove_folder();
    return failed;
}

static void test_every_write_fails(void)
{
    static const char *const points[] = {
        "durable.open",        "durable.write", "durable.fsync",        "durable.close",
        "durable.rename",      "durable.sync",  "durable.open_to_read", "durable.read",
        "durable.make_folder", "rejects.fsync", "store.unlink",         "store.rmdir"};
    unsigned tried = 0;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        for (int way = 0; way < 4; way++) {
            int rank = way < 2 ? 0 : ranks_count(job_ranks) - 1;
            for (unsigned k = 1; try_to_save(points[i], k, way % 2 == 0 ? "" : "+", rank); k++)
                tried++;
        }
    if (job_is_root())
        printf("%u calls ", tried);
    CU_ASSERT(tried > 40);
}

/* One call that reads fails: a generation of the two is used, or the job says why none is. */
static void test_every_read_fails(void)
{
    static const char *const points[] = {"durable.read", "durable.open_to_read",
                                         "durable.open_folder", "durable.list",
                                         "generation.verified"};
    unsigned tried = 0, older = 0;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        for (int way = 0; way < 4; way++) {
            bool failed = true;
            for (unsigned k = 1; failed; k++) {
                struct failure failure = {0};
                job_make_folder();
                job_save_two();
                let_fail(points[i], k, way % 2 == 0 ? "" : "+",
                         way < 2 ? 0 : ranks_count(job_ranks) - 1);
                uint64_t users = job_users_found(&failure);
                failed = did_fail();
                tried += failed ? 1 : 0;
                older += users == 40 ? 1 : 0;
                if (users == 0)
                    CU_ASSERT_EQUAL(failure.code, EXIT_CHECKPOINT);
                CU_ASSERT(users == 60 || (failed && (users == 40 || users == 0)));
                /* What could not be read then is read when it can be: nothing was thrown away. */
                CU_ASSERT_EQUAL(job_users_found(&(struct failure){0}), 60);
                job_remove_folder();
            }
        }
    if (job_is_root())
        printf("%u calls ", tried);
    CU_ASSERT(older > 4);
}

#else

static void test_nothing_fails(void)
{
    struct failure failure = {0};
    job_make_folder();
    CU_ASSERT_EQUAL(setenv("COURSE_FUNNEL_FAULT", "durable.write:1+:0:EIO", 1), 0);
    job_save_two();
    CU_ASSERT_EQUAL(job_users_found(&failure), 60);
    job_remove_folder();
}

#endif

int main(void)
{
    static const struct unit_test tests[] = {
#ifdef COURSE_FUNNEL_FAULTS
        {"every call that writes fails", test_every_write_fails},
        {"every call that reads fails", test_every_read_fails},
#else
        {"no call fails", test_nothing_fails},
#endif
    };
    return job_main("checkpoint_calls", tests, sizeof tests / sizeof tests[0]);
}
