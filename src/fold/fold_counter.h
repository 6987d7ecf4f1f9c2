#ifndef FOLD_COUNTER_H
#define FOLD_COUNTER_H

#include "course_funnel/failure.h"
#include "course_funnel/state.h"
#include "course_funnel/tally.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A tally in which records are found. A cohort is looked up once for an enrolment; its lessons then
 * by the cohort's place. All zero but for an empty tally at first.
 */
struct fold_counter {
    struct tally *tally;
    struct fold_table {
        struct fold_slot {
            uint32_t parent; /* of a cohort its course, of a lesson the place of its cohort */
            int32_t id;      /* of a cohort its week */
            uint32_t place;  /* of the record, plus 1; 0 is free */
        } * slots;
        size_t size; /* a power of two, or 0 */
        size_t count;
    } cohorts, lessons;
};

/* Local. Frees what it holds; the tally is the caller's. */
void fold_counter_end(struct fold_counter *counter);

/* Where the records of a group stand in the tally. */
struct fold_places {
    uint32_t *cohorts; /* of each enrolment: that of its cohort */
    uint32_t *lessons; /* of each progress: that of its lesson, in the cohort */
};

/*
 * Local. Find the records of all that a group holds, and append empty ones where there are none.
 * All are found before any is used, so that memory need not be waited for one by one. Returns 0, or
 * -1 (EXIT_BUG).
 */
int fold_counter_place(struct fold_counter *counter, const struct state_group *group,
                       const struct fold_places *places, struct failure *failure);

#endif
