#ifndef MARTS_ANSWERS_H
#define MARTS_ANSWERS_H

#include "course_funnel/marts.h"

/*
 * Local. Fill the further marts in, out of what marts_build is given; the two marts are there.
 * Returns 0, or -1 as marts_build does.
 */
int marts_add_answers(const struct tally *tally, const struct marts_answers *answers,
                      struct marts *marts, struct failure *failure);

/* Local. The same, of the entry points alone. */
int marts_add_entries(const struct entries *entries, struct marts *marts, struct failure *failure);

/* Local. A share in millionths, half up; both are at most INT32_MAX, and ${whole} is not 0. */
static inline int64_t marts_rate_e6(uint64_t part, uint64_t whole)
{
    return (int64_t)((part * 2000000 + whole) / (2 * whole));
}

#endif
