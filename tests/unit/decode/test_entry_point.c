#include "course_funnel/decode.h"
#include "course_funnel/utf8.h"
#include "decode/entry_point.h"
#include "support/random.h"
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct decoder *decoder;

/* A start with such a value, or with such properties; what is found, or "-" for none. */
static const char *found(const char *format, const char *text)
{
    static char line[4096 + DECODE_PADDING], kept[512];
    struct event event;
    enum reject_reason reason = REJECT_REASONS;
    memset(line, '}', sizeof line);
    int bytes = snprintf(line, 4096, format, text);
    line[bytes] = '}';
    if (decode_line(decoder, line, (size_t)bytes, &event, &reason) != DECODE_EVENT)
        return "no event";
    if (event.entry_point_bytes == 0)
        return "-";
    snprintf(kept, sizeof kept, "%.*s", (int)event.entry_point_bytes, event.entry_point);
    return kept;
}

#define BEGIN "\"event_time\":\"2025-07-01 16:34:54\",\"user_id\":\"u\",\"event_properties\":"
#define STARTED "{\"event_type\":\"course_lesson_started\"," BEGIN
#define AS_TEXT                                                                                    \
    "{\"event_type\":\"course_lesson_started\"," BEGIN                                             \
    "\"{\\\"course_id\\\":1,\\\"lesson_id\\\":2,\\\"entry_point\\\":%s}\"}"
#define WITH(value) found(STARTED "{\"course_id\":1,\"entry_point\":%s,\"lesson_id\":2}}", value)

static void test_texts(void)
{
    static const char *const texts[][2] = {
        {"\"home\"", "home"},
        {"\" Home \"", " Home "},
        {"\"a\\u0041\\n\\\"\\/\"", "aA\n\"/"},
        {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
        {"\"\xc3\xa9\xe2\x80\xae\xf4\x8f\xbf\xbf\"", "\xc3\xa9\xe2\x80\xae\xf4\x8f\xbf\xbf"},
        {"\"(none)\"", "(none)"},
        {"\"home\",\"entry_point\":\"push\"", "push"},
        {"\"home\",\"entry_point\":null", "-"},
        {"null", "-"},
        {"\"\"", "-"},
        {"17", "-"},
        {"true", "-"},
        {"NaN", "-"},
        {"[\"home\"]", "-"},
        {"{\"entry_point\":\"home\"}", "-"},
        {"\"a\\u0000b\"", "-"},
        {"\"a\tb\"", "-"},
        {"\"a\\xb\"", "-"},
        {"\"a\\ud83d\"", "-"},
        {"\"\\ude00a\"", "-"},
        {"\"\\ude00\\ud83d\"", "-"},
        {"\"a\xff\"", "-"},
        {"\"a\xc3\"", "-"},
        {"\"\xc0\x80\"", "-"},
        {"\"\xed\xa0\x80\"", "-"},
        {"\"\xf4\x90\x80\x80\"", "-"},
        {"\"0123456789abcdef\xff\"", "-"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(WITH(texts[i][0]), texts[i][1]) != 0) {
            printf("\n%s gives %s\n", texts[i][0], WITH(texts[i][0]));
            CU_FAIL("another entry point");
        }
    CU_ASSERT_STRING_EQUAL(found(AS_TEXT, "\\\"push\\\""), "push");
    CU_ASSERT_STRING_EQUAL(found(AS_TEXT, "\\\"\\\\u0070ush\\\""), "push");
    CU_ASSERT_STRING_EQUAL(found(AS_TEXT, "\\\"a\\ud83d\\\""), "-");
    CU_ASSERT_STRING_EQUAL(found(AS_TEXT, "\\\"\\ud83d\\\\ude00\\\""), "-");
    CU_ASSERT_STRING_EQUAL(found(AS_TEXT, "\\\"a\\u0000\\\""), "-");
    CU_ASSERT_STRING_EQUAL(found("{\"event_type\":\"course_completed\"," BEGIN
                                 "{\"course_id\":1,\"entry_point\":%s}}",
                                 "\"home\""),
                           "-");
    decode_leave_out_entry_points(decoder);
    CU_ASSERT_STRING_EQUAL(WITH("\"home\""), "-");
}

/* What a text gives, one character after the other. */
static size_t slow(const char *text, size_t bytes)
{
    size_t kept = 0;
    for (size_t at = 0; at < bytes;) {
        size_t step = utf8_character_bytes(text + at, bytes - at);
        if (step == 0 || text[at] == '\0')
            return 0;
        at += step;
        kept = at <= EVENT_ENTRY_POINT_BYTES ? at : kept;
    }
    return kept;
}

static void test_cut(void)
{
    static const char *const characters[] = {
        "a",    "\x7f",         "\x01", "\xc3\xa9", "\xe2\x82\xac", "z", "\xf0\x9f\x98\x80",
        "\xff", "\xed\xa0\x80", ""};
    uint64_t drawn = random_seed();
    char text[1024];
    unsigned judged = 0;
    for (int round = 0; round < 30000; round++) {
        size_t bytes = 0, most = random_below(&drawn, 600);
        unsigned kinds = random_below(&drawn, 20) == 0 ? 10 : 7;
        bool plain = false;
        while (bytes < most) {
            plain = random_below(&drawn, 10) == 0 ? !plain : plain;
            const char *next = characters[plain ? 0 : random_below(&drawn, kinds)];
            size_t length = *next != '\0' ? strlen(next) : 1;
            memcpy(text + bytes, next, length);
            bytes += length;
        }
        size_t expected = slow(text, bytes);
        judged += expected > 0;
        if (entry_point_bytes(text, bytes) != expected) {
            CU_FAIL("cut elsewhere");
            break;
        }
    }
    CU_ASSERT(judged > 15000);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"a text, or none", test_texts},
        {"a long text is judged whole, and cut between characters", test_cut},
    };
    struct failure failure = {0};
    if (decode_create(&decoder, &failure) != 0)
        return EXIT_FAILURE;
    int result = unit_main("entry_point", tests, sizeof tests / sizeof tests[0]);
    decode_free(decoder);
    return result;
}
