#include "course_funnel/interval.h"

#include "unit.h"

#include <math.h>

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

int main(void)
{
    static const struct unit_test tests[] = {
        {"a time that the user gives holds", test_fixed},
        {"else cost and mean time decide", test_young},
        {"the first comes early", test_first},
        {"neither too often nor in a loop", test_bounds},
    };
    return unit_main("interval", tests, sizeof tests / sizeof tests[0]);
}
