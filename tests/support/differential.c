#include "support/differential.h"

#include "decode/search.h"
#include "support/reference_decoder.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct outcome {
    enum decode_result result;
    enum reject_reason reason;
    struct event event;
};

__attribute__((format(printf, 2, 3))) static bool differ(struct differential *differential,
                                                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(differential->why, sizeof differential->why, format, arguments);
    va_end(arguments);
    return false;
}

static char *padded_copy(const char *text, size_t bytes, char padding)
{
    char *copy = malloc(bytes + DECODE_PADDING);
    if (copy == NULL)
        return NULL;
    if (bytes > 0)
        memcpy(copy, text, bytes);
    memset(copy + bytes, padding, DECODE_PADDING);
    return copy;
}

static bool same_event(const struct event *a, const struct event *b)
{
    return a->user_bytes == b->user_bytes && memcmp(a->user, b->user, a->user_bytes) == 0 &&
           a->kind == b->kind && a->course_id == b->course_id && a->lesson_id == b->lesson_id &&
           a->time_us == b->time_us && a->time_spent_us == b->time_spent_us &&
           a->entry_point_bytes == b->entry_point_bytes &&
           (a->entry_point_bytes == 0 ||
            memcmp(a->entry_point, b->entry_point, a->entry_point_bytes) == 0);
}

static bool same_outcome(const struct outcome *a, const struct outcome *b)
{
    if (a->result != b->result)
        return false;
    if (a->result == DECODE_REJECT)
        return a->reason == b->reason;
    return a->result != DECODE_EVENT || same_event(&a->event, &b->event);
}

static bool agrees_with_reference(struct differential *differential, const char *line, size_t bytes,
                                  const struct outcome *outcome)
{
    struct reference reference;
    if (reference_decode(line, bytes, &reference) != 0)
        return differ(differential, "no memory");

    bool agree = true;
    bool not_json = outcome->result == DECODE_REJECT && outcome->reason == REJECT_NOT_JSON;
    if (not_json == reference.whole) {
        agree = differ(differential, "whole by the reference: %d, by the decoder: %d",
                       reference.whole, !not_json);
    } else if (reference.judged) {
        struct outcome expected = {reference.result, reference.reason, reference.event};
        bool fingerprint =
            outcome->result == DECODE_EVENT && outcome->event.fingerprint != EVENT_NO_FINGERPRINT;
        bool expect_fingerprint = expected.result == DECODE_EVENT && reference.has_id &&
                                  expected.event.kind == EVENT_LESSON_COMPLETED;
        if (!same_outcome(outcome, &expected) || fingerprint != expect_fingerprint)
            agree = differ(
                differential,
                "reference: result %d, reason %d, course %" PRId32 ", lesson %" PRId32
                ", time %" PRId64 ", spent %" PRId64 ", entry point %.*s; decoder: result %d, "
                "reason %d, course %" PRId32 ", lesson %" PRId32 ", time %" PRId64
                ", spent %" PRId64 ", entry point %.*s",
                (int)expected.result, (int)expected.reason, expected.event.course_id,
                expected.event.lesson_id, expected.event.time_us, expected.event.time_spent_us,
                (int)expected.event.entry_point_bytes, expected.event.entry_point,
                (int)outcome->result, (int)outcome->reason, outcome->event.course_id,
                outcome->event.lesson_id, outcome->event.time_us, outcome->event.time_spent_us,
                (int)outcome->event.entry_point_bytes, outcome->event.entry_point);
        differential->judged++;
        differential->events += reference.result == DECODE_EVENT;
    }
    reference_clear(&reference);
    return agree;
}

/* Decode once more with a decoder. Returns whether the outcome is the same. */
static bool decodes_alike(struct decoder *decoder, const char *line, size_t bytes,
                          const struct outcome *expected)
{
    /* Both users may lie in the scratch of one decoder, at the same place: the reference has
       looked at the first one already. */
    struct outcome other = {0};
    other.result = decode_line(decoder, line, bytes, &other.event, &other.reason);
    return same_outcome(expected, &other) &&
           (expected->result != DECODE_EVENT ||
            expected->event.fingerprint == other.event.fingerprint);
}

/* The records of a line that holds several, each decoded in all ways. */
static bool records_agree(struct differential *differential, const char *line, size_t bytes,
                          char padding)
{
    const char *end = line + bytes;
    size_t expected_bytes = 0, record_bytes = 0;
    const char *expected = reference_next(line, end, &expected_bytes);
    const char *record = decode_next(line, end, &record_bytes);
    while (record == expected && record != NULL && record_bytes == expected_bytes) {
        if (!differential_line(differential, record, record_bytes, padding))
            return false;
        expected = reference_next(expected + expected_bytes, end, &expected_bytes);
        record = decode_next(record + record_bytes, end, &record_bytes);
    }
    if (record != expected)
        return differ(differential, "the records of the line are not the same");
    return true;
}

