#include "course_funnel/clock.h"
#include "course_funnel/exchange.h"
#include "course_funnel/ranks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * What a round of the exchange costs when there are many ranks and little to send:
 *     mpirun -n RANKS bench_rounds ROUNDS EVENTS
 * Every rank sends EVENTS events a round, to users spread over all ranks. Rank 0 prints, as JSON,
 * how long the rounds took, the first left out.
 */

static int run_round(struct exchange *exchange, uint64_t *seed, uint64_t events,
                     struct failure *failure)
{
    for (uint64_t i = 0; i < events; i++) {
        char user[40];
        int bytes = snprintf(user, sizeof user, "user-%031" PRIu64, (*seed)++);
        struct event event = {.user = user,
                              .user_bytes = (uint32_t)bytes,
                              .course_id = 1,
                              .lesson_id = 1,
                              .time_spent_us = EVENT_TIME_UNUSABLE};
        if (exchange_add(exchange, &event, failure) != 0)
            return -1;
    }
    struct exchange_word word = {0};
    uint64_t sent = 0;
    if (exchange_start(exchange, &word, &sent, failure) != 0)
        return -1;
    return exchange_finish(exchange, failure);
}

static int run(struct ranks *ranks, uint64_t rounds, uint64_t events, struct failure *failure)
{
    struct exchange *exchange = NULL;
    (void)exchange_create(ranks, &exchange, failure);
    if (ranks_vote(ranks, failure) != 0)
        goto free_exchange;
    uint64_t seed = (uint64_t)ranks_rank(ranks) << 32;
    double began = 0;
    for (uint64_t i = 0; i <= rounds; i++) {
        if (i == 1)
            began = clock_seconds();
        if (run_round(exchange, &seed, events, failure) != 0)
            ranks_abort(ranks, failure);
    }
    (void)ranks_vote(ranks, failure);
    if (ranks_rank(ranks) == 0 && failure->code == 0)
        printf("{\"ranks\": %d, \"rounds\": %" PRIu64 ", \"events\": %" PRIu64
               ", \"seconds\": %.6f}\n",
               ranks_count(ranks), rounds, events, clock_seconds() - began);
free_exchange:
    exchange_free(exchange);
    return failure->code != 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
    struct failure failure = {0};
    struct ranks *ranks = NULL;
    if (ranks_start(&ranks, &failure) != 0) {
        fprintf(stderr, "%s\n", failure.message);
        return failure.code;
    }
    uint64_t rounds = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
    if (rounds == 0)
        failure_set(&failure, EXIT_USAGE, "usage: bench_rounds ROUNDS EVENTS");
    else
        (void)run(ranks, rounds, strtoull(argv[2], NULL, 10), &failure);
    if (failure.code != 0 && ranks_rank(ranks) == 0)
        fprintf(stderr, "%s\n", failure.message);
    (void)ranks_end(ranks, &failure);
    return failure.code;
}
