#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * Preloaded (LD_PRELOAD) by scenarios. SHIM_BYTES_PER_SECOND slows reading below the folder
 * SHIM_SLOW_FOLDER down to that, so that a short input keeps a job busy for long without work for
 * the cores. SHIM_NO_FOLDER_FSYNC takes the fsync of folders out: what a test of power cuts must
 * notice, and SHIM_FOLDERS_SYNCED is a file to note their paths in. SHIM_KILL_AT_RENAME=N kills the
 * process when it is about to rename its N-th file. SHIM_BAD_FILE is a file on a bad disk: what
 * stands behind its first MiB cannot be read. SHIM_CLOCK_SPEED=N lets the clock that times are
 * measured by run N times as fast. SHIM_PARENT_DIES=FILE kills the parent just before the process
 * asks to be told of its death, and makes FILE.
 */

/* Whether a path that begins with what the environment names is open as ${fd}. */
static bool is_below(const char *name, int fd)
{
    char link[64], path[4096];
    const char *folder = getenv(name);
    if (folder == NULL || snprintf(link, sizeof link, "/proc/self/fd/%d", fd) < 0)
        return false;
    ssize_t length = readlink(link, path, sizeof path);
    size_t wanted = strlen(folder);
    return length > 0 && (size_t)length >= wanted && memcmp(path, folder, wanted) == 0;
}

static uint64_t speed_of(int fd)
{
    const char *text = getenv("SHIM_BYTES_PER_SECOND");
    return text != NULL && is_below("SHIM_SLOW_FOLDER", fd) ? strtoull(text, NULL, 10) : 0;
}

ssize_t pread(int fd, void *bytes, size_t byte_count, off_t offset)
{
    static ssize_t (*next)(int, void *, size_t, off_t);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "pread");
    if (offset >= 1 << 20 && is_below("SHIM_BAD_FILE", fd)) {
        errno = EIO;
        return -1;
    }
    uint64_t speed = speed_of(fd);
    /* Not all at once, so that a signal and a checkpoint that is due do not wait for a large one.
     */
    if (speed > 0 && byte_count > speed / 4 + 1)
        byte_count = speed / 4 + 1;
    ssize_t got = next(fd, bytes, byte_count, offset);
    if (speed > 0 && got > 0) {
        uint64_t ns = (uint64_t)got * 1000000000 / speed;
        struct timespec wait = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
        (void)nanosleep(&wait, NULL);
    }
    return got;
}

static void note_folder(int fd)
{
    char link[64], path[4096];
    const char *name = getenv("SHIM_FOLDERS_SYNCED");
    if (name == NULL || snprintf(link, sizeof link, "/proc/self/fd/%d", fd) < 0)
        return;
    ssize_t length = readlink(link, path, sizeof path);
    FILE *out = fopen(name, "a");
    if (out != NULL && length > 0)
        fprintf(out, "%.*s\n", (int)length, path);
    if (out != NULL)
        (void)fclose(out);
}

int fsync(int fd)
{
    static int (*next)(int);
    struct stat status;
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "fsync");
    bool is_folder = fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
    if (is_folder)
        note_folder(fd);
    if (is_folder && getenv("SHIM_NO_FOLDER_FSYNC") != NULL)
        return 0;
    return next(fd);
}

int renameat(int old_folder, const char *old_name, int new_folder, const char *new_name)
{
    static int (*next)(int, const char *, int, const char *);
    static unsigned long count;
    const char *last = getenv("SHIM_KILL_AT_RENAME");
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "renameat");
    if (last != NULL && ++count == strtoul(last, NULL, 10))
        (void)raise(SIGKILL);
    return next(old_folder, old_name, new_folder, new_name);
}

/* sys/prctl.h is not included: what it declares has more than this needs. */
int prctl(int option, ...);

int prctl(int option, ...)
{
    static int (*next)(int, unsigned long, unsigned long, unsigned long, unsigned long);
    const int set_parent_death_signal = 1; /* PR_SET_PDEATHSIG */
    const char *mark = getenv("SHIM_PARENT_DIES");
    unsigned long values[4];
    va_list list;
    va_start(list, option);
    for (int i = 0; i < 4; i++)
        values[i] = va_arg(list, unsigned long);
    va_end(list);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "prctl");
    if (mark != NULL && option == set_parent_death_signal) {
        pid_t parent = getppid();
        int fd = open(mark, O_WRONLY | O_CREAT, 0600);
        if (fd >= 0)
            (void)close(fd);
        (void)kill(parent, SIGKILL);
        while (getppid() == parent)
            (void)usleep(1000);
    }
    return next(option, values[0], values[1], values[2], values[3]);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*next)(clockid_t, struct timespec *);
    const char *speed = getenv("SHIM_CLOCK_SPEED");
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "clock_gettime");
    int result = next(clock, now);
    if (speed != NULL && clock == CLOCK_MONOTONIC) {
        uint64_t ns = ((uint64_t)now->tv_sec * 1000000000 + (uint64_t)now->tv_nsec) *
                      strtoull(speed, NULL, 10);
        *now = (struct timespec){(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
    }
    return result;
}
