#include "unit/unit.h"

#include "course_funnel/decode.h"
#include "decode/json.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ROOM 8192

/* The text with bytes behind it that would go on with anything. */
static const char *padded(const char *text, size_t bytes)
{
    static char room[ROOM];
    memset(room, '"', sizeof room);
    memcpy(room, text, bytes);
    return room;
}

static bool is_value(const char *text, size_t bytes)
{
    struct json_value value;
    const char *at = padded(text, bytes);
    return json_value(at, at + bytes, &value) == at + bytes;
}

static void test_values(void)
{
    static const char *const good[] = {"null",
                                       "true",
                                       "false",
                                       "0",
                                       "-0",
                                       "12.5e-3",
                                       "\"\"",
                                       "\"a\"",
                                       "[]",
                                       "{}",
                                       "[ ]",
                                       "{\t}",
                                       "[1,2]",
                                       "[ 1 , \"a\" ]",
                                       "{\"a\":1}",
                                       "{ \"a\" : { \"b\" : [ ] } , \"c\" : null }",
                                       "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\"",
                                       "\"\\ud83d\"",
                                       "\"\x7f\xff\xc0\"",
                                       "\"0123456789abcdef0123456789abcde\"",
                                       "[[[[[[]]]]]]",
                                       "[{},[],{},[{}]]",
                                       "{\"\":0}",
                                       "{\"a\":1,\"a\":2}"};
    static const char *const bad[] = {"",
                                      "nul",
                                      "nullx",
                                      "True",
                                      "tru",
                                      "fals",
                                      "-",
                                      "01",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "+1",
                                      "0x1",
                                      "NaN",
                                      "\"",
                                      "\"a",
                                      "\"\\\"",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "\"\\u12g4\"",
                                      "\"\\u\"",
                                      "\"\t\"",
                                      "\"\n\"",
                                      "\"0123456789abcdef\x1f\"",
                                      "[",
                                      "]",
                                      "[1",
                                      "[1,",
                                      "[1,]",
                                      "[,1]",
                                      "[1 2]",
                                      "[1,,2]",
                                      "[}",
                                      "{",
                                      "}",
                                      "{\"a\"",
                                      "{\"a\":",
                                      "{\"a\":1",
                                      "{\"a\":1,",
                                      "{\"a\":1,}",
                                      "{\"a\"}",
                                      "{\"a\",1}",
                                      "{a:1}",
                                      "{1:1}",
                                      "{\"a\" 1}",
                                      "{\"a\"::1}",
                                      "{\"a\":1 \"b\":2}",
                                      "{,}",
                                      "{]",
                                      "[1}",
                                      "'a'",
                                      "[\f1]",
                                      "{\"a\":[1}",
                                      "[{\"a\":1]",
                                      "\"a\"b",
                                      "[]x",
                                      "\"\\",
                                      "\"\\u123"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CU_ASSERT(is_value(good[i], strlen(good[i])));
        if (!is_value(good[i], strlen(good[i])))
            fprintf(stderr, "refused: %s\n", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CU_ASSERT(!is_value(bad[i], strlen(bad[i])));
        if (is_value(bad[i], strlen(bad[i])))
            fprintf(stderr, "accepted: %s\n", bad[i]);
    }
    CU_ASSERT(!is_value("\"a\0b\"", 5));
    CU_ASSERT(!is_value("\0", 1));
}

static void test_depth(void)
{
    char text[3 * JSON_MAX_DEPTH];
    for (size_t depth = JSON_MAX_DEPTH - 1; depth <= JSON_MAX_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        CU_ASSERT_EQUAL(is_value(text, 2 * depth), depth <= JSON_MAX_DEPTH);
    }
    memset(text, '[', sizeof text);
    CU_ASSERT_FALSE(is_value(text, sizeof text));
}

/* A quote, backslash or control character at each place of a long string. */
static void test_string_places(void)
{
    bool all = true;
    for (size_t place = 1; place < 80; place++) {
        char text[128];
        memset(text, 'x', sizeof text);
        text[0] = '"';
        text[place] = '"';
        all &= is_value(text, place + 1);
        all &= !is_value(text, place);
        text[place] = '\x1f';
        text[place + 1] = '"';
        all &= !is_value(text, place + 2);
        text[place] = '\\';
        text[place + 2] = '"';
        all &= !is_value(text, place + 2);
        text[place + 1] = 'n';
        all &= is_value(text, place + 3);
    }
    CU_ASSERT_TRUE(all);
}

/* What a spelled string means, and whether it is whole. */
static bool means(const char *spelled, const char *meaning, size_t bytes, bool whole)
{
    struct json_value string;
    size_t spelled_bytes = strlen(spelled);
    const char *at = padded(spelled, spelled_bytes);
    if (json_string(at, at + spelled_bytes, &string) == NULL)
        return false;
    char plain[128];
    bool is_whole;
    size_t plain_bytes = json_unescape(&string, plain, &is_whole);
    return is_whole == whole && plain_bytes == bytes && memcmp(plain, meaning, bytes) == 0;
}

static void test_unescape(void)
{
    CU_ASSERT(means("\"plain\"", "plain", 5, true));
    CU_ASSERT(means("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8, true));
    CU_ASSERT(means("\"a\\u0041b\"", "aAb", 3, true));
    CU_ASSERT(means("\"\\u0000\"", "\0", 1, true));
    CU_ASSERT(means("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"",
                    "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", 11, true));
    CU_ASSERT(means("\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", 4, true));
    CU_ASSERT(
        means("\"\\uD800\\uDC00\\uDBFF\\uDFFF\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8, true));
    CU_ASSERT(means("\"\\ud83d\"", "\xed\xa0\xbd", 3, false));
    CU_ASSERT(means("\"\\ude00\"", "\xed\xb8\x80", 3, false));
    CU_ASSERT(means("\"\\ud83dx\"", "\xed\xa0\xbdx", 4, false));
    CU_ASSERT(means("\"\\ud83d\\n\"", "\xed\xa0\xbd\n", 4, false));
    CU_ASSERT(means("\"\\ud83d\\u0041\"",
                    "\xed\xa0\xbd"
                    "A",
                    4, false));
    CU_ASSERT(means("\"\\ud83d\\ud83d\\ude00\"", "\xed\xa0\xbd\xf0\x9f\x98\x80", 7, false));
    CU_ASSERT(means("\"\xff\xfe\"", "\xff\xfe", 2, true));
}

static void test_object_members(void)
{
    static const struct json_name names[] = {{"course_id", 9}, {"lesson_id", 9}};
    static const char text[] =
        "{\"a\":{\"course_id\":7},\"course_id\":1,\"Course_id\":8,\"course\\u005fid\":\"2\","
        "\"lesson_id\" : [ \"lesson_id\" ] ,\"course_id \":9,\"lesson_i\":9}";
    struct json_value values[2];
    const char *at = padded(text, sizeof text - 1);
    const char *end = at + sizeof text - 1;
    CU_ASSERT_PTR_EQUAL(json_object(at, end, names, 2, values), end);
    CU_ASSERT_EQUAL(values[0].kind, JSON_STRING);
    CU_ASSERT_EQUAL(values[0].bytes, 1);
    CU_ASSERT_EQUAL(values[0].text[0], '2');
    CU_ASSERT_EQUAL(values[1].kind, JSON_OTHER);
    CU_ASSERT_EQUAL(values[1].bytes, 15);

    at = padded("{ }", 3);
    CU_ASSERT_PTR_EQUAL(json_object(at, at + 3, names, 2, values), at + 3);
    CU_ASSERT_EQUAL(values[0].kind, JSON_NONE);
    for (size_t cut = 1; cut < sizeof text - 1; cut++) {
        at = padded(text, cut);
        CU_ASSERT_PTR_NULL(json_object(at, at + cut, names, 2, values));
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"values", test_values},
        {"depth", test_depth},
        {"every place of a string", test_string_places},
        {"unescaping", test_unescape},
        {"members of an object", test_object_members},
    };
    return unit_main("json", tests, sizeof tests / sizeof *tests);
}
