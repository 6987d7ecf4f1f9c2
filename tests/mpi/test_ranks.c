#include "course_funnel/clock.h"
#include "course_funnel/exchange.h"
#include "course_funnel/key_group.h"
#include "course_funnel/parcel.h"
#include "course_funnel/ranks.h"
#include "course_funnel/reduce.h"
#include "support/random.h"
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Run under mpirun; every rank runs every test, and any rank's failure fails the program. */

static struct ranks *ranks;

static void test_vote(void)
{
    int rank = ranks_rank(ranks), count = ranks_count(ranks);
    struct failure none = {0};
    CU_ASSERT(ranks_vote(ranks, &none) == 0);
    CU_ASSERT_EQUAL(none.code, 0);

    /* The lowest failing rank's failure becomes that of all. */
    for (int lowest = 0; lowest < count; lowest++) {
        struct failure failure = {0};
        if (rank >= lowest)
            failure_set(&failure, 10 + rank, "rank %d says no", rank);
        CU_ASSERT(ranks_vote(ranks, &failure) == -1);
        char expected[64];
        snprintf(expected, sizeof expected, "rank %d says no", lowest);
        CU_ASSERT_EQUAL(failure.code, 10 + lowest);
        CU_ASSERT(strstr(failure.message, expected) != NULL);
    }
}

/* Who waits for a rank that lists files, or for a server, leaves the cores to others. */
static void test_a_long_wait_takes_no_core(void)
{
    struct failure failure = {0};
    double begun = clock_seconds();
    clock_t used = clock();
    if (ranks_rank(ranks) == 0) {
        struct timespec late = {.tv_nsec = 400000000};
        (void)nanosleep(&late, NULL);
    }
    CU_ASSERT(ranks_vote(ranks, &failure) == 0);
    double processor_seconds = (double)(clock() - used) / CLOCKS_PER_SEC;
    CU_ASSERT(processor_seconds < (clock_seconds() - begun) / 4);
}

static void test_broadcast_and_gather(void)
{
    int rank = ranks_rank(ranks), count = ranks_count(ranks);
    struct failure failure = {0};
    unsigned char text[] = "to all of you", *bytes = text;
    size_t size = sizeof text;
    CU_ASSERT_FATAL(ranks_broadcast(ranks, &bytes, &size, &failure) == 0);
    CU_ASSERT_EQUAL(size, sizeof text);
    CU_ASSERT(memcmp(bytes, "to all of you", sizeof text) == 0);
    if (rank != 0)
        free(bytes);

    /* Rank r gives r + 1 bytes; rank 1 gives none. */
    unsigned char mine[64];
    size_t given = rank == 1 ? 0 : (size_t)rank + 1;
    memset(mine, rank, sizeof mine);
    CU_ASSERT_FATAL(ranks_gather(ranks, mine, given, &bytes, &size, &failure) == 0);
    if (rank != 0) {
        CU_ASSERT_PTR_NULL(bytes);
        return;
    }
    size_t at = 0;
    for (int from = 0; from < count; from++)
        for (int i = 0; i < (from == 1 ? 0 : from + 1); i++, at++)
            CU_ASSERT(at < size && bytes[at] == from);
    CU_ASSERT_EQUAL(at, size);
    free(bytes);
}

static void test_share(void)
{
    int rank = ranks_rank(ranks), last = ranks_count(ranks) - 1;
    struct failure failure = {0};
    unsigned char text[] = "packed", *bytes = rank == 0 ? text : NULL;
    size_t size = rank == 0 ? sizeof text : 0;
    if (rank == last)
        failure_set(&failure, EXIT_SOURCE, "the last says no");
    CU_ASSERT(ranks_share(ranks, &bytes, &size, &failure) == -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_SOURCE);
    CU_ASSERT_PTR_EQUAL(bytes, rank == 0 ? text : NULL);

    failure.code = 0;
    CU_ASSERT_FATAL(ranks_share(ranks, &bytes, &size, &failure) == 0);
    CU_ASSERT(size == sizeof text && memcmp(bytes, "packed", size) == 0);
    if (rank != 0)
        free(bytes);
}

static void test_sum_and_lowest(void)
{
    int rank = ranks_rank(ranks), count = ranks_count(ranks);
    struct failure failure = {0};
    uint64_t counts[2] = {1, (uint64_t)1 << 40};
    int64_t values[2] = {rank, -rank};
    CU_ASSERT(ranks_sum(ranks, counts, 2, &failure) == 0);
    CU_ASSERT(counts[0] == (uint64_t)count && counts[1] == (uint64_t)count << 40);
    CU_ASSERT(ranks_lowest(ranks, values, 2, &failure) == 0);
    CU_ASSERT(values[0] == 0 && values[1] == 1 - count);
}

