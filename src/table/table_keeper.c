#include "table_internal.h"

#include "course_funnel/clock.h"
#include "course_funnel/fault.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

/* Connections are not silent for longer. Those who cut silent ones wait a minute or more. */
#define SILENT_MS 20000

/*
 * A thread, since the rank may be held up anywhere for minutes: by a disk that takes a checkpoint,
 * by other ranks. Whoever has the mutex may use the connections.
 */

/* Ask each connection that has no rows under way for something small. */
static void ask_all(struct table_connections *connections)
{
    for (size_t i = 0; i < connections->count && connections->lost.code == 0; i++)
        if (connections->servers[i] != connections->busy)
            (void)postgres_run(connections->servers[i], "Keeping the snapshot", "SELECT 1",
                               &connections->lost);
}

/* Wait for the end, so long at most. */
static void wait_for_end(struct table_connections *connections, uint64_t wait_ms)
{
    struct timespec until = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    uint64_t ns = (uint64_t)until.tv_nsec + wait_ms * 1000000;
    until.tv_sec += (time_t)(ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    while (!connections->ends && pthread_cond_clockwait(&connections->end, &connections->mutex,
                                                        CLOCK_MONOTONIC, &until) != ETIMEDOUT)
        ;
}

static void *keep(void *given)
{
    struct table_connections *connections = given;
    (void)pthread_mutex_lock(&connections->mutex);
    while (!connections->ends && connections->lost.code == 0) {
        wait_for_end(connections, FAULT_NUMBER("table.silent_ms", SILENT_MS));
        if (!connections->ends)
            ask_all(connections);
    }
    (void)pthread_mutex_unlock(&connections->mutex);
    return NULL;
}

int table_keeper_start(struct table_connections *connections, struct failure *failure)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    /* Signals are for the thread that all else is done by. */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&connections->keeper, NULL, keep, connections);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    connections->is_kept = error == 0;
    if (error == 0)
        return 0;
    return failure_set(failure, EXIT_BUG,
                       "No thread can be started that keeps connections alive: %s. Raise the limit "
                       "on processes (ulimit -u, or pids.max of the container).",
                       strerror(error));
}

void table_keeper_end(struct table_connections *connections)
{
    if (!connections->is_kept)
        return;
    (void)pthread_mutex_lock(&connections->mutex);
    connections->ends = true;
    (void)pthread_cond_signal(&connections->end);
    (void)pthread_mutex_unlock(&connections->mutex);
    (void)pthread_join(connections->keeper, NULL);
}

/* Why a connection was lost, if one was; for whoever has the mutex. Returns 0, or -1. */
static int tell_lost(const struct table_connections *connections, struct failure *failure)
{
    const struct failure *lost = &connections->lost;
    return lost->code != 0 ? failure_set(failure, lost->code, "%s", lost->message) : 0;
}

int table_keeper_lend(struct table_connections *connections, const struct postgres *connection,
                      struct failure *failure)
{
    (void)pthread_mutex_lock(&connections->mutex);
    connections->busy = connection;
    int status = tell_lost(connections, failure);
    (void)pthread_mutex_unlock(&connections->mutex);
    return status;
}

int table_check(struct table_connections *connections, struct failure *failure)
{
    /* While it asks, which may last, nobody waits for it: what comes of that is seen a round later.
     */
    if (pthread_mutex_trylock(&connections->mutex) != 0)
        return 0;
    int status = tell_lost(connections, failure);
    (void)pthread_mutex_unlock(&connections->mutex);
    return status;
}

int table_confirm(struct table_connections *connections, struct failure *failure)
{
    (void)pthread_mutex_lock(&connections->mutex);
    int status = tell_lost(connections, failure);
    for (size_t i = 0; status == 0 && i < connections->count; i++)
        status = postgres_run(connections->servers[i], "Holding the locks until all was read",
                              "SELECT 1", failure);
    (void)pthread_mutex_unlock(&connections->mutex);
    return status;
}
