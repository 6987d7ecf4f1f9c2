#include "trade.h"

#include "course_funnel/ranks_mpi.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TAG 2

/* MPI counts are ints, so that many bytes go in pieces. */
#define PIECE_BYTES ((size_t)1 << 28)

static int piece(uint64_t bytes, uint64_t done)
{
    uint64_t left = bytes > done ? bytes - done : 0;
    return (int)(left < PIECE_BYTES ? left : PIECE_BYTES);
}

/* What goes to one rank and what comes from another; both know how much. */
static int swap(struct ranks *ranks, int to, const unsigned char *out, uint64_t out_bytes, int from,
                unsigned char *in, uint64_t in_bytes, struct failure *failure)
{
    MPI_Comm communicator = ranks_communicator(ranks);
    for (uint64_t done = 0; done < out_bytes || done < in_bytes; done += PIECE_BYTES) {
        int send = piece(out_bytes, done), receive = piece(in_bytes, done);
        if (ranks_check(MPI_Sendrecv(send > 0 ? out + done : NULL, send, MPI_BYTE,
                                     send > 0 ? to : MPI_PROC_NULL, TAG,
                                     receive > 0 ? in + done : NULL, receive, MPI_BYTE,
                                     receive > 0 ? from : MPI_PROC_NULL, TAG, communicator,
                                     MPI_STATUS_IGNORE),
                        "MPI_Sendrecv", failure) != 0)
            return -1;
    }
    return 0;
}

/* What each rank sends, and where what it gets is to lie. The caller frees both. */
static int agree(struct ranks *ranks, const size_t *begins, uint64_t **sizes, uint64_t **places,
                 struct failure *failure)
{
    size_t count = (size_t)ranks_count(ranks);
    *sizes = calloc(2 * count, sizeof **sizes);
    *places = calloc(count + 1, sizeof **places);
    if (*sizes == NULL || *places == NULL)
        failure_memory(failure, "sums on their way", 3 * count * sizeof **sizes);
    if (ranks_vote(ranks, failure) != 0)
        return -1;
    uint64_t *in = *sizes, *out = *sizes + count;
    for (size_t i = 0; i < count; i++)
        out[i] = begins[i + 1] - begins[i];
    if (ranks_check(
            MPI_Alltoall(out, 1, MPI_UINT64_T, in, 1, MPI_UINT64_T, ranks_communicator(ranks)),
            "MPI_Alltoall", failure) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        (*places)[i + 1] = (*places)[i] + in[i];
    return 0;
}

int trade_bytes(struct ranks *ranks, const unsigned char *bytes, const size_t *begins,
                unsigned char **received, size_t *received_bytes, struct failure *failure)
{
    int rank = ranks_rank(ranks), count = ranks_count(ranks);
    uint64_t *sizes = NULL, *places = NULL;
    *received = NULL;
    if (agree(ranks, begins, &sizes, &places, failure) == 0) {
        *received_bytes = places[count];
        *received = malloc(places[count] + 1);
        if (*received == NULL)
            failure_memory(failure, "sums on their way", places[count]);
    }
    if (ranks_vote(ranks, failure) == 0) {
        memcpy(*received + places[rank], bytes + begins[rank], sizes[rank]);
        for (int step = 1; step < count && failure->code == 0; step++) {
            int to = (rank + step) % count, from = (rank + count - step) % count;
            (void)swap(ranks, to, bytes + begins[to], begins[to + 1] - begins[to], from,
                       *received + places[from], sizes[from], failure);
        }
        (void)ranks_vote(ranks, failure);
    }
    free(sizes);
    free(places);
    return failure->code != 0 ? -1 : 0;
}
