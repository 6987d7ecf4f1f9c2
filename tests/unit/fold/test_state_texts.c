#include "course_funnel/state_texts.h"
#include "support/random.h"
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDS 20000

/* Many records take and drop texts; each always finds its own, and what is unused goes. */
static void test_each_finds_its_own(void)
{
    static uint32_t numbers[RECORDS], drawn_texts[RECORDS];
    uint64_t drawn = random_seed();
    struct state_texts texts = {0};
    struct failure failure = {0};
    uint64_t most_bytes = 0;
    memset(numbers, 0, sizeof numbers);
    for (uint32_t step = 0; step < 30 * RECORDS; step++) {
        char text[64];
        size_t record = random_below(&drawn, RECORDS);
        /* Some texts are common, most come once. */
        uint32_t next = random_below(&drawn, 3) == 0 ? step % 7 : step;
        uint32_t bytes = (uint32_t)snprintf(text, sizeof text, "a text with the number %u", next);
        uint32_t taken = state_texts_take(&texts, text, bytes, &failure);
        CU_ASSERT_NOT_EQUAL_FATAL(taken, 0);
        if (numbers[record] != 0)
            state_texts_drop(&texts, numbers[record]);
        numbers[record] = taken;
        drawn_texts[record] = next;
        most_bytes = texts.capacity_bytes > most_bytes ? texts.capacity_bytes : most_bytes;
    }
    for (size_t i = 0; i < RECORDS; i++) {
        char text[64];
        uint32_t bytes = 0;
        int expected = snprintf(text, sizeof text, "a text with the number %u", drawn_texts[i]);
        if (numbers[i] == 0)
            continue;
        const char *found = state_texts_get(&texts, numbers[i], &bytes);
        if (bytes != (uint32_t)expected || memcmp(found, text, bytes) != 0) {
            CU_FAIL("another text");
            break;
        }
    }
    /* Far fewer than the texts that came. */
    CU_ASSERT(texts.count < 6 * RECORDS);
    CU_ASSERT(most_bytes < 6 * RECORDS * 40);
    state_texts_clear(&texts);
}

static void test_one_text_has_one_number(void)
{
    struct state_texts texts = {0};
    struct failure failure = {0};
    uint32_t home = state_texts_take(&texts, "home", 4, &failure);
    CU_ASSERT_EQUAL(home, 1);
    CU_ASSERT_EQUAL(state_texts_take(&texts, "hom", 3, &failure), 2);
    CU_ASSERT_EQUAL(state_texts_take(&texts, "home", 4, &failure), home);
    state_texts_drop(&texts, home);
    state_texts_drop(&texts, home);
    CU_ASSERT_EQUAL(texts.idle, 1);
    CU_ASSERT_EQUAL(state_texts_take(&texts, "home", 4, &failure), home);
    CU_ASSERT_EQUAL(texts.idle, 0);
    state_texts_clear(&texts);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"each finds its own", test_each_finds_its_own},
        {"one text has one number", test_one_text_has_one_number},
    };
    return unit_main("state_texts", tests, sizeof tests / sizeof tests[0]);
}
