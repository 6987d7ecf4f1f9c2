#ifndef TRADE_H
#define TRADE_H

#include "course_funnel/failure.h"
#include "course_funnel/ranks.h"

#include <stddef.h>

/*
 * Collective. Each rank's bytes to each other rank, of any number: those for rank i begin at
 * ${bytes} + ${begins}[i], and end where those for the next begin; there is one more of the begins
 * than there are ranks. The caller frees ${received}, which has those of all ranks one behind the
 * other, in their order. Returns 0, or -1 (EXIT_BUG) on every rank.
 */
int trade_bytes(struct ranks *ranks, const unsigned char *bytes, const size_t *begins,
                unsigned char **received, size_t *received_bytes, struct failure *failure);

#endif
