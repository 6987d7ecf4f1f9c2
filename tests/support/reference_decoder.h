#ifndef TESTS_REFERENCE_DECODER_H
#define TESTS_REFERENCE_DECODER_H

#include "course_funnel/decode.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A second decoder, slow and plain, that the real one is held to. It goes through a line byte by
 * byte to see whether it is whole, and writes it anew in strict JSON, with false in the place of
 * what is none. Then it parses all of that with cJSON and takes the rules word by word.
 */

struct reference {
    bool whole; /* false: the line must be REJECT_NOT_JSON */
    /*
     * Whether what follows is known. It is not for lines that cJSON does not give back exactly:
     * half surrogates, NUL in strings, numbers of very many digits, over 1,000 levels.
     */
    bool judged;
    enum decode_result result;
    enum reject_reason reason; /* of DECODE_REJECT */
    struct event event;        /* of DECODE_EVENT; its texts belong to the reference */
    bool has_id;               /* stands for the fingerprint, which is not worked out */
    char *user, *entry_point;
};

/* Decode one line. Returns 0 and a result for reference_clear, or -1 when there is no memory. */
int reference_decode(const char *line, size_t bytes, struct reference *reference);

void reference_clear(struct reference *reference);

/* The record at or behind ${at} of a line that holds several, or NULL; as decode_next. */
const char *reference_next(const char *at, const char *end, size_t *bytes);

/* Whether ${text} is valid JSON (RFC 8259, any bytes above 0x7f), at most ${depth} levels deep. */
bool reference_strict(const char *text, size_t bytes, unsigned depth);

#endif
