#include "alone.h"
#include "course_funnel/ranks_mpi.h"
#include "host.h"
#include "launcher.h"
#include "meeting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* MPI counts are ints, so that large buffers go in pieces. */
#define PIECE_BYTES ((size_t)64 << 20)
/* In which the abort of another rank comes to this one. */
#define END_SECONDS 30

struct ranks {
    MPI_Comm communicator;
    int rank;
    int count;
    char host[MPI_MAX_PROCESSOR_NAME + 1];
    /* One a rank, for ranks_gather. A rank without memory for them there would not take part. */
    uint64_t *sizes;
    char (*hosts)[RANKS_HOST_BYTES]; /* of all, in the order of ranks */
};

MPI_Comm ranks_communicator(const struct ranks *ranks)
{
    return ranks->communicator;
}

int ranks_check(int answer, const char *call, struct failure *failure)
{
    char text[MPI_MAX_ERROR_STRING] = "unknown error";
    int bytes = 0;
    if (answer == MPI_SUCCESS)
        return 0;
    if (MPI_Error_string(answer, text, &bytes) != MPI_SUCCESS)
        return failure_set(failure, EXIT_BUG, "%s failed with code %d.", call, answer);
    return failure_set(failure, EXIT_BUG, "%s failed: %s.", call, text);
}

/*
 * Ranks of one host need shared memory and no network. To load and try the drivers of all networks
 * takes Open MPI longer than all else at the start, so tell it not to. What the user has set stays.
 */
static int leave_networks_out(struct failure *failure)
{
    if (!launcher_says_one_host())
        return 0;
    if (setenv("OMPI_MCA_pml", "ob1", 0) != 0 || setenv("OMPI_MCA_btl", "self,vader", 0) != 0)
        return failure_memory(failure, "the environment", strlen("OMPI_MCA_btl=self,vader"));
    return 0;
}

/* Open MPI connects two ranks when they first talk: here, where waiting for it has an end. */
static int meet(const struct ranks *ranks, struct failure *failure)
{
    unsigned char mine = 1, theirs = 0;
    int steps = launcher_says_one_host() ? 0 : ranks->count;
    for (int step = 1; step < steps; step++) {
        int to = (ranks->rank + step) % ranks->count;
        int from = (ranks->rank - step + ranks->count) % ranks->count;
        if (ranks_check(MPI_Sendrecv(&mine, 1, MPI_UNSIGNED_CHAR, to, 0, &theirs, 1,
                                     MPI_UNSIGNED_CHAR, from, 0, ranks->communicator,
                                     MPI_STATUS_IGNORE),
                        "MPI_Sendrecv", failure) != 0)
            return -1;
    }
    meeting_end();
    return 0;
}

/* Where everybody is; and what ranks_gather needs. */
static int know_each_other(struct ranks *ranks, struct failure *failure)
{
    size_t count = (size_t)ranks->count;
    char own[RANKS_HOST_BYTES] = "";
    snprintf(own, sizeof own, "%.*s", RANKS_HOST_BYTES - 1, ranks->host);
    ranks->sizes = calloc(count, sizeof *ranks->sizes);
    ranks->hosts = calloc(count, sizeof *ranks->hosts);
    if (ranks->sizes == NULL || ranks->hosts == NULL)
        return failure_memory(failure, "the hosts of the ranks", count * RANKS_HOST_BYTES);
    return ranks_check(MPI_Allgather(own, RANKS_HOST_BYTES, MPI_BYTE, ranks->hosts,
                                     RANKS_HOST_BYTES, MPI_BYTE, ranks->communicator),
                       "MPI_Allgather", failure);
}

