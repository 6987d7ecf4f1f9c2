#ifndef LAUNCHER_H
#define LAUNCHER_H

#include "course_funnel/failure.h"

/*
 * The process that started this rank: mpirun, or the daemon that stands for it on another host.
 */

/*
 * Local. From now on this process ends, at once and without a word, when the one that started it is
 * gone, as it does where that goes during the call. Open MPI itself sees to that for ranks that are
 * up; one that is just meeting the others may wait for ever for the answer of an mpirun that was
 * killed. Does nothing where no launcher of MPI started it, since such a process may well outlive
 * the shell that it came from. Returns 0, or -1 (EXIT_BUG).
 */
int launcher_follow(struct failure *failure);

#endif
