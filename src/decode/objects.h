#ifndef OBJECTS_H
#define OBJECTS_H

#include "course_funnel/simd.h"

#include <stdbool.h>
#include <stddef.h>

/* Where the records of a line begin and end: mostly it is one, but objects may follow each other.
 * Pure. */

/*
 * Local. What follows the object that begins at ${at}; NULL when there is none, or it does not
 * close: its strings and brackets alone are looked at.
 */
const char *objects_end(const char *at, const char *end);

/*
 * Local. Whether ${text} is two objects or more, each of them whole (structure_scan), with nothing
 * but separators before and between them and blanks behind the last. ${level} must be one that
 * simd_has.
 */
bool objects_are_several(enum simd_level level, const char *text, size_t bytes);

#endif
