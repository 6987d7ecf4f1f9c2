#ifndef COURSE_FUNNEL_OUTPUT_H
#define COURSE_FUNNEL_OUTPUT_H

#include "course_funnel/failure.h"

#include <stdio.h>

/*
 * Local. What a command has printed to ${out}, its standard output, is on its way to whoever reads
 * it. Each command calls it behind the last that it prints. Returns 0, or -1 (EXIT_TARGET) when any
 * of it could not be written.
 */
int output_end(FILE *out, struct failure *failure);

/* Local. A text that is longer than a stream keeps back, and the end of what is printed. As above.
 */
int output_text(FILE *out, const char *text, struct failure *failure);

#endif
