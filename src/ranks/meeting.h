#ifndef MEETING_H
#define MEETING_H

#include "course_funnel/failure.h"

/*
 * Open MPI 4.1 waits for ever when two ranks cannot connect while they start, as when a way to a
 * host comes up just then; all it does is to warn. So there is an end to it: a process whose ranks
 * have not met in time leaves with MEETING_EXIT, whatever it waits in, and mpirun ends the others.
 */

#define MEETING_EXIT 205 /* as of mpirun where a host, or the way to it, was lost */
#define MEETING_DEFAULT_S 300
#define MEETING_MOST_S 86400
#define MEETING_VARIABLE "COURSE_FUNNEL_MEETING_SECONDS"

/* Local. From now on the time runs. Returns 0, or -1 (EXIT_USAGE for a variable that is wrong). */
int meeting_begin(struct failure *failure);

/* Local. They have met, or it does not matter any more. */
void meeting_end(void);

#endif
