#ifndef COURSE_FUNNEL_STOP_H
#define COURSE_FUNNEL_STOP_H

#include "course_funnel/failure.h"

#include <stdbool.h>

/*
 * A request to stop: SIGUSR1, which mpirun hands on to every rank, SIGTERM, SIGHUP or SIGINT. It is
 * noted and heeded at the next point where the job can be left; asking twice is asking once. Only
 * an interrupt that comes a second or more after another ends the process at once, for a user who
 * does not want to wait.
 */

/*
 * Local. From now on the signals are noted; a SIGHUP or SIGINT that was ignored so far (nohup, a
 * job in the background) stays so. Returns 0, or -1 (EXIT_BUG).
 */
int stop_listen(struct failure *failure);

/* Local. Whether this rank was asked to stop. */
bool stop_is_wanted(void);

#endif
