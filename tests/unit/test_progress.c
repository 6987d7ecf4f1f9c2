#include "course_funnel/progress.h"

#include "unit/unit.h"

#include <string.h>

static void test_texts(void)
{
    static const struct {
        uint64_t done_bytes, total_bytes, lines;
        double seconds;
        const char *text;
    } cases[] = {
        {0, 1000000, 0, 0, "read 0.0 %, 0 events/s, 0.0 MB/s, unknown left"},
        {0, 1000000, 5, 2, "read 0.0 %, 2 events/s, 0.0 MB/s, unknown left"},
        {250000, 1000000, 3000, 1.5, "read 25.0 %, 2000 events/s, 0.2 MB/s, 5 s left"},
        {1000000, 100000000, 90, 1, "read 1.0 %, 90 events/s, 1.0 MB/s, 1 min 39 s left"},
        {1000000, 3600000000, 1, 1, "read 0.0 %, 1 events/s, 1.0 MB/s, 59 min 59 s left"},
        {1000000, 3601000000, 1, 1, "read 0.0 %, 1 events/s, 1.0 MB/s, 1 h 00 min left"},
        {1, 1000000, 0, 1, "read 0.0 %, 0 events/s, 0.0 MB/s, 277 h 46 min left"},
        {1000000, 1000000, 10, 2, "read 100.0 %, 5 events/s, 0.5 MB/s, 0 s left"},
        /* A file that grew, and no input at all. */
        {1500000, 1000000, 10, 1, "read 100.0 %, 10 events/s, 1.5 MB/s, 0 s left"},
        {0, 0, 0, 1, "read 100.0 %, 0 events/s, 0.0 MB/s, 0 s left"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128];
        progress_format(text, sizeof text, cases[i].done_bytes, cases[i].total_bytes,
                        cases[i].lines, cases[i].seconds);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
        if (strcmp(text, cases[i].text) != 0)
            printf("\n  %s\n  %s", text, cases[i].text);
    }
}

/* Shares and times far beyond what can be must not leave the text. */
static void test_extremes(void)
{
    char text[20];
    progress_format(text, sizeof text, UINT64_MAX, 1, UINT64_MAX, 1e-9);
    CU_ASSERT_EQUAL(strlen(text), sizeof text - 1);
    progress_update(NULL, 1, 1);
    progress_end(NULL);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"what the line says", test_texts},
        {"what does not fit is cut", test_extremes},
    };
    return unit_main("progress", tests, sizeof tests / sizeof tests[0]);
}
