#ifndef FOLD_SUMS_H
#define FOLD_SUMS_H

#include "course_funnel/failure.h"
#include "course_funnel/state.h"
#include "course_funnel/tally.h"
#include "course_funnel/values.h"
#include "fold_counter.h"

#include <stdint.h>

/* The two steps of fold_sums, for a group each time. */

/*
 * Local. Count a group in the records of the tally. ${furthest} has room for a number an enrolment;
 * NULL: no further mart is wanted.
 */
void fold_tally_group(struct tally *tally, const struct state_group *group,
                      const struct fold_places *places, int64_t *furthest);

/* Sums of microseconds may pass 2^64. */
__extension__ typedef unsigned __int128 fold_wide;

/*
 * Local. Add the group's times to those of the records. ${rest} has room for a number a progress.
 * Returns 0, or -1 (EXIT_BUG: they do not add up).
 */
int fold_values_group(const struct state_group *group, const struct fold_places *places,
                      fold_wide *rest, struct values *values, struct failure *failure);

#endif
