#include "unit/unit.h"

#include "course_funnel/decode.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 16384
#define MORNING INT64_C(1751387694837000) /* 2025-07-01 16:34:54.837 UTC */

/* The result of a line as a word: "event", "other" or the reason of the reject. */
struct outcome {
    const char *word;
    struct event event;
    char user[128];
};

static struct decoder *decoder;

static const char *word_of(enum decode_result result, enum reject_reason reason)
{
    if (result == DECODE_EVENT)
        return "event";
    if (result == DECODE_SEVERAL)
        return "several";
    return result == DECODE_OTHER ? "other" : event_reject_name(reason);
}

static void keep_user(struct outcome *outcome)
{
    memset(outcome->user, 0, sizeof outcome->user);
    if (strcmp(outcome->word, "event") == 0 && outcome->event.user_bytes < sizeof outcome->user)
        memcpy(outcome->user, outcome->event.user, outcome->event.user_bytes);
}

/* Decode at all levels, which must agree, with bytes behind the line that would go on with it. */
static struct outcome decode_bytes(const char *line, size_t bytes)
{
    static char room[ROOM + DECODE_PADDING];
    struct outcome first = {0};
    memset(room, '}', sizeof room);
    memcpy(room, line, bytes);
    for (int level = 0; level < SIMD_LEVELS; level++) {
        struct outcome outcome = {0};
        enum reject_reason reason = REJECT_REASONS;
        if (!simd_has((enum simd_level)level))
            continue;
        decode_set_level(decoder, (enum simd_level)level);
        enum decode_result result = decode_line(decoder, room, bytes, &outcome.event, &reason);
        outcome.word = word_of(result, reason);
        keep_user(&outcome);
        if (level == SIMD_PLAIN)
            first = outcome;
        CU_ASSERT_STRING_EQUAL(outcome.word, first.word);
        CU_ASSERT_STRING_EQUAL(outcome.user, first.user);
    }
    return first;
}

static struct outcome decode(const char *format, ...)
{
    static char line[ROOM];
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    return decode_bytes(line, (size_t)bytes);
}

static bool expect(struct outcome outcome, const char *word, const char *about)
{
    bool right = strcmp(outcome.word, word) == 0;
    CU_ASSERT_TRUE(right);
    if (!right)
        fprintf(stderr, "%s, not %s: %s\n", outcome.word, word, about);
    return right;
}

/* A lesson completion with one field given; the texts are JSON. */
#define WITH_TYPE(type)                                                                            \
    decode("{\"event_type\":%s,\"user_id\":\"u\",\"event_time\":\"2025-07-01 16:34:54.837000\","   \
           "\"event_properties\":{\"course_id\":1,\"lesson_id\":2},\"uuid\":\"i\"}",               \
           type)
#define WITH_USER(user)                                                                            \
    decode(                                                                                        \
        "{\"event_type\":\"course_completed\",\"user_id\":%s,"                                     \
        "\"event_time\":\"2025-07-01 16:34:54.837000\",\"event_properties\":{\"course_id\":1}}",   \
        user)
#define WITH_TIME(time)                                                                            \
    decode("{\"event_type\":\"course_completed\",\"user_id\":\"u\",\"event_time\":%s,"             \
           "\"event_properties\":{\"course_id\":1}}",                                              \
           time)
#define WITH_PROPERTIES(kind, properties)                                                          \
    decode(                                                                                        \
        "{\"event_type\":\"course_%s\",\"user_id\":\"u\","                                         \
        "\"event_time\":\"2025-07-01 16:34:54.837000\",\"event_properties\":%s,\"uuid\":\"i\"}",   \
        kind, properties)

static void test_types(void)
{
    struct outcome outcome = WITH_TYPE("\"course_lesson_started\"");
    expect(outcome, "event", "started");
    CU_ASSERT_EQUAL(outcome.event.kind, EVENT_LESSON_STARTED);
    CU_ASSERT_EQUAL(outcome.event.course_id, 1);
    CU_ASSERT_EQUAL(outcome.event.lesson_id, 2);
    CU_ASSERT_EQUAL(outcome.event.time_us, MORNING);
    CU_ASSERT_EQUAL(outcome.event.time_spent_us, EVENT_TIME_UNUSABLE);
    CU_ASSERT_EQUAL(outcome.event.fingerprint, EVENT_NO_FINGERPRINT);
    CU_ASSERT_STRING_EQUAL(outcome.user, "u");
    outcome = WITH_TYPE("\"course_lesson_completed\"");
    expect(outcome, "event", "completed");
    CU_ASSERT_EQUAL(outcome.event.kind, EVENT_LESSON_COMPLETED);
    CU_ASSERT_NOT_EQUAL(outcome.event.fingerprint, EVENT_NO_FINGERPRINT);
    outcome = WITH_TYPE("\"course_completed\"");
    expect(outcome, "event", "course completed");
    CU_ASSERT_EQUAL(outcome.event.kind, EVENT_COURSE_COMPLETED);
    CU_ASSERT_EQUAL(outcome.event.lesson_id, 0);
    CU_ASSERT_EQUAL(outcome.event.fingerprint, EVENT_NO_FINGERPRINT);

    static const char *const others[] = {"\"course_lesson_viewed\"",
                                         "\"Course_completed\"",
                                         "\"course_completed \"",
                                         "\"\"",
                                         "null",
                                         "1",
                                         "\"course\\u005fcompleted\"",
                                         "\"course_completed\\\"\"",
                                         "\"xcourse_completed\"",
                                         "x",
                                         "\"course_completed\\u0000\""};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        expect(WITH_TYPE(others[i]), "other", others[i]);
    expect(decode("12"), "other", "a number");
    expect(decode("{\"user_id\":\"u\"}"), "other", "no type, and no name");
    expect(decode("{\"event_type\":\"x\",\"a\":[\"course_completed\"]}"), "other", "a mention");
}

