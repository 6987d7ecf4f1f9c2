#ifndef MEETING_H
#define MEETING_H

#include "course_funnel/failure.h"

/*
 * When two ranks cannot connect while they start, Open MPI 4.1 warns, and waits for ever. So a
 * process whose ranks have not met in time leaves with EXIT_LOST, whatever it waits in. Then
 * mpirun ends the others.
 */

#define MEETING_DEFAULT_S 300
#define MEETING_MOST_S 86400
#define MEETING_VARIABLE "COURSE_FUNNEL_MEETING_SECONDS"

/* Local. From now on the time runs. Returns 0, or -1 (EXIT_USAGE for a variable that is wrong). */
int meeting_begin(struct failure *failure);

/* Local. They have met, or it does not matter any more. */
void meeting_end(void);

#endif
