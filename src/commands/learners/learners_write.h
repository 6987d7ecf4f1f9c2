#ifndef LEARNERS_WRITE_H
#define LEARNERS_WRITE_H

#include "learners_read.h"

/*
 * Local. See that a file ${path} would be a new one, so that a list is not read in vain. Returns 0,
 * or -1 (EXIT_TARGET).
 */
int learners_write_check(const char *path, struct failure *failure);

/*
 * Local. Write the list as CSV to standard output, or to a new file ${path}, where that is not
 * NULL: whole or not at all, for its owner alone, and never over another. Returns 0, or -1
 * (EXIT_TARGET, EXIT_BUG).
 */
int learners_write(const char *path, const struct learners_list *list, struct failure *failure);

#endif
