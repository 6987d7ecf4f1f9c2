#ifndef DIFFERENCES_H
#define DIFFERENCES_H

#include "course_funnel/failure.h"

/* What a message says of all that differs: a line for each of the first few, then a count. Pure. */
struct differences {
    char text[FAILURE_MESSAGE_BYTES * 3 / 4];
    size_t used;
    unsigned found;
    unsigned most; /* that are named */
};

/* Local. One more; a line that is long is cut. */
void differences_add(struct differences *differences, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Local. The lines, each behind a line end. They lie in ${differences}. */
const char *differences_text(struct differences *differences);

#endif
