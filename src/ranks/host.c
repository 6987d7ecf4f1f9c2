#include "host.h"

#include "launcher.h"
#include "meeting.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SEGMENT "vader_segment."

static int set_variable(const char *name, const char *value, struct failure *failure)
{
    return setenv(name, value, 0) == 0 ? 0 : failure_memory(failure, "the environment", 1);
}

/* Open MPI crashes where it finds no home, neither in HOME nor for the user's id. */
static int give_home(struct failure *failure)
{
    const char *temporary = getenv("TMPDIR");
    if (getenv("HOME") != NULL || getpwuid(geteuid()) != NULL)
        return 0;
    return set_variable("HOME", temporary != NULL ? temporary : "/tmp", failure);
}

/* As by seccomp filters of containers; asked of our own memory, which nothing else forbids. */
static bool peeking_is_forbidden(void)
{
    char from = 1, to = 0;
    struct iovec there = {&from, 1}, here = {&to, 1};
    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) != 1;
}

/*
 * Ranks in containers of their own, each with its user namespace: the launcher is the same user's,
 * and still cannot be looked at.
 */
static bool launcher_is_elsewhere(void)
{
    char path[64];
    struct stat own, theirs;
    snprintf(path, sizeof path, "/proc/%ld", (long)getppid());
    if (launcher_says_ranks_here() < 2 || stat(path, &theirs) != 0 || theirs.st_uid != geteuid())
        return false;
    snprintf(path, sizeof path, "/proc/%ld/ns/user", (long)getppid());
    return stat(path, &theirs) != 0 || stat("/proc/self/ns/user", &own) != 0 ||
           own.st_ino != theirs.st_ino;
}

/* Ranks of a host read each other's memory, unless Open MPI is told to take the longer way. */
static int choose_copying(struct failure *failure)
{
    if (!peeking_is_forbidden() && !launcher_is_elsewhere())
        return 0;
    return set_variable("OMPI_MCA_btl_vader_single_copy_mechanism", "none", failure);
}

/*
 * As measured on up to 48 ranks: each has buffers, and some for each of the first ranks that it
 * talks to. Open MPI itself asks for a whole segment, of 4 MiB and some, to be free.
 */
uint64_t host_shared_bytes(uint64_t ranks)
{
    uint64_t peers = ranks > 16 ? 15 : ranks - 1, least = 4608 << 10;
    uint64_t all = ranks * ((256 << 10) + peers * (32 << 10));
    return all > least ? all : least;
}

/* What ranks of this job that were faster have taken already: segments that are so young. */
static uint64_t taken_bytes(const char *folder)
{
    uint64_t bytes = 0;
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        struct stat status;
        if (strncmp(entry->d_name, SEGMENT, strlen(SEGMENT)) == 0 &&
            fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            time(NULL) - status.st_mtime < MEETING_DEFAULT_S)
            bytes += (uint64_t)status.st_blocks * 512;
    }
    (void)closedir(directory);
    return bytes;
}

static bool shares_memory(void)
{
    const char *ways = getenv("OMPI_MCA_btl");
    return ways == NULL || (strstr(ways, "vader") != NULL) == (ways[0] != '^');
}

/* Where it is too small, the kernel ends ranks by SIGBUS in the midst of their work. */
static int check_shared_memory(struct failure *failure)
{
    const char *folder = getenv("OMPI_MCA_btl_vader_backing_directory");
    uint64_t ranks = launcher_says_ranks_here(), needed = host_shared_bytes(ranks);
    struct statvfs space;
    if (folder == NULL)
        folder = "/dev/shm";
    if (ranks < 2 || !shares_memory() || statvfs(folder, &space) != 0)
        return 0;
    uint64_t free_bytes = (uint64_t)space.f_bavail * space.f_frsize + taken_bytes(folder);
    if (free_bytes >= needed)
        return 0;
    if (!launcher_says_first_here()) {
        /* The first tells it for all, and would be ended by mpirun before it could. */
        (void)sleep(1);
        return failure_set(failure, EXIT_BUG, "%s", "");
    }
    return failure_set(failure, EXIT_BUG,
                       "%s has %" PRIu64 " kB of room, and the %" PRIu64
                       " ranks of this host need %" PRIu64
                       " kB there to talk to each other; they would be ended by SIGBUS. Make it "
                       "larger (docker run --shm-size, mount -o remount,size=), name a folder of a "
                       "local disk in OMPI_MCA_btl_vader_backing_directory, or start fewer ranks a "
                       "host.",
                       folder, free_bytes >> 10, ranks, needed >> 10);
}

int host_prepare(struct failure *failure)
{
    if (give_home(failure) != 0 || choose_copying(failure) != 0)
        return -1;
    return check_shared_memory(failure);
}
