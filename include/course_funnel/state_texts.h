#ifndef COURSE_FUNNEL_STATE_TEXTS_H
#define COURSE_FUNNEL_STATE_TEXTS_H

#include "course_funnel/failure.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Texts that many records share, each kept once, and only while a record uses it. Numbers begin
 * with 1, and a number stays while its text is used. All zero is an empty table. Pure.
 */

struct state_text {
    uint64_t begin; /* in the bytes */
    uint32_t bytes; /* at least 1; 0: the number is free */
    uint32_t uses;
};

struct state_texts {
    struct state_text *texts; /* number 1 is the first */
    uint32_t count, capacity; /* of numbers, free ones included */
    uint32_t idle;            /* texts without a use that are still there */
    uint32_t first_free;      /* a free number, whose begin is the next one; 0: there is none */
    char *bytes;
    uint64_t used_bytes, capacity_bytes;
    struct state_text_slot *slots; /* open addressing, by the hash */
    uint32_t size;                 /* a power of two, or 0 */
};

/* Local. Use a text once more. Returns its number, or 0 (EXIT_BUG: no memory, or too many). */
uint32_t state_texts_take(struct state_texts *texts, const char *text, uint32_t bytes,
                          struct failure *failure);

/* Local. Use it once less. A text that nobody uses goes when there are many. */
void state_texts_drop(struct state_texts *texts, uint32_t number);

/* Local. A text that is used; the pointer ends with the next call of the two above. */
const char *state_texts_get(const struct state_texts *texts, uint32_t number, uint32_t *bytes);

/* Local. Free the memory; the table is an empty one afterwards. */
void state_texts_clear(struct state_texts *texts);

#endif
