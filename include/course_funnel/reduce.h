#ifndef COURSE_FUNNEL_REDUCE_H
#define COURSE_FUNNEL_REDUCE_H

#include "course_funnel/failure.h"
#include "course_funnel/ranks.h"
#include "course_funnel/tally.h"

/*
 * Collective. Merge every rank's sorted tally up a binary tree to rank 0, whose ${tally} is that
 * of all afterwards; the other ranks' are empty. Returns 0, or -1 (EXIT_BUG); a vote must follow.
 * Takes O(log ranks) steps; no rank holds more than twice the merged size.
 */
int reduce_tallies(struct ranks *ranks, struct tally *tally, struct failure *failure);

#endif
