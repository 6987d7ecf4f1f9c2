#include "course_funnel/days.h"
#include "support/random.h"
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY CALENDAR_US_PER_DAY
#define EVENTS 3000

/* The same, looked up in all events. */
static void look_up(const int64_t *times, size_t count, int64_t day, struct days *found,
                    uint64_t *future)
{
    days_begin(found, day);
    *future = 0;
    for (size_t i = 0; i < count; i++) {
        *future += times[i] >= (day + 1) * DAY;
        if (times[i] < day * DAY && times[i] > found->last_us)
            found->last_us = times[i];
    }
    for (size_t i = 0; i < count; i++)
        if (found->last_us != DAYS_NONE && days_of(times[i]) < days_of(found->last_us) &&
            times[i] > found->before_us)
            found->before_us = times[i];
}

static void expect_same(const struct days *days, const struct days *expected, uint64_t future)
{
    CU_ASSERT_EQUAL(days->last_us, expected->last_us);
    CU_ASSERT_EQUAL(days->before_us, expected->before_us);
    CU_ASSERT_EQUAL(days_in_the_future(days), future);
}

static void test_any_order_and_any_ranks(void)
{
    uint64_t drawn = random_seed();
    static int64_t times[EVENTS];
    for (int round = 0; round < 200; round++) {
        struct failure failure = {0};
        size_t count = random_below(&drawn, EVENTS);
        int64_t around = (int64_t)random_below(&drawn, 3000) - 1500;
        uint64_t wide = random_below(&drawn, 2) > 0 ? 10 : 6000, future = 0;
        struct days expected, all, parts[3];
        days_begin(&all, around);
        for (int i = 0; i < 3; i++)
            days_begin(&parts[i], around);
        for (size_t i = 0; i < count; i++) {
            times[i] = (around - 3 + (int64_t)random_below(&drawn, wide)) * DAY +
                       (int64_t)random_below(&drawn, 3) * (DAY / 2) - 1;
            CU_ASSERT_EQUAL(days_add(&all, times[i], &failure), 0);
            CU_ASSERT_EQUAL(days_add(&parts[random_below(&drawn, 3)], times[i], &failure), 0);
        }
        look_up(times, count, around, &expected, &future);
        expect_same(&all, &expected, future);
        CU_ASSERT(all.count <= DAYS_MOST);
        for (int i = 1; i < 3; i++)
            CU_ASSERT_EQUAL(days_merge(&parts[0], &parts[i], &failure), 0);
        expect_same(&parts[0], &expected, future);
        CU_ASSERT_EQUAL_FATAL(parts[0].count, all.count);
        CU_ASSERT_EQUAL(parts[0].later, all.later);
        CU_ASSERT(all.count == 0 ||
                  memcmp(parts[0].counts, all.counts, all.count * sizeof *all.counts) == 0);
        days_clear(&all);
        for (int i = 0; i < 3; i++)
            days_clear(&parts[i]);
    }
}

static void test_bounds(void)
{
    struct failure failure = {0};
    struct days days;
    days_begin(&days, 10);
    CU_ASSERT_EQUAL(days_add(&days, 10 * DAY, &failure), 0);
    CU_ASSERT_EQUAL(days_add(&days, 11 * DAY - 1, &failure), 0);
    CU_ASSERT_EQUAL(days.last_us, DAYS_NONE);
    CU_ASSERT_EQUAL(days_in_the_future(&days), 0);
    CU_ASSERT_EQUAL(days_add(&days, 11 * DAY, &failure), 0);
    CU_ASSERT_EQUAL(days_in_the_future(&days), 1);
    CU_ASSERT_EQUAL(days_gap(&days), 0);
    CU_ASSERT_EQUAL(days_add(&days, 10 * DAY - 1, &failure), 0);
    CU_ASSERT_EQUAL(days_gap(&days), 0);
    CU_ASSERT_EQUAL(days_add(&days, -18 * DAY - 1, &failure), 0);
    CU_ASSERT_EQUAL(days_gap(&days), 28);
    CU_ASSERT_EQUAL(days.last_us, 10 * DAY - 1);
    days_clear(&days);
}

#define NIGHTS 6
#define RANKS 3

