#ifndef COURSE_FUNNEL_FOLD_H
#define COURSE_FUNNEL_FOLD_H

#include "course_funnel/entries.h"
#include "course_funnel/failure.h"
#include "course_funnel/ledger.h"
#include "course_funnel/state.h"
#include "course_funnel/tally.h"
#include "course_funnel/values.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Events → the state, and the state → sums. Any order of the same events gives the same state,
 * up to the order of records within a group, and so the same sums. Pure.
 */

/*
 * Local. Fold the packed events (parcel.h) in [bytes, bytes + byte_count) into the state; each must
 * be of a user whose key group ${state} owns. Adds to the ledger's received, folded, duplicates
 * and time_unusable. Returns 0, or -1 (EXIT_BUG: no memory, or bytes that are no packed events).
 */
int fold_events(struct state *state, const unsigned char *bytes, size_t byte_count,
                struct ledger *ledger, struct failure *failure);

/*
 * Local. The cohort of an enrolment: the week of its first start, or where there is none, of its
 * first event, as its Monday in days since 1970-01-01.
 */
int32_t fold_cohort_week(const struct state_enrolment *enrolment);

/*
 * Local. Sum up the state by cohort and lesson. Fills the empty ${tally}, sorted, but for its
 * percentiles; and with what these are over the empty ${values}, for values_reduce on ${ranks}
 * ranks, where it is not NULL. The caller clears both, also after a failure. Returns 0, or -1
 * (EXIT_BUG).
 */
int fold_sums(const struct state *state, int ranks, struct tally *tally, struct values *values,
              struct failure *failure);

/*
 * Local. The state's users by cohort and entry point, in any order, with their own text or without;
 * texts are borrowed from the state. The caller clears them. Returns 0, or -1 (EXIT_BUG).
 */
int fold_entries(const struct state *state, struct entries *entries, struct failure *failure);

/* Local. From the first start to the first completion of the course, where it is not before. */
bool fold_time_to_complete(const struct state_enrolment *enrolment, uint64_t *time_us);

#endif
