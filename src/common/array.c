#include "course_funnel/array.h"

#include <stdlib.h>
#include <string.h>

/* The first room; from there on it doubles, so that the count alone tells when it is full. */
#define FIRST_COUNT ((size_t)8)

int array_extend(void *array, size_t count, size_t element_bytes, const char *what,
                 struct failure *failure)
{
    if (count != 0 && (count < FIRST_COUNT || (count & (count - 1)) != 0))
        return 0;
    void *elements;
    size_t bytes = (count == 0 ? FIRST_COUNT : 2 * count) * element_bytes;
    /* The pointer's own type is the caller's, so its bytes are copied. */
    memcpy(&elements, array, sizeof elements);
    elements = realloc(elements, bytes);
    if (elements == NULL)
        return failure_memory(failure, what, bytes);
    memcpy(array, &elements, sizeof elements);
    return 0;
}
