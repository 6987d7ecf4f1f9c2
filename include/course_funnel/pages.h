#ifndef COURSE_FUNNEL_PAGES_H
#define COURSE_FUNNEL_PAGES_H

#include <stddef.h>

/*
 * Local. Memory for a large array, in huge pages where the kernel gives them to those who ask: its
 * first use then costs a five-hundredth of the faults. Like realloc, but that only the first
 * ${kept_bytes} of ${block} (NULL: none) are kept. Returns NULL, with the block as it was, when
 * there is no memory. free() gives it back.
 */
void *pages_resize(void *block, size_t kept_bytes, size_t bytes);

/* Local. What an array of so many bytes takes: whole pages. */
size_t pages_bytes(size_t bytes);

#endif
