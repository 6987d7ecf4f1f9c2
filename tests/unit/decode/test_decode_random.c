#include "unit/unit.h"

#include "support/differential.h"
#include "support/export_line.h"
#include "support/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Random lines, decoded by the real decoder at each level and by the reference. The same seed
 * gives the same lines; COURSE_FUNNEL_TEST_SEED and COURSE_FUNNEL_TEST_CASES change them.
 */

#define ROOM 8192

static struct differential differential;
static uint64_t state;
static unsigned cases;

static unsigned draw(unsigned below)
{
    return (unsigned)random_below(&state, below);
}

static const char *const keys[] = {"event_type",
                                   "user_id",
                                   "event_time",
                                   "event_properties",
                                   "uuid",
                                   "$insert_id",
                                   "event_id",
                                   "user_properties",
                                   "",
                                   "course_id",
                                   "event_typ",
                                   "Event_type",
                                   "event\\u005ftime",
                                   "\\u0075uid",
                                   "$\\u0069nsert_id",
                                   "a\\\"b",
                                   "groups",
                                   "user_id ",
                                   "data",
                                   "e",
                                   "u",
                                   "$"};
static const char *const types[] = {"course_lesson_started", "course_lesson_completed",
                                    "course_completed"};
static const char *const numbers[] = {"0",          "1",           "-1",          "3.0",
                                      "30e-1",      "1.5",         "-0",          "2147483647",
                                      "2147483648", "-2147483648", "-2147483649", "1e2",
                                      "12.345678",  "0.0000005",   "0.0078125",   "99999999999999",
                                      "-0.5",       "7.25e3"};
static const char *const strings[] = {"",
                                      "u",
                                      "user-1",
                                      "\\u0041",
                                      "\\ud83d\\ude00",
                                      "\\\"",
                                      "\\\\",
                                      "{}",
                                      "[",
                                      "}",
                                      ",",
                                      ":",
                                      "course_completed",
                                      "2025-07-01 16:34:54.837000",
                                      "2024-02-29T23:59:59.5+05:30",
                                      "\xff\xfe",
                                      "2025-02-30 00:00:00",
                                      "caf\xc3\xa9",
                                      "\\n\\t",
                                      "123e4567-e89b-42d3-a456-426614174000",
                                      "2025-07-01 16:34:54Z",
                                      "2025-07-01 16:34:54 UTC",
                                      "2025-07-01 16:34:54 -0530",
                                      "null",
                                      "0123456789012345678901234567890123456789"};

#define PICK(list) ((list)[draw(sizeof(list) / sizeof *(list))])

/* A line that is being written; what does not fit is left out, and the line is then broken. */
struct pen {
    char text[ROOM];
    size_t bytes;
};

static void put(struct pen *pen, const char *text)
{
    size_t bytes = strlen(text);
    if (pen->bytes + bytes > sizeof pen->text)
        return;
    memcpy(pen->text + pen->bytes, text, bytes);
    pen->bytes += bytes;
}

static void put_blanks(struct pen *pen)
{
    static const char *const blanks[] = {" ", "\t", "\r", "  "};
    if (draw(12) == 0)
        put(pen, PICK(blanks));
}

static void put_number(struct pen *pen, bool quoted)
{
    put(pen, quoted ? "\"" : "");
    put(pen, PICK(numbers));
    put(pen, quoted ? "\"" : "");
}

static void put_value(struct pen *pen, unsigned depth);

static void put_object(struct pen *pen, unsigned depth)
{
    unsigned members = draw(4);
    put(pen, "{");
    for (unsigned i = 0; i < members; i++) {
        put(pen, i == 0 ? "\"" : ",\"");
        put(pen, PICK(keys));
        put(pen, "\":");
        put_value(pen, depth + 1);
    }
    put(pen, "}");
}

