#include "course_funnel/memory.h"

#include "course_funnel/digest.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096

/* Where systems put the cgroups that count memory, and what the files there are called. */
struct place {
    const char *folder, *limit, *swap;
    bool is_old; /* version 1: its line names "memory", and its swap counts memory too */
};
static const struct place places[] = {
    {"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", true},
    {"/sys/fs/cgroup", "memory.max", "memory.swap.max", false},
    {"/sys/fs/cgroup/unified", "memory.max", "memory.swap.max", false},
};

/* The first line of a file that begins with ${key}, without it and the line's end. */
static bool read_line(const char *path, const char *key, char text[PATH_BYTES])
{
    FILE *file = fopen(path, "re");
    bool found = false;
    while (file != NULL && !found && fgets(text, PATH_BYTES, file) != NULL)
        found = strncmp(text, key, strlen(key)) == 0;
    if (file != NULL)
        (void)fclose(file);
    if (!found)
        return false;
    text[strcspn(text, "\n")] = '\0';
    memmove(text, text + strlen(key), strlen(text) - strlen(key) + 1);
    return true;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* A number of bytes in a file; "max", or a file that is not there: no limit. */
static uint64_t read_bytes(const char *folder, const char *name)
{
    char path[2 * PATH_BYTES], text[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!read_line(path, "", text) || text[0] < '0' || text[0] > '9')
        return MEMORY_NO_LIMIT;
    return strtoull(text, NULL, 10);
}

/* A value of /proc/meminfo. */
static uint64_t read_meminfo(const char *root, const char *key, uint64_t otherwise)
{
    char path[PATH_BYTES], text[PATH_BYTES];
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    return read_line(path, key, text) ? strtoull(text, NULL, 10) << 10 : otherwise;
}

/* A number for a file or folder of the kernel that runs, NULL: for that kernel itself. */
static uint64_t area_of(const char *root, const struct stat *status)
{
    char path[PATH_BYTES], text[PATH_BYTES] = "", digest[DIGEST_BYTES];
    uint64_t numbers[2] = {0};
    snprintf(path, sizeof path, "%s/proc/sys/kernel/random/boot_id", root);
    (void)read_line(path, "", text);
    if (status != NULL) {
        numbers[0] = status->st_dev;
        numbers[1] = status->st_ino;
    }
    digest_bytes(text, numbers, sizeof numbers, digest);
    digest[16] = '\0';
    return strtoull(digest, NULL, 16);
}

/* The path of this process's cgroup, as its line of /proc/self/cgroup has it: ID:CONTROLLERS:PATH.
 */
static bool find_path(const char *root, bool is_old, char text[PATH_BYTES])
{
    char name[PATH_BYTES];
    snprintf(name, sizeof name, "%s/proc/self/cgroup", root);
    FILE *file = fopen(name, "re");
    bool found = false;
    while (file != NULL && !found && fgets(text, PATH_BYTES, file) != NULL) {
        char *controllers = strchr(text, ':');
        char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (path == NULL)
            continue;
        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        for (char *next = controllers + 1; next != NULL && !found;) {
            char *one = strsep(&next, ",");
            found = strcmp(one, is_old ? "memory" : "") == 0;
        }
        memmove(text, path, strlen(path) + 1);
    }
    if (file != NULL)
        (void)fclose(file);
    return found;
}

static void look_at(const char *root, const struct place *place, const char *folder,
                    struct memory_limit *limit)
{
    struct stat status;
    uint64_t swap_there = read_meminfo(root, "SwapTotal:", 0);
    uint64_t memory = read_bytes(folder, place->limit);
    uint64_t swap = read_bytes(folder, place->swap);
    if (place->is_old && swap != MEMORY_NO_LIMIT)
        swap = swap > memory ? swap - memory : 0;
    uint64_t bytes = plus(memory, swap < swap_there ? swap : swap_there);
    if (memory == MEMORY_NO_LIMIT || bytes > limit->bytes || stat(folder, &status) != 0)
        return;
    limit->bytes = bytes;
    limit->area = area_of(root, &status);
    snprintf(limit->where, sizeof limit->where, "%.400s/%s", folder, place->limit);
}

void memory_limit_of_cgroup(const char *root, struct memory_limit *limit)
{
    *limit = (struct memory_limit){.bytes = MEMORY_NO_LIMIT};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char top[PATH_BYTES], path[PATH_BYTES], folder[2 * PATH_BYTES];
        snprintf(top, sizeof top, "%s%s", root, places[i].folder);
        if (!find_path(root, places[i].is_old, path))
            continue;
        /*
         * From within to without. In a container the path may be that of the host, which is not
         * there: then the topmost folder is the container's own.
         */
        snprintf(folder, sizeof folder, "%s%s", top, path);
        while (strlen(folder) >= strlen(top)) {
            look_at(root, &places[i], folder, limit);
            *strrchr(folder, '/') = '\0';
        }
    }
}

void memory_limit_of_host(const char *root, struct memory_limit *limit)
{
    *limit = (struct memory_limit){.bytes = read_meminfo(root, "MemAvailable:", MEMORY_NO_LIMIT),
                                   .area = area_of(root, NULL),
                                   .where = "MemAvailable in /proc/meminfo"};
    limit->bytes = plus(limit->bytes, read_meminfo(root, "SwapFree:", 0));
}

uint64_t memory_held_bytes(const char *root)
{
    char path[PATH_BYTES], text[PATH_BYTES];
    uint64_t pages[3] = {0}; /* all, those in memory, those of them that are of files or shared */
    snprintf(path, sizeof path, "%s/proc/self/statm", root);
    if (!read_line(path, "", text))
        return 0;
    char *at = text;
    for (int i = 0; i < 3; i++)
        pages[i] = strtoull(at, &at, 10);
    return pages[1] > pages[2] ? (pages[1] - pages[2]) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}
