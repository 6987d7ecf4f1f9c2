#include "course_funnel/progress.h"

#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

static void expect(struct progress_state state, const char *due)
{
    char text[128];
    progress_format(text, sizeof text, &state);
    if (strcmp(text, due) != 0)
        fprintf(stderr, "said: %s\ndue:  %s\n", text, due);
    CU_ASSERT_STRING_EQUAL(text, due);
}

#define MB UINT64_C(1000000)

static void test_from_the_beginning(void)
{
    expect((struct progress_state){1000 * MB, 0, 0, 0, 0},
           "read 0.0 %, 0 lines/s, 0.0 MB/s, unknown left");
    expect((struct progress_state){1000 * MB, 0, 250 * MB, 5000, 10},
           "read 25.0 %, 500 lines/s, 25.0 MB/s, 30 s left");
    expect((struct progress_state){100000 * MB, 0, 250 * MB, 5000, 10},
           "read 0.2 %, 500 lines/s, 25.0 MB/s, 1 h 06 min left");
    expect((struct progress_state){100 * MB, 0, 1 * MB, 90, 1},
           "read 1.0 %, 90 lines/s, 1.0 MB/s, 1 min 39 s left");
    expect((struct progress_state){3600 * MB, 0, 1 * MB, 1, 1},
           "read 0.0 %, 1 lines/s, 1.0 MB/s, 59 min 59 s left");
    expect((struct progress_state){3601 * MB, 0, 1 * MB, 1, 1},
           "read 0.0 %, 1 lines/s, 1.0 MB/s, 1 h 00 min left");
    expect((struct progress_state){0, 0, 0, 0, 1}, "read 100.0 %, 0 lines/s, 0.0 MB/s, 0 s left");
}

/* The share is that of the run, the pace and what it means for the rest that of this attempt. */
static void test_after_a_resume(void)
{
    expect((struct progress_state){1000 * MB, 600 * MB, 0, 0, 5},
           "read 60.0 %, 0 lines/s, 0.0 MB/s, unknown left");
    expect((struct progress_state){1000 * MB, 600 * MB, 100 * MB, 2000, 20},
           "read 70.0 %, 100 lines/s, 5.0 MB/s, 1 min 00 s left");
}

/* What is read again after a resume, and files that grow, count for more than all. */
static void test_more_than_all(void)
{
    expect((struct progress_state){1000 * MB, 1000 * MB, 10 * MB, 10, 10},
           "read 100.0 %, 1 lines/s, 1.0 MB/s, 0 s left");
}

/* Shares and times far beyond what can be must not leave the text. */
static void test_extremes(void)
{
    char text[20];
    const struct progress_state state = {1, 0, UINT64_MAX, UINT64_MAX, 1e-9};
    progress_format(text, sizeof text, &state);
    CU_ASSERT_EQUAL(strlen(text), sizeof text - 1);
    progress_update(NULL, 1, 1);
    progress_end(NULL);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"from the beginning", test_from_the_beginning},
        {"after a resume", test_after_a_resume},
        {"more than all", test_more_than_all},
        {"what does not fit is cut", test_extremes},
    };
    return unit_main("progress", tests, sizeof tests / sizeof tests[0]);
}
