#ifndef COURSE_FUNNEL_STATE_IMAGE_H
#define COURSE_FUNNEL_STATE_IMAGE_H

#include "course_funnel/failure.h"
#include "course_funnel/image.h"
#include "course_funnel/state.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A range of the state's key groups ↔ a file of a checkpoint. Pure. A failure of the loader
 * (EXIT_CHECKPOINT) says what is wrong with the file, and leaves it to the caller to name it.
 */

/* Local. How much of a file a key group takes. Takes time linear in its lesson progress. */
uint64_t state_image_bytes(const struct state_group *group);

/* Local. Make the file of ${count} key groups from number ${first} on. Returns 0, or -1 (EXIT_BUG).
 */
int state_image_create(const struct state *state, uint32_t first, uint32_t count,
                       struct image *image, struct failure *failure);

/*
 * Local. Take those key groups that ${state} owns, which must be empty, out of the file of groups
 * ${first} to ${last}. Returns 0, or -1 (EXIT_CHECKPOINT, EXIT_BUG).
 */
int state_image_load(const unsigned char *bytes, size_t byte_count, uint32_t first, uint32_t last,
                     struct state *state, struct failure *failure);

#endif
