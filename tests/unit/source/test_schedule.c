#include "course_funnel/schedule.h"
#include "support/random.h"
#include "unit/unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SPLITS = 200, MOST_RANKS = 9 };

static struct source_split splits[SPLITS];
static const struct source_list list = {.splits = splits, .split_count = SPLITS};

/* The size of what has not gone out is kept. */
static void check_left_bytes(const struct schedule *schedule)
{
    uint64_t bytes = 0;
    for (size_t i = schedule->next; i < schedule->count; i++)
        bytes += splits[schedule->items[i].split].disk_bytes;
    CU_ASSERT_EQUAL(schedule->left_bytes, bytes);
}

/* Every split goes to exactly one rank, big ones first, whatever the ranks ask for. */
static void test_each_split_goes_out_once(void)
{
    uint64_t random = random_seed();
    struct failure failure = {0};
    for (int ranks = 1; ranks <= MOST_RANKS; ranks++) {
        struct schedule schedules[MOST_RANKS];
        uint64_t wanted[MOST_RANKS];
        int taken[SPLITS] = {0};
        for (size_t i = 0; i < SPLITS; i++)
            splits[i].disk_bytes = random_below(&random, 5) * 1000;
        for (int rank = 0; rank < ranks; rank++)
            CU_ASSERT_FATAL(schedule_create(&list, &schedules[rank], &failure) == 0);

        for (int round = 0; !schedule_is_out(&schedules[0]); round++) {
            CU_ASSERT_FATAL(round < 10000);
            for (int rank = 0; rank < ranks; rank++)
                wanted[rank] = random_below(&random, 3) * 2500;
            for (int rank = 0; rank < ranks; rank++) {
                CU_ASSERT_FATAL(schedule_assign(&schedules[rank], wanted, ranks, rank, &failure) ==
                                0);
                CU_ASSERT_EQUAL(schedules[rank].next, schedules[0].next);
                check_left_bytes(&schedules[rank]);
            }
        }
        for (int rank = 0; rank < ranks; rank++) {
            struct schedule_item item;
            uint64_t before = UINT64_MAX;
            while (schedule_take(&schedules[rank], &item)) {
                taken[item.split]++;
                CU_ASSERT(splits[item.split].disk_bytes <= before);
                CU_ASSERT_EQUAL(item.offset, 0);
                before = splits[item.split].disk_bytes;
            }
            CU_ASSERT_EQUAL(schedules[rank].mine_bytes, 0);
            schedule_clear(&schedules[rank]);
        }
        for (size_t i = 0; i < SPLITS; i++)
            CU_ASSERT_EQUAL(taken[i], 1);
    }
}

static void test_who_asks_for_nothing_gets_nothing(void)
{
    struct failure failure = {0};
    struct schedule schedule;
    struct schedule_item item;
    const uint64_t wanted[2] = {0, 1};
    for (size_t i = 0; i < SPLITS; i++)
        splits[i].disk_bytes = 10;
    CU_ASSERT_FATAL(schedule_create(&list, &schedule, &failure) == 0);
    CU_ASSERT(schedule_assign(&schedule, wanted, 2, 0, &failure) == 0);
    CU_ASSERT_FALSE(schedule_take(&schedule, &item));
    CU_ASSERT(schedule_assign(&schedule, wanted, 2, 1, &failure) == 0);
    CU_ASSERT_TRUE(schedule_take(&schedule, &item));
    CU_ASSERT_EQUAL(item.split, 1);
    CU_ASSERT_FALSE(schedule_take(&schedule, &item));
    schedule_clear(&schedule);
}

