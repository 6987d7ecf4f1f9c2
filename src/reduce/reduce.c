#include "course_funnel/reduce.h"

#include "course_funnel/ranks_mpi.h"

#include <stdlib.h>

#define TAG 1

/* MPI counts are ints, so that a large tally goes in pieces. */
#define PIECE_RECORDS ((size_t)1 << 20)

/* What goes ahead of the records. A rank that failed says so, as its receiver waits for it. */
struct announcement {
    uint64_t failed;
    uint64_t records;
    uint64_t pairs_started;
    uint64_t pairs_completed;
};

static int piece_bytes(size_t left)
{
    size_t records = left < PIECE_RECORDS ? left : PIECE_RECORDS;
    return (int)(records * sizeof(struct tally_record));
}

static int send_tally(struct ranks *ranks, int to, const struct tally *tally,
                      struct failure *failure)
{
    MPI_Comm communicator = ranks_communicator(ranks);
    struct announcement announcement = {.failed = failure->code != 0,
                                        .records = failure->code != 0 ? 0 : tally->count,
                                        .pairs_started = tally->pairs_started,
                                        .pairs_completed = tally->pairs_completed};
    if (ranks_check(MPI_Send(&announcement, sizeof announcement, MPI_BYTE, to, TAG, communicator),
                    "MPI_Send", failure) != 0)
        return -1;
    if (announcement.records == 0)
        return 0;
    /* Who has no room for the records says so itself, in the vote that follows. */
    int ready = 0;
    if (ranks_check(MPI_Recv(&ready, 1, MPI_INT, to, TAG, communicator, MPI_STATUS_IGNORE),
                    "MPI_Recv", failure) != 0)
        return -1;
    for (size_t at = 0; ready && at < announcement.records; at += PIECE_RECORDS)
        if (ranks_check(MPI_Send(tally->records + at, piece_bytes(tally->count - at), MPI_BYTE, to,
                                 TAG, communicator),
                        "MPI_Send", failure) != 0)
            return -1;
    return 0;
}

static int receive_tally(struct ranks *ranks, int from, struct tally *tally,
                         struct failure *failure)
{
    MPI_Comm communicator = ranks_communicator(ranks);
    struct announcement announcement;
    if (ranks_check(MPI_Recv(&announcement, sizeof announcement, MPI_BYTE, from, TAG, communicator,
                             MPI_STATUS_IGNORE),
                    "MPI_Recv", failure) != 0)
        return -1;
    /* Without a message of this rank's own the vote that follows brings the sender's. */
    if (announcement.failed)
        return -1;

    tally->pairs_started = announcement.pairs_started;
    tally->pairs_completed = announcement.pairs_completed;
    if (announcement.records == 0)
        return 0;
    size_t bytes = announcement.records * sizeof *tally->records;
    tally->records = malloc(bytes);
    int ready = tally->records != NULL;
    if (!ready)
        failure_memory(failure, "the sums of cohorts", bytes);
    if (ranks_check(MPI_Send(&ready, 1, MPI_INT, from, TAG, communicator), "MPI_Send", failure) !=
            0 ||
        !ready)
        return -1;
    tally->count = tally->capacity = announcement.records;
    for (size_t at = 0; at < tally->count; at += PIECE_RECORDS)
        if (ranks_check(MPI_Recv(tally->records + at, piece_bytes(tally->count - at), MPI_BYTE,
                                 from, TAG, communicator, MPI_STATUS_IGNORE),
                        "MPI_Recv", failure) != 0)
            return -1;
    return 0;
}

int reduce_tallies(struct ranks *ranks, struct tally *tally, struct failure *failure)
{
    int rank = ranks_rank(ranks), count = ranks_count(ranks);
    for (int step = 1; step < count; step *= 2) {
        if ((rank & step) != 0) {
            int sent = send_tally(ranks, rank - step, tally, failure);
            tally_clear(tally);
            return failure->code != 0 ? -1 : sent;
        }
        if (rank + step >= count)
            continue;
        struct tally more = {0};
        if (receive_tally(ranks, rank + step, &more, failure) == 0 && failure->code == 0)
            (void)tally_merge(tally, &more, failure);
        tally_clear(&more);
    }
    return failure->code != 0 ? -1 : 0;
}

int reduce_ledger(struct ranks *ranks, struct ledger *ledger, int64_t *first_us, int64_t *last_us,
                  struct failure *failure)
{
    /* The latest time as the lowest of the negatives; no time lies near the limits of int64_t. */
    int64_t bounds[2] = {*first_us, -(*last_us + 1)};
    if (ranks_sum(ranks, (uint64_t *)ledger, LEDGER_COUNTS, failure) != 0 ||
        ranks_lowest(ranks, bounds, 2, failure) != 0)
        return -1;
    *first_us = bounds[0];
    *last_us = -bounds[1] - 1;
    return ledger_check(ledger, failure);
}

/* What ranks tell of their days beside the counts, which follow each other in a second message. */
struct day_bounds {
    int64_t last_us;
    int64_t before_us;
    uint64_t later;
    uint64_t count;
};

int reduce_days(struct ranks *ranks, struct days *days, struct failure *failure)
{
    struct day_bounds own = {days->last_us, days->before_us, days->later, days->count};
    unsigned char *bounds = NULL, *counts = NULL;
    size_t bounds_bytes = 0, counts_bytes = 0;
    if (ranks_gather(ranks, &own, sizeof own, &bounds, &bounds_bytes, failure) != 0 ||
        ranks_gather(ranks, days->counts, days->count * sizeof *days->counts, &counts,
                     &counts_bytes, failure) != 0)
        goto free_gathered;
    const struct day_bounds *of_rank = (struct day_bounds *)(void *)bounds;
    struct days_count *next = (struct days_count *)(void *)counts;
    for (size_t i = 0; i < bounds_bytes / sizeof own && failure->code == 0; i++) {
        struct days more = {.day = days->day,
                            .last_us = of_rank[i].last_us,
                            .before_us = of_rank[i].before_us,
                            .counts = next,
                            .count = of_rank[i].count,
                            .later = of_rank[i].later};
        /* The first are rank 0's own. */
        if (i > 0)
            (void)days_merge(days, &more, failure);
        if (more.count > 0)
            next += more.count;
    }
free_gathered:
    free(bounds);
    free(counts);
    return failure->code != 0 ? -1 : 0;
}