int ranks_start(struct ranks **ranks, struct failure *failure)
{
    struct ranks *started = calloc(1, sizeof *started);
    if (started == NULL)
        return failure_memory(failure, "the ranks", sizeof *started);
    int bytes = 0, level = 0;
    if (launcher_follow(failure) != 0 || meeting_begin(failure) != 0 ||
        host_prepare(failure) != 0 || leave_networks_out(failure) != 0 ||
        /* Other threads (table_keeper.c) call nothing of it. */
        ranks_check(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level), "MPI_Init_thread",
                    failure) != 0 ||
        ranks_check(MPI_Comm_dup(MPI_COMM_WORLD, &started->communicator), "MPI_Comm_dup",
                    failure) != 0 ||
        ranks_check(MPI_Comm_set_errhandler(started->communicator, MPI_ERRORS_RETURN),
                    "MPI_Comm_set_errhandler", failure) != 0 ||
        ranks_check(MPI_Comm_rank(started->communicator, &started->rank), "MPI_Comm_rank",
                    failure) != 0 ||
        ranks_check(MPI_Comm_size(started->communicator, &started->count), "MPI_Comm_size",
                    failure) != 0 ||
        ranks_check(MPI_Get_processor_name(started->host, &bytes), "MPI_Get_processor_name",
                    failure) != 0 ||
        meet(started, failure) != 0) {
        free(started);
        return -1;
    }
    if (know_each_other(started, failure) != 0) {
        free(started->sizes);
        free(started->hosts);
        free(started);
        return -1;
    }
    if (started->count == 1 && alone_check(failure) != 0) {
        struct failure later = {0};
        (void)ranks_end(started, &later);
        return -1;
    }
    *ranks = started;
    return 0;
}

int ranks_end(struct ranks *ranks, struct failure *failure)
{
    if (ranks == NULL)
        return 0;
    int freed = ranks_check(MPI_Comm_free(&ranks->communicator), "MPI_Comm_free", failure);
    int ended = ranks_check(MPI_Finalize(), "MPI_Finalize", failure);
    free(ranks->sizes);
    free(ranks->hosts);
    free(ranks);
    return freed == 0 && ended == 0 ? 0 : -1;
}

int ranks_rank(const struct ranks *ranks)
{
    return ranks->rank;
}

int ranks_count(const struct ranks *ranks)
{
    return ranks->count;
}

const char *ranks_host(const struct ranks *ranks, int rank)
{
    return ranks->hosts[rank];
}

int ranks_vote(struct ranks *ranks, struct failure *failure)
{
    int mine = failure->code != 0 ? ranks->rank : ranks->count;
    int lowest = ranks->count;
    if (ranks_check(MPI_Allreduce(&mine, &lowest, 1, MPI_INT, MPI_MIN, ranks->communicator),
                    "MPI_Allreduce", failure) != 0)
        return -1;
    if (lowest == ranks->count)
        return 0;

    struct failure first = *failure;
    if (lowest == ranks->rank && lowest > 0) {
        first.code = 0;
        failure_set(&first, failure->code, "rank %d on %s: %s", ranks->rank, ranks->host,
                    failure->message);
    }
    if (ranks_check(MPI_Bcast(&first, sizeof first, MPI_BYTE, lowest, ranks->communicator),
                    "MPI_Bcast", failure) != 0)
        return -1;
    *failure = first;
    return -1;
}

void ranks_abort(struct ranks *ranks, const struct failure *failure)
{
    fprintf(stderr, "course-funnel: error: rank %d on %s: %s\n", ranks->rank, ranks->host,
            failure->message);
    MPI_Abort(ranks->communicator, failure->code);
    _exit(failure->code);
}

void ranks_await_end(int code)
{
    (void)sleep(END_SECONDS);
    _exit(code);
}

int ranks_broadcast(struct ranks *ranks, unsigned char **bytes, size_t *byte_count,
                    struct failure *failure)
{
    uint64_t size = *byte_count;
    if (ranks_check(MPI_Bcast(&size, 1, MPI_UINT64_T, 0, ranks->communicator), "MPI_Bcast",
                    failure) != 0)
        return -1;

    /* A rank without memory must still take part in what the others wait for. */
    int failed = 0;
    unsigned char *buffer = *bytes;
    if (ranks->rank != 0) {
        buffer = malloc(size > 0 ? size : 1);
        if (buffer == NULL)
            failed = failure_memory(failure, "what rank 0 tells", size);
    }
    int any = 0;
    if (ranks_check(MPI_Allreduce(&failed, &any, 1, MPI_INT, MPI_MIN, ranks->communicator),
                    "MPI_Allreduce", failure) != 0 ||
        any != 0)
        goto free_buffer;
    for (uint64_t at = 0; at < size; at += PIECE_BYTES) {
        int piece = (int)(size - at < PIECE_BYTES ? size - at : PIECE_BYTES);
        if (ranks_check(MPI_Bcast(buffer + at, piece, MPI_BYTE, 0, ranks->communicator),
                        "MPI_Bcast", failure) != 0)
            goto free_buffer;
    }
    *bytes = buffer;
    *byte_count = size;
    return 0;

free_buffer:
    if (ranks->rank != 0)
        free(buffer);
    return -1;
}

