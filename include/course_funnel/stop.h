#ifndef COURSE_FUNNEL_STOP_H
#define COURSE_FUNNEL_STOP_H

#include "course_funnel/failure.h"

#include <stdbool.h>

/*
 * A request to stop: SIGUSR1, which mpirun hands on to every rank, or SIGTERM. It is noted and
 * heeded at the next point where the job can be left; asking twice is asking once.
 */

/* Local. From now on the signals are noted. Returns 0, or -1 (EXIT_BUG). */
int stop_listen(struct failure *failure);

/* Local. Whether this rank was asked to stop. */
bool stop_is_wanted(void);

#endif
