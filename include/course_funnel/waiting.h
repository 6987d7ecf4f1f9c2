#ifndef COURSE_FUNNEL_WAITING_H
#define COURSE_FUNNEL_WAITING_H

/*
 * How long this rank has stood in calls of MPI that wait for other ranks. All ranks leave such
 * calls together, so that without this every phase would have taken all of them the same time, and
 * the one that the others waited for could not be told.
 */

/* Local. The seconds so far, since the start of the program. */
double waiting_seconds(void);

#endif