/* What arrived at this rank, checked and summed up. */
struct arrivals {
    uint64_t events;
    uint64_t sum; /* over the events' times, which are unique */
};

static void take_arrivals(struct exchange *exchange, struct arrivals *arrivals)
{
    for (int part = 0; part < 2; part++) {
        size_t bytes = 0, at = 0;
        const unsigned char *events = exchange_received(exchange, part, &bytes);
        while (at < bytes) {
            const struct parcel_event *event = (const struct parcel_event *)(events + at);
            CU_ASSERT_FATAL(bytes - at >= sizeof *event);
            int owner = key_group_rank(key_group_of(event->user_hash), ranks_count(ranks));
            CU_ASSERT_EQUAL(owner, ranks_rank(ranks));
            CU_ASSERT_EQUAL(key_group_hash(parcel_user(event), event->user_bytes),
                            event->user_hash);
            arrivals->events++;
            arrivals->sum += (uint64_t)event->time_us;
            at += parcel_event_bytes(event);
        }
        CU_ASSERT_EQUAL(at, bytes);
    }
}

/* Every event arrives once, at the rank of its user, whatever each rank sends in each round. */
static void test_exchange(void)
{
    enum { ROUNDS = 40 };
    int rank = ranks_rank(ranks), count = ranks_count(ranks);
    struct failure failure = {0};
    struct exchange *exchange = NULL;
    uint64_t seed = rank == 0 ? random_seed() : 0;
    CU_ASSERT_FATAL(ranks_sum(ranks, &seed, 1, &failure) == 0);
    uint64_t random = seed + (uint64_t)rank;
    CU_ASSERT_FATAL(exchange_create(ranks, &exchange, &failure) == 0);

    static char user[300000];
    memset(user, 'u', sizeof user);
    uint64_t added = 0, added_sum = 0, sent = 0;
    struct arrivals arrivals = {0};
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t events = round % 7 == rank % 7 ? 0 : random_below(&random, 3000);
        for (uint64_t i = 0; i < events && !exchange_is_full(exchange); i++) {
            int bytes = snprintf(user, 32, "%d-%d-%d", rank, round, (int)i);
            user[bytes] = 'u';
            struct event event = {.user = user,
                                  .user_bytes = i == 17 ? sizeof user : (uint32_t)bytes,
                                  .time_us = (int64_t)(random_next(&random) >> 20)};
            CU_ASSERT_FATAL(exchange_add(exchange, &event, &failure) == 0);
            added++;
            added_sum += (uint64_t)event.time_us;
            if (i % 100 == 0)
                CU_ASSERT(exchange_progress(exchange, &failure) == 0);
        }
        if (round > 0) {
            CU_ASSERT_FATAL(exchange_finish(exchange, &failure) == 0);
            take_arrivals(exchange, &arrivals);
            for (int from = 0; from < count; from++) {
                CU_ASSERT_EQUAL(exchange_words(exchange)[from].done_lines,
                                (uint64_t)(1000 * from + round - 1));
                CU_ASSERT_EQUAL(exchange_words(exchange)[from].wanted_bytes, (uint64_t)from);
            }
        }
        struct exchange_word word = {.wanted_bytes = (uint64_t)rank,
                                     .done_lines = (uint64_t)(1000 * rank + round)};
        CU_ASSERT_FATAL(exchange_start(exchange, &word, &sent, &failure) == 0);
    }
    CU_ASSERT_FATAL(exchange_finish(exchange, &failure) == 0);
    take_arrivals(exchange, &arrivals);
    CU_ASSERT_EQUAL(sent, added);

    uint64_t sums[4] = {added, added_sum, arrivals.events, arrivals.sum};
    CU_ASSERT_FATAL(ranks_sum(ranks, sums, 4, &failure) == 0);
    CU_ASSERT(sums[0] > 0);
    CU_ASSERT_EQUAL(sums[0], sums[2]);
    CU_ASSERT_EQUAL(sums[1], sums[3]);
    exchange_free(exchange);
}

static void test_a_failure_reaches_all_in_the_same_round(void)
{
    int rank = ranks_rank(ranks), count = ranks_count(ranks);
    struct failure failure = {0};
    struct exchange *exchange = NULL;
    uint64_t sent = 0;
    CU_ASSERT_FATAL(exchange_create(ranks, &exchange, &failure) == 0);
    struct event event = {.user = "u", .user_bytes = 1};
    CU_ASSERT(exchange_add(exchange, &event, &failure) == 0);
    if (rank == count - 1)
        failure_set(&failure, EXIT_SOURCE, "the file is gone");
    struct exchange_word word = {.failed = 0};
    CU_ASSERT(exchange_start(exchange, &word, &sent, &failure) == 0);
    CU_ASSERT(exchange_finish(exchange, &failure) == 0);
    for (int from = 0; from < count; from++)
        CU_ASSERT_EQUAL(exchange_words(exchange)[from].failed, from == count - 1);
    exchange_free(exchange);
}

