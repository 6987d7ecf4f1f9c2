#include "course_funnel/ledger.h"
#include "unit/unit.h"

#include <string.h>

/* 10 lines: 3 other, 2 rejected, 5 kept. */
static const struct ledger right = {.lines_read = 10,
                                    .records_read = 10,
                                    .other = 3,
                                    .rejected = {[REJECT_NOT_JSON] = 1, [REJECT_NO_LESSON] = 1},
                                    .kept = 5,
                                    .sent = 5,
                                    .received = 5,
                                    .folded = 5,
                                    .duplicates = 1};

static void test_books_that_balance(void)
{
    static const struct ledger none;
    struct failure failure = {0};
    CU_ASSERT_EQUAL(ledger_rejected(&right), 2);
    CU_ASSERT_EQUAL(ledger_check(&right, &failure), 0);
    CU_ASSERT_EQUAL(ledger_check(&none, &failure), 0);
    CU_ASSERT_EQUAL(failure.code, 0);
}

static void expect_refusal(const struct ledger *ledger, const char *sums)
{
    struct failure failure = {0};
    CU_ASSERT_EQUAL(ledger_check(ledger, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
    if (strstr(failure.message, sums) == NULL)
        fprintf(stderr, "said \"%s\", without \"%s\"\n", failure.message, sums);
    CU_ASSERT(strstr(failure.message, sums) != NULL);
}

/* One event too many or too few in any of the counts that have to agree. */
static void test_each_count_that_is_off(void)
{
    static const struct {
        size_t offset;
        const char *more;
        const char *fewer;
    } cases[] = {
        {offsetof(struct ledger, records_read),
         "11 records read on 10 lines, but 3 other + 2 rejected + 5 kept. Nothing was published",
         "9 records read on 10 lines, but 3 other + 2 rejected + 5 kept."},
        {offsetof(struct ledger, other),
         "10 records read on 10 lines, but 4 other + 2 rejected + 5 kept.",
         "10 records read on 10 lines, but 2 other + 2 rejected + 5 kept."},
        {offsetof(struct ledger, rejected[REJECT_NO_LESSON]),
         "10 records read on 10 lines, but 3 other + 3 rejected + 5 kept.",
         "10 records read on 10 lines, but 3 other + 1 rejected + 5 kept."},
        {offsetof(struct ledger, kept),
         "10 records read on 10 lines, but 3 other + 2 rejected + 6 kept.",
         "10 records read on 10 lines, but 3 other + 2 rejected + 4 kept."},
        {offsetof(struct ledger, sent), "5 events kept, 6 sent, 5 received, 5 folded. Nothing",
         "5 events kept, 4 sent, 5 received, 5 folded."},
        {offsetof(struct ledger, received), "5 events kept, 5 sent, 6 received, 5 folded.",
         "5 events kept, 5 sent, 4 received, 5 folded."},
        {offsetof(struct ledger, folded), "5 events kept, 5 sent, 5 received, 6 folded.",
         "5 events kept, 5 sent, 5 received, 4 folded."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ledger ledger = right;
        uint64_t *count = (uint64_t *)((char *)&ledger + cases[i].offset);
        ++*count;
        expect_refusal(&ledger, cases[i].more);
        *count -= 2;
        expect_refusal(&ledger, cases[i].fewer);
    }
}

/* Objects that follow each other on a line are records; no line is fewer than one. */
static void test_lines_and_records(void)
{
    struct ledger ledger = right;
    struct failure failure = {0};
    ledger.lines_read = 4;
    CU_ASSERT_EQUAL(ledger_check(&ledger, &failure), 0);
    ledger.lines_read = 11;
    expect_refusal(&ledger, "10 records read on 11 lines, but");
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"books that balance", test_books_that_balance},
        {"each count that is off", test_each_count_that_is_off},
        {"lines and records", test_lines_and_records},
    };
    return unit_main("ledger", tests, sizeof tests / sizeof tests[0]);
}
