#include "launcher.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static pid_t launcher;

/*
 * Linux sends the signal when the thread ends that started this process; the others of a launcher
 * with several may live on, and then this is still their child.
 */
static void end_when_alone(int number)
{
    (void)number;
    if (getppid() != launcher)
        _exit(EXIT_BUG);
}

int launcher_follow(struct failure *failure)
{
    if (getenv("PMIX_RANK") == NULL)
        return 0;
    int parent_is_gone = SIGRTMIN;
    struct sigaction action = {.sa_handler = end_when_alone, .sa_flags = SA_RESTART};
    launcher = getppid();
    if (sigemptyset(&action.sa_mask) != 0 || sigaction(parent_is_gone, &action, NULL) != 0 ||
        prctl(PR_SET_PDEATHSIG, parent_is_gone) != 0)
        return failure_set(failure, EXIT_BUG, "The end of mpirun cannot be followed: %s.",
                           strerror(errno));
    /* Of one that was gone before that no signal tells. */
    end_when_alone(parent_is_gone);
    return 0;
}
