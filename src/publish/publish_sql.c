#include "publish_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_columns(FILE *out, enum marts_table table, size_t count)
{
    char text[MARTS_COLUMNS_BYTES];
    marts_columns(table, count, text);
    fputs(text, out);
}

static bool is_numeric(enum marts_kind kind)
{
    return kind == MARTS_RATE || kind == MARTS_MEAN;
}

static void write_name(FILE *out, enum marts_table table)
{
    fputs(marts_shapes[table].name, out);
}

static void write_all_columns(FILE *out, enum marts_table table)
{
    write_columns(out, table, marts_shapes[table].column_count);
}

static void write_key(FILE *out, enum marts_table table)
{
    write_columns(out, table, marts_shapes[table].key_count);
}

static void write_texts(FILE *out, enum marts_table table)
{
    for (size_t i = 0; i < marts_shapes[table].column_count; i++) {
        const struct marts_column *column = &marts_shapes[table].columns[i];
        fprintf(out, "%s%s%s", i > 0 ? "," : "", column->name,
                is_numeric(column->kind) ? "::TEXT" : "");
    }
}

/* ('NAME', 'r', 'KEY'), ...: the tables of a target, as differences.sql has them. */
static void write_tables(FILE *out, enum marts_table none)
{
    (void)none;
    for (enum marts_table table = 0; table < MARTS_TABLES; table++) {
        const struct marts_shape *shape = &marts_shapes[table];
        fprintf(out, "%s('%s', 'r', '", table > 0 ? ", " : "", shape->name);
        for (size_t i = 0; i < shape->key_count; i++)
            fprintf(out, "%s%s", i > 0 ? ", " : "", shape->columns[i].name);
        fputs("')", out);
    }
}

/* ('NAME', PLACE, 'COLUMN', 'TYPE', NOT NULL), ... */
static void write_table_columns(FILE *out, enum marts_table none)
{
    static const char *const types[] = {
        [MARTS_ID] = "integer",         [MARTS_COUNT] = "integer", [MARTS_DATE] = "date",
        [MARTS_LARGE_COUNT] = "bigint", [MARTS_RATE] = "numeric",  [MARTS_MEAN] = "numeric"};
    (void)none;
    for (enum marts_table table = 0; table < MARTS_TABLES; table++)
        for (size_t i = 0; i < marts_shapes[table].column_count; i++) {
            const struct marts_column *column = &marts_shapes[table].columns[i];
            fprintf(out, "%s('%s', %zu, '%s', '%s', %s)", table + i > 0 ? ", " : "",
                    marts_shapes[table].name, i + 1, column->name, types[column->kind],
                    column->has_offset == MARTS_NEVER_NULL ? "TRUE" : "FALSE");
        }
}

/* Of two that begin alike the longer one stands first. */
static const struct {
    const char *mark;
    void (*write)(FILE *out, enum marts_table table);
} marks[] = {
    {":table_columns", write_table_columns}, {":tables", write_tables}, {":table", write_name},
    {":columns", write_all_columns},         {":key", write_key},       {":texts", write_texts}};

#define MARK_COUNT (sizeof marks / sizeof marks[0])

static size_t place_mark(FILE *out, const char *sql, enum marts_table table)
{
    for (size_t i = 0; i < MARK_COUNT; i++)
        if (strncmp(sql, marks[i].mark, strlen(marks[i].mark)) == 0) {
            marks[i].write(out, table);
            return strlen(marks[i].mark);
        }
    fputc(*sql, out);
    return 1;
}

static int place_marks(const char *sql, enum marts_table table, char **placed,
                       struct failure *failure)
{
    size_t bytes = 0;
    FILE *out = open_memstream(placed, &bytes);
    if (out == NULL)
        return failure_memory(failure, "an SQL text", strlen(sql));
    while (*sql != '\0')
        sql += place_mark(out, sql, table);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(*placed);
        *placed = NULL;
        return failure_memory(failure, "an SQL text", bytes);
    }
    return 0;
}

int publish_sql_place(struct postgres *connection, const char *sql, const char *schema,
                      enum marts_table table, char **placed, struct failure *failure)
{
    char *text = NULL;
    *placed = NULL;
    if (place_marks(sql, table, &text, failure) != 0)
        return -1;
    int status = postgres_place_schema(connection, text, schema, placed, failure);
    free(text);
    return status;
}

int publish_sql_differences(char **placed, struct failure *failure)
{
    *placed = NULL;
    return place_marks(sql_differences, 0, placed, failure);
}
