#include "course_funnel/days.h"
#include "course_funnel/entries.h"
#include "course_funnel/ranks.h"
#include "course_funnel/reduce.h"
#include "course_funnel/values.h"
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What ranks trade for the further marts. Every rank runs every test. */

static struct ranks *ranks;

#define TEXTS 1400

/* How many users text ${i} has on each rank: 1 for all from the 900th on, so that these tie. */
static uint64_t users_of(size_t i)
{
    return i < 900 ? 2 + i % 5 : 1;
}

/*
 * Each rank has the same texts, in two weeks. 1,000 stay: those with more users, and of the others
 * the lowest by bytes. A literal has fewest users and stays.
 */
static void test_texts_with_most_users_stay(void)
{
    static char texts[TEXTS][16];
    struct failure failure = {0};
    struct entries entries = {0};
    uint64_t count = (uint64_t)ranks_count(ranks), all = 0, other = 0;
    entries.entries = calloc(TEXTS + 1, sizeof *entries.entries);
    CU_ASSERT_PTR_NOT_NULL_FATAL(entries.entries);
    for (size_t i = 0; i < TEXTS; i++) {
        uint32_t bytes = (uint32_t)snprintf(texts[i], sizeof texts[i], "text %04zu", i);
        entries.entries[i] = (struct entry){.course_id = 5,
                                            .week = i % 2 == 0 ? 7 : 14,
                                            .users_started = users_of(i),
                                            .users_completed = 1,
                                            .text = texts[i],
                                            .bytes = bytes};
        all += users_of(i) * count;
    }
    entries.entries[TEXTS] =
        (struct entry){.course_id = 5, .week = 7, .text = ENTRIES_OTHER, .bytes = 7};
    entries.count = TEXTS + 1;
    CU_ASSERT_EQUAL_FATAL(entries_reduce(ranks, &entries, &failure), 0);
    if (ranks_rank(ranks) != 0) {
        CU_ASSERT_EQUAL(entries.count, 0);
        return;
    }
    /* Both weeks have a row for the rest. */
    CU_ASSERT_EQUAL_FATAL(entries.count, 1002);
    for (size_t i = 0; i < entries.count; i++) {
        const struct entry *entry = &entries.entries[i];
        all -= entry->users_started;
        if (entry->bytes == 7)
            other += entry->users_started;
        else
            CU_ASSERT(memcmp(entry->text, "text 1000", 9) < 0);
    }
    CU_ASSERT_EQUAL(all, 0);
    CU_ASSERT_EQUAL(other, 400 * count);
    CU_ASSERT_EQUAL_FATAL(entries.cut_count, 1);
    CU_ASSERT_EQUAL(entries.cuts[0].texts, 400);
    CU_ASSERT_EQUAL(entries.cuts[0].users, 400 * count);
    entries_clear(&entries);
}

/* Rank r has the values r, r + ranks, r + 2 ranks ...: together they are 0, 1, 2 ... */
static void test_percentiles_over_all_ranks(void)
{
    struct failure failure = {0};
    struct values values = {0};
    struct tally tally = {0};
    uint64_t count = (uint64_t)ranks_count(ranks), rank = (uint64_t)ranks_rank(ranks);
    for (int32_t course = 0; course < 50; course++) {
        struct tally_record record = {.course_id = course,
                                      .kind = TALLY_LESSON,
                                      .lesson_id = 1,
                                      .timed_completions = (uint64_t)course};
        CU_ASSERT_EQUAL_FATAL(tally_append(&tally, &record, &failure), 0);
    }
    tally_sort(&tally);
    CU_ASSERT_EQUAL_FATAL(values_begin((int)count, &tally, &values, &failure), 0);
    for (size_t i = 0; i < tally.count; i++)
        for (uint64_t j = 0; j < tally.records[i].timed_completions; j++)
            CU_ASSERT_TRUE(values_add(&values, i, rank + j * count));
    CU_ASSERT_EQUAL_FATAL(values_reduce(ranks, &values, &tally, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(reduce_tallies(ranks, &tally, &failure), 0);
    for (size_t i = 0; i < tally.count; i++) {
        uint64_t all = i * count;
        CU_ASSERT_EQUAL(tally.records[i].timed_completions, all);
        CU_ASSERT_EQUAL(tally.records[i].p50_us, all == 0 ? 0 : (all + 1) / 2 - 1);
        CU_ASSERT_EQUAL(tally.records[i].p90_us, all == 0 ? 0 : (9 * all + 9) / 10 - 1);
    }
    CU_ASSERT_EQUAL(tally.count, rank == 0 ? 50 : 0);
    tally_clear(&tally);
}

/* A value that is missing on one rank ends the job on all. */
static void test_missing_values_are_noticed(void)
{
    struct failure failure = {0};
    struct values values = {0};
    struct tally_record record = {.kind = TALLY_LESSON, .timed_completions = 1};
    struct tally tally = {.records = &record, .count = 1};
    CU_ASSERT_EQUAL_FATAL(values_begin(ranks_count(ranks), &tally, &values, &failure), 0);
    if (ranks_rank(ranks) != 0)
        CU_ASSERT_TRUE(values_add(&values, 0, 1));
    CU_ASSERT_EQUAL(values_reduce(ranks, &values, &tally, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
}

static void test_days_of_all_ranks(void)
{
    struct failure failure = {0};
    struct days days;
    int64_t rank = ranks_rank(ranks), count = ranks_count(ranks);
    days_begin(&days, 100);
    CU_ASSERT_EQUAL(days_add(&days, rank * CALENDAR_US_PER_DAY, &failure), 0);
    CU_ASSERT_EQUAL(days_add(&days, (101 + rank) * CALENDAR_US_PER_DAY, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(reduce_days(ranks, &days, &failure), 0);
    if (rank == 0) {
        CU_ASSERT_EQUAL(days.last_us, (count - 1) * CALENDAR_US_PER_DAY);
        CU_ASSERT_EQUAL(days_gap(&days), count > 1 ? 1 : 0);
        CU_ASSERT_EQUAL(days_in_the_future(&days), (uint64_t)count);
    }
    days_clear(&days);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"the texts with most users stay", test_texts_with_most_users_stay},
        {"percentiles over all ranks", test_percentiles_over_all_ranks},
        {"missing values are noticed", test_missing_values_are_noticed},
        {"days of all ranks", test_days_of_all_ranks},
    };
    struct failure failure = {0};
    if (ranks_start(&ranks, &failure) != 0)
        return EXIT_FAILURE;
    int result = unit_main("answers", tests, sizeof tests / sizeof tests[0]);
    return ranks_end(ranks, &failure) == 0 ? result : EXIT_FAILURE;
}