int ranks_share(struct ranks *ranks, unsigned char **bytes, size_t *byte_count,
                struct failure *failure)
{
    return ranks_vote(ranks, failure) != 0 ? -1
                                           : ranks_broadcast(ranks, bytes, byte_count, failure);
}

int ranks_sum(struct ranks *ranks, uint64_t *counts, size_t count, struct failure *failure)
{
    return ranks_check(
        MPI_Allreduce(MPI_IN_PLACE, counts, (int)count, MPI_UINT64_T, MPI_SUM, ranks->communicator),
        "MPI_Allreduce", failure);
}

int ranks_lowest(struct ranks *ranks, int64_t *values, size_t count, struct failure *failure)
{
    return ranks_check(
        MPI_Allreduce(MPI_IN_PLACE, values, (int)count, MPI_INT64_T, MPI_MIN, ranks->communicator),
        "MPI_Allreduce", failure);
}

static int send_pieces(struct ranks *ranks, const unsigned char *bytes, uint64_t size,
                       struct failure *failure)
{
    for (uint64_t at = 0; at < size; at += PIECE_BYTES) {
        int piece = (int)(size - at < PIECE_BYTES ? size - at : PIECE_BYTES);
        if (ranks_check(MPI_Send(bytes + at, piece, MPI_BYTE, 0, 0, ranks->communicator),
                        "MPI_Send", failure) != 0)
            return -1;
    }
    return 0;
}

static int receive_pieces(struct ranks *ranks, int from, unsigned char *bytes, uint64_t size,
                          struct failure *failure)
{
    for (uint64_t at = 0; at < size; at += PIECE_BYTES) {
        int piece = (int)(size - at < PIECE_BYTES ? size - at : PIECE_BYTES);
        if (ranks_check(MPI_Recv(bytes + at, piece, MPI_BYTE, from, 0, ranks->communicator,
                                 MPI_STATUS_IGNORE),
                        "MPI_Recv", failure) != 0)
            return -1;
    }
    return 0;
}

int ranks_gather(struct ranks *ranks, const void *bytes, size_t byte_count,
                 unsigned char **gathered, size_t *gathered_bytes, struct failure *failure)
{
    uint64_t mine = byte_count, total = 0;
    const uint64_t *sizes = ranks->sizes;
    unsigned char *buffer = NULL;
    *gathered = NULL;
    *gathered_bytes = 0;
    if (ranks_check(MPI_Allgather(&mine, 1, MPI_UINT64_T, ranks->sizes, 1, MPI_UINT64_T,
                                  ranks->communicator),
                    "MPI_Allgather", failure) != 0)
        return -1;
    for (int i = 0; i < ranks->count; i++)
        total += sizes[i];

    int ready = 1;
    if (ranks->rank == 0) {
        buffer = malloc(total > 0 ? total : 1);
        ready = buffer != NULL;
        if (!ready)
            failure_memory(failure, "what the ranks tell", total);
    }
    if (ranks_check(MPI_Bcast(&ready, 1, MPI_INT, 0, ranks->communicator), "MPI_Bcast", failure) !=
            0 ||
        !ready) {
        free(buffer);
        return -1;
    }
    if (ranks->rank != 0)
        return send_pieces(ranks, bytes, mine, failure);
    if (mine > 0)
        memcpy(buffer, bytes, mine);
    uint64_t at = mine;
    for (int from = 1; from < ranks->count; from++) {
        if (receive_pieces(ranks, from, buffer + at, sizes[from], failure) != 0) {
            free(buffer);
            return -1;
        }
        at += sizes[from];
    }
    *gathered = buffer;
    *gathered_bytes = total;
    return 0;
}
