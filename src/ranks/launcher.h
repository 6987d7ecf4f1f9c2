#ifndef LAUNCHER_H
#define LAUNCHER_H

#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The process that started this rank: mpirun, or the daemon that stands for it on another host. It
 * tells the rank about the others by environment variables, which can be read before MPI starts.
 */

/* Local. Whether this is rank 0. True where no launcher of MPI started it. */
bool launcher_says_first(void);

/* Local. Whether this is the first rank of this host. True where no launcher of MPI started it. */
bool launcher_says_first_here(void);

/* Local. How many ranks this host has: 1 where no launcher tells. */
uint64_t launcher_says_ranks_here(void);

/* Local. Whether all ranks are on this host. False where no launcher of MPI started it. */
bool launcher_says_one_host(void);

/*
 * Local. From now on this process ends, at once and without a word, when its launcher is gone. Open
 * MPI does that for ranks that have met; one that is still meeting the others may wait for ever for
 * an mpirun that was killed. Does nothing where no launcher of MPI started it: such a process may
 * outlive the shell that it came from. Returns 0, or -1 (EXIT_BUG).
 */
int launcher_follow(struct failure *failure);

#endif