static void put_value(struct pen *pen, unsigned depth)
{
    static const char *const literals[] = {
        "null",     "true", "false", "NaN", "-Infinity",
        "nul",      "01",   "1.",    "+1",  "\"\\x\"",
        "\"a\tb\"", "{,}",  "[1 2]", "-00", "123456789012345678901"};
    put_blanks(pen);
    switch (draw(depth > 3 ? 3 : 5)) {
    case 0:
        put_number(pen, false);
        break;
    case 1:
        put(pen, PICK(literals));
        break;
    case 2:
        put(pen, "\"");
        put(pen, PICK(strings));
        put(pen, "\"");
        break;
    case 3:
        put_object(pen, depth);
        break;
    default:
        put(pen, "[");
        put_value(pen, depth + 1);
        put(pen, draw(2) == 0 ? "," : "");
        if (pen->text[pen->bytes - 1] == ',')
            put_value(pen, depth + 1);
        put(pen, "]");
    }
    put_blanks(pen);
}

/* Some long, some with what none may have: bytes that are no character, NUL, halves of one. */
static void put_entry_point(struct pen *pen)
{
    static const char *const pieces[] = {"home",
                                         "caf\xc3\xa9",
                                         "\xe2\x82\xac",
                                         "\xf0\x9f\x98\x80",
                                         "\xe2\x80\xae",
                                         "\\u20ac",
                                         "\xed\x9f\xbf",
                                         "\xf4\x8f\xbf\xbf",
                                         "\\ud83d\\ude00",
                                         "\\\"",
                                         "=1+1",
                                         "\xff",
                                         "\xc0\xaf",
                                         "\xed\xa0\x80",
                                         "\xf4\x90\x80\x80",
                                         "\xe0\x9f\xbf",
                                         "\xf0\x8f\xbf\xbf",
                                         "\xe2\x82",
                                         "\\ud800",
                                         "\\u0000"};
    unsigned good = draw(4) == 0 ? sizeof pieces / sizeof *pieces : 11;
    put(pen, "\"");
    for (unsigned left = draw(4) == 0 ? 40 + draw(60) : draw(4); left > 0; left--)
        put(pen, pieces[draw(good)]);
    put(pen, "\"");
}

/* Properties that a course event may have, mostly good ones. */
static void put_properties(struct pen *pen)
{
    static const char *const names[] = {"course_id", "lesson_id",      "time_spent_sec",
                                        "course_id", "lesson_id",      "entry_point",
                                        "Course_id", "lesson\\u005fid"};
    unsigned members = 2 + draw(5);
    put(pen, "{");
    for (unsigned i = 0; i < members; i++) {
        put_blanks(pen);
        const char *name = i < 3 ? names[i] : PICK(names);
        put(pen, "\"");
        put(pen, name);
        put(pen, "\":");
        if (strcmp(name, "entry_point") == 0 && draw(8) != 0)
            put_entry_point(pen);
        else if (draw(8) == 0)
            put_value(pen, 3);
        else
            put_number(pen, draw(4) == 0);
        put(pen, i + 1 < members ? "," : "");
    }
    put(pen, "}");
}

/* The same as a string: with a backslash before each quote and backslash. */
static void put_encoded_properties(struct pen *pen)
{
    struct pen *inner = malloc(sizeof *inner);
    if (inner == NULL)
        return;
    inner->bytes = 0;
    put_properties(inner);
    put(pen, "\"");
    for (size_t i = 0; i < inner->bytes; i++) {
        char text[3] = {inner->text[i], '\0', '\0'};
        if (text[0] == '"' || text[0] == '\\') {
            text[1] = text[0];
            text[0] = '\\';
        }
        put(pen, (unsigned char)text[0] < 0x20 ? " " : text);
    }
    put(pen, "\"");
    free(inner);
}

