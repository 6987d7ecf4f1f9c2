#ifndef INGEST_MEMORY_H
#define INGEST_MEMORY_H

#include "course_funnel/exchange.h"
#include "course_funnel/ingest.h"
#include "forecast.h"

#include <stdbool.h>

/* Whether what is left to read will fit into memory, judged after each round. All is Local. */

struct ingest_memory {
    struct forecast forecast;
    uint64_t *held, *needed; /* by each rank; scratch */
    bool is_warned;
};

/* Returns 0, or -1 (EXIT_BUG). The memory is cleared after a failure too. */
int ingest_memory_create(const struct ingest *in, struct ingest_memory *memory,
                         struct failure *failure);
void ingest_memory_clear(struct ingest_memory *memory);

/* Fill in what this rank tells of its memory. */
void ingest_memory_tell(const struct ingest *in, struct exchange_word *word);

/*
 * Judge by what all ranks told in a round, when ${read_bytes} are read and ${left_bytes} are left:
 * warn on rank 0 when it is likely that memory will not suffice there, once, and fail when it is
 * sure. Returns 0, or -1 (EXIT_BUG).
 */
int ingest_memory_judge(const struct ingest *in, struct ingest_memory *memory,
                        const struct exchange_word *words, uint64_t read_bytes, uint64_t left_bytes,
                        struct failure *failure);

#endif
