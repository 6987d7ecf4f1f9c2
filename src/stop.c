#include "course_funnel/stop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* The one thing that a signal handler may touch. */
static volatile sig_atomic_t wanted;

static void note(int number)
{
    (void)number;
    wanted = 1;
}

static int listen_to(int number, int flags)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART | flags}, before;
    if (sigemptyset(&action.sa_mask) != 0 || sigaction(number, NULL, &before) != 0)
        return -1;
    /* Who started the program may have seen to it that this does not reach it, as nohup does. */
    if (before.sa_handler == SIG_IGN)
        return 0;
    return sigaction(number, &action, NULL);
}

int stop_listen(struct failure *failure)
{
    if (listen_to(SIGUSR1, 0) != 0 || listen_to(SIGTERM, 0) != 0 || listen_to(SIGHUP, 0) != 0 ||
        listen_to(SIGINT, (int)SA_RESETHAND) != 0)
        return failure_set(failure, EXIT_BUG, "Signals cannot be set up: %s.", strerror(errno));
    return 0;
}

bool stop_is_wanted(void)
{
    return wanted != 0;
}
