#ifndef COURSE_FUNNEL_STOP_H
#define COURSE_FUNNEL_STOP_H

#include "course_funnel/failure.h"

#include <stdbool.h>

/*
 * A request to stop: SIGUSR1, which mpirun hands on to every rank, SIGTERM, SIGHUP or SIGINT. It is
 * noted and heeded at the next point where the job can be left; asking twice is asking once, but
 * for a second SIGINT, which ends the process.
 */

/* Local. From now on the signals are noted that are not ignored. Returns 0, or -1 (EXIT_BUG). */
int stop_listen(struct failure *failure);

/* Local. Whether this rank was asked to stop. */
bool stop_is_wanted(void);

#endif
