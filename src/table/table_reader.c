#include "table_internal.h"

#include "table_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)TABLE_ROWS_PADDING >= (int)DECODE_PADDING, "values go to the decoder as given");

/* Rows are handed out when so many bytes have come; the first is waited for so long. */
#define BATCH_BYTES ((size_t)256 << 10)
#define FIRST_ROW_MS 100

/* The first field of a row is its address, six bytes: block and line. */
#define ADDRESS_BYTES 6

/* A jsonb begins with a byte that tells how the rest is to be read: as text. */
#define JSONB_VERSION 1

int table_reader_create(const struct source_list *splits, const struct table_list *list,
                        const struct table_options *options, struct table_connections *connections,
                        struct table_reader **reader, struct failure *failure)
{
    struct table_reader *made = calloc(1, sizeof *made);
    if (made == NULL)
        return failure_memory(failure, "a reader of tables", sizeof *made);
    made->splits = splits;
    made->list = list;
    made->options = options;
    made->connections = connections;
    made->rows.max_row_bytes = options->max_row_bytes;
    *reader = made;
    return 0;
}

void table_reader_free(struct table_reader *reader)
{
    if (reader == NULL)
        return;
    table_rows_clear(&reader->rows);
    free(reader);
}

/*
 * A range of pages must be scanned as such: by an index, or with helpers, rows would come in
 * another order than that of their addresses. What is read in one piece is left to the planner,
 * and has no limit but that on the silence of the server. Going back lets go of the locks on the
 * split before: with many partitions those of all ranks would not find room in the server.
 */
static int prepare(struct table_reader *reader, struct failure *failure)
{
    static const char pages[] =
        "ROLLBACK TO part;"
        "SET LOCAL enable_tidscan = on; SET LOCAL enable_seqscan = off;"
        "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off;"
        "SET LOCAL enable_bitmapscan = off; SET LOCAL max_parallel_workers_per_gather = 0;"
        "SET LOCAL statement_timeout = '%" PRIu32 "s'";
    static const char whole[] = "ROLLBACK TO part; SET LOCAL statement_timeout = 0";
    char sql[sizeof pages + 20];
    if (reader->relation->by_page)
        snprintf(sql, sizeof sql, pages, reader->options->statement_s);
    else
        snprintf(sql, sizeof sql, "%s", whole);
    return postgres_run(reader->connection, reader->what, sql, failure);
}

static int begin_copy(struct table_reader *reader, struct failure *failure)
{
    const struct table_relation *relation = reader->relation;
    const struct table_origin *origin = &reader->list->origins[relation->origin];
    char range[120] = "";
    char *sql = NULL;
    if (relation->by_page)
        snprintf(range, sizeof range,
                 "ctid >= '(%" PRIu64 ",%" PRIu64 ")'::tid AND ctid < '(%" PRIu64 ",0)'::tid AND ",
                 reader->offset >> 16, reader->offset & 65535, reader->split->end);
    if (asprintf(&sql, "COPY (SELECT %s, %s FROM %s%s WHERE %s%s) TO STDOUT (FORMAT binary)",
                 relation->by_page ? "ctid" : "NULL::tid", origin->shape.select,
                 relation->alone ? "ONLY " : "", relation->name, range, origin->shape.filter) < 0)
        return failure_memory(failure, "a query", TABLE_SELECT_BYTES);
    int status = postgres_copy_out_start(reader->connection, reader->what, sql, failure);
    free(sql);
    return status;
}

/* Ask for the rows of the open split, from reader->offset on. */
static int ask(struct table_reader *reader, struct failure *failure)
{
    const struct table_shape *shape = &reader->list->origins[reader->relation->origin].shape;
    table_rows_restart(&reader->rows, (shape->is_record ? 2U : TABLE_FIELDS + 1U) +
                                          (shape->deleted[0] != '\0' ? 1U : 0U));
    reader->over = reader->rests = false;
    if (table_keeper_lend(reader->connections, reader->connection, failure) != 0 ||
        prepare(reader, failure) != 0)
        return -1;
    return begin_copy(reader, failure);
}

