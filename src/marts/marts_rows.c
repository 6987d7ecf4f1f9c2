#include "course_funnel/marts_rows.h"

#include <stdlib.h>
#include <string.h>

struct marts_rows {
    struct marts *marts;
    size_t capacities[MARTS_TABLES];
    size_t text_bytes, text_capacity;     /* of entry_texts */
    struct digest *digests[MARTS_TABLES]; /* NULL where a table is in none */
};

int marts_rows_create(struct marts_rows **rows, struct failure *failure)
{
    struct marts_rows *made = calloc(1, sizeof *made);
    *rows = NULL;
    if (made == NULL)
        return failure_memory(failure, "the marts", sizeof *made);
    made->marts = calloc(1, sizeof *made->marts);
    int status =
        made->marts != NULL ? 0 : failure_memory(failure, "the marts", sizeof *made->marts);
    for (enum marts_table table = 0; table < MARTS_TABLES && status == 0; table++)
        if (marts_shapes[table].digest_offset != 0)
            status = marts_begin_digest(table, &made->digests[table], failure);
    if (status != 0) {
        marts_rows_free(made);
        return -1;
    }
    *rows = made;
    return 0;
}

void marts_rows_free(struct marts_rows *rows)
{
    if (rows == NULL)
        return;
    marts_free(rows->marts);
    for (enum marts_table table = 0; table < MARTS_TABLES; table++)
        digest_free(rows->digests[table]);
    free(rows);
}

/* Keep the text of an entry point behind those before it; rows point there when all are read. */
static int keep_text(struct marts_rows *rows, const char *text, struct failure *failure)
{
    size_t bytes = strlen(text) + 1;
    if (rows->text_bytes + bytes > rows->text_capacity) {
        size_t wanted = 2 * (rows->text_bytes + bytes);
        char *grown = realloc(rows->marts->entry_texts, wanted);
        if (grown == NULL)
            return failure_memory(failure, "the marts", wanted);
        rows->text_capacity = wanted;
        rows->marts->entry_texts = grown;
    }
    memcpy(rows->marts->entry_texts + rows->text_bytes, text, bytes);
    rows->text_bytes += bytes;
    return 0;
}

/* The words of a change in place of the line's, which is gone soon; false where it is another. */
static bool keep_words(struct change_row *row)
{
    static const char *const cells[] = {"cohort", "lesson"};
    static const char *const changes[] = {"added", "removed", "changed"};
    const char *cell = NULL, *change = NULL;
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++)
        if (strcmp(row->cell, cells[i]) == 0)
            cell = cells[i];
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        if (strcmp(row->change, changes[i]) == 0)
            change = changes[i];
    row->cell = cell;
    row->change = change;
    return cell != NULL && change != NULL;
}

int marts_rows_add(struct marts_rows *rows, enum marts_table table, const char *line, size_t bytes,
                   struct failure *failure)
{
    const struct marts_shape *shape = &marts_shapes[table];
    char *marts = (char *)rows->marts;
    size_t count = marts_count(rows->marts, table);
    char *items;
    char buffer[MARTS_ROW_BYTES];
    union marts_row row;
    if (rows->digests[table] != NULL)
        digest_add(rows->digests[table], line, bytes);
    if (bytes > 0 && line[bytes - 1] == '\n')
        bytes--;
    if (!marts_parse(table, line, bytes, buffer, &row))
        return 0;
    if (table == MARTS_CHANGES && !keep_words(&row.change))
        return 0;
    if (table == MARTS_ENTRY_POINTS && keep_text(rows, row.entry.entry_point, failure) != 0)
        return -1;
    memcpy(&items, marts + shape->rows_offset, sizeof items);
    if (count == rows->capacities[table]) {
        size_t wanted = count == 0 ? 256 : count * 2;
        char *grown = realloc(items, wanted * shape->row_bytes);
        if (grown == NULL)
            return failure_memory(failure, "the marts", wanted * shape->row_bytes);
        rows->capacities[table] = wanted;
        items = grown;
        memcpy(marts + shape->rows_offset, &items, sizeof items);
    }
    memcpy(items + count * shape->row_bytes, &row, shape->row_bytes);
    count++;
    memcpy(marts + shape->count_offset, &count, sizeof count);
    return 1;
}

struct marts *marts_rows_finish(struct marts_rows *rows)
{
    struct marts *marts = rows->marts;
    for (enum marts_table table = 0; table < MARTS_TABLES; table++)
        if (rows->digests[table] != NULL)
            digest_text(rows->digests[table], (char *)marts + marts_shapes[table].digest_offset);
    const char *text = marts->entry_texts;
    for (size_t i = 0; i < marts->entry_count; i++, text += strlen(text) + 1)
        marts->entries[i].entry_point = text;
    rows->marts = NULL;
    marts_rows_free(rows);
    return marts;
}
