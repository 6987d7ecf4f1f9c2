#include "unit/unit.h"

#include "course_funnel/decode.h"
#include "decode/search.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ROOM 512

static const char *const names[] = {"course_lesson_started", "course_lesson_completed",
                                    "course_completed"};

/* Both at each level that this processor has; false when one differs from what is expected. */
static bool found_at(const char *begin, const char *end, const char *expected, uint64_t lines)
{
    bool all = true;
    for (int level = 0; level < SIMD_LEVELS; level++) {
        uint64_t counted = 0;
        if (!simd_has((enum simd_level)level))
            continue;
        const char *found = search_find((enum simd_level)level, begin, end, &counted);
        if (found != expected || counted != lines) {
            fprintf(stderr, "%s: found at %td, not %td; %llu lines\n",
                    simd_name((enum simd_level)level), found == NULL ? -1 : found - begin,
                    expected == NULL ? -1 : expected - begin, (unsigned long long)counted);
            all = false;
        }
    }
    return all;
}

/* Each name at each place of some blocks, with the text begun at each alignment. */
static void test_every_place(void)
{
    static char room[ROOM + 64 + DECODE_PADDING];
    bool all = true;
    for (unsigned n = 0; n < 3; n++) {
        size_t bytes = strlen(names[n]);
        for (size_t shift = 0; shift < 64; shift++) {
            char *begin = room + shift;
            for (size_t place = 0; place + bytes <= 200; place++) {
                memset(room, 'x', sizeof room);
                memcpy(begin + place, names[n], bytes);
                all &= found_at(begin, begin + 200, begin + place, 1);
            }
        }
    }
    CU_ASSERT_TRUE(all);
}

/* A name that the end of the range cuts is none, though its rest stands behind the end. */
static void test_cut_at_the_end(void)
{
    static char room[ROOM + DECODE_PADDING];
    bool all = true;
    for (unsigned n = 0; n < 3; n++) {
        size_t bytes = strlen(names[n]);
        for (size_t place = 0; place < 140; place++) {
            memset(room, 's', sizeof room);
            memcpy(room + place, names[n], bytes);
            for (size_t cut = 0; cut < bytes; cut++)
                all &= found_at(room, room + place + cut, NULL, place + cut > 0);
            all &= found_at(room, room + place + bytes, room + place, 1);
            for (size_t lost = 1; lost <= 4 && place == 0; lost++)
                all &= found_at(room + lost, room + bytes, NULL, 1);
        }
    }
    CU_ASSERT_TRUE(all);
}

/* Names that lack or change a byte are none. */
static void test_near_misses(void)
{
    static char room[ROOM + DECODE_PADDING];
    bool all = true;
    for (unsigned n = 0; n < 3; n++) {
        size_t bytes = strlen(names[n]);
        for (size_t changed = 0; changed < bytes; changed++) {
            memset(room, ' ', sizeof room);
            memcpy(room + 50, names[n], bytes);
            room[50 + changed] ^= 0x20;
            all &= found_at(room, room + 200, NULL, 1);
        }
    }
    static const char text[] = "course_lesson_viewed course_id course_progress course_complete "
                               "course_lesson_start course_lesson course_ source_id c___s courses "
                               "COURSE_COMPLETED course-completed course_lessons_completed\n";
    memset(room, 0, sizeof room);
    memcpy(room, text, sizeof text);
    all &= found_at(room, room + sizeof text - 1, NULL, 1);
    CU_ASSERT_TRUE(all);
}

static void test_line_counts(void)
{
    static char room[2048 + DECODE_PADDING];
    bool all = found_at(room, room, NULL, 0);
    for (unsigned lines = 0; lines < 1024; lines += 7) {
        memset(room, '\n', sizeof room);
        all &= found_at(room, room + lines, NULL, lines);
        room[lines] = 'x'; /* a last line without an end */
        all &= found_at(room, room + lines + 1, NULL, lines + 1);
        memcpy(room + lines, "a course_completed b", 20);
        all &= found_at(room, room + 2048, room + lines + 2, lines + 1);
    }
    CU_ASSERT_TRUE(all);
}

/* decode_find gives whole lines, and a caller that goes on behind each has counted all. */
static void test_whole_lines(void)
{
    static const char text[] = "first\n\n{\"a\":\"course_completed\"}\r\ncourse_completed\n"
                               "x course_lesson_started y course_completed\nother\n"
                               "course_lesson_completed";
    static const char *const expected[] = {"{\"a\":\"course_completed\"}\r", "course_completed",
                                           "x course_lesson_started y course_completed",
                                           "course_lesson_completed"};
    static char room[ROOM];
    memcpy(room, text, sizeof text);
    const char *begin = room;
    const char *end = room + sizeof text - 1;
    uint64_t lines = 0;
    size_t bytes = 0;
    for (unsigned i = 0; i < 4; i++) {
        const char *line = decode_find(begin, end, &bytes, &lines);
        CU_ASSERT_PTR_NOT_NULL_FATAL(line);
        CU_ASSERT_EQUAL(bytes, strlen(expected[i]));
        CU_ASSERT_EQUAL(memcmp(line, expected[i], bytes), 0);
        begin = line + bytes + 1;
    }
    CU_ASSERT_PTR_NULL(decode_find(begin, end, &bytes, &lines));
    CU_ASSERT_EQUAL(lines, 7);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"names at every place and alignment", test_every_place},
        {"names cut at the end of the text", test_cut_at_the_end},
        {"near misses", test_near_misses},
        {"lines are counted", test_line_counts},
        {"whole lines are given", test_whole_lines},
    };
    return unit_main("search", tests, sizeof tests / sizeof *tests);
}