bool differential_line(struct differential *differential, const char *line, size_t bytes,
                       char padding)
{
    struct failure failure = {0};
    if (differential->seasoned == NULL && decode_create(&differential->seasoned, &failure) != 0)
        return differ(differential, "no memory");
    char *copy = padded_copy(line, bytes, padding);
    if (copy == NULL)
        return differ(differential, "no memory");

    struct outcome plain = {0};
    decode_set_level(differential->decoder, SIMD_PLAIN);
    plain.result = decode_line(differential->decoder, copy, bytes, &plain.event, &plain.reason);
    bool agree = agrees_with_reference(differential, copy, bytes, &plain);
    for (int level = SIMD_PLAIN + 1; agree && level < SIMD_LEVELS; level++) {
        if (!simd_has((enum simd_level)level))
            continue;
        /* The first time nothing is known of the line, the second time its keys are. */
        decode_set_level(differential->decoder, (enum simd_level)level);
        for (int time = 1; agree && time <= 2; time++)
            if (!decodes_alike(differential->decoder, copy, bytes, &plain))
                agree = differ(differential, "%s differs from plain, the %d. time",
                               simd_name((enum simd_level)level), time);
    }
    /* This one knows the keys of lines before. */
    if (agree && !decodes_alike(differential->seasoned, copy, bytes, &plain))
        agree = differ(differential, "a decoder that has seen other lines differs from plain");
    if (agree && decode_is_whole(copy, bytes) !=
                     (plain.result != DECODE_REJECT || plain.reason != REJECT_NOT_JSON))
        agree = differ(differential, "decode_is_whole differs");
    if (agree && plain.result == DECODE_EVENT && !decode_is_event(copy, bytes))
        agree = differ(differential, "decode_is_event differs");
    if (agree && plain.result == DECODE_REJECT && plain.reason < REJECT_NO_USER &&
        decode_is_event(copy, bytes))
        agree = differ(differential, "decode_is_event differs");
    if (agree && plain.result == DECODE_SEVERAL)
        agree = records_agree(differential, copy, bytes, padding);
    free(copy);
    return agree;
}

/* The first line that names a course event, looked for line by line. */
static const char *plain_find(const char *begin, const char *end, size_t *line_bytes,
                              uint64_t *lines)
{
    static const char *const names[] = {"course_lesson_started", "course_lesson_completed",
                                        "course_completed"};
    while (begin < end) {
        const char *stop = memchr(begin, '\n', (size_t)(end - begin));
        if (stop == NULL)
            stop = end;
        ++*lines;
        *line_bytes = (size_t)(stop - begin);
        for (unsigned i = 0; i < 3; i++)
            if (memmem(begin, *line_bytes, names[i], strlen(names[i])) != NULL)
                return begin;
        begin = stop + 1;
    }
    return NULL;
}

bool differential_find(struct differential *differential, const char *text, size_t bytes,
                       char padding)
{
    char *copy = padded_copy(text, bytes, padding);
    if (copy == NULL)
        return differ(differential, "no memory");

    bool agree = true;
    const char *begin = copy;
    const char *end = copy + bytes;
    const char *line = begin;
    while (agree && line != NULL) {
        size_t expected_bytes = 0, line_bytes = 0;
        uint64_t expected_lines = 0, lines = 0;
        const char *expected = plain_find(begin, end, &expected_bytes, &expected_lines);
        line = decode_find(begin, end, &line_bytes, &lines);
        if (line != expected || lines != expected_lines ||
            (line != NULL && line_bytes != expected_bytes))
            agree = differ(differential, "decode_find differs from plain search at byte %zu",
                           (size_t)(begin - copy));
        for (int level = SIMD_PLAIN; agree && level < SIMD_LEVELS; level++) {
            if (!simd_has((enum simd_level)level))
                continue;
            uint64_t found_lines = 0;
            const char *name = search_find((enum simd_level)level, begin, end, &found_lines);
            if ((name != NULL) != (expected != NULL) || found_lines != expected_lines ||
                (name != NULL && (name < expected || name >= expected + expected_bytes)))
                agree = differ(differential, "%s search differs at byte %zu",
                               simd_name((enum simd_level)level), (size_t)(begin - copy));
        }
        begin = line != NULL ? line + line_bytes + 1 : end;
    }
    free(copy);
    return agree;
}
