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
    for (int kind = 0; kind < SCHEDULE_LANES; kind++) {
        const struct schedule_lane *lane = &schedule->lanes[kind];
        for (size_t i = lane->next; i < lane->count; i++)
            bytes += splits[lane->items[i].split].disk_bytes;
    }
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
                CU_ASSERT_EQUAL(schedules[rank].lanes[SCHEDULE_FILES].next,
                                schedules[0].lanes[SCHEDULE_FILES].next);
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

/* Left again and again by any number of ranks, each split is taken to its end once, tables first.
 */
static void test_left_and_gone_on_with(void)
{
    static const bool no_tables[MOST_RANKS] = {false, true, false, true, true};
    uint64_t random = random_seed();
    for (int chain = 0; chain < 50; chain++) {
        struct failure failure = {0};
        struct schedule_item *unfinished = NULL;
        size_t unfinished_count = 0;
        struct schedule_next next = {0};
        int finished[SPLITS] = {0};
        uint64_t reached[SPLITS] = {0};
        for (size_t i = 0; i < SPLITS; i++)
            splits[i] = (struct source_split){
                .disk_bytes = random_below(&random, 5) * 1000,
                .format = random_below(&random, 3) == 0 ? SOURCE_TABLE : SOURCE_PLAIN};
        for (int attempt = 0; next.splits < SPLITS || unfinished_count > 0; attempt++) {
            struct schedule schedules[MOST_RANKS];
            struct schedule_item all[2 * SPLITS];
            int ranks = (int)random_below(&random, MOST_RANKS) + 1;
            CU_ASSERT_FATAL(attempt < 1000);
            for (int rank = 0; rank < ranks; rank++) {
                CU_ASSERT_FATAL(schedule_resume(&list, unfinished, unfinished_count, next,
                                                &schedules[rank], &failure) == 0);
                schedules[rank].no_tables = no_tables;
            }
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
                bool is_open = false, had_file = false;
                for (uint64_t takes = random_below(&random, 9); takes > 0 && !is_open; takes--) {
                    if (!schedule_take(&schedules[rank], &item))
                        break;
                    CU_ASSERT_EQUAL(item.offset, reached[item.split]);
                    bool is_table = splits[item.split].format == SOURCE_TABLE;
                    CU_ASSERT_FALSE(is_table && (had_file || no_tables[rank]));
                    had_file = had_file || !is_table;
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
    memset(splits, 0, sizeof splits);
}

/* What cannot have been left is refused: more than there is, or a split that has not gone out. */
static void test_what_was_never_left(void)
{
    static const struct schedule_item last = {.split = SPLITS - 1};
    static const struct {
        struct schedule_next next;
        size_t unfinished_count;
    } cases[] = {{{SPLITS + 1, 0}, 0}, {{1, 2}, 0},      {{SPLITS, SPLITS}, 0},
                 {{11, 11}, 0},        {{SPLITS, 9}, 0}, {{1, 1}, 1}};
    for (size_t i = 0; i < SPLITS; i++)
        splits[i].format = i < 10 ? SOURCE_TABLE : SOURCE_PLAIN;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct failure failure = {0};
        struct schedule schedule;
        CU_ASSERT_EQUAL(schedule_resume(&list, &last, cases[i].unfinished_count, cases[i].next,
                                        &schedule, &failure),
                        -1);
        CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
        schedule_clear(&schedule);
    }
    memset(splits, 0, sizeof splits);
}

/* Ranks without a connection get files alone; the others get all tables before any file. */
static void test_tables_go_to_those_who_read_them(void)
{
    struct failure failure = {0};
    struct schedule schedules[2];
    struct schedule_item item;
    const bool no_tables[2] = {true, false};
    const uint64_t wanted[2] = {1000, 1000000};
    size_t tables = 0, files = 0, taken = 0;
    for (size_t i = 0; i < SPLITS; i++) {
        splits[i].disk_bytes = 100 + i;
        splits[i].format = i % 3 == 0 ? SOURCE_PLAIN : SOURCE_TABLE;
        tables += i % 3 == 0 ? 0 : 1;
    }
    for (int rank = 0; rank < 2; rank++) {
        CU_ASSERT_FATAL(schedule_create(&list, &schedules[rank], &failure) == 0);
        schedules[rank].no_tables = no_tables;
        CU_ASSERT_FALSE(schedule_tables_are_out(&schedules[rank]));
        CU_ASSERT(schedule_assign(&schedules[rank], wanted, 2, rank, &failure) == 0);
        CU_ASSERT_TRUE(schedule_tables_are_out(&schedules[rank]));
        CU_ASSERT_TRUE(schedule_is_out(&schedules[rank]));
        /* What it was given first, it takes first. */
        CU_ASSERT_EQUAL(schedule_first(&schedules[rank], rank), schedule_peek(&schedules[rank]));
    }
    for (; schedule_take(&schedules[0], &item); files++)
        CU_ASSERT_EQUAL(splits[item.split].format, SOURCE_PLAIN);
    CU_ASSERT_EQUAL(files, 4);
    for (; schedule_take(&schedules[1], &item); taken++)
        CU_ASSERT_EQUAL(splits[item.split].format, taken < tables ? SOURCE_TABLE : SOURCE_PLAIN);
    CU_ASSERT_EQUAL(taken, SPLITS - files);
    for (int rank = 0; rank < 2; rank++)
        schedule_clear(&schedules[rank]);

    /* Where tables alone are left, who reads none gets nothing. */
    for (size_t i = 0; i < SPLITS; i++)
        splits[i].format = SOURCE_TABLE;
    CU_ASSERT_FATAL(schedule_create(&list, &schedules[0], &failure) == 0);
    schedules[0].no_tables = no_tables;
    CU_ASSERT(schedule_assign(&schedules[0], (const uint64_t[2]){1, 0}, 2, 0, &failure) == 0);
    CU_ASSERT_FALSE(schedule_take(&schedules[0], &item));
    CU_ASSERT_EQUAL(schedule_first(&schedules[0], 0), 0);
    CU_ASSERT_FALSE(schedule_is_out(&schedules[0]));
    schedule_clear(&schedules[0]);
    memset(splits, 0, sizeof splits);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"each split goes out once", test_each_split_goes_out_once},
        {"who asks for nothing gets nothing", test_who_asks_for_nothing_gets_nothing},
        {"left and gone on with", test_left_and_gone_on_with},
        {"what was never left", test_what_was_never_left},
        {"tables go to those who read them", test_tables_go_to_those_who_read_them},
    };
    return unit_main("schedule", tests, sizeof tests / sizeof tests[0]);
}
