#ifndef SEARCH_H
#define SEARCH_H

#include "course_funnel/simd.h"

#include <stdint.h>

/* Finds the names of course events in text at the speed of memory. Pure. */

/* Bytes that must be readable past the end of every text given to this file. */
#define SEARCH_PADDING 72

/*
 * Local. The first place in [begin, end) where `course_lesson_started`,
 * `course_lesson_completed` or `course_completed` begins, or NULL. The name lies wholly in the
 * range. Adds to ${lines} the number of lines up to the one with the name, that one included, or
 * of all lines when there is none. SEARCH_PADDING bytes past ${end} must be readable. ${level} must
 * be one that simd_has.
 */
const char *search_find(enum simd_level level, const char *begin, const char *end, uint64_t *lines);

#endif
