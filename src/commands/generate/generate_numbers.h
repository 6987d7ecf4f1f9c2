#ifndef GENERATE_NUMBERS_H
#define GENERATE_NUMBERS_H

#include "generate_plan.h"

#include <stdbool.h>

/*
 * How many learners, courses of each and other events make up the lines asked for. Some learners
 * are made, and their events counted, to see how many events a learner has.
 */

/* Local. Set users, the means and has_session_starts of the plan. */
void generate_numbers_set(struct generate_plan *plan);

/* Local. Whether any line comes of the plan. */
bool generate_numbers_any_line(const struct generate_plan *plan);

#endif
