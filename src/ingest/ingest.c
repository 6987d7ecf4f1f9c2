#include "ingest_worker.h"

#include "course_funnel/clock.h"
#include "course_funnel/fault.h"
#include "course_funnel/fold.h"
#include "course_funnel/schedule.h"
#include "course_funnel/stop.h"
#include "ingest_late.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)SOURCE_PADDING >= (int)DECODE_PADDING, "blocks go to the decoder as they are");

/* How many rounds of work a rank asks for at once: the answer takes a round to come. */
#define LOOK_AHEAD_ROUNDS 3

/* Who reads tables, and where this rank does, its reader of them. */
static int create_tables(const struct ingest *in, struct ingest_worker *worker,
                         struct failure *failure)
{
    int ranks = ranks_count(in->ranks);
    worker->no_tables = calloc((size_t)ranks, sizeof *worker->no_tables);
    if (worker->no_tables == NULL)
        return failure_memory(failure, "the schedule", (size_t)ranks * sizeof *worker->no_tables);
    for (int i = 0; i < ranks; i++)
        worker->no_tables[i] = !ingest_tables_reads(i, ranks, in->connections);
    worker->schedule.no_tables = worker->no_tables;
    if (in->tables->connections == NULL)
        return 0;
    return table_reader_create(in->list, in->tables->list, in->table_options,
                               in->tables->connections, &worker->tables, failure);
}

static int create_worker(const struct ingest *in, struct ingest_worker *worker,
                         struct failure *failure)
{
    worker->in = in;
    worker->kept_before = in->ledger->kept;
    worker->lines_before = in->ledger->lines_read;
    worker->wanted = calloc((size_t)ranks_count(in->ranks), sizeof *worker->wanted);
    if (worker->wanted == NULL)
        return failure_memory(failure, "the schedule", sizeof *worker->wanted);
    if (schedule_resume(in->list, in->unfinished, in->unfinished_count, in->next, &worker->schedule,
                        failure) != 0 ||
        create_tables(in, worker, failure) != 0 ||
        ingest_memory_create(in, &worker->memory, failure) != 0 ||
        source_reader_create(in->list, in->limits, &worker->reader, failure) != 0 ||
        proof_create(in->list, in->limits, &worker->proof, failure) != 0 ||
        decode_create(&worker->decoder, failure) != 0)
        return -1;
    /* Of what an earlier job has begun it is not known how much is left. */
    worker->fresh_bytes = worker->schedule.left_bytes;
    for (size_t i = 0; i < in->unfinished_count; i++)
        worker->fresh_bytes -= in->list->splits[in->unfinished[i].split].disk_bytes;
    if (in->state != NULL && in->state->marts_only)
        decode_leave_out_entry_points(worker->decoder);
    if (exchange_create(in->ranks, &worker->exchange, failure) != 0)
        return -1;
    exchange_be_patient(worker->exchange, in->patience_s);
    return 0;
}

void ingest_free(struct ingest_worker *worker)
{
    if (worker == NULL)
        return;
    schedule_clear(&worker->schedule);
    source_reader_free(worker->reader);
    proof_free(worker->proof);
    free(worker->remarks);
    table_reader_free(worker->tables);
    free(worker->no_tables);
    decode_free(worker->decoder);
    exchange_free(worker->exchange);
    ingest_memory_clear(&worker->memory);
    free(worker->source_name);
    free(worker->wanted);
    free(worker);
}

/* The next rows of the open split. As source_next; tells how much was read of disk and text. */
static int read_rows(struct ingest_worker *worker, uint64_t *disk_bytes, uint64_t *text_bytes,
                     struct failure *failure)
{
    int got = table_next(worker->tables, disk_bytes, failure);
    if (got <= 0)
        return got;
    for (;;) {
        struct table_row row;
        int more = table_row(worker->tables, &row, failure);
        if (more <= 0) {
            worker->item.offset = table_offset(worker->tables);
            return more < 0 ? -1 : 1;
        }
        *text_bytes += row.bytes;
        if (ingest_take_row(worker, &row, failure) != 0)
            return -1;
    }
}

static bool is_table(const struct ingest_worker *worker)
{
    return worker->in->list->splits[worker->item.split].format == SOURCE_TABLE;
}

/* Returns 1 with a split open, 0 when this rank's queue is empty, or -1. */
static int open_next(struct ingest_worker *worker, struct failure *failure)
{
    if (worker->is_open)
        return 1;
    if (!schedule_take(&worker->schedule, &worker->item))
        return 0;
    free(worker->source_name);
    worker->source_name = NULL;
    worker->open_disk_bytes = 0;
    worker->is_held = false;
    uint32_t file = worker->in->list->splits[worker->item.split].file;
    worker->input = worker->in->numbers != NULL ? worker->in->numbers[file] : file;
    worker->split_of_input = source_split_of_file(worker->in->list, worker->item.split);
    if ((is_table(worker)
             ? table_open(worker->tables, worker->item.split, worker->item.offset, failure)
             : source_open(worker->reader, worker->item.split, worker->item.offset, failure)) != 0)
        return -1;
    worker->is_open = true;
    return 1;
}

