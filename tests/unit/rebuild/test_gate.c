#include "commands/rebuild/gate.h"
#include "unit/unit.h"

static struct ledger books(uint64_t rejected, uint64_t kept)
{
    return (struct ledger){.rejected_weight = rejected, .kept = kept};
}

static enum gate_verdict judge(struct ledger ledger, const struct ledger *base)
{
    return gate_judge(&ledger, base, 0.05, false);
}

static void test_all_are_judged_together(void)
{
    CU_ASSERT_EQUAL(judge(books(5, 95), NULL), GATE_OPEN);
    CU_ASSERT_EQUAL(judge(books(6, 94), NULL), GATE_REJECTS);
    CU_ASSERT_EQUAL(judge(books(0, 0), NULL), GATE_NOTHING);
    struct ledger nothing = books(0, 0);
    CU_ASSERT_EQUAL(gate_judge(&nothing, NULL, 0.05, true), GATE_OPEN);
}

static void test_a_broken_night_is_not_hidden_by_the_history(void)
{
    struct ledger base = books(100, 99900);
    CU_ASSERT_EQUAL(judge(books(150, 100850), &base), GATE_OPEN);        /* 50 of 1,000 */
    CU_ASSERT_EQUAL(judge(books(151, 100849), &base), GATE_NEW_REJECTS); /* 51 of 1,000 */
    CU_ASSERT_EQUAL(judge(books(151, 100849), NULL), GATE_OPEN);
}

static void test_a_small_night_is_not_judged_alone(void)
{
    struct ledger base = books(100, 99900);
    CU_ASSERT_EQUAL(judge(books(1099, 99900), &base), GATE_OPEN); /* all of 999 */
    CU_ASSERT_EQUAL(judge(books(1100, 99900), &base), GATE_NEW_REJECTS);
    CU_ASSERT_EQUAL(judge(books(100, 99900), &base), GATE_OPEN); /* nothing new */
}

static void test_the_history_counts_too(void)
{
    struct ledger base = books(60, 940);
    CU_ASSERT_EQUAL(judge(books(60, 941), &base), GATE_REJECTS);
    base = books(0, 0);
    CU_ASSERT_EQUAL(judge(books(0, 0), &base), GATE_NOTHING);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"all are judged together", test_all_are_judged_together},
        {"a broken night is not hidden by the history",
         test_a_broken_night_is_not_hidden_by_the_history},
        {"a small night is not judged alone", test_a_small_night_is_not_judged_alone},
        {"the history counts too", test_the_history_counts_too},
    };
    return unit_main("gate", tests, sizeof tests / sizeof tests[0]);
}