/* What names a course event and has no event_type at its top level is no event, and not other. */
static void test_no_events(void)
{
    static const char *const no_events[] = {
        "{\"user_id\":\"u\",\"x\":\"course_completed\"}",
        "[{\"event_type\":\"course_completed\"}]",
        "\"course_completed\"",
        "\x1e\"course_completed\"",
        "{\"EVENT_TYPE\":\"course_completed\"}",
        "{\"Event_type\":\"course_completed\",\"event_type\":null}",
        "{\"data\":{\"event_type\":\"course_completed\"}}",
        "{\"event_type\":[\"course_completed\"]}",
        "{\"event_type\":{\"event_type\":\"course_completed\"}}",
        "{\"event_type\":7,\"a\":\"course_completed\"}",
        "{\"event_type\":NaN,\"a\":\"course_completed\"}",
        "{\"event_type\":\"\\x\",\"a\":\"course_completed\"}",
        "{\"event_type\":\"course_completed\",\"event_type\":null}"};
    for (size_t i = 0; i < sizeof no_events / sizeof *no_events; i++) {
        expect(decode_bytes(no_events[i], strlen(no_events[i])), "not_an_event", no_events[i]);
        /* As all lines, it is read up to DECODE_PADDING bytes behind its end. */
        static char line[ROOM + DECODE_PADDING];
        memcpy(line, no_events[i], strlen(no_events[i]));
        CU_ASSERT_FALSE(decode_is_event(line, strlen(no_events[i])));
        CU_ASSERT_TRUE(decode_is_whole(line, strlen(no_events[i])));
    }
}

static void test_users(void)
{
    static const char *const missing[] = {"null",
                                          "\"\"",
                                          "1.0",
                                          "true",
                                          "{}",
                                          "[\"u\"]",
                                          "1e2",
                                          "-",
                                          "01",
                                          "1x",
                                          "-1.5",
                                          "+1",
                                          "-00",
                                          "NaN",
                                          "0x1",
                                          "\"a\\x\"",
                                          "\"a\tb\"",
                                          "\"\\u12\"",
                                          "\"\\ud83d\"",
                                          "\"\\ude00x\"",
                                          "\"\\ud83d\\u0041\"",
                                          "nul"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        expect(WITH_USER(missing[i]), "no_user", missing[i]);
    expect(decode("{\"event_type\":\"course_completed\"}"), "no_user", "no user");
    expect(decode("{\"event_type\":\"course_completed\",\"User_id\":\"u\"}"), "no_user", "case");

    static const char *const users[][2] = {
        {"\"U\"", "U"},
        {"17", "17"},
        {"-17 ", "-17"},
        {"0", "0"},
        {"-0", "0"},
        {"\t123456789012345678901234567890\r", "123456789012345678901234567890"},
        {"\" u \"", " u "},
        {"\"\\u00e9\\\"\\\\\\/\"", "\xc3\xa9\"\\/"},
        {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
        {"\"\xff\x80\"", "\xff\x80"},
        {"\"{\\\"course_id\\\":2}\"", "{\"course_id\":2}"},
        {"\"0123456789012345678901234567890123"
         "456789\\n\"",
         "0123456789012345678901234567890123456789\n"}};
    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        struct outcome outcome = WITH_USER(users[i][0]);
        expect(outcome, "event", users[i][0]);
        CU_ASSERT_EQUAL(outcome.event.user_bytes, strlen(users[i][1]));
        CU_ASSERT_STRING_EQUAL(outcome.user, users[i][1]);
    }
    struct outcome outcome = WITH_USER("\"a\\u0000b\"");
    expect(outcome, "event", "NUL in user");
    CU_ASSERT_EQUAL(outcome.event.user_bytes, 3);
    CU_ASSERT_EQUAL(memcmp(outcome.user, "a\0b", 3), 0);
}

static void test_times(void)
{
    static const char *const missing[] = {"null",
                                          "\"\"",
                                          "1751387694",
                                          "\"2025-07-01\"",
                                          "{}",
                                          "\"2025-02-30 00:00:00\"",
                                          "\"2025-07-01 16:34:54 \"",
                                          "\"2025-07-01\t16:34:54\"",
                                          "\"2025-07-01\\x16:34:54\""};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        expect(WITH_TIME(missing[i]), "no_time", missing[i]);
    expect(decode("{\"event_type\":\"course_completed\",\"user_id\":\"u\"}"), "no_time", "no time");
    static const char *const times[] = {"\"2025-07-01 16:34:54.837\"",
                                        "\"2025-07-01T18:34:54.8370009+02:00\"",
                                        "\"2025-07-01\\u002016:34:54.837000\""};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct outcome outcome = WITH_TIME(times[i]);
        expect(outcome, "event", times[i]);
        CU_ASSERT_EQUAL(outcome.event.time_us, MORNING);
    }
}

