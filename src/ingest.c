#include "course_funnel/ingest.h"

#include "course_funnel/clock.h"
#include "course_funnel/decode.h"
#include "course_funnel/exchange.h"
#include "course_funnel/fold.h"
#include "course_funnel/schedule.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)SOURCE_PADDING >= (int)DECODE_PADDING, "blocks go to the decoder as they are");

/* A rank asks for as much work as it did in so many rounds: one is under way while it waits. */
#define LOOK_AHEAD_ROUNDS 3

/* The one who reads: a rank's own stages, and the split that is open. */
struct worker {
    const struct ingest *in;
    struct schedule schedule;
    struct source_reader *reader;
    struct decoder *decoder;
    struct exchange *exchange;
    bool is_open;
    struct schedule_item item; /* the open split */
    char *source_name;         /* of the open split, made when it is first needed */
    uint64_t open_disk_bytes;  /* read of the open split */
    uint64_t done_disk_bytes;  /* read of all splits */
    uint64_t round_disk_bytes; /* read in the last round with work */
    bool idle;                 /* nothing was left to do when the round was sent off */
    uint64_t *wanted;          /* by each rank; scratch */
};

static int create_worker(const struct ingest *in, struct worker *worker, struct failure *failure)
{
    memset(worker, 0, sizeof *worker);
    worker->in = in;
    worker->wanted = calloc((size_t)ranks_count(in->ranks), sizeof *worker->wanted);
    if (worker->wanted == NULL)
        return failure_memory(failure, "the schedule", sizeof *worker->wanted);
    if (schedule_create(in->list, &worker->schedule, failure) != 0 ||
        source_reader_create(in->list, in->limits, &worker->reader, failure) != 0 ||
        decode_create(&worker->decoder, failure) != 0)
        return -1;
    return exchange_create(in->ranks, &worker->exchange, failure);
}

static void clear_worker(struct worker *worker)
{
    schedule_clear(&worker->schedule);
    source_reader_free(worker->reader);
    decode_free(worker->decoder);
    exchange_free(worker->exchange);
    free(worker->source_name);
    free(worker->wanted);
}

static int keep_reject(struct worker *worker, uint64_t offset, enum reject_reason reason,
                       const char *line, size_t bytes, struct failure *failure)
{
    worker->in->ledger->rejected[reason]++;
    if (worker->source_name == NULL &&
        source_name(worker->in->list, worker->item.split, &worker->source_name, failure) != 0)
        return -1;
    return rejects_add(worker->in->rejects, worker->item.split, worker->source_name, offset, reason,
                       line, bytes, failure);
}

static int decode_block(struct worker *worker, const struct source_block *block,
                        struct failure *failure)
{
    struct ledger *ledger = worker->in->ledger;
    const char *at = block->begin;
    uint64_t lines = 0, candidates = 0;
    while (at < block->end) {
        size_t bytes = 0;
        const char *line = decode_find(at, block->end, &bytes, &lines);
        if (line == NULL)
            break;
        at = line + bytes + 1;
        candidates++;

        struct event event;
        enum reject_reason reason = REJECT_NOT_JSON;
        switch (decode_line(worker->decoder, line, bytes, &event, &reason)) {
        case DECODE_EVENT:
            ledger->kept++;
            if (exchange_add(worker->exchange, &event, failure) != 0)
                return -1;
            break;
        case DECODE_OTHER:
            ledger->other++;
            break;
        case DECODE_REJECT:
            if (keep_reject(worker, block->offset + (uint64_t)(line - block->begin), reason, line,
                            bytes, failure) != 0)
                return -1;
            break;
        }
    }
    ledger->lines_read += lines;
    ledger->other += lines - candidates;
    ledger->bytes_read += (uint64_t)(block->end - block->begin);
    return 0;
}

/* Returns 1 with a split open, 0 when this rank's queue is empty, or -1. */
static int open_next(struct worker *worker, struct failure *failure)
{
    if (worker->is_open)
        return 1;
    if (!schedule_take(&worker->schedule, &worker->item))
        return 0;
    free(worker->source_name);
    worker->source_name = NULL;
    worker->open_disk_bytes = 0;
    if (source_open(worker->reader, worker->item.split, worker->item.offset, failure) != 0)
        return -1;
    worker->is_open = true;
    return 1;
}

