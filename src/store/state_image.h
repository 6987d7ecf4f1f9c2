#ifndef STATE_IMAGE_H
#define STATE_IMAGE_H

#include "course_funnel/failure.h"
#include "course_funnel/state.h"
#include "image.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A range of the state's key groups ↔ a file of a checkpoint. Pure. A failure of the loader
 * (STORE_DAMAGED) says what is wrong with the file, and leaves it to the caller to name it.
 */

/* Local. How much of a file a key group takes. */
uint64_t state_image_bytes(const struct state_group *group);

/* Local. Make the file of ${count} key groups from number ${first} on. Returns 0, or -1 (EXIT_BUG).
 */
int state_image_create(const struct state *state, uint32_t first, uint32_t count,
                       struct image *image, struct failure *failure);

/*
 * Local. Take those key groups that ${state} owns, which must be empty, out of the file of groups
 * ${first} to ${last}, and validate each. Whether times are kept must be known of the state
 * already. Returns 0, or -1 (STORE_DAMAGED, EXIT_BUG).
 */
int state_image_load(const unsigned char *bytes, size_t byte_count, uint32_t first, uint32_t last,
                     struct state *state, struct failure *failure);

/* How many records of each kind a key group has in a file. */
struct state_image_group {
    uint32_t group;
    uint32_t users;
    uint32_t enrolments;
    uint32_t progress;
    uint32_t text_bytes;
    uint32_t times;
    uint64_t fingerprints;
};

/*
 * Local. Look at the file of groups ${first} to ${last} without loading it: ${groups}, one for each
 * of them, are filled in. Returns 0, or -1 (STORE_DAMAGED, EXIT_BUG).
 */
int state_image_look(const unsigned char *bytes, size_t byte_count, uint32_t first, uint32_t last,
                     struct state_image_group *groups, struct failure *failure);

/* Local. How much of the file such a group takes. */
uint64_t state_image_group_bytes(const struct state_image_group *group);

#endif
