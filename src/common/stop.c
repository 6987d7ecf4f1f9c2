#include "course_funnel/stop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

/* The one thing that a signal handler and the rest of the program share. */
static volatile sig_atomic_t wanted;

static void note(int number)
{
    (void)number;
    wanted = 1;
}

/*
 * Some senders repeat a signal at once, as timeout does, which sends it to the process and to its
 * group: that is no second request.
 */
static void note_interrupt(int number)
{
    static struct timespec first; /* whose seconds are 0 before there is one */
    struct timespec now = {0};
    wanted = 1;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (first.tv_sec == 0)
        first = now;
    double seconds =
        (double)(now.tv_sec - first.tv_sec) + 1e-9 * (double)(now.tv_nsec - first.tv_nsec);
    if (seconds < 1)
        return;
    /* It is blocked until this handler returns, and then ends the process. */
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

/* Handle ${number} by ${handler}, unless it is one of those that may be ignored, and is. */
static int listen_to(int number, void (*handler)(int), bool may_be_ignored)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct sigaction before;
    if (sigemptyset(&action.sa_mask) != 0 || sigaction(number, NULL, &before) != 0)
        return -1;
    if (may_be_ignored && before.sa_handler == SIG_IGN)
        return 0;
    return sigaction(number, &action, NULL);
}

int stop_listen(struct failure *failure)
{
    if (listen_to(SIGUSR1, note, false) != 0 || listen_to(SIGTERM, note, false) != 0 ||
        listen_to(SIGHUP, note, true) != 0 || listen_to(SIGINT, note_interrupt, true) != 0)
        return failure_set(failure, EXIT_BUG, "Signals cannot be set up: %s.", strerror(errno));
    return 0;
}

bool stop_is_wanted(void)
{
    return wanted != 0;
}
