#ifndef FOLD_COUNTER_H
#define FOLD_COUNTER_H

#include "course_funnel/failure.h"
#include "course_funnel/state.h"
#include "course_funnel/tally.h"

#include <stddef.h>
#include <stdint.h>

/* A tally with a hash table from key to record: what fold_tally.c and fold_values.c share. */
struct fold_counter {
    struct tally *tally;
    uint32_t *slots; /* index of the record, plus 1; 0 is free */
    size_t size;     /* a power of two */
};

/* Local. The records that the tally has. The caller frees counter->slots. Returns 0, or -1. */
int fold_counter_begin(struct fold_counter *counter, struct tally *tally, struct failure *failure);

/* Local. The record of a key, an empty one when it is new; NULL when there is no memory. */
struct tally_record *fold_counter_record(struct fold_counter *counter,
                                         const struct tally_record *key, struct failure *failure);

/* Local. The keys that an enrolment, and the progress of one, is counted under. */
struct tally_record fold_cohort_key(const struct state_enrolment *enrolment);
struct tally_record fold_lesson_key(const struct state_enrolment *enrolment,
                                    const struct state_progress *progress);

#endif
