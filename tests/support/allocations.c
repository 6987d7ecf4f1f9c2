#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * Preloaded (LD_PRELOAD) by scenarios: counts how often memory is asked for. When the process ends,
 * a line "all, own, KiB" goes to the file $ALLOCATIONS_TO.RANK: how often that was, how often by
 * the program itself rather than a library, and the most memory that it held.
 * ALLOCATIONS_FAIL=RANK:N refuses that rank of the job its own N-th wish.
 */

/* What stands behind these functions in glibc. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);

static unsigned long all, own, refused_at;
static uintptr_t code_begin, code_end; /* of the program */
static const char *rank = "0";

static int find_code(struct dl_phdr_info *info, size_t bytes, void *context)
{
    (void)bytes;
    (void)context;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
            code_begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            code_end = code_begin + info->dlpi_phdr[i].p_memsz;
        }
    return 1; /* The first is the program. */
}

__attribute__((constructor)) static void begin(void)
{
    const char *order = getenv("ALLOCATIONS_FAIL");
    const char *own_rank = getenv("OMPI_COMM_WORLD_RANK");
    (void)dl_iterate_phdr(find_code, NULL);
    if (own_rank != NULL)
        rank = own_rank;
    size_t length = strlen(rank);
    if (order != NULL && strncmp(order, rank, length) == 0 && order[length] == ':')
        refused_at = strtoul(order + length + 1, NULL, 10);
}

/* Count a wish that ${caller} has; whether it is granted. */
static bool grant(const void *caller)
{
    (void)__atomic_add_fetch(&all, 1, __ATOMIC_RELAXED);
    if ((uintptr_t)caller < code_begin || (uintptr_t)caller >= code_end)
        return true;
    if (__atomic_add_fetch(&own, 1, __ATOMIC_RELAXED) != refused_at)
        return true;
    errno = ENOMEM;
    return false;
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t bytes)
{
    return grant(CALLER) ? __libc_malloc(bytes) : NULL;
}

void *calloc(size_t count, size_t bytes)
{
    return grant(CALLER) ? __libc_calloc(count, bytes) : NULL;
}

void *realloc(void *old, size_t bytes)
{
    return grant(CALLER) ? __libc_realloc(old, bytes) : NULL;
}

void *reallocarray(void *old, size_t count, size_t bytes)
{
    size_t product;
    if (__builtin_mul_overflow(count, bytes, &product)) {
        errno = ENOMEM;
        return NULL;
    }
    return grant(CALLER) ? __libc_realloc(old, product) : NULL;
}

int posix_memalign(void **memory, size_t alignment, size_t bytes)
{
    static int (*next)(void **, size_t, size_t);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "posix_memalign");
    return grant(CALLER) ? next(memory, alignment, bytes) : ENOMEM;
}

__attribute__((destructor)) static void tell(void)
{
    const char *to = getenv("ALLOCATIONS_TO");
    char path[4096];
    struct rusage usage = {0};
    if (to == NULL || getrusage(RUSAGE_SELF, &usage) != 0)
        return;
    (void)snprintf(path, sizeof path, "%s.%s", to, rank);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return;
    (void)fprintf(file, "%lu %lu %ld\n", all, own, usage.ru_maxrss);
    (void)fclose(file);
}
