#include "course_funnel/store_choice.h"
#include "unit/unit.h"

#include <string.h>

#define RUN_A "aaaaaaaa-1234-1234-1234-123456789abc"
#define RUN_B "bbbbbbbb-1234-1234-1234-123456789abc"

static void test_whose_a_manifest_is(void)
{
    struct manifest manifest = {.attempt = 2, .generation = 7, .history_id = RUN_A};
    struct store_generation here = {2, 7}, later = {2, 8}, earlier_attempt = {1, 7};
    CU_ASSERT_EQUAL(store_whose(&manifest, here, RUN_A), STORE_OWN);
    CU_ASSERT_EQUAL(store_whose(&manifest, here, RUN_B), STORE_OF_ANOTHER_RUN);
    /* The run of a folder that lost its attempt file is that of its manifests. */
    CU_ASSERT_EQUAL(store_whose(&manifest, here, NULL), STORE_OWN);
    CU_ASSERT_EQUAL(store_whose(&manifest, later, RUN_A), STORE_OF_ANOTHER_GENERATION);
    CU_ASSERT_EQUAL(store_whose(&manifest, earlier_attempt, NULL), STORE_OF_ANOTHER_GENERATION);
    /* What was moved is told first: its run may be the right one. */
    CU_ASSERT_EQUAL(store_whose(&manifest, later, RUN_B), STORE_OF_ANOTHER_GENERATION);
}

static void test_what_becomes_of_a_generation(void)
{
    static const struct {
        int code;
        enum store_choice choice;
    } cases[] = {
        {0, STORE_TAKEN},
        {STORE_DAMAGED, STORE_SET_ASIDE},
        {EXIT_BUG, STORE_REFUSED},
        {EXIT_CHECKPOINT, STORE_PASSED_OVER},
        {EXIT_STRANGER, STORE_REFUSED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CU_ASSERT_EQUAL(store_choose(cases[i].code), cases[i].choice);
}

static void test_what_restart_has_thrown_away(void)
{
    struct store_attempt attempt = {.number = 5, .first_number = 3};
    struct store_generation before = {2, 9}, first = {3, 1}, newest = {5, 1};
    CU_ASSERT_TRUE(store_is_thrown_away(&attempt, before));
    CU_ASSERT_FALSE(store_is_thrown_away(&attempt, first));
    CU_ASSERT_FALSE(store_is_thrown_away(&attempt, newest));
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"whose a manifest is", test_whose_a_manifest_is},
        {"what becomes of a generation", test_what_becomes_of_a_generation},
        {"what restart has thrown away", test_what_restart_has_thrown_away},
    };
    return unit_main("store_choice", tests, sizeof tests / sizeof tests[0]);
}
