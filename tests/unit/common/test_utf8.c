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

static void test_what_turns_text_round_is_not_shown(void)
{
    static const char *const hidden[] = {"\xd8\x9c",     "\xe2\x80\x8e", "\xe2\x80\xae",
                                         "\xe2\x80\xa8", "\xe2\x81\xa6", "\xe2\x81\xa9",
                                         "\xc2\x85"};
    static const char *const shown[] = {"\xd8\x9d", "\xe2\x80\x8d", "\xe2\x80\xaf", "\xe2\x81\xaa",
                                        "\xc2\xa0"};
    char text[32];
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        CU_ASSERT_TRUE(utf8_is_hidden(hidden[i], strlen(hidden[i])));
        (void)utf8_show(hidden[i], strlen(hidden[i]), text, sizeof text);
        CU_ASSERT_EQUAL(strlen(text), 4 * strlen(hidden[i]));
    }
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        (void)utf8_show(shown[i], strlen(shown[i]), text, sizeof text);
        CU_ASSERT_STRING_EQUAL(text, shown[i]);
    }
}

static void test_what_is_shown(void)
{
    static const char text[] = "a\0\n\x7f\xc2\x9f\xc3\xa9\xff\xe2\x82";
    static const char all[] = "a\\x00\\x0A\\x7F\\xC2\\x9F\xc3\xa9\\xFF\\xE2\\x82";
    char shown[64];
    CU_ASSERT_EQUAL(utf8_show(text, sizeof text - 1, shown, sizeof shown), sizeof text - 1);
    CU_ASSERT_STRING_EQUAL(shown, all);
    /* Cut at every place: only between what stands for a byte or a character. */
    for (size_t capacity = 1; capacity < sizeof all; capacity++) {
        memset(shown, '!', sizeof shown);
        size_t bytes = utf8_show(text, sizeof text - 1, shown, capacity);
        size_t length = strlen(shown);
        CU_ASSERT(bytes < sizeof text - 1 && length < capacity && length + 5 > capacity);
        CU_ASSERT(memcmp(shown, all, length) == 0 && all[length] != '\xa9');
        CU_ASSERT_EQUAL(shown[capacity], '!');
        char again[64];
        (void)utf8_show(text, bytes, again, sizeof again);
        CU_ASSERT_STRING_EQUAL(again, shown);
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"characters", test_characters},
        {"what turns text round is not shown", test_what_turns_text_round_is_not_shown},
        {"what is shown", test_what_is_shown}};
    return unit_main("utf8", tests, sizeof tests / sizeof tests[0]);
}
