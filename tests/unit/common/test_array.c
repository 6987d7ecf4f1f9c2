#include "course_funnel/array.h"
#include "unit/unit.h"

#include <stdint.h>
#include <stdlib.h>

static void test_elements_stay_as_the_array_grows(void)
{
    struct failure failure = {0};
    uint64_t *numbers = NULL;
    for (size_t count = 0; count < 1000; count++) {
        CU_ASSERT_EQUAL_FATAL(array_extend(&numbers, count, sizeof *numbers, "numbers", &failure),
                              0);
        numbers[count] = ~(uint64_t)count;
    }
    size_t wrong = 0;
    for (size_t i = 0; i < 1000; i++)
        wrong += numbers[i] != ~(uint64_t)i;
    CU_ASSERT_EQUAL(wrong, 0);
    free(numbers);
}

static void test_room_that_is_there_is_not_asked_for(void)
{
    struct failure failure = {0};
    char byte = 'x', *bytes = &byte;
    CU_ASSERT_EQUAL(array_extend(&bytes, 3, 1, "letters", &failure), 0);
    CU_ASSERT_PTR_EQUAL(bytes, &byte);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"elements stay as the array grows", test_elements_stay_as_the_array_grows},
        {"room that is there is not asked for", test_room_that_is_there_is_not_asked_for},
    };
    return unit_main("array", tests, sizeof tests / sizeof tests[0]);
}