static void add_record(struct tally *tally, int32_t course, int32_t lesson, uint64_t users)
{
    struct failure failure = {0};
    struct tally_record record = {.course_id = course,
                                  .kind = TALLY_LESSON,
                                  .lesson_id = lesson,
                                  .users_started = users,
                                  .time_spent_low_us = UINT64_MAX,
                                  .timed_completions = 1};
    CU_ASSERT_FATAL(tally_append(tally, &record, &failure) == 0);
}

static void test_reduce(void)
{
    uint64_t rank = (uint64_t)ranks_rank(ranks), count = (uint64_t)ranks_count(ranks);
    struct failure failure = {0};
    struct tally tally = {.pairs_started = rank, .pairs_completed = 1};
    add_record(&tally, 7, 1, rank + 1);        /* of all ranks */
    add_record(&tally, (int32_t)rank, 2, 100); /* of this rank alone */
    tally_sort(&tally);
    CU_ASSERT_FATAL(reduce_tallies(ranks, &tally, &failure) == 0);
    if (rank != 0) {
        CU_ASSERT_EQUAL(tally.count, 0);
        return;
    }
    CU_ASSERT_EQUAL_FATAL(tally.count, count + 1);
    for (uint64_t i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(tally.records[i].course_id, (int32_t)i);
        CU_ASSERT_EQUAL(tally.records[i].users_started, 100);
    }
    const struct tally_record *shared = &tally.records[count];
    CU_ASSERT_EQUAL(shared->users_started, count * (count + 1) / 2);
    CU_ASSERT_EQUAL(shared->timed_completions, count);
    CU_ASSERT_EQUAL(shared->time_spent_low_us, UINT64_MAX - (count - 1));
    CU_ASSERT_EQUAL(shared->time_spent_high_us, count - 1);
    CU_ASSERT_EQUAL(tally.pairs_started, count * (count - 1) / 2);
    CU_ASSERT_EQUAL(tally.pairs_completed, count);
    tally_clear(&tally);
}

static void test_a_failed_rank_does_not_stop_the_reduction(void)
{
    struct failure failure = {0};
    struct tally tally = {0};
    int last = ranks_count(ranks) - 1;
    for (int failing = 0; failing <= last; failing++) {
        failure = (struct failure){0};
        if (ranks_rank(ranks) == failing)
            failure_set(&failure, EXIT_BUG, "no memory here");
        (void)reduce_tallies(ranks, &tally, &failure);
        CU_ASSERT(ranks_vote(ranks, &failure) == -1);
        CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
        CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "no memory here"));
        tally_clear(&tally);
    }
}

static void test_ledgers(void)
{
    int rank = ranks_rank(ranks), count = ranks_count(ranks);
    struct failure failure = {0};
    struct ledger ledger = {.lines_read = (uint64_t)rank + 1,
                            .records_read = (uint64_t)rank + 1,
                            .other = (uint64_t)rank + 1};
    /* Nobody but the last rank has seen an event. */
    bool has_events = rank == count - 1;
    int64_t first_us = has_events ? -7 : INT64_MAX, last_us = has_events ? 9 : INT64_MIN;
    CU_ASSERT(reduce_ledger(ranks, &ledger, &first_us, &last_us, &failure) == 0);
    CU_ASSERT_EQUAL(ledger.lines_read, (uint64_t)count * ((uint64_t)count + 1) / 2);
    CU_ASSERT(first_us == -7 && last_us == 9);

    ledger = (struct ledger){.lines_read = 1, .records_read = 1, .other = has_events ? 0 : 1};
    CU_ASSERT(reduce_ledger(ranks, &ledger, &first_us, &last_us, &failure) == -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"vote", test_vote},
        {"a long wait takes no core", test_a_long_wait_takes_no_core},
        {"broadcast and gather", test_broadcast_and_gather},
        {"share what rank 0 packed", test_share},
        {"sum and lowest", test_sum_and_lowest},
        {"exchange", test_exchange},
        {"a failure reaches all in the same round", test_a_failure_reaches_all_in_the_same_round},
        {"reduce", test_reduce},
        {"sum ledgers", test_ledgers},
        {"a failed rank does not stop the reduction",
         test_a_failed_rank_does_not_stop_the_reduction},
    };
    struct failure failure = {0};
    if (ranks_start(&ranks, &failure) != 0)
        return EXIT_FAILURE;
    int result = unit_main("ranks", tests, sizeof tests / sizeof tests[0]);
    return ranks_end(ranks, &failure) == 0 ? result : EXIT_FAILURE;
}
