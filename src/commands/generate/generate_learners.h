#ifndef GENERATE_LEARNERS_H
#define GENERATE_LEARNERS_H

#include "generate_plan.h"
#include "generate_record.h"

/* Where the events of a learner go. */
struct generate_sink {
    void (*take)(struct generate_sink *sink, const struct generate_record *record);
};

/* Local. Pass all events of a learner on: the same, in the same order, at every call. */
void generate_learner(const struct generate_plan *plan, uint32_t user, struct generate_sink *sink);

#endif
