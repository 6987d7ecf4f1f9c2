#ifndef COURSE_FUNNEL_MATCH_H
#define COURSE_FUNNEL_MATCH_H

#include "course_funnel/failure.h"
#include "course_funnel/ledger.h"
#include "course_funnel/state.h"
#include "course_funnel/tally.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Which users of the state have a session: profile ids come to the rank that owns the user of that
 * name, as packed events (parcel.h) with nothing but a user. Pure.
 */
struct match;

/*
 * Local. For the users of ${state}, which must stay as it is for as long. Returns 0, or -1
 * (EXIT_BUG).
 */
int match_create(const struct state *state, struct match **match, struct failure *failure);

/* Local. match_free(NULL) does nothing. */
void match_free(struct match *match);

/*
 * Local. Take the profile ids of packed events, and count each as received and folded. One that
 * comes again, or is of no user, changes nothing else. Returns 0, or -1 (EXIT_BUG: bytes that are
 * no packed events of this rank).
 */
int match_take(struct match *match, const unsigned char *bytes, size_t byte_count,
               struct ledger *ledger, struct failure *failure);

/* Local. How many users of this rank have a session, and how many have none. */
void match_count(const struct match *match, uint64_t *with, uint64_t *without);

/*
 * Local. For each course, a record of the empty ${tally} (of week 0): in users_with_session
 * and users_without_session. Sorted. Ranks' tallies add up (reduce.h).
 * Returns 0, or -1 (EXIT_BUG).
 */
int match_tally(const struct match *match, struct tally *tally, struct failure *failure);

#endif
