#include "launcher.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static pid_t launcher;

/*
 * Linux sends the signal when the thread that started this process ends. The launcher may have
 * other threads that live on: then it is still the parent.
 */
static void end_when_alone(int number)
{
    (void)number;
    if (getppid() != launcher)
        _exit(EXIT_BUG);
}

bool launcher_says_first(void)
{
    const char *rank = getenv("PMIX_RANK");
    return rank == NULL || strcmp(rank, "0") == 0;
}

bool launcher_says_first_here(void)
{
    const char *rank = getenv("OMPI_COMM_WORLD_LOCAL_RANK");
    if (rank == NULL)
        rank = getenv("SLURM_LOCALID");
    return rank == NULL || strcmp(rank, "0") == 0;
}

uint64_t launcher_says_ranks_here(void)
{
    /* Slurm's text goes on where nodes have many tasks or several numbers of them: 2(x3),1. */
    const char *here = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    if (here == NULL)
        here = getenv("PMIX_RANK") != NULL ? getenv("SLURM_STEP_TASKS_PER_NODE") : NULL;
    uint64_t ranks = here != NULL && strchr(here, ',') == NULL ? strtoull(here, NULL, 10) : 1;
    return ranks > 0 ? ranks : 1;
}

bool launcher_says_one_host(void)
{
    const char *all = getenv("OMPI_COMM_WORLD_SIZE");
    const char *here = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    return all != NULL && here != NULL && strcmp(all, here) == 0;
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
    /* A launcher that had gone before sends no signal. */
    end_when_alone(parent_is_gone);
    return 0;
}
