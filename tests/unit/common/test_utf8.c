#include "course_funnel/utf8.h"
#include "unit/unit.h"

#include <stdint.h>
#include <string.h>

static void test_characters(void)
{
    static const struct {
        const char *text;
        size_t bytes;
    } cases[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\x80", 0},
        {"\xc0\xaf", 0},
        {"\xc1\xbf", 0},
        {"\xc2\x80", 2},
        {"\xc3", 0},
        {"\xc3\x28", 0},
        {"\xdf\xbf", 2},
        {"\xe0\x9f\xbf", 0},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xed\xa0\x80", 0},
        {"\xee\x80\x80", 3},
        {"\xe2\x82", 0},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xf0\x90\x80\x20", 0},
        {"\xff", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length = strlen(cases[i].text);
        CU_ASSERT_EQUAL(utf8_character_bytes(cases[i].text, length), cases[i].bytes);
        CU_ASSERT_EQUAL(utf8_character_bytes(cases[i].text, SIZE_MAX), cases[i].bytes);
        /* No more is looked at than is there. */
        for (size_t bytes = 0; bytes < cases[i].bytes; bytes++)
            CU_ASSERT_EQUAL(utf8_character_bytes(cases[i].text, bytes), 0);
    }
    CU_ASSERT_EQUAL(utf8_character_bytes("", 1), 1);
}

int main(void)
{
    static const struct unit_test tests[] = {{"characters", test_characters}};
    return unit_main("utf8", tests, sizeof tests / sizeof tests[0]);
}
