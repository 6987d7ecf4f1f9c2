#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * Preloaded (LD_PRELOAD) by a scenario: counts how often memory is asked for. When the process ends
 * this count, and the most memory that it held in KiB, go to the file $ALLOCATIONS_TO.PID.
 */

/* What stands behind these functions in glibc. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);

static unsigned long asked;

static void count_one(void)
{
    (void)__atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
}

void *malloc(size_t bytes)
{
    count_one();
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    count_one();
    return __libc_calloc(count, bytes);
}

void *realloc(void *old, size_t bytes)
{
    count_one();
    return __libc_realloc(old, bytes);
}

__attribute__((destructor)) static void tell(void)
{
    const char *begin = getenv("ALLOCATIONS_TO");
    char path[4096];
    struct rusage usage = {0};
    if (begin == NULL || getrusage(RUSAGE_SELF, &usage) != 0)
        return;
    (void)snprintf(path, sizeof path, "%s.%ld", begin, (long)getpid());
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return;
    (void)fprintf(file, "%lu %ld\n", asked, usage.ru_maxrss);
    (void)fclose(file);
}