int table_open(struct table_reader *reader, size_t split, uint64_t offset, struct failure *failure)
{
    reader->split = &reader->splits->splits[split];
    reader->relation = &reader->list->relations[reader->split->entry];
    if (offset > 0 && !reader->relation->by_page)
        return failure_set(failure, EXIT_STRANGER,
                           "%s: was left in the midst of it, but its rows have no order that could "
                           "be gone on with. Begin anew with --restart.",
                           reader->relation->name);
    reader->offset = offset > 0 ? offset : reader->split->begin << 16;
    const struct table_origin *origin = &reader->list->origins[reader->relation->origin];
    reader->connection = reader->connections->servers[origin->server];
    snprintf(reader->what, sizeof reader->what, "Reading %s", reader->relation->name);
    reader->number = 0;
    reader->page = reader->split->begin;
    reader->told_bytes = 0;
    return ask(reader, failure);
}

int table_rest(struct table_reader *reader, struct failure *failure)
{
    if (reader->split == NULL || reader->over || reader->rests || !reader->relation->by_page)
        return 0;
    postgres_copy_out_leave(reader->connection, reader->what);
    if (postgres_run(reader->connection, reader->what, "ROLLBACK TO part", failure) != 0)
        return -1;
    reader->rests = true;
    return table_keeper_lend(reader->connections, NULL, failure);
}

uint64_t table_offset(const struct table_reader *reader)
{
    return reader->offset;
}

/* How much of the split lies behind the last row. */
static uint64_t passed_bytes(const struct table_reader *reader, bool all)
{
    if (all)
        return reader->split->disk_bytes;
    if (!reader->relation->by_page || reader->page < reader->split->begin)
        return 0;
    return (reader->page - reader->split->begin) * reader->relation->page_bytes;
}

int table_next(struct table_reader *reader, uint64_t *disk_bytes, struct failure *failure)
{
    uint64_t passed = passed_bytes(reader, reader->over);
    *disk_bytes = passed > reader->told_bytes ? passed - reader->told_bytes : 0;
    reader->told_bytes += *disk_bytes;
    if (reader->over) {
        if (reader->rows.ended && reader->rows.count == postgres_copied(reader->connection))
            return 0;
        return failure_set(failure, EXIT_SOURCE,
                           "%s: %" PRIu64 " rows came, but the server says that it sent %" PRIu64
                           ". Is there something between this program and PostgreSQL?",
                           reader->what, reader->rows.count, postgres_copied(reader->connection));
    }

    if (reader->rests && ask(reader, failure) != 0)
        return -1;
    size_t got_bytes = 0;
    while (got_bytes < BATCH_BYTES) {
        const char *piece = NULL;
        size_t bytes = 0;
        int got = postgres_copy_out_poll(reader->connection, reader->what,
                                         got_bytes > 0 ? 0 : FIRST_ROW_MS, &piece, &bytes, failure);
        if (got < 0)
            return -1;
        reader->over = got == 0;
        if (got != 1)
            break;
        if (table_rows_add(&reader->rows, piece, bytes, failure) != 0)
            return -1;
        got_bytes += bytes;
    }
    if (reader->over)
        return table_keeper_lend(reader->connections, NULL, failure) != 0 ? -1 : 1;
    return 1;
}

static int place_of(struct table_reader *reader, const struct table_value *address, uint64_t *place,
                    struct failure *failure)
{
    if (address->text == NULL) {
        *place = ++reader->number;
        reader->offset = reader->number;
        return 0;
    }
    if (address->bytes != ADDRESS_BYTES)
        return failure_set(failure, EXIT_SOURCE, "%s: the address of a row has %zu bytes.",
                           reader->what, address->bytes);
    uint64_t number = 0;
    for (size_t i = 0; i < ADDRESS_BYTES; i++)
        number = number << 8 | (unsigned char)address->text[i];
    *place = number;
    reader->page = number >> 16;
    reader->offset = number + 1;
    return 0;
}

