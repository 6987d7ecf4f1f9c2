#ifndef LEARNERS_THERE_H
#define LEARNERS_THERE_H

#include "learners_match.h"

#include <stddef.h>

/* Which courses, cohorts and lessons are there, so that a wish for another can be told so. Pure. */

/* Numbers in their order, each once. All zero is an empty set. */
struct learners_set {
    int32_t *values;
    size_t count;
};

struct learners_there {
    struct learners_set courses;
    struct learners_set cohorts;     /* of the course of the wish */
    struct learners_set lessons;     /* of that course, or of its cohort where one is named */
    struct learners_set with_lesson; /* cohorts that have a row for the lesson of the wish */
};

/* Local. Returns 0, or -1 (EXIT_BUG: no memory). */
int learners_set_add(struct learners_set *set, int32_t value, struct failure *failure);
bool learners_set_has(const struct learners_set *set, int32_t value);

/* Local. Frees what they hold and leaves them all zero. */
void learners_there_clear(struct learners_there *there);

/* Local. Whether all that the wish names is there. Returns 0, or -1 (EXIT_USAGE) with what is. */
int learners_check_there(const struct learners_wish *wish, const struct learners_there *there,
                         struct failure *failure);

#endif
