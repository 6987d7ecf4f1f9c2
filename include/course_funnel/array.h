#ifndef COURSE_FUNNEL_ARRAY_H
#define COURSE_FUNNEL_ARRAY_H

#include "course_funnel/failure.h"

#include <stddef.h>

/*
 * Local. Make room for one more element in an array that grows by this function alone, from NULL
 * with no elements. ${array} is the address of the pointer to the elements, of which there are
 * ${count}. Returns 0, or -1 (EXIT_BUG: no memory for ${what}) with the array as it was.
 */
int array_extend(void *array, size_t count, size_t element_bytes, const char *what,
                 struct failure *failure);

#endif