static void test_properties(void)
{
    static const char *const bad[] = {"1",
                                      "true",
                                      "[]",
                                      "[{\"course_id\":1}]",
                                      "\"\"",
                                      "\"null\"",
                                      "\"x\"",
                                      "\"[]\"",
                                      "\"{\\\"course_id\\\":1\"",
                                      "\"{\\\"course_id\\\":1} x\"",
                                      "\"{\\\"course_id\\\":1}\\u0000\"",
                                      "\"\\\"{}\\\"\"",
                                      "\"{}\t\"",
                                      "nullx",
                                      "nul",
                                      "tru",
                                      "{\"course_id\":1,}",
                                      "{\"course_id\" 1}",
                                      "{\"a\":1 2}",
                                      "{\"a\":\"b\"c}",
                                      "{\"a\":1,,\"b\":2}",
                                      "{\"a\"::1}",
                                      "{\"a\":}",
                                      "\"{\\\"a\\\":[}}\"",
                                      "\"{\\\"a\\\":\\\\}\"",
                                      "\"{\\\"a\\\":[1\"",
                                      "{course_id:1}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect(WITH_PROPERTIES("completed", bad[i]), "bad_properties", bad[i]);

    static const char *const good[] = {
        "{\"course_id\":1}",
        "{ \"course_id\" : 1 }",
        "\"{\\\"course_id\\\":1}\"",
        "\" \\t\\r\\n{\\\"course_id\\\":1}\\n \"",
        "\"{\\\"course\\\\u005fid\\\":\\\"1\\\"}\"",
        "{\"a\":\"\\ud83d\",\"course_id\":1}",
        "\"{\\\"a\\\":\\\"\\ud83d\\\",\\\"course_id\\\":1}\"",
        "{\"a\":\"}{][,:\\\"course_id\\\":2\",\"course_id\":1}",
        "{\"a\":{\"course_id\":2},\"course_id\":1,\"b\":[{\"course_id\":3}]}",
        "{\"course_id\":2,\"course_id\":1}",
        "{\"course_id\":null,\"course_id\":1}",
        "{\"course_id\":1,\"Course_id\":2,\"course_id \":3,\"course_id\\u0000\":4}",
        "{\"a\":NaN,\"b\":-Infinity,\"course_id\":1}",
        "{\"a\":nul,\"course_id\":1,\"b\":01,\"c\":.5,\"d\":+1,\"e\":\f1,\"f\":1.e}",
        "{\"a\":\"\\x\t\",\"course_id\":1,\"\\q\":2}",
        "{\"a\":[1 2,],\"course_id\":1,\"b\":{,:,\"\\x\"}}",
        "\"{\\\"a\\\":\\\"\\n\\\",\\\"b\\\":NaN,\\\"course_id\\\":1}\"",
        "{\"course_id\":1,\"\":2,\"a\":-1.5E+3,\"b\":true,\"c\":null,\"d\":[],\"e\":\"\xff\"}"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct outcome outcome = WITH_PROPERTIES("completed", good[i]);
        if (expect(outcome, "event", good[i]))
            CU_ASSERT_EQUAL(outcome.event.course_id, 1);
    }
    static const char *const no_course[] = {"{\"course_id\":01}",    "{\"course_id\":NaN}",
                                            "{\"course_id\":1x}",    "{\"course_id\":\"\\x\"}",
                                            "{\"course_id\":[1 2]}", "{\"course\\xid\":1}"};
    for (size_t i = 0; i < sizeof no_course / sizeof *no_course; i++)
        expect(WITH_PROPERTIES("completed", no_course[i]), "no_course", no_course[i]);
    struct outcome spent = WITH_PROPERTIES(
        "lesson_completed", "{\"course_id\":1,\"lesson_id\":2,\"time_spent_sec\":NaN}");
    if (expect(spent, "event", "NaN as time spent"))
        CU_ASSERT_EQUAL(spent.event.time_spent_us, EVENT_TIME_UNUSABLE);
    expect(WITH_PROPERTIES("completed", "null"), "no_course", "null");
    expect(WITH_PROPERTIES("completed", " null "), "no_course", "null between blanks");
    expect(decode("{\"event_type\":\"course_completed\",\"user_id\":\"u\","
                  "\"event_time\":\"2025-07-01 16:34:54\"}"),
           "no_course", "no properties");
}

/* course_id and lesson_id: {text, value} or {text, NULL} where it is no id. */
static void test_ids(void)
{
    static const struct {
        const char *text;
        bool good;
        int32_t value;
    } ids[] = {{"3", true, 3},
               {"-3", true, -3},
               {"0", true, 0},
               {"-0", true, 0},
               {"3.0", true, 3},
               {"30e-1", true, 3},
               {"1e2", true, 100},
               {"\"3\"", true, 3},
               {"\"3.0\"", true, 3},
               {"\"-3\"", true, -3},
               {"\"\\u0033\"", true, 3},
               {"2147483647", true, INT32_MAX},
               {"-2147483648", true, INT32_MIN},
               {"\"2147483647\"", true, INT32_MAX},
               {"\"-2147483648\"", true, INT32_MIN},
               {"2147483648", false, 0},
               {"-2147483649", false, 0},
               {"\"2147483648\"", false, 0},
               {"\"-2147483649\"", false, 0},
               {"3.5", false, 0},
               {"3.0000000000000000000001", false, 0},
               {"1e10", false, 0},
               {"\"\"", false, 0},
               {"\" 3\"", false, 0},
               {"\"3 \"", false, 0},
               {"\"+3\"", false, 0},
               {"\"03\"", false, 0},
               {"\"3x\"", false, 0},
               {"\"3\\u0000\"", false, 0},
               {"\"\xd9\xa3\"", false, 0},
               {"true", false, 0},
               {"false", false, 0},
               {"null", false, 0},
               {"[3]", false, 0},
               {"{\"course_id\":3}", false, 0},
               {"\"\\\"3\\\"\"", false, 0},
               {"4294967299", false, 0}};
    char properties[256];
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        snprintf(properties, sizeof properties, "{\"lesson_id\":7,\"course_id\":%s}", ids[i].text);
        struct outcome outcome = WITH_PROPERTIES("lesson_started", properties);
        if (expect(outcome, ids[i].good ? "event" : "no_course", properties) && ids[i].good)
            CU_ASSERT_EQUAL(outcome.event.course_id, ids[i].value);
        snprintf(properties, sizeof properties, "{\"lesson_id\":%s,\"course_id\":7}", ids[i].text);
        outcome = WITH_PROPERTIES("lesson_completed", properties);
        if (expect(outcome, ids[i].good ? "event" : "no_lesson", properties) && ids[i].good)
            CU_ASSERT_EQUAL(outcome.event.lesson_id, ids[i].value);
        outcome = WITH_PROPERTIES("completed", properties);
        expect(outcome, "event", properties);
        CU_ASSERT_EQUAL(outcome.event.lesson_id, 0);
    }
    expect(WITH_PROPERTIES("lesson_started", "{\"course_id\":1}"), "no_lesson", "no lesson");
    expect(WITH_PROPERTIES("lesson_started", "{\"lesson_id\":1}"), "no_course", "no course");
    expect(WITH_PROPERTIES("lesson_started", "{\"course_id\":1,\"a\":{\"lesson_id\":1}}"),
           "no_lesson", "nested lesson");
    expect(WITH_PROPERTIES("completed", "{}"), "no_course", "empty");
    expect(WITH_PROPERTIES("completed", "{\"a\":{\"course_id\":1}}"), "no_course", "nested course");
    expect(WITH_PROPERTIES("completed", "{\"course_id\":1,\"course_id\":null}"), "no_course",
           "last");
}