/* ${address} is that of the row, as far as it is known. */
static int fail_long(struct table_reader *reader, const struct table_value *address,
                     struct failure *failure)
{
    uint64_t place = 0;
    char which[60];
    if (place_of(reader, address, &place, failure) != 0)
        return -1;
    if (address->text == NULL)
        snprintf(which, sizeof which, "row %" PRIu64, place);
    else
        snprintf(which, sizeof which, "the row with ctid '(%" PRIu64 ",%" PRIu64 ")'", place >> 16,
                 place & 65535);
    return failure_set(failure, EXIT_SOURCE,
                       "%s: %s is longer than %" PRIu64
                       " bytes; --max-line-bytes raises the limit.",
                       reader->relation->name, which, reader->rows.max_row_bytes);
}

/* Take the version off a jsonb; what is left is its text. */
static int strip_jsonb(const struct table_reader *reader, struct table_value *value,
                       struct failure *failure)
{
    if (value->text == NULL)
        return 0;
    if (value->bytes == 0 || value->text[0] != JSONB_VERSION)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: a jsonb comes in a form that is not known. Name a view that gives "
                           "the column as text in place of the table.",
                           reader->what);
    value->text++;
    value->bytes--;
    return 0;
}

/* An event_time that is no text: where it is no time for decode, it is as if it were NULL. */
static int take_time(struct table_reader *reader, const struct table_value *value,
                     struct table_row *row, struct failure *failure)
{
    if (value->text == NULL)
        return 0;
    if (value->bytes != TABLE_TIME_BYTES)
        return failure_set(failure, EXIT_SOURCE, "%s: a time has %zu bytes.", reader->what,
                           value->bytes);
    row->time = value->text;
    if (table_time_read(value->text, &reader->time_us))
        row->columns.time_us = &reader->time_us;
    return 0;
}

int table_row(struct table_reader *reader, struct table_row *row, struct failure *failure)
{
    const struct table_shape *shape = &reader->list->origins[reader->relation->origin].shape;
    struct table_value values[TABLE_ROWS_MAX_FIELDS];
    int got = table_rows_next(&reader->rows, values, failure);
    if (got == -2)
        return fail_long(reader, &values[0], failure);
    if (got <= 0)
        return got;
    if (place_of(reader, &values[0], &row->place, failure) != 0)
        return -1;
    struct table_value *fields = &values[1];
    struct table_value *json = shape->is_record ? fields : &fields[TABLE_EVENT_PROPERTIES];
    if (shape->is_binary_json && strip_jsonb(reader, json, failure) != 0)
        return -1;
    row->bytes = 0;
    for (unsigned i = 1; i < reader->rows.field_count; i++)
        row->bytes += values[i].bytes;
    row->is_deleted =
        shape->deleted[0] != '\0' && values[reader->rows.field_count - 1].text != NULL;
    if (shape->is_record) {
        /* A record that is NULL passes the filter of no table. */
        static const char none[DECODE_PADDING];
        row->record = fields->text != NULL ? fields->text : none;
        row->record_bytes = fields->bytes;
        return 1;
    }
    row->record = NULL;
    row->columns = (struct decode_row){
        .event_type = fields[TABLE_EVENT_TYPE].text,
        .event_type_bytes = fields[TABLE_EVENT_TYPE].bytes,
        .user_id = fields[TABLE_USER_ID].text,
        .user_id_bytes = fields[TABLE_USER_ID].bytes,
        .event_properties = fields[TABLE_EVENT_PROPERTIES].text,
        .event_properties_bytes = fields[TABLE_EVENT_PROPERTIES].bytes,
        .uuid = fields[TABLE_UUID].text,
        .uuid_bytes = fields[TABLE_UUID].bytes,
        .insert_id = fields[TABLE_INSERT_ID].text,
        .insert_id_bytes = fields[TABLE_INSERT_ID].bytes,
    };
    row->time = NULL;
    if (shape->is_binary_time)
        return take_time(reader, &fields[TABLE_EVENT_TIME], row, failure) != 0 ? -1 : 1;
    row->columns.event_time = fields[TABLE_EVENT_TIME].text;
    row->columns.event_time_bytes = fields[TABLE_EVENT_TIME].bytes;
    return 1;
}
