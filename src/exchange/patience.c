#include "patience.h"

#include "course_funnel/clock.h"
#include "course_funnel/waiting.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_SECONDS 0.2
/* Others may have begun to wait somewhat later: they end what they are reading first. */
#define CALL_SECONDS 10
/* No other message has it, so that a call that came too late is taken for nothing else. */
#define TAG_CALL 3

struct patience {
    MPI_Comm communicator;
    int rank, count;
    uint64_t call; /* the round of the call that is on its way: read by MPI from here */
    bool *present; /* by rank: has called for this round */
    bool has_called, heard;
    double called_at;
};

int patience_create(const struct ranks *ranks, struct patience **patience, struct failure *failure)
{
    struct patience *made = calloc(1, sizeof *made);
    size_t count = (size_t)ranks_count(ranks);
    if (made == NULL || (made->present = calloc(count, sizeof *made->present)) == NULL) {
        free(made);
        return failure_memory(failure, "the exchange of events", count);
    }
    made->communicator = ranks_communicator(ranks);
    made->rank = ranks_rank(ranks);
    made->count = (int)count;
    *patience = made;
    return 0;
}

void patience_free(struct patience *patience)
{
    if (patience == NULL)
        return;
    free(patience->present);
    free(patience);
}

bool patience_is_present(const struct patience *patience, int rank)
{
    return patience->present[rank];
}

static void begin(struct patience *patience)
{
    memset(patience->present, 0, (size_t)patience->count * sizeof *patience->present);
    patience->present[patience->rank] = true;
    patience->has_called = patience->heard = false;
}

/* Take the calls that have come. Those of an earlier round, which went on after all, are old. */
static int hear(struct patience *patience, uint64_t round, struct failure *failure)
{
    for (;;) {
        int there = 0;
        MPI_Status status;
        uint64_t called = 0;
        if (ranks_check(
                MPI_Iprobe(MPI_ANY_SOURCE, TAG_CALL, patience->communicator, &there, &status),
                "MPI_Iprobe", failure) != 0)
            return -1;
        if (!there)
            return 0;
        if (ranks_check(MPI_Recv(&called, 1, MPI_UINT64_T, status.MPI_SOURCE, TAG_CALL,
                                 patience->communicator, MPI_STATUS_IGNORE),
                        "MPI_Recv", failure) != 0)
            return -1;
        if (called == round)
            patience->heard = patience->present[status.MPI_SOURCE] = true;
    }
}

/* So short a message goes off whether or not somebody takes it. */
static int call(struct patience *patience, uint64_t round, struct failure *failure)
{
    patience->call = round;
    patience->has_called = true;
    patience->called_at = clock_seconds();
    for (int to = 0; to < patience->count; to++) {
        MPI_Request request;
        if (to != patience->rank &&
            (ranks_check(MPI_Isend(&patience->call, 1, MPI_UINT64_T, to, TAG_CALL,
                                   patience->communicator, &request),
                         "MPI_Isend", failure) != 0 ||
             ranks_check(MPI_Request_free(&request), "MPI_Request_free", failure) != 0))
            return -1;
    }
    return 0;
}

static bool all_present(const struct patience *patience)
{
    for (int i = 0; i < patience->count; i++)
        if (!patience->present[i])
            return false;
    return true;
}

static int wait_and_call(struct patience *patience, MPI_Request *request, uint64_t round,
                         uint32_t seconds, double since, struct failure *failure)
{
    double look_at = since + LOOK_SECONDS, until = since + seconds;
    double call_seconds = seconds < CALL_SECONDS ? seconds : CALL_SECONDS;
    begin(patience);
    for (;;) {
        int done = 0;
        if (ranks_check(MPI_Test(request, &done, MPI_STATUS_IGNORE), "MPI_Test", failure) != 0)
            return -1;
        if (done)
            return 0;
        double now = clock_seconds();
        if (now < look_at)
            continue;
        look_at = now + LOOK_SECONDS;
        if (hear(patience, round, failure) != 0)
            return -1;
        if (!patience->has_called && (patience->heard || now >= until) &&
            call(patience, round, failure) != 0)
            return -1;
        if (!patience->has_called)
            continue;
        if (all_present(patience)) {
            /* As after all of the job had stood still. */
            begin(patience);
            until = now + seconds;
        } else if (now >= patience->called_at + call_seconds) {
            return 1;
        }
    }
}

int patience_wait(struct patience *patience, MPI_Request *request, uint64_t round, uint32_t seconds,
                  struct failure *failure)
{
    if (seconds == 0 || patience->count == 1)
        return ranks_check(MPI_Wait(request, MPI_STATUS_IGNORE), "MPI_Wait", failure);
    double since = clock_seconds();
    int result = wait_and_call(patience, request, round, seconds, since, failure);
    waiting_since(since);
    return result;
}
