#include "course_funnel/decode.h"

#include "support/export_line.h"
#include "support/random.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * How fast course events are found and decoded, at each level of vector instructions:
 *     bench_decode [MEGABYTES [PERCENT_OF_COURSE_EVENTS [SLOWEST_LEVEL]]]
 */

struct text {
    char *begin;
    size_t bytes;
    uint64_t lines;
};

static double seconds(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0;
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int write_text(struct text *text, size_t bytes, unsigned percent)
{
    static const char *const types[] = {"course_lesson_started", "course_lesson_completed",
                                        "course_completed"};
    uint64_t state = 20250701;
    *text = (struct text){malloc(bytes + EXPORT_LINE_ROOM + DECODE_PADDING), 0, 0};
    if (text->begin == NULL)
        return -1;
    for (; text->bytes < bytes; text->lines++) {
        bool wanted = random_below(&state, 100) < percent;
        const char *type = wanted ? types[random_below(&state, 3)] : "lesson_opened";
        text->bytes += export_line(text->begin + text->bytes, type, &state);
    }
    memset(text->begin + text->bytes, 0, DECODE_PADDING);
    return 0;
}

/* Find all course events and, with a decoder, decode them. Returns how many there were. */
static uint64_t run(const struct text *text, struct decoder *decoder, uint64_t *lines)
{
    uint64_t events = 0;
    const char *begin = text->begin;
    const char *end = begin + text->bytes;
    const char *line;
    size_t bytes;
    while ((line = decode_find(begin, end, &bytes, lines)) != NULL) {
        struct event event;
        enum reject_reason reason;
        if (decoder == NULL || decode_line(decoder, line, bytes, &event, &reason) == DECODE_EVENT)
            events++;
        begin = line + bytes + 1;
    }
    return events;
}

/* The best of several runs, in seconds; ${events} of the last. */
static double best(const struct text *text, struct decoder *decoder, uint64_t *events)
{
    double fastest = 0;
    for (unsigned i = 0; i < 7; i++) {
        uint64_t lines = 0;
        double began = seconds();
        *events = run(text, decoder, &lines);
        double took = seconds() - began;
        if (lines != text->lines)
            fprintf(stderr, "counted %" PRIu64 " lines of %" PRIu64 "\n", lines, text->lines);
        fastest = i == 0 || took < fastest ? took : fastest;
    }
    return fastest;
}

static int measure(struct decoder *decoder, size_t bytes, unsigned percent, int slowest)
{
    struct text text;
    if (write_text(&text, bytes, percent) != 0)
        return -1;
    uint64_t events;
    double find = best(&text, NULL, &events);
    printf("%3u %% course events, %zu MB, %zu bytes a line: decode_find %.2f GB/s\n", percent,
           text.bytes / 1000000, text.bytes / text.lines, (double)text.bytes / find / 1e9);
    for (int level = slowest; events > 0 && level < SIMD_LEVELS; level++) {
        if (!simd_has((enum simd_level)level))
            continue;
        decode_set_level(decoder, (enum simd_level)level);
        double all = best(&text, decoder, &events);
        printf("    decode_line %-6s %5.0f ns an event; both %.2f GB/s\n",
               simd_name((enum simd_level)level), (all - find) / (double)events * 1e9,
               (double)text.bytes / all / 1e9);
    }
    free(text.begin);
    return 0;
}

int main(int argc, char **argv)
{
    size_t bytes = (argc > 1 ? strtoul(argv[1], NULL, 10) : 128) * 1000000;
    unsigned percent = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 15;
    int slowest = argc > 3 ? (int)strtol(argv[3], NULL, 10) : SIMD_PLAIN;
    struct failure failure = {0};
    struct decoder *decoder;
    if (decode_create(&decoder, &failure) != 0)
        return EXIT_FAILURE;
    int status = measure(decoder, bytes, 0, slowest) | measure(decoder, bytes, percent, slowest) |
                 measure(decoder, bytes / 64, 100, slowest);
    decode_free(decoder);
    return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
