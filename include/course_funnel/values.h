#ifndef COURSE_FUNNEL_VALUES_H
#define COURSE_FUNNEL_VALUES_H

#include "course_funnel/failure.h"
#include "course_funnel/ranks.h"
#include "course_funnel/tally.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The values that percentiles are over: of a lesson the times of its completions, of a cohort the
 * times to complete the course; in microseconds.
 */

/* A place for the values of a record, on their way to the rank that owns its key. */
struct values_place {
    uint64_t *next, *end;
};

struct values {
    unsigned char *bytes;        /* all values, each record's behind a heading */
    size_t *begins;              /* those for each rank, and where all end */
    struct values_place *places; /* one a record of the tally, as it was then */
    size_t count;
};

/*
 * Local. Room for the values of each record of ${tally}, in any order: as many as its completions
 * with a time, or its users with a time to complete. Returns 0, or -1 (EXIT_BUG). values_clear
 * frees it.
 */
int values_begin(int ranks, const struct tally *tally, struct values *values,
                 struct failure *failure);
void values_clear(struct values *values);

/* Local. Add a value of a record. Returns false where there is no room for one more. */
static inline bool values_add(struct values *values, size_t record, uint64_t value)
{
    struct values_place *place = &values->places[record];
    if (place->next == place->end)
        return false;
    *place->next++ = value;
    return true;
}

/*
 * Local. The value of rank ${rank}, from 1 on, among the ${count} in ${runs} runs: the ${rank}-th
 * when they are sorted; there is such a value. Takes time linear in their number, and no memory.
 */
struct values_run {
    const uint64_t *values;
    size_t count;
};
uint64_t values_select(const struct values_run *runs, size_t run_count, uint64_t rank);

/*
 * Collective. Send the values to the ranks that own their keys, and add the 50th and the 90th
 * percentile, by nearest rank, to this rank's ${tally} for the keys that it owns, which may be new
 * to it. ${values} is empty afterwards. No rank holds more than what it sends and what it owns.
 * Returns 0, or -1 on every rank (EXIT_BUG, also where a record lacks values).
 */
int values_reduce(struct ranks *ranks, struct values *values, struct tally *tally,
                  struct failure *failure);

#endif
