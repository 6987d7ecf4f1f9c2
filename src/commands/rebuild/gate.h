#ifndef GATE_H
#define GATE_H

#include "course_funnel/ledger.h"

#include <stdbool.h>
#include <stdint.h>

/* What keeps a run from being published. Pure. */
enum gate_verdict {
    GATE_OPEN,
    GATE_REJECTS,     /* too large a share of all course events was rejected */
    GATE_NEW_REJECTS, /* of those of the new files alone */
    GATE_NOTHING      /* no course event is left */
};

/* Of fewer course events in new files the share says little: one hour may be odd by chance. */
#define GATE_LEAST_NEW 1000

/* Events that were rejected, by their weight, and those that were kept. */
struct gate_events {
    uint64_t rejected;
    uint64_t kept;
};

/* Local. Those of a ledger; of what came since ${base}, where that is not NULL. */
struct gate_events gate_events(const struct ledger *ledger, const struct ledger *base);

/* Local. The share that was rejected; 0 where there is nothing. */
double gate_share(struct gate_events events);

/*
 * Local. Judge the books of all that was read; and where the run goes on from another, whose books
 * are ${base}, those of the new files too, so that a broken night is not hidden by a long history.
 * ${base} may be NULL.
 */
enum gate_verdict gate_judge(const struct ledger *ledger, const struct ledger *base,
                             double max_reject_share, bool allows_nothing);

#endif
