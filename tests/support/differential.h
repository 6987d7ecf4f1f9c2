#ifndef TESTS_DIFFERENTIAL_H
#define TESTS_DIFFERENTIAL_H

#include "course_funnel/decode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The decoder against the reference decoder, and every level of vector instructions against plain
 * C. */

struct differential {
    struct decoder *decoder; /* of the caller */
    struct decoder
        *seasoned;   /* made here, NULL before: it keeps what it learned from line to line */
    uint64_t judged; /* lines of which the reference knew the whole result */
    uint64_t events; /* of these, the ones that are events */
    char why[256];   /* the first disagreement */
};

/*
 * Decode ${bytes} at ${line} in all ways. Returns whether they agree; else ${why} is set. The
 * line is copied to where just DECODE_PADDING bytes follow it, filled with ${padding}.
 */
bool differential_line(struct differential *differential, const char *line, size_t bytes,
                       char padding);

/* Likewise, find the course events of a text of any number of lines. */
bool differential_find(struct differential *differential, const char *text, size_t bytes,
                       char padding);

#endif