/* Left again and again by any number of ranks, each split is taken to its end once. */
static void test_left_and_gone_on_with(void)
{
    uint64_t random = random_seed();
    for (int chain = 0; chain < 50; chain++) {
        struct failure failure = {0};
        struct schedule_item *unfinished = NULL;
        size_t unfinished_count = 0, next = 0;
        int finished[SPLITS] = {0};
        uint64_t reached[SPLITS] = {0};
        for (size_t i = 0; i < SPLITS; i++)
            splits[i].disk_bytes = random_below(&random, 5) * 1000;
        for (int attempt = 0; next < SPLITS || unfinished_count > 0; attempt++) {
            struct schedule schedules[MOST_RANKS];
            struct schedule_item all[2 * SPLITS];
            int ranks = (int)random_below(&random, MOST_RANKS) + 1;
            CU_ASSERT_FATAL(attempt < 1000);
            for (int rank = 0; rank < ranks; rank++)
                CU_ASSERT_FATAL(schedule_resume(&list, unfinished, unfinished_count, next,
                                                &schedules[rank], &failure) == 0);
            for (uint64_t rounds = random_below(&random, 4); rounds > 0; rounds--) {
                uint64_t wanted[MOST_RANKS];
                for (int rank = 0; rank < ranks; rank++)
                    wanted[rank] = random_below(&random, 3) * 2500;
                for (int rank = 0; rank < ranks; rank++)
                    CU_ASSERT(schedule_assign(&schedules[rank], wanted, ranks, rank, &failure) ==
                              0);
            }
            check_left_bytes(&schedules[0]);
            unfinished_count = 0;
            for (int rank = 0; rank < ranks; rank++) {
                struct schedule_item item, open = {0}, *own = NULL;
                size_t own_count = 0;
                bool is_open = false;
                for (uint64_t takes = random_below(&random, 9); takes > 0 && !is_open; takes--) {
                    if (!schedule_take(&schedules[rank], &item))
                        break;
                    CU_ASSERT_EQUAL(item.offset, reached[item.split]);
                    is_open = random_below(&random, 3) == 0;
                    if (is_open) {
                        open = item;
                        open.offset += random_below(&random, 2);
                        reached[open.split] = open.offset;
                    } else {
                        finished[item.split]++;
                    }
                }
                CU_ASSERT_FATAL(schedule_leave(&schedules[rank], rank == 0, is_open ? &open : NULL,
                                               &own, &own_count, &next, &failure) == 0);
                CU_ASSERT_FATAL(unfinished_count + own_count <= 2 * SPLITS);
                memcpy(all + unfinished_count, own, own_count * sizeof *own);
                unfinished_count += own_count;
                free(own);
                schedule_clear(&schedules[rank]);
            }
            free(unfinished);
            unfinished = malloc((unfinished_count + 1) * sizeof *unfinished);
            memcpy(unfinished, all, unfinished_count * sizeof *unfinished);
        }
        free(unfinished);
        for (size_t i = 0; i < SPLITS; i++)
            CU_ASSERT_EQUAL(finished[i], 1);
    }
}

/* Ranks without a connection get all files that are left, and never a table. */
static void test_tables_go_to_those_who_read_them(void)
{
    struct failure failure = {0};
    struct schedule schedule;
    struct schedule_item item;
    const bool no_tables[2] = {true, false};
    const uint64_t wanted[2] = {1000000, 1};
    size_t files = 0;
    for (size_t i = 0; i < SPLITS; i++) {
        splits[i].disk_bytes = 100 + i;
        splits[i].format = i % 3 == 0 ? SOURCE_PLAIN : SOURCE_TABLE;
        files += i % 3 == 0 ? 1 : 0;
    }
    CU_ASSERT_FATAL(schedule_create(&list, &schedule, &failure) == 0);
    schedule.no_tables = no_tables;
    CU_ASSERT(schedule_assign(&schedule, wanted, 2, 0, &failure) == 0);
    size_t taken = 0;
    for (; schedule_take(&schedule, &item); taken++)
        CU_ASSERT_EQUAL(splits[item.split].format, SOURCE_PLAIN);
    /* The other rank asked for one, and took its turn. */
    CU_ASSERT_EQUAL(taken, files - 1);
    CU_ASSERT_EQUAL(schedule.next, files);
    CU_ASSERT(schedule_assign(&schedule, wanted, 2, 1, &failure) == 0);
    CU_ASSERT_TRUE(schedule_take(&schedule, &item));
    CU_ASSERT_EQUAL(splits[item.split].format, SOURCE_TABLE);
    CU_ASSERT_FALSE(schedule_take(&schedule, &item));
    CU_ASSERT_EQUAL(schedule.next, files + 1);
    CU_ASSERT_FALSE(schedule_is_out(&schedule));
    schedule_clear(&schedule);
    for (size_t i = 0; i < SPLITS; i++)
        splits[i].format = SOURCE_PLAIN;
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"each split goes out once", test_each_split_goes_out_once},
        {"who asks for nothing gets nothing", test_who_asks_for_nothing_gets_nothing},
        {"left and gone on with", test_left_and_gone_on_with},
        {"tables go to those who read them", test_tables_go_to_those_who_read_them},
    };
    return unit_main("schedule", tests, sizeof tests / sizeof tests[0]);
}
