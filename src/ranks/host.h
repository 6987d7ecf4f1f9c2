#ifndef HOST_H
#define HOST_H

#include "course_funnel/failure.h"

#include <stdint.h>

/*
 * What Open MPI 4.1 takes for granted of the host that it runs on, and does not find in many
 * containers. To be seen to before MPI starts, by environment variables of this process. What the
 * user has set stays.
 */

/* Local. What so many ranks of a host take of the folder of their shared memory, at most. */
uint64_t host_shared_bytes(uint64_t ranks);

/*
 * Local. A folder in place of a home that is missing, and a way for memory between ranks that is
 * allowed here. Returns 0, or -1 (EXIT_BUG) with a message on the first rank of the host alone
 * where the folder of shared memory is too small.
 */
int host_prepare(struct failure *failure);

#endif
