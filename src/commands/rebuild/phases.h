#ifndef PHASES_H
#define PHASES_H

#include "course_funnel/failure.h"
#include "course_funnel/ranks.h"

/*
 * How long each phase of the job took, and for how much of that each rank worked: the rest it
 * waited for the others.
 */

enum phase {
    PHASE_PLAN,    /* options, target, list of splits */
    PHASE_READ,    /* read, decode, exchange, fold */
    PHASE_MATCH,   /* users with sessions */
    PHASE_REDUCE,  /* sums of each rank, merged at rank 0 */
    PHASE_PUBLISH, /* marts, gates, rejects, target */
    PHASES
};

/* Local. The phase's name in the summary. */
const char *phases_name(enum phase phase);

struct phase_time {
    double seconds, waited; /* the second is a part of the first */
};

struct phases {
    struct phase_time times[PHASES]; /* of this rank */
    double since, waited_before;
};

/* Local. Count the time since the last call (or phases_start) to ${phase}. */
void phases_start(struct phases *phases);
void phases_end(struct phases *phases, enum phase phase);

/* What all ranks together took for a phase. */
struct phase_spread {
    double seconds;           /* until the last rank was done */
    double least, mean, most; /* seconds of work, without the waiting for others */
    int slowest;              /* the rank that worked for the most */
};

/*
 * Collective. Fill ${spreads} on rank 0. Returns 0, or -1 (EXIT_BUG); a vote must follow.
 */
int phases_spread(struct ranks *ranks, const struct phases *phases,
                  struct phase_spread spreads[PHASES], struct failure *failure);

#endif
