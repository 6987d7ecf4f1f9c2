#ifndef COURSE_FUNNEL_FAULT_H
#define COURSE_FUNNEL_FAULT_H

/*
 * Named points where tests make the program fail. They are compiled in by COURSE_FUNNEL_FAULTS
 * alone; without it nothing is left of them. A point stands before the call that it is named
 * after, as in `if (FAULT("durable.fsync") != 0 || fsync(fd) != 0)`.
 */
#ifdef COURSE_FUNNEL_FAULTS

#include <stdint.h>

/*
 * Local. The environment decides what happens: COURSE_FUNNEL_FAULT is a list, separated by commas,
 * of POINT:OCCURRENCE:RANK:ACTION. OCCURRENCE counts from 1, on each rank alone; `3+` is the third
 * and all that follow. RANK is a number or `*`. ACTION is `kill` (SIGKILL), `stop` (SIGUSR1 to
 * itself), `wait` (a tenth of a second, or fault.wait_us), `pause` (two seconds, or
 * fault.pause_us), `hold` (make the file COURSE_FUNNEL_FAULT_HOLD, and stand still until it is
 * gone), or the name of an error, such as ENOSPC: then -1 is returned and errno is that error.
 * COURSE_FUNNEL_FAULT_TRACE names a file to which each point that is passed adds a line `RANK
 * POINT`. Returns 0 where nothing is to happen.
 */
int fault_at(const char *point);

/* Local. The number that COURSE_FUNNEL_FAULT_NUMBERS (NAME=NUMBER, ...) gives, or ${usual}. */
uint64_t fault_number(const char *name, uint64_t usual);

/* Local. Count occurrences anew. Returns how often the environment's will was done since last. */
uint64_t fault_forget(void);

/* Local. Which rank this process is; 0 before. */
void fault_rank(int rank);

#define FAULT(point) fault_at(point)
#define FAULT_NUMBER(name, usual) fault_number(name, usual)
#define FAULT_RANK(rank) fault_rank(rank)

#else

#define FAULT(point) 0
#define FAULT_NUMBER(name, usual) (usual)
#define FAULT_RANK(rank) ((void)(rank))

#endif
#endif
