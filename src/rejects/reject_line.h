#ifndef REJECT_LINE_H
#define REJECT_LINE_H

#include "course_funnel/event.h"
#include "course_funnel/failure.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Local. One reject as a JSON text without '\n' (rejects.h says of what), which the caller frees.
 * Returns 0, or -1 (EXIT_BUG: no memory). Pure.
 */
int reject_line_format(const char *source, uint64_t offset, enum reject_reason reason,
                       const char *text, size_t bytes, char **line, struct failure *failure);

#endif
