#ifndef COURSE_FUNNEL_REDUCE_H
#define COURSE_FUNNEL_REDUCE_H

#include "course_funnel/days.h"
#include "course_funnel/failure.h"
#include "course_funnel/ledger.h"
#include "course_funnel/ranks.h"
#include "course_funnel/tally.h"

#include <stdint.h>

/*
 * Collective. Merge every rank's sorted tally up a binary tree to rank 0, whose ${tally} is that
 * of all afterwards; the other ranks' are empty. Returns 0, or -1 (EXIT_BUG); a vote must follow.
 * Takes O(log ranks) steps; no rank holds more than twice the merged size.
 */
int reduce_tallies(struct ranks *ranks, struct tally *tally, struct failure *failure);

/*
 * Collective. Add up ${ledger} over the ranks, for all of them, and check it; ${first_us} and
 * ${last_us} become the earliest and the latest of all ranks' times in microseconds. Returns 0, or
 * -1 (EXIT_BUG, on every rank when the books do not balance); a vote must follow.
 */
int reduce_ledger(struct ranks *ranks, struct ledger *ledger, int64_t *first_us, int64_t *last_us,
                  struct failure *failure);

/*
 * Collective. Add every rank's days to those of rank 0; the other ranks' stay as they are. Returns
 * 0, or -1 (EXIT_BUG); a vote must follow.
 */
int reduce_days(struct ranks *ranks, struct days *days, struct failure *failure);

#endif
