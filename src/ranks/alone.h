#ifndef ALONE_H
#define ALONE_H

#include "course_funnel/failure.h"

#include <stddef.h>

/*
 * Open MPI makes a job of one rank of each process that it finds no launcher of its own for. So
 * where another MPI's mpiexec started several, or where the variables that lead them to each other
 * were lost on the way, each would be a whole job, and all would race to publish.
 */

#define ALONE_PARENTS 64 /* that are looked at */
#define ALONE_NAME_BYTES 16

/* What there is to judge by. */
struct alone_signs {
    char **variables; /* of the environment: NAME=VALUE, and NULL at the end */
    char parents[ALONE_PARENTS]
                [ALONE_NAME_BYTES]; /* commands, as the kernel cuts them; nearest first */
    size_t parent_count;
};

/*
 * Local, pure. For a process that MPI says is the only one: whether that is what was asked for.
 * Returns 0, or -1 (EXIT_USAGE).
 */
int alone_judge(const struct alone_signs *signs, struct failure *failure);

/* Local. The same by the signs of this process. Parents that cannot be looked at are left out. */
int alone_check(struct failure *failure);

#endif
