#include "course_funnel/entries.h"
#include "course_funnel/values.h"
#include "support/random.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define MOST 3000

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Values of all sizes, in some runs: what is selected is what stands there when they are sorted. */
static void test_any_rank_of_any_values(void)
{
    static uint64_t values[MOST], sorted[MOST];
    uint64_t drawn = random_seed();
    for (int round = 0; round < 500; round++) {
        struct values_run runs[8] = {{0}};
        size_t count = random_below(&drawn, MOST) + 1, begin = 0;
        uint64_t mask = ~UINT64_C(0) >> random_below(&drawn, 64);
        for (size_t i = 0; i < count; i++)
            values[i] = random_next(&drawn) & mask;
        memcpy(sorted, values, count * sizeof *values);
        qsort(sorted, count, sizeof *sorted, by_value);
        for (size_t i = 0; i < 8; i++) {
            size_t left = count - begin, take = i == 7 ? left : random_below(&drawn, left + 1);
            runs[i] = (struct values_run){values + begin, take};
            begin += take;
        }
        for (int i = 0; i < 5; i++) {
            uint64_t rank = i == 0 ? 1 : i == 1 ? count : random_below(&drawn, count) + 1;
            CU_ASSERT_EQUAL(values_select(runs, 8, rank), sorted[rank - 1]);
        }
    }
}

/* A place takes as many values as its record has, and no more. */
static void test_room_for_as_many_as_there_are(void)
{
    struct failure failure = {0};
    struct values values = {0};
    struct tally_record records[2] = {{.course_id = 1, .kind = TALLY_COHORT},
                                      {.course_id = 1, .kind = TALLY_LESSON, .lesson_id = 3}};
    struct tally tally = {.records = records, .count = 2};
    records[0].sums[TALLY_TIMED] = 1;
    records[1].timed_completions = 2;
    CU_ASSERT_EQUAL_FATAL(values_begin(3, &tally, &values, &failure), 0);
    CU_ASSERT_TRUE(values_add(&values, 0, 7));
    CU_ASSERT_FALSE(values_add(&values, 0, 7));
    CU_ASSERT_TRUE(values_add(&values, 1, 8));
    CU_ASSERT_TRUE(values_add(&values, 1, 9));
    CU_ASSERT_FALSE(values_add(&values, 1, 9));
    CU_ASSERT_EQUAL(values.begins[0], 0);
    CU_ASSERT_EQUAL(values.begins[3], 2 * 24 + 3 * 8);
    values_clear(&values);
}

static void test_entries_there_and_back(void)
{
    struct failure failure = {0};
    struct entry some[] = {
        {.course_id = 2, .week = 7, .users_started = 1, .text = "ab", .bytes = 2},
        {.course_id = 2, .week = 7, .users_started = 1, .text = "a", .bytes = 1},
        {.course_id = 1, .week = 14, .users_started = 3, .text = "12345678", .bytes = 8},
        {.course_id = 2,
         .week = 7,
         .users_started = 4,
         .users_completed = 2,
         .text = "ab",
         .bytes = 2},
    };
    struct entry *found = NULL;
    size_t count = sizeof some / sizeof *some, found_count = 0;
    unsigned char bytes[1024], *at = bytes;
    for (size_t i = 0; i < count; i++)
        at = entries_pack(at, &some[i]);
    size_t byte_count = (size_t)(at - bytes);
    CU_ASSERT_EQUAL_FATAL(entries_unpack(bytes, byte_count, &found, &found_count, &failure), 0);
    entries_sort(found, &found_count);
    CU_ASSERT_EQUAL_FATAL(found_count, 3);
    CU_ASSERT_EQUAL(found[0].course_id, 1);
    CU_ASSERT(memcmp(found[0].text, "12345678", 8) == 0);
    CU_ASSERT_EQUAL(found[1].bytes, 1);
    CU_ASSERT_EQUAL(found[2].users_started, 5);
    CU_ASSERT_EQUAL(found[2].users_completed, 2);
    free(found);
    CU_ASSERT_EQUAL(entries_unpack(bytes, byte_count - 8, &found, &found_count, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
    free(found);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"any rank of any values", test_any_rank_of_any_values},
        {"room for as many as there are", test_room_for_as_many_as_there_are},
        {"entries there and back", test_entries_there_and_back},
    };
    return unit_main("values", tests, sizeof tests / sizeof tests[0]);
}