static void put_used_value(struct pen *pen, unsigned key)
{
    if (draw(16) == 0) {
        put_value(pen, 1);
        return;
    }
    if (key == 1 && draw(3) == 0) {
        put_number(pen, false);
        return;
    }
    if (key == 3) {
        if (draw(3) == 0)
            put_encoded_properties(pen);
        else
            put_properties(pen);
        return;
    }
    put(pen, "\"");
    if (key == 0)
        put(pen, PICK(types));
    else if (key == 2 && draw(4) != 0)
        put(pen, "2025-07-01 16:34:54.837000");
    else
        put(pen, PICK(strings));
    put(pen, "\"");
}

/* An object with the used keys, most of the time, and others between them. */
static void write_object_line(struct pen *pen)
{
    unsigned members = 5 + draw(12);
    unsigned first = draw(8);
    pen->bytes = 0;
    put_blanks(pen);
    put(pen, "{");
    for (unsigned i = 0; i < members; i++) {
        put_blanks(pen);
        unsigned key = i < 6 ? (first + 5 * i) % 6 : draw(sizeof keys / sizeof *keys);
        put(pen, "\"");
        put(pen, keys[key]);
        put(pen, "\"");
        put_blanks(pen);
        put(pen, ":");
        if (key < 6)
            put_used_value(pen, key);
        else
            put_value(pen, 1);
        put(pen, i + 1 < members ? "," : "");
    }
    put(pen, "}");
    put_blanks(pen);
}

/* Some objects on one line. */
static void write_several(struct pen *pen)
{
    static const char *const separators[] = {"", " ", "\r", "\x1e", "\r\x1e", "\x1e\x1e ", ","};
    static struct pen one;
    unsigned count = 1 + draw(4);
    pen->bytes = 0;
    put(pen, draw(4) == 0 ? "\xef\xbb\xbf" : "");
    for (unsigned i = 0; i < count; i++) {
        write_object_line(&one);
        put(pen, separators[draw(draw(4) == 0 ? 7 : 6)]);
        size_t room = sizeof pen->text - pen->bytes;
        size_t bytes = one.bytes < room ? one.bytes : room;
        memcpy(pen->text + pen->bytes, one.text, bytes);
        pen->bytes += bytes;
    }
    put(pen, draw(8) == 0 ? "\x1e" : "");
}

/* Change a line in a place or two, where it hurts. */
static void damage(struct pen *pen)
{
    static const char bytes[] = "\"\\{}[]:, \t0e-.unxt\x01\x1e\xff\n";
    for (unsigned times = 1 + draw(3); times > 0 && pen->bytes > 2; times--) {
        size_t at = draw((unsigned)pen->bytes);
        size_t some = 1 + draw(20);
        switch (draw(6)) {
        case 0:
            pen->text[at] = bytes[draw(sizeof bytes - 1)];
            break;
        case 1: /* take some bytes out */
            some = some > pen->bytes - at ? pen->bytes - at : some;
            memmove(pen->text + at, pen->text + at + some, pen->bytes - at - some);
            pen->bytes -= some;
            break;
        case 2: /* say some bytes twice */
            if (pen->bytes + some <= sizeof pen->text && at + some <= pen->bytes) {
                memmove(pen->text + at + some, pen->text + at, pen->bytes - at);
                pen->bytes += some;
            }
            break;
        case 3:
            pen->bytes = draw(4) == 0 ? at : pen->bytes;
            break;
        default: /* put a byte in */
            if (pen->bytes < sizeof pen->text) {
                memmove(pen->text + at + 1, pen->text + at, pen->bytes - at);
                pen->text[at] = bytes[draw(sizeof bytes - 1)];
                pen->bytes++;
            }
        }
    }
}

static void check(const struct pen *pen)
{
    static const char paddings[] = "}\"\0 ]x";
    char padding = paddings[draw(sizeof paddings - 1)];
    if (differential_line(&differential, pen->text, pen->bytes, padding))
        return;
    CU_FAIL("the decoders disagree");
    fprintf(stderr, "%s:\n%.*s\n", differential.why, (int)pen->bytes, pen->text);
}