/*
 * Whether a round with ${text_bytes} is long enough. While the round before is on its way, this
 * rank would only wait for others, which may be on slower cores: so it reads on, to a limit.
 */
static bool is_long(const struct ingest_worker *worker, uint64_t text_bytes)
{
    uint64_t most_bytes = FAULT_NUMBER("ingest.round_bytes", INGEST_ROUND_BYTES);
    bool would_wait = exchange_is_under_way(worker->exchange);
    return text_bytes >= (would_wait ? INGEST_STRETCH * most_bytes : most_bytes);
}

/* Read and decode until the round is full, or there is nothing left to read for now. */
static int collect_round(struct ingest_worker *worker, struct failure *failure)
{
    double until = clock_seconds() + INGEST_ROUND_SECONDS;
    uint64_t text_bytes = 0, disk_bytes = 0;
    (void)FAULT("ingest.round");
    /* When all tables are read, a match that nobody asked for may still fail by itself. */
    bool is_needed = worker->tables != NULL || worker->in->table_options->sessions_asked;
    if (is_needed && worker->in->tables->connections != NULL &&
        table_check(worker->in->tables->connections, failure) != 0)
        return -1;
    while (!exchange_is_full(worker->exchange) && !is_long(worker, text_bytes) &&
           clock_seconds() < until) {
        int opened = open_next(worker, failure);
        if (opened < 0)
            return -1;
        if (opened == 0)
            break;
        uint64_t got_disk_bytes = 0, got_text_bytes = 0;
        int got = is_table(worker)
                      ? read_rows(worker, &got_disk_bytes, &got_text_bytes, failure)
                      : ingest_read_lines(worker, &got_disk_bytes, &got_text_bytes, failure);
        if (got < 0)
            return -1;
        worker->is_open = got > 0;
        worker->open_disk_bytes += got_disk_bytes;
        worker->done_disk_bytes += got_disk_bytes;
        disk_bytes += got_disk_bytes;
        text_bytes += got_text_bytes;
        if (exchange_progress(worker->exchange, failure) != 0)
            ranks_abort(worker->in->ranks, failure);
    }
    if (disk_bytes > 0)
        worker->round_disk_bytes = disk_bytes;
    return decode_check(worker->decoder, failure);
}

/* How much work to ask for, given the pace of this rank and what it has left. */
static uint64_t wanted_bytes(const struct ingest_worker *worker)
{
    if (schedule_is_out(&worker->schedule))
        return 0;
    uint64_t whole = worker->is_open ? worker->in->list->splits[worker->item.split].disk_bytes : 0;
    uint64_t left = worker->schedule.mine_bytes +
                    (whole > worker->open_disk_bytes ? whole - worker->open_disk_bytes : 0);
    uint64_t enough = LOOK_AHEAD_ROUNDS * worker->round_disk_bytes;
    /* Towards the end ever less, so that no rank has a long queue when the others have none. */
    uint64_t share = worker->schedule.left_bytes / (2 * (uint64_t)ranks_count(worker->in->ranks));
    enough = (enough < share ? enough : share) + 1;
    return enough > left ? enough - left : 0;
}

static void send_round(struct ingest_worker *worker, struct failure *failure)
{
    const struct ledger *ledger = worker->in->ledger;
    bool no_work = !worker->is_open && worker->schedule.mine_begin == worker->schedule.mine_end;
    struct exchange_word word = {
        .failed = failure->code != 0,
        .idle = no_work && ledger->kept == worker->kept_before,
        .stop = stop_is_wanted(),
        .pause = clock_seconds() >= worker->pause_at,
        .wanted_bytes = wanted_bytes(worker),
        .reading = worker->is_open ? worker->item.split + 1 : schedule_peek(&worker->schedule),
        .done_bytes = worker->done_disk_bytes,
        .done_lines = ledger->lines_read - worker->lines_before,
    };
    worker->kept_before = ledger->kept;
    ingest_memory_tell(worker->in, &word);
    if (exchange_start(worker->exchange, &word, &worker->in->ledger->sent, failure) != 0)
        ranks_abort(worker->in->ranks, failure);
}

static int fold_round(struct ingest_worker *worker, struct failure *failure)
{
    for (int part = 0; part < 2; part++) {
        size_t bytes = 0;
        const unsigned char *events = exchange_received(worker->exchange, part, &bytes);
        if ((worker->in->match != NULL
                 ? match_take(worker->in->match, events, bytes, worker->in->ledger, failure)
                 : fold_events(worker->in->state, events, bytes, worker->in->ledger, failure)) != 0)
            return -1;
    }
    return 0;
}

/*
 * End the tables once no rank has any left to read. Each reads its tables first, and what is known
 * of the schedule is what was known when these words were told.
 */
