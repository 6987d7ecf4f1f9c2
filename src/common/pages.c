#include "course_funnel/pages.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

size_t pages_bytes(size_t bytes)
{
    if (bytes < HUGE_PAGE_BYTES)
        return bytes;
    return (bytes + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
}

static void *allocate(size_t bytes)
{
    if (bytes < HUGE_PAGE_BYTES)
        return malloc(bytes);
    size_t rounded = pages_bytes(bytes);
    void *block = rounded >= bytes ? aligned_alloc(HUGE_PAGE_BYTES, rounded) : NULL;
    /* A kernel without huge pages says so, and gives small ones. */
    if (block != NULL)
        (void)madvise(block, rounded, MADV_HUGEPAGE);
    return block;
}

void *pages_resize(void *block, size_t kept_bytes, size_t bytes)
{
    void *larger = allocate(bytes);
    if (larger == NULL)
        return NULL;
    if (kept_bytes > 0)
        memcpy(larger, block, kept_bytes);
    free(block);
    return larger;
}
