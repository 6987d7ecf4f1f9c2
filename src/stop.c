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

int stop_listen(struct failure *failure)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    if (sigemptyset(&action.sa_mask) != 0 || sigaction(SIGUSR1, &action, NULL) != 0 ||
        sigaction(SIGTERM, &action, NULL) != 0)
        return failure_set(failure, EXIT_BUG, "Signals cannot be set up: %s.", strerror(errno));
    return 0;
}

bool stop_is_wanted(void)
{
    return wanted != 0;
}