static void test_time_spent(void)
{
    static const struct {
        const char *text;
        int64_t us;
    } times[] = {{"180", 180000000},
                 {"0", 0},
                 {"-0", 0},
                 {"-0.0", 0},
                 {"12.5", 12500000},
                 {"\"12.5\"", 12500000},
                 {"1e2", 100000000},
                 {"\"1e2\"", 100000000},
                 {"0.0078125", 7813},
                 {"123.45600000000002", 123456000},
                 {"\"\\u0031\"", 1000000},
                 {"9223372036854.774", INT64_C(9223372036854773438)},
                 {"-1", -1},
                 {"-0.001", -1},
                 {"9223372036855", -1},
                 {"1e400", -1},
                 {"null", -1},
                 {"true", -1},
                 {"\"\"", -1},
                 {"\" 1\"", -1},
                 {"\"1s\"", -1},
                 {"\"NaN\"", -1},
                 {"\"0x10\"", -1},
                 {"[1]", -1},
                 {"{}", -1}};
    char properties[256];
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        snprintf(properties, sizeof properties,
                 "{\"course_id\":1,\"time_spent_sec\":%s,\"lesson_id\":2}", times[i].text);
        struct outcome outcome = WITH_PROPERTIES("lesson_completed", properties);
        expect(outcome, "event", properties);
        CU_ASSERT_EQUAL(outcome.event.time_spent_us, times[i].us);
        outcome = WITH_PROPERTIES("lesson_started", properties);
        CU_ASSERT_EQUAL(outcome.event.time_spent_us, EVENT_TIME_UNUSABLE);
    }
    struct outcome outcome =
        WITH_PROPERTIES("lesson_completed", "{\"course_id\":1,\"lesson_id\":2}");
    expect(outcome, "event", "no time spent");
    CU_ASSERT_EQUAL(outcome.event.time_spent_us, EVENT_TIME_UNUSABLE);
}

/* The fingerprint of a completion with these ids, time and time spent. */
static uint64_t fingerprint(const char *ids, const char *time, const char *spent)
{
    return decode("{%s\"event_type\":\"course_lesson_completed\",\"user_id\":\"u\",\"event_time\":"
                  "\"2025-07-01 16:34:%s\",\"event_properties\":{\"course_id\":1,\"lesson_id\":2,"
                  "\"time_spent_sec\":%s}}",
                  ids, time, spent)
        .event.fingerprint;
}

