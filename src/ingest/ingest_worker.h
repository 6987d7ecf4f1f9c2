#ifndef INGEST_WORKER_H
#define INGEST_WORKER_H

#include "course_funnel/ingest.h"

#include "course_funnel/decode.h"
#include "course_funnel/exchange.h"
#include "course_funnel/proof.h"
#include "ingest_memory.h"

/* What the files of the reading share. All functions are Local. */

/* What a rank reads with: its own stages, and the split that is open. */
struct ingest_worker {
    const struct ingest *in;
    struct schedule schedule;
    struct source_reader *reader;
    struct table_reader *tables; /* NULL where this rank reads none, or all are read */
    bool *no_tables;             /* by rank; see schedule.h */
    struct decoder *decoder;
    struct exchange *exchange;
    struct proof *proof;
    bool is_open;
    bool is_held; /* its next block is read, and waits for the verdict on its file */
    struct source_block held;
    int held_got;                   /* as source_next told of it */
    struct schedule_item item;      /* the open split; its offset is where the next block begins */
    uint32_t input, split_of_input; /* where its rejects belong */
    char *source_name;              /* of the open split, made when it is first needed */
    uint64_t open_disk_bytes;       /* read of the open split */
    uint64_t done_disk_bytes;       /* read of all splits */
    uint64_t fresh_bytes;           /* on disk, of the splits that nobody had begun when this did */
    uint64_t round_disk_bytes;      /* read in the last round with work */
    uint64_t kept_before;           /* in the ledger when the last round was sent off */
    uint64_t lines_before;          /* in the ledger when the reading began */
    double pause_at;
    bool has_words;   /* a round has ended */
    bool pause, stop; /* a rank wants it */
    uint64_t *wanted; /* by each rank; scratch */
    struct ingest_memory memory;
    struct ingest_remark *remarks; /* that were not told yet */
    size_t remark_count;
};

/* ingest_records.c: decode and book the lines of a block of the open split. Returns 0, or -1. */
int ingest_decode_block(struct ingest_worker *worker, const struct source_block *block,
                        struct failure *failure);

/* ingest_records.c: make source_name where it is not made yet. Returns 0, or -1. */
int ingest_name_split(struct ingest_worker *worker, struct failure *failure);

/* ingest_records.c: decode and book a row of the open split. Returns 0, or -1. */
int ingest_take_row(struct ingest_worker *worker, const struct table_row *row,
                    struct failure *failure);

/*
 * ingest_lines.c: the next lines of the open split. As source_next; tells how much was read of disk
 * and text, which while its file is still to be proved is 0 of the former.
 */
int ingest_read_lines(struct ingest_worker *worker, uint64_t *disk_bytes, uint64_t *text_bytes,
                      struct failure *failure);

#endif