/* Read and decode until the round is full, or there is nothing left to read for now. */
static int collect_round(struct worker *worker, struct failure *failure)
{
    double until = clock_seconds() + INGEST_ROUND_SECONDS;
    uint64_t text_bytes = 0, disk_bytes = 0;
    while (!exchange_is_full(worker->exchange) && text_bytes < INGEST_ROUND_BYTES &&
           clock_seconds() < until) {
        int opened = open_next(worker, failure);
        if (opened < 0)
            return -1;
        if (opened == 0)
            break;
        struct source_block block = {0};
        int got = source_next(worker->reader, &block, failure);
        if (got < 0)
            return -1;
        worker->is_open = got > 0;
        worker->open_disk_bytes += block.disk_bytes;
        worker->done_disk_bytes += block.disk_bytes;
        disk_bytes += block.disk_bytes;
        text_bytes += (uint64_t)(block.end - block.begin);
        if (got > 0 && decode_block(worker, &block, failure) != 0)
            return -1;
        if (exchange_progress(worker->exchange, failure) != 0)
            ranks_abort(worker->in->ranks, failure);
    }
    if (disk_bytes > 0)
        worker->round_disk_bytes = disk_bytes;
    return decode_check(worker->decoder, failure);
}

/* How much work to ask for, given the pace of this rank and what it has left. */
static uint64_t wanted_bytes(const struct worker *worker)
{
    if (schedule_is_out(&worker->schedule))
        return 0;
    uint64_t whole = worker->is_open ? worker->in->list->splits[worker->item.split].disk_bytes : 0;
    uint64_t left = worker->schedule.mine_bytes +
                    (whole > worker->open_disk_bytes ? whole - worker->open_disk_bytes : 0);
    uint64_t enough = LOOK_AHEAD_ROUNDS * worker->round_disk_bytes + 1;
    return enough > left ? enough - left : 0;
}

static void send_round(struct worker *worker, uint64_t *collected_before, struct failure *failure)
{
    const struct ledger *ledger = worker->in->ledger;
    bool no_work = !worker->is_open && worker->schedule.mine_begin == worker->schedule.mine_end;
    struct exchange_word word = {
        .failed = failure->code != 0,
        .idle = no_work && ledger->kept == *collected_before,
        .wanted_bytes = wanted_bytes(worker),
        .done_bytes = worker->done_disk_bytes,
        .done_lines = ledger->lines_read,
    };
    *collected_before = ledger->kept;
    if (exchange_start(worker->exchange, &word, &worker->in->ledger->sent, failure) != 0)
        ranks_abort(worker->in->ranks, failure);
}

static int fold_round(struct worker *worker, struct failure *failure)
{
    for (int part = 0; part < 2; part++) {
        size_t bytes = 0;
        const unsigned char *events = exchange_received(worker->exchange, part, &bytes);
        if (fold_events(worker->in->state, events, bytes, worker->in->ledger, failure) != 0)
            return -1;
    }
    return 0;
}

/*
 * Decide by the words of a finished round, alike on every rank: returns 1 to go on, 0 when all is
 * done, -1 when a rank failed.
 */
static int heed_words(struct worker *worker, struct failure *failure)
{
    const struct exchange_word *words = exchange_words(worker->exchange);
    int ranks = ranks_count(worker->in->ranks);
    uint64_t bytes = 0, lines = 0;
    bool all_idle = true, failed = false;
    for (int i = 0; i < ranks; i++) {
        worker->wanted[i] = words[i].wanted_bytes;
        all_idle = all_idle && words[i].idle != 0;
        failed = failed || words[i].failed != 0;
        bytes += words[i].done_bytes;
        lines += words[i].done_lines;
    }
    if (failed)
        return -1;
    progress_update(worker->in->progress, bytes, lines);
    if (all_idle && schedule_is_out(&worker->schedule))
        return 0;
    /* A failure here is told in the next round, like any other. */
    (void)schedule_assign(&worker->schedule, worker->wanted, ranks, ranks_rank(worker->in->ranks),
                          failure);
    return 1;
}

int ingest_run(const struct ingest *ingest, struct failure *failure)
{
    struct worker worker;
    uint64_t collected_before = ingest->ledger->kept;
    if (create_worker(ingest, &worker, failure) != 0)
        goto vote;

    /* To begin with everybody gets one split. */
    for (int i = 0; i < ranks_count(ingest->ranks); i++)
        worker.wanted[i] = 1;
    (void)schedule_assign(&worker.schedule, worker.wanted, ranks_count(ingest->ranks),
                          ranks_rank(ingest->ranks), failure);
vote:
    if (ranks_vote(ingest->ranks, failure) != 0) {
        clear_worker(&worker);
        return -1;
    }

    int going = 1;
    for (bool on_its_way = false; going > 0; on_its_way = true) {
        if (failure->code == 0)
            (void)collect_round(&worker, failure);
        if (on_its_way) {
            if (exchange_finish(worker.exchange, failure) != 0)
                ranks_abort(ingest->ranks, failure);
            going = heed_words(&worker, failure);
            if (going >= 0 && failure->code == 0)
                (void)fold_round(&worker, failure);
        }
        if (going > 0)
            send_round(&worker, &collected_before, failure);
    }
    clear_worker(&worker);
    return failure->code != 0 ? -1 : going;
}
