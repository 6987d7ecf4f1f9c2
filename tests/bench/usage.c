#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * What a command took: bench_usage FILE COMMAND... runs it and appends one line of JSON to FILE,
 * with its wall and processor seconds (those of all processes that it waited for included) and
 * the peak resident bytes of its largest process. Leaves with the command's exit code.
 */

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

static double now(void)
{
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* One write to a file opened for appending: ranks that end together do not mix their lines. */
static int append(const char *path, const char *text, size_t bytes)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, text, bytes);
    return close(fd) == 0 && written == (ssize_t)bytes ? 0 : -1;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: bench_usage FILE COMMAND [ARGUMENT...]\n");
        return 2;
    }
    double began = now();
    pid_t child = fork();
    if (child < 0) {
        fprintf(stderr, "bench_usage: no process: %s\n", strerror(errno));
        return 71;
    }
    if (child == 0) {
        /* Who ends the measuring ends what is measured. */
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        execvp(argv[2], argv + 2);
        fprintf(stderr, "bench_usage: %s cannot be run: %s\n", argv[2], strerror(errno));
        _exit(127);
    }
    int status = 0;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0)
        if (errno != EINTR)
            return 71;
    char line[256];
    int bytes = snprintf(
        line, sizeof line,
        "{\"wall\": %.6f, \"user\": %.6f, \"system\": %.6f, \"peak_bytes\": %lld}\n", now() - began,
        seconds(usage.ru_utime), seconds(usage.ru_stime), (long long)usage.ru_maxrss * 1024);
    if (bytes < 0 || append(argv[1], line, (size_t)bytes) != 0) {
        fprintf(stderr, "bench_usage: %s cannot be written: %s\n", argv[1], strerror(errno));
        return 74;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
