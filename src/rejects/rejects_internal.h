#ifndef REJECTS_INTERNAL_H
#define REJECTS_INTERNAL_H

#include "course_funnel/rejects.h"

/* What the files of rejects share. */

/* Local. The path of a rank's part, which the caller frees, or NULL (EXIT_BUG: no memory). */
char *rejects_part_path(const char *parts, uint32_t attempt, uint32_t rank,
                        struct failure *failure);

/* Local. What is at ${path} cannot be ${what}, as errno tells: leave with ${code}. Returns -1. */
int rejects_write_failure(const char *path, const char *what, int code, struct failure *failure);

/* Local. Make the name ${path} last in its folder. Returns 0, or -1 (EXIT_TARGET). */
int rejects_sync_name(const char *path, struct failure *failure);

#endif
