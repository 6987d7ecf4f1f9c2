#include "course_funnel/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_POINTS 128

/* What `wait` takes unless fault.wait_us says otherwise: long enough to be stopped in. */
#define WAIT_US 100000
#define PAUSE_US 2000000

/* A process-wide count is what an occurrence is counted by, so this state is the file's own. */
static struct {
    int rank;
    size_t point_count;
    const char *points[MOST_POINTS];
    uint64_t passed[MOST_POINTS];
    uint64_t done;
} faults;

void fault_rank(int rank)
{
    faults.rank = rank;
}

uint64_t fault_forget(void)
{
    uint64_t done = faults.done;
    faults.done = 0;
    faults.point_count = 0;
    memset(faults.passed, 0, sizeof faults.passed);
    return done;
}

static uint64_t count_pass(const char *point)
{
    size_t at = 0;
    while (at < faults.point_count && strcmp(faults.points[at], point) != 0)
        at++;
    if (at == MOST_POINTS)
        abort();
    if (at == faults.point_count)
        faults.points[faults.point_count++] = point;
    return ++faults.passed[at];
}

static void trace(const char *point)
{
    const char *path = getenv("COURSE_FUNNEL_FAULT_TRACE");
    char line[128];
    if (path == NULL)
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int bytes = snprintf(line, sizeof line, "%d %s\n", faults.rank, point);
    if (fd < 0 || write(fd, line, (size_t)bytes) != bytes || close(fd) != 0)
        abort();
}

static int error_named(const char *name)
{
    static const struct {
        const char *name;
        int error;
    } errors[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EDQUOT", EDQUOT}, {"EACCES", EACCES},
                  {"ESTALE", ESTALE}, {"ENOLCK", ENOLCK}, {"ENOENT", ENOENT}, {"EFBIG", EFBIG}};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (strcmp(errors[i].name, name) == 0)
            return errors[i].error;
    abort();
}

/* Stand still while a file is there, which says that it does. */
static int hold(void)
{
    const char *path = getenv("COURSE_FUNNEL_FAULT_HOLD");
    int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0 || close(fd) != 0)
        abort();
    while (access(path, F_OK) == 0)
        (void)usleep(10000);
    return 0;
}

static int act(const char *action)
{
    faults.done++;
    if (strcmp(action, "kill") == 0)
        (void)kill(getpid(), SIGKILL);
    if (strcmp(action, "stop") == 0)
        return kill(getpid(), SIGUSR1);
    if (strcmp(action, "hold") == 0)
        return hold();
    if (strcmp(action, "wait") == 0) {
        (void)usleep((useconds_t)fault_number("fault.wait_us", WAIT_US));
        return 0;
    }
    if (strcmp(action, "pause") == 0) {
        (void)usleep((useconds_t)fault_number("fault.pause_us", PAUSE_US));
        return 0;
    }
    errno = error_named(action);
    return -1;
}

/* One `POINT:OCCURRENCE:RANK:ACTION`; whether it is meant, and what to do then. */
static bool is_meant(const char *order, const char *point, uint64_t pass, char action[16])
{
    char name[64], occurrence[16], rank[16];
    if (sscanf(order, "%63[^:]:%15[^:]:%15[^:]:%15[^,]", name, occurrence, rank, action) != 4)
        abort();
    char *end = NULL;
    uint64_t wanted = strtoull(occurrence, &end, 10);
    bool hit = *end == '+' ? pass >= wanted : pass == wanted;
    return hit && strcmp(name, point) == 0 &&
           (strcmp(rank, "*") == 0 || strtol(rank, NULL, 10) == faults.rank);
}

int fault_at(const char *point)
{
    uint64_t pass = count_pass(point);
    trace(point);
    for (const char *order = getenv("COURSE_FUNNEL_FAULT"); order != NULL && order[0] != '\0';) {
        char action[16];
        if (is_meant(order, point, pass, action))
            return act(action);
        const char *comma = strchr(order, ',');
        order = comma != NULL ? comma + 1 : NULL;
    }
    return 0;
}

uint64_t fault_number(const char *name, uint64_t usual)
{
    size_t bytes = strlen(name);
    for (const char *at = getenv("COURSE_FUNNEL_FAULT_NUMBERS"); at != NULL && at[0] != '\0';) {
        if (strncmp(at, name, bytes) == 0 && at[bytes] == '=')
            return strtoull(at + bytes + 1, NULL, 10);
        const char *comma = strchr(at, ',');
        at = comma != NULL ? comma + 1 : NULL;
    }
    return usual;
}