/* A night of three ranks on a day that may be later; rank 0 goes on from the night before. */
static void read_night(struct days *so_far, int64_t day, uint64_t *drawn, const int64_t *times,
                       size_t count)
{
    struct failure failure = {0};
    struct days parts[RANKS];
    for (int i = 0; i < RANKS; i++)
        days_begin(&parts[i], day);
    CU_ASSERT_EQUAL(days_merge(&parts[0], so_far, &failure), 0);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(days_add(&parts[random_below(drawn, RANKS)], times[i], &failure), 0);
    days_clear(so_far);
    days_begin(so_far, day);
    int first = (int)random_below(drawn, RANKS);
    for (int i = 0; i < RANKS; i++) {
        struct days *part = &parts[(first + i) % RANKS];
        CU_ASSERT_EQUAL(days_merge(so_far, part, &failure), 0);
        days_clear(part);
    }
}

/* Events are in the future of one night, and of the day of a later one, or over by then. */
static void test_nights_on_later_days_are_one_run(void)
{
    uint64_t drawn = random_seed();
    static int64_t times[EVENTS];
    for (int round = 0; round < 300; round++) {
        struct days so_far, expected;
        size_t count = random_below(&drawn, EVENTS), read = 0;
        uint64_t wide = 2 + random_below(&drawn, 3) * 40, future = 0;
        int64_t day = 20000;
        for (size_t i = 0; i < count; i++)
            times[i] = (day - 3 + (int64_t)random_below(&drawn, wide)) * DAY +
                       (int64_t)random_below(&drawn, 3) * (DAY / 2) - 1;
        days_begin(&so_far, day);
        for (int night = 0; night < NIGHTS; night++) {
            size_t new = night < NIGHTS - 1 ? random_below(&drawn, count - read + 1) : count - read;
            read_night(&so_far, day, &drawn, times + read, new);
            read += new;
            look_up(times, read, day, &expected, &future);
            expect_same(&so_far, &expected, future);
            day += (int64_t)random_below(&drawn, 20);
        }
        days_clear(&so_far);
    }
}

/* More days than are kept one by one: a later run can be told of them up to the last of these. */
static void test_more_days_than_are_kept(void)
{
    uint64_t drawn = random_seed(), future = 0;
    struct failure failure = {0};
    static int64_t times[DAYS_MOST + 1000 + 1];
    const int64_t day = 11000;
    const size_t count = DAYS_MOST + 1000;
    struct days so_far, expected, later;
    for (size_t i = 0; i < count; i++)
        times[i] = (day + (int64_t)i) * DAY + 7;
    for (size_t i = count - 1; i > 0; i--) {
        size_t other = random_below(&drawn, i + 1);
        int64_t swapped = times[i];
        times[i] = times[other];
        times[other] = swapped;
    }
    days_begin(&so_far, day);
    read_night(&so_far, day, &drawn, times, count);
    look_up(times, count, day, &expected, &future);
    expect_same(&so_far, &expected, future);
    CU_ASSERT_EQUAL(so_far.count, DAYS_MOST);
    CU_ASSERT_EQUAL(so_far.later, 1000);

    /* A day that is new behind the last one: whether it is the next is not known either. */
    times[count] = (day + (int64_t)count + 5) * DAY;
    for (int64_t moved = 100; moved < DAYS_MOST; moved += 1331) {
        read_night(&so_far, day + moved, &drawn, times + count, moved == 100 ? 1 : 0);
        look_up(times, count + 1, day + moved, &expected, &future);
        expect_same(&so_far, &expected, future);
        CU_ASSERT_EQUAL(so_far.later, 1001);
    }
    days_begin(&later, day + DAYS_MOST - 1);
    CU_ASSERT_EQUAL(days_merge(&later, &so_far, &failure), 0);
    look_up(times, count + 1, later.day, &expected, &future);
    expect_same(&later, &expected, future);
    days_clear(&later);
    days_begin(&later, day + DAYS_MOST);
    CU_ASSERT_EQUAL(days_merge(&later, &so_far, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_STRANGER);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "1001 events"));
    days_clear(&later);
    days_clear(&so_far);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"any order and any ranks", test_any_order_and_any_ranks},
        {"where a day begins and ends", test_bounds},
        {"nights on later days are one run", test_nights_on_later_days_are_one_run},
        {"more days than are kept", test_more_days_than_are_kept},
    };
    return unit_main("days", tests, sizeof tests / sizeof tests[0]);
}
