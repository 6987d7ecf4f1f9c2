#include "ingest_late.h"

#include <stdio.h>

/* What the rank was to read when it was heard of last. NULL: nothing. */
static const char *place_of(const struct ingest_worker *worker, int rank)
{
    const struct source_list *list = worker->in->list;
    uint64_t reading = worker->has_words ? exchange_words(worker->exchange)[rank].reading
                                         : schedule_first(&worker->schedule, rank);
    /* The name of a file alone: to look into an archive might hang as well. */
    return reading > 0 ? list->files[list->splits[reading - 1].file].path : NULL;
}

void ingest_late(const struct ingest_worker *worker)
{
    const struct ingest *in = worker->in;
    struct failure failure = {0};
    int count = ranks_count(in->ranks), first_late = -1, first_there = -1, late = 0;
    for (int rank = count - 1; rank >= 0; rank--) {
        if (exchange_is_late(worker->exchange, rank)) {
            first_late = rank;
            late++;
        } else {
            first_there = rank;
        }
    }
    if (ranks_rank(in->ranks) != first_there)
        ranks_await_end(EXIT_LOST);
    const char *place = place_of(worker, first_late);
    char others[64] = "";
    if (late > 1)
        snprintf(others, sizeof others, " (and %d more)", late - 1);
    failure_set(
        &failure, EXIT_LOST,
        "Rank %d on %s%s has not taken part in a round for %u s (--patience): it was stopped, "
        "or what it reads from does not answer. It %s%s%s. See that host and its storage, and run "
        "again.",
        first_late, ranks_host(in->ranks, first_late), others, in->patience_s,
        place != NULL ? "was about to read " : "had nothing to read", place != NULL ? place : "",
        place != NULL ? " or what follows" : "");
    ranks_abort(in->ranks, &failure);
}
