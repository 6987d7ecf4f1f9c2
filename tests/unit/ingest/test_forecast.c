#include "ingest/forecast.h"

#include "unit/unit.h"

#include <math.h>

#define TOTAL 1000000

/* The state after so much of the input. */
typedef double growth(double share);

static double steady(double share)
{
    return share;
}

/* Users seen before come again: the like of a tenth of the input brings most of them. */
static double saturating(double share)
{
    return 1 - exp(-share * 10);
}

static double all_seen_early(double share)
{
    return share < 0.1 ? share * 10 : 1;
}

static double in_bursts(double share)
{
    return floor(share * 20) / 20;
}

static double late(double share)
{
    return share < 0.5 ? 0 : share - 0.5;
}

/* Read in rounds of ${round} of TOTAL bytes up to ${until}; the state ends with a million bytes. */
static struct forecast read_until(growth *state, int round, int until)
{
    struct forecast forecast = {0};
    for (int read = 0; read <= until; read += round)
        forecast_note(&forecast, (uint64_t)read, (uint64_t)(1e6 * state((double)read / TOTAL)));
    return forecast;
}

static void test_steady(void)
{
    int rounds[] = {100, 999, 7919};
    for (int i = 0; i < 3; i++) {
        for (int until = 10 * rounds[i]; until < TOTAL / 2; until += 3 * rounds[i]) {
            struct forecast forecast = read_until(steady, rounds[i], until);
            uint64_t last = forecast.points[forecast.count - 1].read_bytes;
            uint64_t left = TOTAL - last;
            CU_ASSERT(forecast_likely_bytes(&forecast, left) + left / 50 >= left);
            CU_ASSERT(forecast_likely_bytes(&forecast, left) <= left);
            uint64_t sure = forecast_sure_bytes(&forecast, left);
            CU_ASSERT(sure <= last / 4 + 1 && sure + last / 100 + 1 >= last / 4);
        }
    }
    struct forecast forecast = read_until(steady, 1000, 900000);
    CU_ASSERT(forecast_sure_bytes(&forecast, 1000) <= 500);
    CU_ASSERT(forecast_sure_bytes(&forecast, 1000) >= 490);
    CU_ASSERT_EQUAL(forecast_sure_bytes(&forecast, 0), 0);
    CU_ASSERT_EQUAL(forecast_likely_bytes(&forecast, 0), 0);
}

/* What is sure never comes to more than what comes. */
static void test_never_too_much(void)
{
    growth *shapes[] = {steady, saturating, in_bursts, late};
    for (int i = 0; i < 4; i++) {
        for (int until = 5000; until <= TOTAL; until += 5000) {
            struct forecast forecast = read_until(shapes[i], 500, until);
            double now = shapes[i]((double)until / TOTAL), all = shapes[i](1);
            uint64_t sure = forecast_sure_bytes(&forecast, (uint64_t)(TOTAL - until));
            CU_ASSERT((double)sure <= 1e6 * (all - now) + 1);
        }
    }
}

/* Nor by much where it stops from one moment to the next, and by nothing soon after that. */
static void test_all_seen_early(void)
{
    for (int until = 5000; until <= TOTAL; until += 5000) {
        struct forecast forecast = read_until(all_seen_early, 500, until);
        double now = all_seen_early((double)until / TOTAL);
        uint64_t sure = forecast_sure_bytes(&forecast, (uint64_t)(TOTAL - until));
        CU_ASSERT((double)sure <= 0.25e6 * now + 1);
        CU_ASSERT(until < 120000 || sure == 0);
        CU_ASSERT(until < 120000 ||
                  forecast_likely_bytes(&forecast, (uint64_t)(TOTAL - until)) == 0);
    }
}

static void test_too_little_is_known(void)
{
    struct forecast forecast = {0};
    CU_ASSERT_EQUAL(forecast_likely_bytes(&forecast, 100), 0);
    CU_ASSERT_EQUAL(forecast_sure_bytes(&forecast, 100), 0);
    for (uint64_t read = 0; read < FORECAST_LEAST - 1; read++)
        forecast_note(&forecast, read * 10, read * 10);
    CU_ASSERT_EQUAL(forecast_likely_bytes(&forecast, 100), 0);
    /* A round in which nothing was read is no stretch. */
    forecast_note(&forecast, (FORECAST_LEAST - 2) * 10, 1000);
    CU_ASSERT_EQUAL(forecast_likely_bytes(&forecast, 100), 0);
    forecast_note(&forecast, (FORECAST_LEAST - 1) * 10, (FORECAST_LEAST - 1) * 10);
    CU_ASSERT_EQUAL(forecast_likely_bytes(&forecast, 100), 100);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"steady", test_steady},
        {"never too much", test_never_too_much},
        {"all seen early", test_all_seen_early},
        {"too little is known", test_too_little_is_known},
    };
    return unit_main("forecast", tests, sizeof tests / sizeof tests[0]);
}
