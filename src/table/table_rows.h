#ifndef TABLE_ROWS_H
#define TABLE_ROWS_H

#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The binary format of COPY, read as a stream: pieces that may end anywhere go in, rows come out.
 * Pure.
 */

/* Bytes that may be read behind every value, whatever they are. */
#define TABLE_ROWS_PADDING 128

#define TABLE_ROWS_MAX_FIELDS 8

struct table_value {
    const char *text; /* NULL for SQL NULL */
    size_t bytes;
};

/* All zero but for the first two is an empty stream. */
struct table_rows {
    unsigned field_count;   /* of each row, at most TABLE_ROWS_MAX_FIELDS */
    uint64_t max_row_bytes; /* a longer row is not read */
    unsigned char *bytes;
    size_t begin, end, capacity;
    bool begun; /* the header was read */
    bool ended; /* so was the trailer */
    uint64_t count;
};

/* Local. Frees what it holds. */
void table_rows_clear(struct table_rows *rows);

/* Local. Begin anew with rows of ${field_count} fields, and keep the memory. */
void table_rows_restart(struct table_rows *rows, unsigned field_count);

/*
 * Local. Add a piece of the stream; values given before end with this call. Returns 0, or -1
 * (EXIT_BUG: no memory).
 */
int table_rows_add(struct table_rows *rows, const char *piece, size_t bytes,
                   struct failure *failure);

/*
 * Local. The next row: 1 and its values, borrowed; 0 when the stream goes on with the next piece or
 * has ended; -1 (EXIT_SOURCE): not the format of COPY, a row of another number of fields, or bytes
 * behind the trailer; or -2, and no failure, for a row that is longer than allowed, with the values
 * before the one that is too much: who knows the table can say which row it is.
 */
int table_rows_next(struct table_rows *rows, struct table_value values[TABLE_ROWS_MAX_FIELDS],
                    struct failure *failure);

#endif
