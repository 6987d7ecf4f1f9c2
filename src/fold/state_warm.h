#ifndef STATE_WARM_H
#define STATE_WARM_H

#include "course_funnel/parcel.h"
#include "course_funnel/state.h"

#include <stddef.h>

/*
 * Prefetches what folding an event will touch. A state is larger than any cache, and an event
 * touches seven places of it, each found by the one before. So for a batch of events all places of
 * one kind are asked for before those of the next. Pure.
 */

#define STATE_WARM_EVENTS 32

/* Local. At most STATE_WARM_EVENTS of them. Changes nothing. */
void state_warm(const struct state *state, const struct parcel_event *const *events, size_t count);

#endif
