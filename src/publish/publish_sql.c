#include "publish_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands for a mark in SQL. Of two that begin alike the longer one comes first. */
enum mark {
    MARK_TABLE_COLUMNS,
    MARK_TABLES,
    MARK_TABLE,
    MARK_COLUMNS,
    MARK_KEY,
    MARK_DEFINITIONS,
    MARK_TEXTS,
    MARKS
};

static const char *const marks[MARKS] = {":table_columns", ":tables",      ":table", ":columns",
                                         ":key",           ":definitions", ":texts"};

static const char *const types[] = {
    [MARTS_ID] = "integer",         [MARTS_COUNT] = "integer",  [MARTS_DATE] = "date",
    [MARTS_LARGE_COUNT] = "bigint", [MARTS_RATE] = "numeric",   [MARTS_MEAN] = "numeric",
    [MARTS_TEXT] = "text",          [MARTS_BOOLEAN] = "boolean"};

static void write_columns(FILE *out, const struct marts_shape *shape, size_t count, bool as_texts)
{
    for (size_t i = 0; i < count; i++) {
        enum marts_kind kind = shape->columns[i].kind;
        bool cast = as_texts && (kind == MARTS_RATE || kind == MARTS_MEAN);
        fprintf(out, "%s%s%s", i > 0 ? ", " : "", shape->columns[i].name, cast ? "::TEXT" : "");
    }
}

static void write_definitions(FILE *out, const struct marts_shape *shape)
{
    for (size_t i = 0; i < shape->column_count; i++)
        fprintf(out, "%s%s %s%s%s", i > 0 ? ", " : "", shape->columns[i].name,
                types[shape->columns[i].kind],
                shape->columns[i].kind == MARTS_TEXT ? " COLLATE \"C\"" : "",
                shape->columns[i].has_offset == MARTS_NEVER_NULL ? " NOT NULL" : "");
}

/* ('NAME', 'r', 'KEY', IS FURTHER), as differences.sql has the tables of a target. */
static void write_table(FILE *out, const struct marts_shape *shape)
{
    fprintf(out, "('%s', 'r', '", shape->name);
    write_columns(out, shape, shape->key_count, false);
    fprintf(out, "', %s)", shape->is_further ? "TRUE" : "FALSE");
}

/* ('NAME', PLACE, 'COLUMN', 'TYPE', NOT NULL), ..., as it has their columns. */
static void write_table_columns(FILE *out, const struct marts_shape *shape)
{
    for (size_t i = 0; i < shape->column_count; i++)
        fprintf(out, "%s('%s', %zu, '%s', '%s', %s)", i > 0 ? ", " : "", shape->name, i + 1,
                shape->columns[i].name, types[shape->columns[i].kind],
                shape->columns[i].has_offset == MARTS_NEVER_NULL ? "TRUE" : "FALSE");
}

static void write_mark(FILE *out, enum mark mark, const struct marts_shape *shape)
{
    switch (mark) {
    case MARK_TABLES:
    case MARK_TABLE_COLUMNS:
        for (size_t i = 0; i < MARTS_TABLES; i++) {
            fputs(i > 0 ? ", " : "", out);
            (mark == MARK_TABLES ? write_table : write_table_columns)(out, &marts_shapes[i]);
        }
        break;
    case MARK_TABLE:
        fputs(shape->name, out);
        break;
    case MARK_KEY:
        write_columns(out, shape, shape->key_count, false);
        break;
    case MARK_DEFINITIONS:
        write_definitions(out, shape);
        break;
    case MARK_COLUMNS:
    case MARK_TEXTS:
    case MARKS:
        write_columns(out, shape, shape->column_count, mark == MARK_TEXTS);
    }
}

static int place_marks(const char *sql, enum marts_table table, char **placed,
                       struct failure *failure)
{
    size_t bytes = 0;
    FILE *out = open_memstream(placed, &bytes);
    if (out == NULL)
        return failure_memory(failure, "an SQL text", strlen(sql));
    while (*sql != '\0') {
        enum mark mark = 0;
        while (mark < MARKS && strncmp(sql, marks[mark], strlen(marks[mark])) != 0)
            mark++;
        if (mark < MARKS)
            write_mark(out, mark, &marts_shapes[table]);
        else
            fputc(*sql, out);
        sql += mark < MARKS ? strlen(marks[mark]) : 1;
    }
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
