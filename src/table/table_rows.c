#include "table_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE_BYTES 11
#define FIRST_CAPACITY ((size_t)512 << 10)

/* Flag bits from 16 up tell of things that a reader must know; none of them is known here. */
#define CRITICAL_FLAGS UINT32_C(0xffff0000)

static const char signature[SIGNATURE_BYTES] = "PGCOPY\n\377\r\n";

void table_rows_clear(struct table_rows *rows)
{
    free(rows->bytes);
    memset(rows, 0, sizeof *rows);
}

void table_rows_restart(struct table_rows *rows, unsigned field_count)
{
    rows->field_count = field_count;
    rows->begin = rows->end = 0;
    rows->begun = rows->ended = false;
    rows->count = 0;
}

static int make_room(struct table_rows *rows, size_t bytes, struct failure *failure)
{
    if (rows->begin > 0) {
        memmove(rows->bytes, rows->bytes + rows->begin, rows->end - rows->begin);
        rows->end -= rows->begin;
        rows->begin = 0;
    }
    size_t needed = rows->end + bytes + TABLE_ROWS_PADDING;
    if (needed <= rows->capacity)
        return 0;
    size_t capacity = rows->capacity > 0 ? 2 * rows->capacity : FIRST_CAPACITY;
    if (capacity < needed)
        capacity = needed;
    unsigned char *grown = realloc(rows->bytes, capacity);
    if (grown == NULL)
        return failure_memory(failure, "rows of a table", capacity);
    /* What is read behind the values is theirs, of rows before, or this. */
    memset(grown + rows->end, 0, capacity - rows->end);
    rows->bytes = grown;
    rows->capacity = capacity;
    return 0;
}

int table_rows_add(struct table_rows *rows, const char *piece, size_t bytes,
                   struct failure *failure)
{
    if (make_room(rows, bytes, failure) != 0)
        return -1;
    if (bytes > 0)
        memcpy(rows->bytes + rows->end, piece, bytes);
    rows->end += bytes;
    return 0;
}

static uint32_t big_endian_32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int fail_format(const struct table_rows *rows, const char *what, struct failure *failure)
{
    return failure_set(failure, EXIT_SOURCE,
                       "The server's answer is not the binary format of COPY after %" PRIu64
                       " rows: %s. Is there something between this program and PostgreSQL?",
                       rows->count, what);
}

/* Returns 1 when the header was read, 0 when there is more to come, or -1. */
static int read_header(struct table_rows *rows, struct failure *failure)
{
    const unsigned char *at = rows->bytes + rows->begin;
    size_t left = rows->end - rows->begin;
    if (left < SIGNATURE_BYTES + 8)
        return 0;
    if (memcmp(at, signature, SIGNATURE_BYTES) != 0)
        return fail_format(rows, "it begins otherwise", failure);
    if ((big_endian_32(at + SIGNATURE_BYTES) & CRITICAL_FLAGS) != 0)
        return fail_format(rows, "it has flags that are not known", failure);
    uint32_t extension = big_endian_32(at + SIGNATURE_BYTES + 4);
    if (extension > rows->max_row_bytes)
        return fail_format(rows, "its header is too long", failure);
    if (left < SIGNATURE_BYTES + 8 + (size_t)extension)
        return 0;
    rows->begin += SIGNATURE_BYTES + 8 + (size_t)extension;
    rows->begun = true;
    return 1;
}

int table_rows_next(struct table_rows *rows, struct table_value values[TABLE_ROWS_MAX_FIELDS],
                    struct failure *failure)
{
    if (!rows->begun) {
        int answer = read_header(rows, failure);
        if (answer <= 0)
            return answer;
    }
    const unsigned char *at = rows->bytes + rows->begin;
    const unsigned char *end = rows->bytes + rows->end;
    if (rows->ended)
        return at == end ? 0 : fail_format(rows, "it goes on behind its end", failure);
    if (end - at < 2)
        return 0;
    unsigned fields = (unsigned)at[0] << 8 | at[1];
    at += 2;
    if (fields == 0xffff) {
        rows->begin += 2;
        rows->ended = true;
        return at == end ? 0 : fail_format(rows, "it goes on behind its end", failure);
    }
    if (fields != rows->field_count)
        return fail_format(rows, "a row has another number of fields", failure);

    uint64_t row_bytes = 0;
    memset(values, 0, TABLE_ROWS_MAX_FIELDS * sizeof *values);
    for (unsigned i = 0; i < fields; i++) {
        if (end - at < 4)
            return 0;
        uint32_t bytes = big_endian_32(at);
        at += 4;
        if (bytes == UINT32_MAX)
            continue;
        if (bytes > INT32_MAX)
            return fail_format(rows, "a field has a negative length", failure);
        row_bytes += bytes;
        if (row_bytes > rows->max_row_bytes)
            return -2;
        if ((size_t)(end - at) < bytes)
            return 0;
        values[i] = (struct table_value){(const char *)at, bytes};
        at += bytes;
    }
    rows->begin = (size_t)(at - rows->bytes);
    rows->count++;
    return 1;
}
