#ifndef COURSE_FUNNEL_PROOF_H
#define COURSE_FUNNEL_PROOF_H

#include "course_funnel/failure.h"
#include "course_funnel/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether a text, a file or an entry of an archive, is an export. It is where any of its lines is
 * an event. As a rule that is the first line of each split, and nothing more is looked at. Else all
 * of the text is read, from its beginning, before the split is decoded. So what is foreign leaves
 * no trace, each rank comes to the same verdict by itself, and so does a resumed run.
 */

enum proof_verdict {
    PROOF_UNKNOWN,
    PROOF_EVENT,   /* a line is an event */
    PROOF_DAMAGED, /* none is, but one was an event, or NUL bytes stand for all */
    PROOF_EMPTY,   /* blanks and line ends alone, or nothing */
    PROOF_FOREIGN
};

struct proof; /* of one rank, for all splits of a list */

/* Local. ${list} and ${limits} must outlive it. Returns 0, or -1 (EXIT_BUG). */
int proof_create(const struct source_list *list, const struct source_limits *limits,
                 struct proof **proof, struct failure *failure);

/* Local. proof_free(NULL) does nothing. */
void proof_free(struct proof *proof);

/* Local. Whether a line up to ${end} has nothing but a byte order mark and blanks. */
bool proof_is_blank(const char *line, const char *end);

/* Local. What is known of the text of ${split}, when ${block} of it was seen too (NULL: none). */
enum proof_verdict proof_glance(struct proof *proof, size_t split,
                                const struct source_block *block);

/*
 * Local. Look further at the text of ${split}, of which the verdict is unknown, some hundred KiB a
 * call (${bytes}). Returns 1 to be called again, 0 when the verdict is known, or -1 as source_next.
 */
int proof_look(struct proof *proof, size_t split, uint64_t *bytes, struct failure *failure);

/*
 * Local. Look at the first line of the text of ${split}, its first, alone. ${verdict} is
 * PROOF_EVENT, PROOF_EMPTY (nothing stands in the text), or PROOF_UNKNOWN. Returns 0, or -1 as
 * source_next.
 */
int proof_first(struct proof *proof, size_t split, enum proof_verdict *verdict,
                struct failure *failure);

/* Local. What the text that was looked at last looks like, see source_guess. */
const char *proof_guess(const struct proof *proof);

#endif
