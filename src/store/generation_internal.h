#ifndef GENERATION_INTERNAL_H
#define GENERATION_INTERNAL_H

#include "course_funnel/generation.h"

/* What generation.c and generation_look.c share. */

/* Local. The bytes of a file, when they are those that were written. Returns 0, or -1. */
int generation_read(const struct generation *generation, const char *name,
                    const struct manifest_file *file, struct durable_bytes *bytes,
                    struct failure *failure);

/* Local. Pass on what a loader said of a file, with the file's name. Returns -1. */
int generation_name_failure(const struct generation *generation, const char *name,
                            const struct failure *trouble, struct failure *failure);

#endif