static void test_fingerprints(void)
{
    uint64_t one = fingerprint("\"uuid\":\"x\",", "54", "1");
    CU_ASSERT_NOT_EQUAL(one, EVENT_NO_FINGERPRINT);
    CU_ASSERT_EQUAL(one, fingerprint("\"uuid\":\"x\",", "54.000", "1.0"));
    CU_ASSERT_EQUAL(one, fingerprint("\"uuid\":\"\\u0078\",", "54", "\"1\""));
    CU_ASSERT_EQUAL(one, fingerprint("\"$insert_id\":\"y\",\"uuid\":\"x\",", "54", "1"));
    CU_ASSERT_EQUAL(one, fingerprint("\"uuid\":\"y\",\"uuid\":\"x\",", "54", "1"));
    CU_ASSERT_NOT_EQUAL(one, fingerprint("\"uuid\":\"y\",", "54", "1"));
    CU_ASSERT_NOT_EQUAL(one, fingerprint("\"uuid\":\"x\",", "55", "1"));
    CU_ASSERT_NOT_EQUAL(one, fingerprint("\"uuid\":\"x\",", "54", "2"));
    CU_ASSERT_NOT_EQUAL(one, fingerprint("\"uuid\":\"x\",", "54", "null"));
    CU_ASSERT_NOT_EQUAL(one, fingerprint("\"$insert_id\":\"x\",", "54", "1"));

    uint64_t inserted = fingerprint("\"$insert_id\":\"x\",", "54", "1");
    CU_ASSERT_NOT_EQUAL(inserted, EVENT_NO_FINGERPRINT);
    CU_ASSERT_EQUAL(inserted, fingerprint("\"uuid\":null,\"$insert_id\":\"x\",", "54", "1"));
    CU_ASSERT_EQUAL(inserted, fingerprint("\"uuid\":\"\",\"$insert_id\":\"x\",", "54", "1"));
    CU_ASSERT_EQUAL(inserted, fingerprint("\"uuid\":\"\\x\",\"$insert_id\":\"x\",", "54", "1"));
    CU_ASSERT_EQUAL(inserted, fingerprint("\"uuid\":\"\\ud800\",\"$insert_id\":\"x\",", "54", "1"));
    CU_ASSERT_EQUAL(inserted, fingerprint("\"uuid\":5,\"$insert_id\":\"x\",", "54", "1"));
    CU_ASSERT_EQUAL(fingerprint("", "54", "1"), EVENT_NO_FINGERPRINT);
    CU_ASSERT_EQUAL(fingerprint("\"uuid\":null,\"$insert_id\":5,", "54", "1"),
                    EVENT_NO_FINGERPRINT);
}

