#include "ingest_worker.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int add_remark(struct ingest_worker *worker, bool left_out, struct failure *failure)
{
    struct ingest_remark *grown =
        reallocarray(worker->remarks, worker->remark_count + 1, sizeof *grown);
    if (grown == NULL)
        return failure_memory(failure, "the names of files",
                              (worker->remark_count + 1) * sizeof *grown);
    worker->remarks = grown;
    grown[worker->remark_count++] =
        (struct ingest_remark){.split = worker->item.split, .left_out = left_out};
    return 0;
}

static int fail_foreign(struct ingest_worker *worker, struct failure *failure)
{
    if (ingest_name_split(worker, failure) != 0)
        return -1;
    return failure_set(failure, EXIT_SOURCE,
                       "%s: is no export of events: no line is a JSON object with a text "
                       "\"event_type\" at its top level. It looks like %s. If it is no input, take "
                       "it away, or let --leave-out-foreign leave such files out.",
                       worker->source_name, proof_guess(worker->proof));
}

/* The split is done, or is not to be read: count its file with the first of its splits. */
static int end_split(struct ingest_worker *worker, enum proof_verdict verdict,
                     struct failure *failure)
{
    struct ledger *ledger = worker->in->ledger;
    size_t split = worker->item.split;
    bool left_out = verdict == PROOF_FOREIGN;
    worker->is_held = false;
    if (left_out && !worker->in->limits->leave_out_foreign)
        return fail_foreign(worker, failure);
    if ((!left_out && verdict != PROOF_EMPTY) ||
        source_first_split(worker->in->list, split) != split)
        return 0;
    if (left_out)
        ledger->files_left_out++;
    else
        ledger->files_empty++;
    return add_remark(worker, left_out, failure);
}

/* A last line without a line end must be whole. */
static int check_last_line(const struct ingest_worker *worker, const struct source_block *block,
                           struct failure *failure)
{
    if (block->end == block->begin || block->end[-1] == '\n')
        return 0;
    const char *before = memrchr(block->begin, '\n', (size_t)(block->end - block->begin));
    const char *line = before != NULL ? before + 1 : block->begin;
    if (proof_is_blank(line, block->end) || decode_is_whole(line, (size_t)(block->end - line)))
        return 0;
    return source_fail_cut(worker->reader, block->offset + (uint64_t)(line - block->begin),
                           failure);
}

/* What of the split on disk is not counted as read yet. */
static uint64_t left_of_split(const struct ingest_worker *worker, uint64_t disk_bytes)
{
    uint64_t whole = worker->in->list->splits[worker->item.split].disk_bytes;
    uint64_t read = worker->open_disk_bytes + disk_bytes;
    return whole > read ? whole - read : 0;
}

/* Take the next block of the split in hand, where none is held. */
static int hold_block(struct ingest_worker *worker, uint64_t *disk_bytes, struct failure *failure)
{
    if (worker->is_held)
        return 0;
    worker->held_got = source_next(worker->reader, &worker->held, failure);
    if (worker->held_got < 0)
        return -1;
    worker->is_held = true;
    *disk_bytes = worker->held.disk_bytes;
    return 0;
}

int ingest_read_lines(struct ingest_worker *worker, uint64_t *disk_bytes, uint64_t *text_bytes,
                      struct failure *failure)
{
    const struct source_block *block = &worker->held;
    size_t split = worker->item.split;
    *text_bytes = 0;
    if (hold_block(worker, disk_bytes, failure) != 0)
        return -1;
    bool is_empty = block->begin == block->end;
    if (is_empty && worker->held_got > 0) {
        worker->is_held = false;
        return 1;
    }
    enum proof_verdict verdict = proof_glance(worker->proof, split, is_empty ? NULL : block);
    /* Of a split without a line only the first counts for its file. */
    if (verdict == PROOF_UNKNOWN &&
        (!is_empty || source_first_split(worker->in->list, split) == split))
        return proof_look(worker->proof, split, text_bytes, failure) < 0 ? -1 : 1;
    if (worker->held_got == 0 || verdict == PROOF_FOREIGN) {
        *disk_bytes += verdict == PROOF_FOREIGN ? left_of_split(worker, *disk_bytes) : 0;
        return end_split(worker, verdict, failure);
    }
    worker->is_held = false;
    *text_bytes = (uint64_t)(block->end - block->begin);
    if (source_check_block(worker->reader, block, failure) != 0 ||
        check_last_line(worker, block, failure) != 0 ||
        ingest_decode_block(worker, block, failure) != 0)
        return -1;
    worker->item.offset = block->offset + *text_bytes;
    return 1;
}

int ingest_remarks(struct ingest_worker *worker, struct ingest_remark **remarks, size_t *count,
                   struct failure *failure)
{
    unsigned char *all = NULL;
    size_t bytes = 0;
    int result =
        ranks_gather(worker->in->ranks, worker->remarks,
                     worker->remark_count * sizeof *worker->remarks, &all, &bytes, failure);
    worker->remark_count = 0;
    *remarks = (struct ingest_remark *)(void *)all;
    *count = bytes / sizeof **remarks;
    return result;
}
