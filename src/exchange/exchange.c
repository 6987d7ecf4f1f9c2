#include "course_funnel/exchange.h"

#include "course_funnel/key_group.h"
#include "course_funnel/parcel.h"
#include "course_funnel/ranks_mpi.h"
#include "patience.h"

#include <limits.h>
#include <stdlib.h>

/*
 * A round goes through two steps: the words, which say how much is coming, then the events. A
 * rank enters the second as soon as it sees that the first is done: in exchange_progress while it
 * collects the next round, or in exchange_finish. The order of collectives is the same everywhere.
 */
enum step { STEP_NONE, STEP_WORDS, STEP_EVENTS };

/* Events travel in units of 8 bytes, so that int counts reach 16 GiB. */
#define UNIT MPI_UINT64_T

/* A word as it goes to one rank: with how many units of events it may expect. */
struct letter {
    struct exchange_word word;
    uint64_t units;
};

struct exchange {
    MPI_Comm communicator;
    int rank, count;
    size_t part_budget_bytes; /* for one destination */
    size_t collected_bytes;   /* in the round being collected */
    bool full;
    struct parcel *collecting; /* one a destination */
    struct parcel own;         /* of the round on its way: what this rank sends to itself */
    struct parcel sending;     /* of the round on its way: for all others, in the order of ranks */
    struct parcel receiving;
    struct letter *letters_out, *letters_in;
    struct exchange_word *words;
    int *send_counts, *send_offsets, *receive_counts, *receive_offsets; /* in units */
    enum step step;
    MPI_Request request;
    struct patience *patience;
    uint32_t patience_s;
    uint64_t round; /* the number of the one on its way */
};

static int allocate(struct exchange *exchange, struct failure *failure)
{
    size_t count = (size_t)exchange->count;
    exchange->collecting = calloc(count, sizeof *exchange->collecting);
    exchange->letters_out = calloc(count, sizeof *exchange->letters_out);
    exchange->letters_in = calloc(count, sizeof *exchange->letters_in);
    exchange->words = calloc(count, sizeof *exchange->words);
    exchange->send_counts = calloc(count, sizeof(int));
    exchange->send_offsets = calloc(count, sizeof(int));
    exchange->receive_counts = calloc(count, sizeof(int));
    exchange->receive_offsets = calloc(count, sizeof(int));
    if (exchange->collecting == NULL || exchange->letters_out == NULL ||
        exchange->letters_in == NULL || exchange->words == NULL || exchange->send_counts == NULL ||
        exchange->send_offsets == NULL || exchange->receive_counts == NULL ||
        exchange->receive_offsets == NULL)
        return failure_memory(failure, "the exchange of events", count * sizeof(struct letter));
    return 0;
}

int exchange_create(struct ranks *ranks, struct exchange **exchange, struct failure *failure)
{
    struct exchange *made = calloc(1, sizeof *made);
    if (made == NULL)
        return failure_memory(failure, "the exchange of events", sizeof *made);
    made->communicator = ranks_communicator(ranks);
    made->rank = ranks_rank(ranks);
    made->count = ranks_count(ranks);
    made->request = MPI_REQUEST_NULL;
    /* Twice the fair share: users spread evenly, but not that evenly in a small round. */
    made->part_budget_bytes = 2 * EXCHANGE_BUDGET_BYTES / (size_t)made->count;
    if (allocate(made, failure) != 0 || patience_create(ranks, &made->patience, failure) != 0) {
        exchange_free(made);
        return -1;
    }
    *exchange = made;
    return 0;
}

void exchange_free(struct exchange *exchange)
{
    if (exchange == NULL)
        return;
    for (int i = 0; exchange->collecting != NULL && i < exchange->count; i++)
        parcel_free(&exchange->collecting[i]);
    parcel_free(&exchange->own);
    parcel_free(&exchange->sending);
    parcel_free(&exchange->receiving);
    free(exchange->collecting);
    free(exchange->letters_out);
    free(exchange->letters_in);
    free(exchange->words);
    free(exchange->send_counts);
    free(exchange->send_offsets);
    free(exchange->receive_counts);
    free(exchange->receive_offsets);
    patience_free(exchange->patience);
    free(exchange);
}

int exchange_add(struct exchange *exchange, const struct event *event, struct failure *failure)
{
    uint64_t hash = key_group_hash(event->user, event->user_bytes);
    struct parcel *parcel =
        &exchange->collecting[key_group_rank(key_group_of(hash), exchange->count)];
    size_t before = parcel->used;
    if (parcel_add(parcel, event, hash, failure) != 0)
        return -1;
    exchange->collected_bytes += parcel->used - before;
    exchange->full = exchange->full || parcel->used >= exchange->part_budget_bytes ||
                     exchange->collected_bytes >= EXCHANGE_BUDGET_BYTES;
    return 0;
}

bool exchange_is_full(const struct exchange *exchange)
{
    return exchange->full;
}

bool exchange_is_under_way(const struct exchange *exchange)
{
    return exchange->step != STEP_NONE;
}

