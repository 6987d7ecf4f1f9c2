#ifndef COURSE_FUNNEL_WAITING_H
#define COURSE_FUNNEL_WAITING_H

/*
 * How long this rank has waited for others, in calls of MPI. All ranks leave such a call together,
 * so a phase takes all of them equally long. Only the waiting tells which one the others waited
 * for.
 */

/* Local. The seconds so far, since the start of the program. */
double waiting_seconds(void);

/* Local. What has passed since then was waiting too: for calls that wait by asking. */
void waiting_since(double since);

#endif
