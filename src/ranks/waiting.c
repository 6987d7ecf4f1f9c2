#include "course_funnel/waiting.h"

#include "course_funnel/clock.h"
#include "course_funnel/ranks_mpi.h"

#include <time.h>

/*
 * MPI has a second name for each function, which begins with P, so that a program may define the
 * first itself. Here are all functions that wait for others. The count is one of the process, as
 * MPI is.
 */
static double waited;

/* Ranks that keep in step wait less. Who waits longer waits for work of another one, or a server.
 */
#define STEP_SECONDS 0.001
#define NAP_NS 100000

static int end(double since, int answer)
{
    waited += clock_seconds() - since;
    return answer;
}

void waiting_since(double since)
{
    (void)end(since, 0);
}

double waiting_seconds(void)
{
    return waited;
}

/*
 * What all ranks meet in may be late by minutes, while one of them lists files or publishes. MPI
 * itself would ask without a pause, and take a core from it. Here the others nap.
 */
static int end_politely(double since, int answer, MPI_Request *request)
{
    static const struct timespec nap = {.tv_nsec = NAP_NS};
    int done = 0;
    while (answer == MPI_SUCCESS && !done) {
        answer = PMPI_Test(request, &done, MPI_STATUS_IGNORE);
        if (answer == MPI_SUCCESS && !done && clock_seconds() > since + STEP_SECONDS)
            (void)nanosleep(&nap, NULL);
    }
    return end(since, answer);
}

int MPI_Wait(MPI_Request *request, MPI_Status *status)
{
    double since = clock_seconds();
    return end(since, PMPI_Wait(request, status));
}

int MPI_Send(const void *bytes, int count, MPI_Datatype type, int to, int tag, MPI_Comm ranks)
{
    double since = clock_seconds();
    return end(since, PMPI_Send(bytes, count, type, to, tag, ranks));
}

int MPI_Recv(void *bytes, int count, MPI_Datatype type, int from, int tag, MPI_Comm ranks,
             MPI_Status *status)
{
    double since = clock_seconds();
    return end(since, PMPI_Recv(bytes, count, type, from, tag, ranks, status));
}

int MPI_Bcast(void *bytes, int count, MPI_Datatype type, int root, MPI_Comm ranks)
{
    double since = clock_seconds();
    MPI_Request request;
    return end_politely(since, PMPI_Ibcast(bytes, count, type, root, ranks, &request), &request);
}

int MPI_Allreduce(const void *own, void *all, int count, MPI_Datatype type, MPI_Op operation,
                  MPI_Comm ranks)
{
    double since = clock_seconds();
    MPI_Request request;
    int answer = PMPI_Iallreduce(own, all, count, type, operation, ranks, &request);
    return end_politely(since, answer, &request);
}

int MPI_Allgather(const void *own, int own_count, MPI_Datatype own_type, void *all, int count,
                  MPI_Datatype type, MPI_Comm ranks)
{
    double since = clock_seconds();
    return end(since, PMPI_Allgather(own, own_count, own_type, all, count, type, ranks));
}