/* Put what was collected for other ranks into one buffer. What is this rank's own stays apart. */
static int close_round(struct exchange *exchange, uint64_t *sent, struct failure *failure)
{
    size_t bytes = exchange->collected_bytes - exchange->collecting[exchange->rank].used;
    parcel_empty(&exchange->sending);
    if (parcel_reserve(&exchange->sending, bytes, failure) != 0)
        return -1;
    for (int to = 0; to < exchange->count; to++) {
        struct parcel *parcel = &exchange->collecting[to];
        *sent += parcel->events;
        exchange->send_offsets[to] = (int)(exchange->sending.used / 8);
        exchange->send_counts[to] = 0;
        if (to == exchange->rank)
            continue;
        exchange->send_counts[to] = (int)(parcel->used / 8);
        parcel_append(&exchange->sending, parcel);
        parcel_empty(parcel);
    }
    struct parcel own = exchange->own;
    exchange->own = exchange->collecting[exchange->rank];
    parcel_empty(&own);
    exchange->collecting[exchange->rank] = own;
    exchange->collected_bytes = 0;
    exchange->full = false;
    return 0;
}

int exchange_start(struct exchange *exchange, const struct exchange_word *word, uint64_t *sent,
                   struct failure *failure)
{
    /* A rank that fails here tells so in its word, which the others wait for. */
    struct exchange_word told = *word;
    if (exchange->collected_bytes / 8 > INT_MAX)
        failure_set(failure, EXIT_BUG, "A round of %zu bytes is over the limit of 16 GiB.",
                    exchange->collected_bytes);
    if (failure->code != 0 || close_round(exchange, sent, failure) != 0)
        told.failed = 1;

    for (int to = 0; to < exchange->count; to++) {
        exchange->letters_out[to].word = told;
        exchange->letters_out[to].units = told.failed ? 0 : (uint64_t)exchange->send_counts[to];
        if (told.failed)
            exchange->send_counts[to] = 0;
    }
    exchange->step = STEP_WORDS;
    exchange->round++;
    return ranks_check(MPI_Ialltoall(exchange->letters_out, sizeof(struct letter), MPI_BYTE,
                                     exchange->letters_in, sizeof(struct letter), MPI_BYTE,
                                     exchange->communicator, &exchange->request),
                       "MPI_Ialltoall", failure);
}

/* The words are here: make room for the events and let them come. */
static int start_events(struct exchange *exchange, struct failure *failure)
{
    uint64_t units = 0;
    bool failed = false;
    exchange->step = STEP_NONE;
    for (int from = 0; from < exchange->count; from++) {
        const struct letter *letter = &exchange->letters_in[from];
        exchange->words[from] = letter->word;
        failed = failed || letter->word.failed != 0;
        exchange->receive_offsets[from] = (int)units;
        exchange->receive_counts[from] = (int)letter->units;
        units += letter->units;
    }
    exchange->receiving.used = 0;
    /* All know that somebody failed, so all leave out the events alike. */
    if (failed || exchange->count == 1)
        return 0;
    if (units > INT_MAX)
        return failure_set(failure, EXIT_BUG, "A round of %zu bytes is over the limit of 16 GiB.",
                           (size_t)units * 8);
    if (parcel_reserve(&exchange->receiving, units * 8, failure) != 0)
        return -1;
    exchange->receiving.used = units * 8;
    exchange->step = STEP_EVENTS;
    return ranks_check(MPI_Ialltoallv(exchange->sending.bytes, exchange->send_counts,
                                      exchange->send_offsets, UNIT, exchange->receiving.bytes,
                                      exchange->receive_counts, exchange->receive_offsets, UNIT,
                                      exchange->communicator, &exchange->request),
                       "MPI_Ialltoallv", failure);
}

int exchange_progress(struct exchange *exchange, struct failure *failure)
{
    int done = 0;
    if (exchange->step == STEP_NONE)
        return 0;
    if (ranks_check(MPI_Test(&exchange->request, &done, MPI_STATUS_IGNORE), "MPI_Test", failure) !=
        0)
        return -1;
    if (!done)
        return 0;
    if (exchange->step == STEP_WORDS)
        return start_events(exchange, failure);
    exchange->step = STEP_NONE;
    return 0;
}

int exchange_finish(struct exchange *exchange, struct failure *failure)
{
    while (exchange->step != STEP_NONE) {
        int result = patience_wait(exchange->patience, &exchange->request, exchange->round,
                                   exchange->patience_s, failure);
        if (result != 0)
            return result;
        if (exchange->step == STEP_EVENTS)
            exchange->step = STEP_NONE;
        else if (start_events(exchange, failure) != 0)
            return -1;
    }
    return 0;
}

void exchange_be_patient(struct exchange *exchange, uint32_t seconds)
{
    exchange->patience_s = seconds;
}

bool exchange_is_late(const struct exchange *exchange, int rank)
{
    return !patience_is_present(exchange->patience, rank);
}

const unsigned char *exchange_received(const struct exchange *exchange, int part,
                                       size_t *byte_count)
{
    const struct parcel *parcel = part == 0 ? &exchange->own : &exchange->receiving;
    *byte_count = parcel->used;
    return parcel->bytes;
}

const struct exchange_word *exchange_words(const struct exchange *exchange)
{
    return exchange->words;
}