/* Whole and broken lines; %s is where an event's fields go. */
static void test_wholeness(void)
{
#define FIELDS                                                                                     \
    "\"event_type\":\"course_completed\",\"user_id\":\"u\","                                       \
    "\"event_time\":\"2025-07-01 16:34:54\",\"event_properties\":{\"course_id\":1}"
    static const char *const whole[] = {"{" FIELDS "}",
                                        " \t\r{" FIELDS "}\r",
                                        "\xef\xbb\xbf{" FIELDS "}",
                                        "\xef\xbb\xbf {" FIELDS "}",
                                        "\x1e{" FIELDS "}",
                                        " \x1e\r\x1e{" FIELDS "}\r",
                                        "\xef\xbb\xbf\x1e{" FIELDS "}",
                                        "{" FIELDS ",\"a\":\"course_lesson_started\"}",
                                        "{ " FIELDS " , \"a\" : [ 1 , { } ] }",
                                        "{\"a\":\"{[,:\\\"\\\\\"," FIELDS "}",
                                        "{\"a\":{\"user_id\":\"x\",\"event_type\":\"y\"}," FIELDS
                                        "}",
                                        "{" FIELDS ",\"a\":nonsense}",
                                        "{" FIELDS ",\"a\":{,,}}",
                                        "{" FIELDS ",\"a\":\"\\q\x01\xff\"}",
                                        "{" FIELDS ",\"\":0}",
                                        "{\"event_type\":null,\"user_id\":5," FIELDS "}",
                                        "{" FIELDS ",\"user_\\u0069d\":\"u\"}",
                                        "{" FIELDS ",\"\\u0075ser_id\":\"u\"}",
                                        "{\"a\\\"\":1," FIELDS "}"};
    static const char *const broken[] = {"",
                                         " ",
                                         "course_completed",
                                         "{" FIELDS,
                                         "{" FIELDS "}}",
                                         "{" FIELDS "},",
                                         "{" FIELDS "} x",
                                         "{" FIELDS ",}",
                                         "{," FIELDS "}",
                                         "{" FIELDS ",,\"a\":1}",
                                         "{" FIELDS ",\"a\"}",
                                         "{" FIELDS ",\"a\":}",
                                         "{" FIELDS ",\"a\"::1}",
                                         "{" FIELDS ",\"a\":1 2}",
                                         "{" FIELDS ",\"a\":\"b\"\"c\"}",
                                         "{" FIELDS ",\"a\":\"b\"c}",
                                         "{" FIELDS ",\"a\":b\"c\"}",
                                         "{" FIELDS ",\"a\":[]1}",
                                         "{" FIELDS ",\"a\":[]{}}",
                                         "{" FIELDS ",a:1}",
                                         "{" FIELDS ",1:1}",
                                         "{" FIELDS ",[]:1}",
                                         "{" FIELDS " \"a\":1}",
                                         "{" FIELDS ",\"a\":[}",
                                         "{" FIELDS ",\"a\":[}]}",
                                         "{" FIELDS ",\"a\":(]}",
                                         "{" FIELDS ",\"a\":\"}",
                                         "{" FIELDS ",\"a\":\"\\\"}",
                                         "{" FIELDS "]",
                                         "[{" FIELDS "}",
                                         "[" FIELDS "}",
                                         "{" FIELDS ",\"a\":1,\"b\"}",
                                         "{" FIELDS ":1}",
                                         "{" FIELDS ",\"a\":\\\"b\"}",
                                         "{" FIELDS "},{" FIELDS "}",
                                         "{" FIELDS "}[" FIELDS "]",
                                         "{" FIELDS "}{" FIELDS,
                                         "{" FIELDS "{" FIELDS "}",
                                         "{" FIELDS "}{,}",
                                         "{" FIELDS "}\x1e",
                                         "{" FIELDS "}{" FIELDS "}\x1e",
                                         "{" FIELDS "}\xef\xbb\xbf{" FIELDS "}",
                                         "\x1e\xef\xbb\xbf{" FIELDS "}",
                                         "{" FIELDS "}\xef\xbb\xbf",
                                         " \xef\xbb\xbf{" FIELDS "}",
                                         "\"course_completed",
                                         "\"course_completed\" x",
                                         "nullx",
                                         "}",
                                         "]",
                                         "{" FIELDS ",\"a\":1:2}",
                                         "{{" FIELDS "}}"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        expect(decode_bytes(whole[i], strlen(whole[i])), "event", whole[i]);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        expect(decode_bytes(broken[i], strlen(broken[i])), "not_json", broken[i]);

    /* Cut anywhere, a line is broken; the fields stand in any order. */
    static const char line[] = "{" FIELDS ",\"a\":[\"\\\\\"]}";
    for (size_t cut = 0; cut < sizeof line - 1; cut++)
        expect(decode_bytes(line, cut), "not_json", "cut");
    static const char *const fields[] = {"\"event_type\":\"course_completed\"", "\"user_id\":\"u\"",
                                         "\"event_time\":\"2025-07-01 16:34:54\"",
                                         "\"event_properties\":{\"course_id\":1}"};
    for (unsigned order = 0; order < 256; order++) {
        unsigned a = order % 4, b = order / 4 % 4, c = order / 16 % 4, d = order / 64;
        if ((1U << a | 1U << b | 1U << c | 1U << d) == 15)
            expect(decode("{%s,%s,%s,%s}", fields[a], fields[b], fields[c], fields[d]), "event",
                   "order");
    }
}

/* Objects that follow each other on a line are told one by one. */
static void test_several_objects(void)
{
    static const char *const separators[] = {"", " ", "\r", "\x1e", "\r\n\x1e\x1e ", "\t"};
    static const char *const objects[] = {"{" FIELDS "}", "{\"a\":1}", "{ }",
                                          "{\"b\":\"course_completed\"}",
                                          "{\"event_type\":\"course_completed\"}"};
    static const char *const words[] = {"event", "other", "other", "not_an_event", "no_user"};
    static char line[ROOM + DECODE_PADDING];
    for (size_t i = 0; i < sizeof separators / sizeof *separators; i++) {
        size_t bytes = 0;
        for (size_t j = 0; j < sizeof objects / sizeof *objects; j++)
            bytes +=
                (size_t)snprintf(line + bytes, ROOM - bytes, "%s%s", separators[i], objects[j]);
        expect(decode_bytes(line, bytes), "several", line);
        CU_ASSERT_TRUE(decode_is_event(line, bytes));
        CU_ASSERT_TRUE(decode_is_whole(line, bytes));
        CU_ASSERT_FALSE(decode_is_whole(line, bytes - 1));
        CU_ASSERT_FALSE(decode_is_event(line, bytes - 1));
        const char *at = line;
        for (size_t j = 0; j < sizeof objects / sizeof *objects; j++) {
            size_t record_bytes = 0;
            at = decode_next(at, line + bytes, &record_bytes);
            CU_ASSERT_PTR_NOT_NULL_FATAL(at);
            CU_ASSERT_EQUAL(record_bytes, strlen(objects[j]));
            CU_ASSERT_EQUAL(memcmp(at, objects[j], record_bytes), 0);
            expect(decode_bytes(at, record_bytes), words[j], objects[j]);
            at += record_bytes;
        }
        size_t none = 0;
        CU_ASSERT_PTR_NULL(decode_next(at, line + bytes, &none));
    }
}

static uint64_t weight(const char *text)
{
    static char room[ROOM + DECODE_PADDING];
    memset(room, '"', sizeof room);
    memcpy(room, text, strlen(text));
    return decode_weight(room, strlen(text));
}

/* How many events a line stands for, when it is rejected. */
static void test_weights(void)
{
    CU_ASSERT_EQUAL(weight(""), 1);
    CU_ASSERT_EQUAL(weight("course_completed"), 1);
    CU_ASSERT_EQUAL(weight("{\"a\":\"course_completed\"}"), 1);
    CU_ASSERT_EQUAL(weight("\"course_completed\",\"course_lesson_started\""), 2);
    CU_ASSERT_EQUAL(weight("[\"course_completed\",\"course_lesson_completed\",\"x\",\"xcourse_"
                           "completed\",\"course_completed \",\"course_lesson_started"),
                    2);
    CU_ASSERT_EQUAL(weight("\"\\\"course_completed\\\" \\\"course_completed\\\"\""), 2);
    CU_ASSERT_EQUAL(weight("\\\\\\\"course_completed\\\\\\\" \"course_lesson_started\""), 2);
    CU_ASSERT_EQUAL(weight("\"course_completed\\\"\",\"course_completed\\\\\""), 1);
    CU_ASSERT_EQUAL(weight("a,course_completed,b,course_completed"), 1);
}

static void test_doubled_keys(void)
{
    static const char *const cases[][2] = {
        {"{" FIELDS ",\"event_type\":\"x\"}", "other"},
        {"{" FIELDS ",\"event_type\":5}", "not_an_event"},
        {"{" FIELDS ",\"event_type\":[]}", "not_an_event"},
        {"{" FIELDS ",\"event\\u005ftype\":\"x\"}", "other"},
        {"{" FIELDS ",\"Event_type\":\"x\"}", "event"},
        {"{\"event_type\":\"x\"," FIELDS "}", "event"},
        {"{" FIELDS ",\"user_id\":null}", "no_user"},
        {"{" FIELDS ",\"\\u0075\\u0073\\u0065\\u0072\\u005f\\u0069\\u0064\":null}", "no_user"},
        {"{" FIELDS ",\"user_id\\u0000\":null}", "event"},
        {"{" FIELDS ",\"user_id\\x\":null}", "event"},
        {"{" FIELDS ",\"event_time\":\"x\"}", "no_time"},
        {"{" FIELDS ",\"event_properties\":null}", "no_course"},
        {"{" FIELDS ",\"event_properties\":7}", "bad_properties"},
        {"{\"event_properties\":7," FIELDS "}", "event"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(decode_bytes(cases[i][0], strlen(cases[i][0])), cases[i][1], cases[i][0]);
}

/* Each reason is looked for before the next. */
static void test_order_of_reasons(void)
{
    expect(decode("{\"event_type\":\"course_completed\",\"event_time\":1,\"event_properties\":1"),
           "not_json", "first");
    expect(decode("{\"event_type\":\"course_completed\",\"event_time\":1,\"event_properties\":1}"),
           "no_user", "second");
    expect(decode("{\"event_type\":\"course_completed\",\"user_id\":\"u\",\"event_properties\":1}"),
           "no_time", "third");
    expect(WITH_PROPERTIES("lesson_started", "7"), "bad_properties", "fourth");
    expect(WITH_PROPERTIES("lesson_started", "{}"), "no_course", "fifth");
}

/* Nested values up to the depth limit, at the places where blocks and chunks meet. */
static void test_depth_and_length(void)
{
    static char line[ROOM];
    for (size_t depth = 1020; depth <= 1030; depth++) {
        int bytes = snprintf(line, sizeof line, "{%s,\"a\":", FIELDS);
        memset(line + bytes, '[', depth);
        memset(line + bytes + depth, ']', depth);
        line[(size_t)bytes + 2 * depth] = '}';
        struct outcome outcome = decode_bytes(line, (size_t)bytes + 2 * depth + 1);
        expect(outcome, depth <= 1023 ? "event" : "not_json", "depth in the line");

        bytes = snprintf(line, sizeof line,
                         "{\"event_type\":\"course_completed\",\"user_id\":\"u\",\"event_time\":"
                         "\"2025-07-01 16:34:54\",\"event_properties\":\"{\\\"course_id\\\":1,"
                         "\\\"a\\\":");
        memset(line + bytes, '[', depth);
        memset(line + bytes + depth, ']', depth);
        memcpy(line + bytes + 2 * depth, "}\"}", 3);
        outcome = decode_bytes(line, (size_t)bytes + 2 * depth + 3);
        expect(outcome, depth <= 1023 ? "event" : "bad_properties", "depth in a string");
    }
    /* Every length of a string before the fields moves all of them over every border. */
    for (size_t length = 0; length < 4400; length += length < 200 || length > 3900 ? 1 : 61) {
        size_t bytes = 5;
        memcpy(line, "{\"a\":", 5);
        line[bytes++] = '"';
        memset(line + bytes, length % 3 == 0 ? 'x' : '{', length);
        if (length % 5 == 0)
            memset(line + bytes + length % 2, '\\', length / 2 * 2);
        bytes += length;
        bytes += (size_t)snprintf(line + bytes, sizeof line - bytes,
                                  "\",\"b\":[[{}],\"]\"],%s,\"c\":{}}", FIELDS);
        expect(decode_bytes(line, bytes), "event", "length");
        expect(decode_bytes(line, bytes - 1), "not_json", "length, cut");
    }
}

static void test_long_line(void)
{
    size_t bytes = (size_t)10 << 20;
    char *line = malloc(bytes + ROOM + DECODE_PADDING);
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    /* A user of 10 MB, spelled in escapes, then an ordinary line after it. */
    size_t at = (size_t)snprintf(line, ROOM, "{\"event_type\":\"course_completed\",\"user_id\":\"");
    for (size_t i = 0; i < bytes / 6; i++, at += 6)
        memcpy(line + at, "\\u00e9", 6);
    at += (size_t)snprintf(line + at, ROOM,
                           "\",\"event_time\":\"2025-07-01 16:34:54\","
                           "\"event_properties\":{\"course_id\":1}}");
    memset(line + at, 0, DECODE_PADDING);
    for (int level = 0; level < SIMD_LEVELS; level++) {
        struct event event;
        enum reject_reason reason;
        if (!simd_has((enum simd_level)level))
            continue;
        decode_set_level(decoder, (enum simd_level)level);
        CU_ASSERT_EQUAL_FATAL(decode_line(decoder, line, at, &event, &reason), DECODE_EVENT);
        CU_ASSERT_EQUAL(event.user_bytes, bytes / 6 * 2);
        CU_ASSERT_EQUAL(memcmp(event.user + event.user_bytes - 4, "\xc3\xa9\xc3\xa9", 4), 0);
        CU_ASSERT_EQUAL(decode_line(decoder, line, at - 1, &event, &reason), DECODE_REJECT);
        CU_ASSERT_EQUAL(reason, REJECT_NOT_JSON);
    }
    free(line);
    expect(WITH_USER("\"\\u0041\""), "event", "after a long line");
    struct failure failure = {0};
    CU_ASSERT_EQUAL(decode_check(decoder, &failure), 0);
}

#define COLUMN(name)                                                                               \
    .name = columns->name, .name##_bytes = columns->name == NULL ? 0 : strlen(columns->name)

struct columns {
    const char *event_type, *user_id, *event_time, *event_properties, *uuid, *insert_id;
};

static struct outcome decode_columns(const struct columns *columns)
{
    struct decode_row row = {COLUMN(event_type),       COLUMN(user_id), COLUMN(event_time),
                             COLUMN(event_properties), COLUMN(uuid),    COLUMN(insert_id)};
    struct outcome outcome = {0};
    enum reject_reason reason = REJECT_REASONS;
    enum decode_result result = decode_row(decoder, &row, &outcome.event, &reason);
    outcome.word = word_of(result, reason);
    keep_user(&outcome);
    return outcome;
}

/* Texts of a row, each with padding behind it. */
static const char *cell(const char *text)
{
    static char cells[64][1024];
    static unsigned next;
    char *room = cells[next++ % 64];
    memset(room, '"', sizeof cells[0]);
    memcpy(room, text, strlen(text) + 1);
    return room;
}

static void test_rows(void)
{
    struct columns good = {cell("course_lesson_completed"),
                           cell("17"),
                           cell("2025-07-01 16:34:54.837+00"),
                           cell(" {\n\"course_id\":1,\"lesson_id\":\"2\",\"time_spent_sec\":3} \n"),
                           cell("x"),
                           cell("y")};
    struct outcome outcome = decode_columns(&good);
    expect(outcome, "event", "row");
    CU_ASSERT_EQUAL(outcome.event.time_us, MORNING);
    CU_ASSERT_EQUAL(outcome.event.course_id, 1);
    CU_ASSERT_EQUAL(outcome.event.lesson_id, 2);
    CU_ASSERT_EQUAL(outcome.event.time_spent_us, 3000000);
    CU_ASSERT_STRING_EQUAL(outcome.user, "17");

    /* A row and a line of the same event have the same fingerprint. */
    uint64_t expected = decode("{\"event_type\":\"course_lesson_completed\",\"user_id\":\"17\","
                               "\"event_time\":\"2025-07-01 16:34:54.837000\",\"uuid\":\"x\","
                               "\"event_properties\":{\"course_id\":1,\"lesson_id\":2,"
                               "\"time_spent_sec\":3.0}}")
                            .event.fingerprint;
    CU_ASSERT_EQUAL(outcome.event.fingerprint, expected);
    struct columns row = good;
    row.uuid = NULL;
    uint64_t inserted = decode_columns(&row).event.fingerprint;
    CU_ASSERT_NOT_EQUAL(inserted, expected);
    CU_ASSERT_NOT_EQUAL(inserted, EVENT_NO_FINGERPRINT);
    row.insert_id = cell("");
    CU_ASSERT_EQUAL(decode_columns(&row).event.fingerprint, EVENT_NO_FINGERPRINT);

    static const struct {
        size_t column;
        const char *text, *word;
    } cases[] = {
        {offsetof(struct columns, event_type), NULL, "other"},
        {offsetof(struct columns, event_type), "\"course_completed\"", "other"},
        {offsetof(struct columns, event_type), "course_completed", "event"},
        {offsetof(struct columns, user_id), NULL, "no_user"},
        {offsetof(struct columns, user_id), "", "no_user"},
        {offsetof(struct columns, user_id), "\"\\", "event"},
        {offsetof(struct columns, event_time), NULL, "no_time"},
        {offsetof(struct columns, event_time), "infinity", "no_time"},
        {offsetof(struct columns, event_properties), NULL, "no_course"},
        {offsetof(struct columns, event_properties), "null", "no_course"},
        {offsetof(struct columns, event_properties), " null ", "no_course"},
        {offsetof(struct columns, event_properties), "null,", "bad_properties"},
        {offsetof(struct columns, event_properties), "", "bad_properties"},
        {offsetof(struct columns, event_properties), "  ", "bad_properties"},
        {offsetof(struct columns, event_properties), "[]", "bad_properties"},
        {offsetof(struct columns, event_properties), "{\"course_id\":1", "bad_properties"},
        {offsetof(struct columns, event_properties), "{\"course_id\":1}}", "bad_properties"},
        {offsetof(struct columns, event_properties), "{\"course_id\":1},", "bad_properties"},
        {offsetof(struct columns, event_properties), "\"{\\\"course_id\\\":1}\"", "no_lesson"},
        {offsetof(struct columns, event_properties), "{\"course_id\":1}", "no_lesson"},
        {offsetof(struct columns, event_properties), "{\"lesson_id\":1}", "no_course"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        row = good;
        const char *text = cases[i].text == NULL ? NULL : cell(cases[i].text);
        memcpy((char *)&row + cases[i].column, &text, sizeof text);
        expect(decode_columns(&row), cases[i].word, cases[i].text);
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"event types", test_types},
        {"no events", test_no_events},
        {"users", test_users},
        {"times", test_times},
        {"event_properties", test_properties},
        {"course and lesson ids", test_ids},
        {"time spent", test_time_spent},
        {"fingerprints", test_fingerprints},
        {"whole and broken lines", test_wholeness},
        {"several objects on a line", test_several_objects},
        {"what a reject weighs", test_weights},
        {"the same key twice", test_doubled_keys},
        {"the order of the reasons", test_order_of_reasons},
        {"depth and length", test_depth_and_length},
        {"a line of 10 MB", test_long_line},
        {"rows of a table", test_rows},
    };
    struct failure failure = {0};
    if (decode_create(&decoder, &failure) != 0)
        return EXIT_FAILURE;
    int status = unit_main("decode", tests, sizeof tests / sizeof *tests);
    decode_free(decoder);
    return status;
}
