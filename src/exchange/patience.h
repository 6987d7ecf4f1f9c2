#ifndef PATIENCE_H
#define PATIENCE_H

#include "course_funnel/failure.h"
#include "course_funnel/ranks_mpi.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Waiting for a collective that a rank may never join, as it was stopped or its storage does not
 * answer. When the time is up those that wait call each other. Who does not answer is late.
 */
struct patience;

/* Local. Returns 0, or -1 (EXIT_BUG). patience_free(NULL) does nothing. */
int patience_create(const struct ranks *ranks, struct patience **patience, struct failure *failure);
void patience_free(struct patience *patience);

/*
 * Local, by all ranks that are not late. Wait for ${request} of round number ${round}, at most
 * ${seconds} (0: for ever) and some more for the calls. Returns 0 when it is done, 1 when ranks are
 * late, or -1 (EXIT_BUG).
 */
int patience_wait(struct patience *patience, MPI_Request *request, uint64_t round, uint32_t seconds,
                  struct failure *failure);

/* Local, after patience_wait returned 1. Whether the rank answered. */
bool patience_is_present(const struct patience *patience, int rank);

#endif