static void test_objects(void)
{
    static struct pen pen;
    differential.judged = differential.events = 0;
    for (unsigned i = 0; i < cases; i++) {
        write_object_line(&pen);
        check(&pen);
    }
    printf("%" PRIu64 " of %u judged, %" PRIu64 " events ", differential.judged, cases,
           differential.events);
    CU_ASSERT(differential.judged > cases / 2);
    CU_ASSERT(differential.events > cases / 20);
}

static void test_damaged_objects(void)
{
    static struct pen pen;
    differential.judged = 0;
    for (unsigned i = 0; i < cases; i++) {
        write_object_line(&pen);
        damage(&pen);
        check(&pen);
    }
    CU_ASSERT(differential.judged > cases / 4);
}

static void test_several_objects(void)
{
    static struct pen pen;
    differential.judged = differential.events = 0;
    for (unsigned i = 0; i < cases; i++) {
        write_several(&pen);
        if (i % 4 == 0)
            damage(&pen);
        check(&pen);
    }
    printf("%" PRIu64 " judged, %" PRIu64 " events ", differential.judged, differential.events);
    CU_ASSERT(differential.judged > cases);
    CU_ASSERT(differential.events > cases / 20);
}

static void test_damaged_export_lines(void)
{
    static struct pen pen;
    differential.judged = differential.events = 0;
    for (unsigned i = 0; i < cases / 4; i++) {
        pen.bytes = export_line(pen.text, PICK(types), &state) - 1;
        if (i % 8 != 0)
            damage(&pen);
        check(&pen);
    }
    printf("%" PRIu64 " of %u judged, %" PRIu64 " events ", differential.judged, cases / 4,
           differential.events);
    CU_ASSERT(differential.judged > cases / 8);
    CU_ASSERT(differential.events > cases / 80);
}

/* Texts of several lines, damaged, so that names are cut and lines run together. */
static void test_texts(void)
{
    static struct pen pen;
    static const char *const pieces[] = {"course_",
                                         "lesson_",
                                         "started",
                                         "completed",
                                         "course_completed",
                                         "course_lesson_started",
                                         "course_lesson_completed",
                                         "\n",
                                         "\n\n",
                                         "c___s",
                                         "x",
                                         "cours",
                                         "source_id",
                                         "          "};
    for (unsigned i = 0; i < cases; i++) {
        pen.bytes = 0;
        for (unsigned n = draw(60); n > 0; n--)
            put(&pen, PICK(pieces));
        if (draw(2) == 0)
            damage(&pen);
        if (!differential_find(&differential, pen.text, pen.bytes, "ds\n_"[draw(4)])) {
            CU_FAIL("the searches disagree");
            fprintf(stderr, "%s:\n%.*s\n", differential.why, (int)pen.bytes, pen.text);
        }
    }
    CU_PASS("texts");
}

static unsigned number_from(const char *variable, unsigned otherwise)
{
    const char *given = getenv(variable);
    return given != NULL ? (unsigned)strtoul(given, NULL, 10) : otherwise;
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"random objects", test_objects},
        {"random objects, damaged", test_damaged_objects},
        {"several objects on a line", test_several_objects},
        {"export lines, damaged", test_damaged_export_lines},
        {"texts of lines", test_texts},
    };
    struct failure failure = {0};
    unsigned seed = number_from("COURSE_FUNNEL_TEST_SEED", 1);
    cases = number_from("COURSE_FUNNEL_TEST_CASES", 10000);
    state = seed;
    printf("COURSE_FUNNEL_TEST_SEED=%u COURSE_FUNNEL_TEST_CASES=%u\n", seed, cases);
    if (decode_create(&differential.decoder, &failure) != 0)
        return EXIT_FAILURE;
    int status = unit_main("decode, random lines", tests, sizeof tests / sizeof *tests);
    decode_free(differential.decoder);
    return status;
}
