#include "report_table.h"

#include <stdlib.h>

#define COLUMNS 10
#define SCREEN 80

struct report_table {
    size_t columns;
    size_t left_columns;
    size_t count;
    size_t capacity;
    char (*cells)[REPORT_CELL_BYTES];
};

int report_table_create(size_t columns, size_t left_columns, struct report_table **table,
                        struct failure *failure)
{
    *table = NULL;
    if (columns == 0 || columns > COLUMNS || left_columns > columns)
        return failure_set(failure, EXIT_BUG, "A table of %zu columns cannot be printed.", columns);
    *table = calloc(1, sizeof **table);
    if (*table == NULL)
        return failure_memory(failure, "a table", sizeof **table);
    (*table)->columns = columns;
    (*table)->left_columns = left_columns;
    return 0;
}

void report_table_free(struct report_table *table)
{
    if (table == NULL)
        return;
    free(table->cells);
    free(table);
}

int report_table_add(struct report_table *table, const char *text, struct failure *failure)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity == 0 ? 128 : table->capacity * 2;
        void *grown = realloc(table->cells, capacity * sizeof *table->cells);
        if (grown == NULL)
            return failure_memory(failure, "a table", capacity * sizeof *table->cells);
        table->cells = grown;
        table->capacity = capacity;
    }
    snprintf(table->cells[table->count++], REPORT_CELL_BYTES, "%s", text);
    return 0;
}

/* Characters, not bytes: those of UTF-8 that go on begin with the bits 10. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

void report_table_print(const struct report_table *table, FILE *out)
{
    size_t widths[COLUMNS] = {0};
    size_t rows = table->count / table->columns;
    for (size_t i = 0; i < rows * table->columns; i++) {
        size_t width = width_of(table->cells[i]);
        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
    /* Columns move together where large numbers would make lines longer than a screen is wide. */
    size_t all = 2 * (table->columns - 1);
    for (size_t column = 0; column < table->columns; column++)
        all += widths[column];
    size_t between = all > SCREEN ? 1 : 2;
    for (size_t row = 0; row < rows; row++) {
        /* Blanks wait until something follows them, so that no line ends in blanks. */
        size_t blanks = 0;
        for (size_t column = 0; column < table->columns; column++) {
            const char *cell = table->cells[row * table->columns + column];
            size_t gap = widths[column] - width_of(cell);
            bool left = column >= table->columns - table->left_columns;
            blanks += (column > 0 ? between : 0) + (left ? 0 : gap);
            if (cell[0] != '\0') {
                fprintf(out, "%*s%s", (int)blanks, "", cell);
                blanks = 0;
            }
            blanks += left ? gap : 0;
        }
        fputc('\n', out);
    }
}
