#ifndef COURSE_FUNNEL_RANKS_MPI_H
#define COURSE_FUNNEL_RANKS_MPI_H

#include "course_funnel/failure.h"
#include "course_funnel/ranks.h"

#include <mpi.h>

/* What the files that call MPI share: ranks.c, exchange.c, reduce.c and waiting.c. */

/* Local. The communicator of the job; owned by ${ranks}. Errors on it are returned. */
MPI_Comm ranks_communicator(const struct ranks *ranks);

/*
 * Local. Turn MPI's answer to ${call} into a failure (EXIT_BUG with MPI's own text). Returns 0 for
 * MPI_SUCCESS, else -1.
 */
int ranks_check(int answer, const char *call, struct failure *failure);

#endif
