#ifndef VALUES_HEADING_H
#define VALUES_HEADING_H

#include <stdint.h>

/* What goes ahead of the values of a key. */
struct values_heading {
    int32_t course_id, week, kind, lesson_id;
    uint64_t count;
};

#endif
