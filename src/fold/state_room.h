#ifndef STATE_ROOM_H
#define STATE_ROOM_H

#include "course_funnel/state.h"

#include <stddef.h>

/* The memory of a group's arrays: a piece of a block that several groups share, or its own. */

/*
 * Local. realloc for an array of a group. One in the shared block moves to memory of its own, with
 * the first ${kept_bytes} of it.
 */
void *state_room_resize(const struct state_group *group, void *array, size_t kept_bytes,
                        size_t bytes);

/* Local. free for an array of a group. */
void state_room_free(const struct state_group *group, void *array);

#endif
