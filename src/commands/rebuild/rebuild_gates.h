#ifndef REBUILD_GATES_H
#define REBUILD_GATES_H

#include "rebuild_job.h"

/*
 * Local, on rank 0 when the rejects are joined. What must hold before anything is published.
 * Returns 0, or -1 (EXIT_GATE) with the reasons of the rejects, their counts and the first of each.
 */
int rebuild_gates_pass(const struct job *job, struct failure *failure);

/*
 * Local, on rank 0 when the input is listed. That there is a file to read, where any is named.
 * Returns 0, or -1 (EXIT_GATE).
 */
int rebuild_gates_have_files(const struct job *job, struct failure *failure);

#endif