static void end_tables(struct ingest_worker *worker, const struct exchange_word *words,
                       struct failure *failure)
{
    const struct ingest *in = worker->in;
    if (worker->tables == NULL || !schedule_tables_are_out(&worker->schedule))
        return;
    for (int i = 0; i < ranks_count(in->ranks); i++)
        if (words[i].reading > 0 && in->list->splits[words[i].reading - 1].format == SOURCE_TABLE)
            return;
    table_reader_free(worker->tables);
    worker->tables = NULL;
    (void)ingest_tables_end(in->tables, ranks_rank(in->ranks), in->keeps_tables, failure);
}

/*
 * Decide by the words of a finished round, alike on every rank: returns 1 to go on, 0 when all is
 * done, -1 when a rank failed.
 */
static int heed_words(struct ingest_worker *worker, struct failure *failure)
{
    const struct exchange_word *words = exchange_words(worker->exchange);
    int ranks = ranks_count(worker->in->ranks);
    uint64_t bytes = 0, lines = 0;
    bool all_idle = true, failed = false;
    for (int i = 0; i < ranks; i++) {
        worker->wanted[i] = words[i].wanted_bytes;
        all_idle = all_idle && words[i].idle != 0;
        failed = failed || words[i].failed != 0;
        worker->stop = worker->stop || words[i].stop != 0;
        worker->pause = worker->pause || words[i].pause != 0;
        bytes += words[i].done_bytes;
        lines += words[i].done_lines;
    }
    if (failed)
        return -1;
    progress_update(worker->in->progress, bytes, lines);
    worker->has_words = true;
    /* A failure here or below is told in the next round, like any other. */
    end_tables(worker, words, failure);
    if (all_idle && schedule_is_out(&worker->schedule))
        return 0;
    uint64_t left = worker->fresh_bytes > bytes ? worker->fresh_bytes - bytes : 0;
    (void)ingest_memory_judge(worker->in, &worker->memory, words, bytes, left, failure);
    (void)schedule_assign(&worker->schedule, worker->wanted, ranks, ranks_rank(worker->in->ranks),
                          failure);
    return 1;
}

int ingest_start(const struct ingest *ingest, struct ingest_worker **worker,
                 struct failure *failure)
{
    int ranks = ranks_count(ingest->ranks);
    struct ingest_worker *made = calloc(1, sizeof *made);
    if (made == NULL)
        failure_memory(failure, "the reading", sizeof *made);
    else if (create_worker(ingest, made, failure) == 0) {
        /* To begin with everybody gets one split. */
        for (int i = 0; i < ranks; i++)
            made->wanted[i] = 1;
        (void)schedule_assign(&made->schedule, made->wanted, ranks, ranks_rank(ingest->ranks),
                              failure);
    }
    if (ranks_vote(ingest->ranks, failure) != 0) {
        ingest_free(made);
        return -1;
    }
    *worker = made;
    return 0;
}

/* Wait for the round that is on its way and fold it. Returns as heed_words. */
static int end_round(struct ingest_worker *worker, struct failure *failure)
{
    int finished = exchange_finish(worker->exchange, failure);
    if (finished > 0)
        ingest_late(worker);
    if (finished != 0)
        ranks_abort(worker->in->ranks, failure);
    int going = heed_words(worker, failure);
    if (going >= 0 && failure->code == 0)
        (void)fold_round(worker, failure);
    return going;
}

int ingest_run(struct ingest_worker *worker, double pause_at, struct failure *failure)
{
    bool on_its_way = false;
    int going = 1;
    worker->pause_at = pause_at;
    worker->stop = worker->pause = false;
    while (going > 0 && !worker->stop && !worker->pause) {
        if (failure->code == 0)
            (void)collect_round(worker, failure);
        if (on_its_way)
            going = end_round(worker, failure);
        if (going > 0)
            send_round(worker, failure);
        on_its_way = going > 0;
    }
    /* What was collected last is on its way. When it has come, nothing more is. */
    if (on_its_way)
        going = end_round(worker, failure);
    if (failure->code != 0 || going < 0)
        return -1;
    if (going == 0)
        return INGEST_DONE;
    if (worker->tables != NULL && table_rest(worker->tables, failure) != 0)
        return -1;
    return worker->stop ? INGEST_STOPPED : INGEST_PAUSED;
}

int ingest_leave(const struct ingest_worker *worker, struct schedule_item **unfinished,
                 size_t *unfinished_count, struct schedule_next *next, uint64_t *done_bytes,
                 struct failure *failure)
{
    /* All ranks know the same splits that none has begun, so one of them tells. */
    bool all = ranks_rank(worker->in->ranks) == 0;
    *done_bytes = worker->done_disk_bytes;
    return schedule_leave(&worker->schedule, all, worker->is_open ? &worker->item : NULL,
                          unfinished, unfinished_count, next, failure);
}
