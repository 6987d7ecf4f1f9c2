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

int main(void)
{
    static const struct unit_test tests[] = {
        {"any order and any ranks", test_any_order_and_any_ranks},
        {"where a day begins and ends", test_bounds},
    };
    return unit_main("days", tests, sizeof tests / sizeof tests[0]);
}
