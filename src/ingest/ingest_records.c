#include "ingest_worker.h"

#include <stdlib.h>

/* A record in hand: an object of a line of a file, or all of the line, or the row of a table. */
struct record {
    const char *text;
    size_t bytes;
    uint64_t offset;             /* of its text in its file */
    const struct table_row *row; /* NULL: of a file */
    bool is_object;              /* one of several on its line */
};

/* The name of the open split, made when it is first needed. */
int ingest_name_split(struct ingest_worker *worker, struct failure *failure)
{
    return worker->source_name != NULL
               ? 0
               : source_name(worker->in->list, worker->item.split, &worker->source_name, failure);
}

static int keep_reject(struct ingest_worker *worker, const struct record *record,
                       enum reject_reason reason, struct failure *failure)
{
    struct ledger *ledger = worker->in->ledger;
    bool weighs_one = record->row != NULL || record->is_object;
    ledger->rejected[reason]++;
    ledger->rejected_weight += weighs_one ? 1 : decode_weight(record->text, record->bytes);
    if (record->row == NULL)
        return ingest_name_split(worker, failure) != 0
                   ? -1
                   : rejects_add(worker->in->rejects, worker->input, worker->split_of_input,
                                 worker->source_name, record->offset, reason, record->text,
                                 record->bytes, failure);
    const char *source = NULL;
    char *text = NULL;
    size_t bytes = 0;
    if (table_reject(worker->tables, record->row, &source, &text, &bytes, failure) != 0)
        return -1;
    int status =
        record->is_object
            ? rejects_add(worker->in->rejects, worker->input, worker->split_of_input, source,
                          record->row->place, reason, record->text, record->bytes, failure)
            : rejects_add(worker->in->rejects, worker->input, worker->split_of_input, source,
                          record->row->place, reason, text, bytes, failure);
    free(text);
    return status;
}

/* Book what was decoded of a record that is one. */
static int take_result(struct ingest_worker *worker, const struct record *record,
                       enum decode_result result, const struct event *event,
                       enum reject_reason reason, struct failure *failure)
{
    struct ledger *ledger = worker->in->ledger;
    ledger->records_read++;
    if (result == DECODE_REJECT)
        return keep_reject(worker, record, reason, failure);
    if (result == DECODE_OTHER) {
        ledger->other++;
        return 0;
    }
    ledger->kept++;
    return exchange_add(worker->exchange, event, failure);
}

/* Decode a line of a file or of a table: it is a record, or holds several. */
static int take_line(struct ingest_worker *worker, const struct record *line,
                     struct failure *failure)
{
    struct event event;
    enum reject_reason reason = REJECT_NOT_JSON;
    enum decode_result result =
        decode_line(worker->decoder, line->text, line->bytes, &event, &reason);
    if (result != DECODE_SEVERAL)
        return take_result(worker, line, result, &event, reason, failure);

    const char *end = line->text + line->bytes;
    struct record record = *line;
    record.is_object = true;
    record.text = decode_next(line->text, end, &record.bytes);
    while (record.text != NULL) {
        record.offset = line->offset + (uint64_t)(record.text - line->text);
        result = decode_line(worker->decoder, record.text, record.bytes, &event, &reason);
        if (take_result(worker, &record, result, &event, reason, failure) != 0)
            return -1;
        record.text = decode_next(record.text + record.bytes, end, &record.bytes);
    }
    return 0;
}

int ingest_decode_block(struct ingest_worker *worker, const struct source_block *block,
                        struct failure *failure)
{
    struct ledger *ledger = worker->in->ledger;
    const char *at = block->begin;
    uint64_t lines = 0, candidates = 0;
    while (at < block->end) {
        struct record line = {0};
        line.text = decode_find(at, block->end, &line.bytes, &lines);
        if (line.text == NULL)
            break;
        at = line.text + line.bytes + 1;
        line.offset = block->offset + (uint64_t)(line.text - block->begin);
        candidates++;
        if (take_line(worker, &line, failure) != 0)
            return -1;
    }
    ledger->lines_read += lines;
    ledger->records_read += lines - candidates;
    ledger->other += lines - candidates;
    ledger->bytes_read += (uint64_t)(block->end - block->begin);
    return 0;
}

/* A profile id travels as an event that has nothing but its user. */
static int take_profile(struct ingest_worker *worker, const struct table_row *row,
                        struct failure *failure)
{
    struct ledger *ledger = worker->in->ledger;
    struct event event = {.user = row->record, .user_bytes = (uint32_t)row->record_bytes};
    ledger->lines_read++;
    ledger->records_read++;
    ledger->bytes_read += row->bytes;
    if (row->record_bytes == 0) {
        ledger->other++;
        return 0;
    }
    ledger->kept++;
    return exchange_add(worker->exchange, &event, failure);
}

int ingest_take_row(struct ingest_worker *worker, const struct table_row *row,
                    struct failure *failure)
{
    if (worker->in->match != NULL)
        return take_profile(worker, row, failure);
    struct record record = {.text = row->record, .bytes = row->record_bytes, .row = row};
    worker->in->ledger->lines_read++;
    worker->in->ledger->bytes_read += row->bytes;
    worker->in->ledger->rows_deleted += row->is_deleted ? 1 : 0;
    if (row->record != NULL)
        return take_line(worker, &record, failure);
    struct event event;
    enum reject_reason reason = REJECT_NOT_JSON;
    enum decode_result result = decode_row(worker->decoder, &row->columns, &event, &reason);
    return take_result(worker, &record, result, &event, reason, failure);
}
