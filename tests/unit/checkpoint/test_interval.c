#include "course_funnel/interval.h"

#include "unit/unit.h"

#include <math.h>
#include <stdio.h>

static void expect(double fixed, double mean_time, double cost, double seconds)
{
    struct interval interval = {.fixed_seconds = fixed, .mean_time_seconds = mean_time};
    double found = interval_next(&interval, cost);
    if (fabs(found - seconds) > 0.01 * seconds)
        fprintf(stderr, "%g s where %g s were due\n", found, seconds);
    CU_ASSERT(fabs(found - seconds) <= 0.01 * seconds);
}

static void test_fixed(void)
{
    expect(0.25, 86400, -1, 0.25);
    expect(600, 86400, 1000, 600);
}

static void test_young(void)
{
    expect(0, 86400, 10, 1314.5); /* 24 h between interrupts: 22 minutes */
    expect(0, 7200, 10, 379.5);   /* 2 h: 6.3 minutes */
    expect(0, 86400, 0.1, 131.5);
}

static void test_first(void)
{
    expect(0, 86400, -1, 60);
    expect(0, 200, -1, 20);
}

static void test_bounds(void)
{
    expect(0, 86400, 0, 1); /* too fast to be measured */
    expect(0, 10, 60, 540); /* interrupts come faster than checkpoints can be written */
}

/* With the default mean time checkpoints take less than 3 % of the time, up to 160 s for each. */
static void test_share(void)
{
    struct interval interval = {.mean_time_seconds = 3600 * INTERVAL_DEFAULT_MEAN_TIME_HOURS};
    double largest = 0;
    for (double cost = 0.001; cost <= 160; cost *= 1.01) {
        double share = cost / (cost + interval_next(&interval, cost));
        largest = fmax(largest, share);
    }
    CU_ASSERT(largest < 0.03);
    CU_ASSERT(largest > 0.02);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"a time that the user gives holds", test_fixed},
        {"else cost and mean time decide", test_young},
        {"the first comes early", test_first},
        {"a small share of the time", test_share},
        {"neither too often nor in a loop", test_bounds},
    };
    return unit_main("interval", tests, sizeof tests / sizeof tests[0]);
}
