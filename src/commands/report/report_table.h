#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Cells in rows → columns of equal width, for people to read. */

#define REPORT_CELL_BYTES 96

struct report_table;

/*
 * Local. A table of ${columns}; the last ${left_columns} of them are aligned to the left, all
 * others to the right, as numbers are. Returns 0, or -1 (EXIT_BUG).
 */
int report_table_create(size_t columns, size_t left_columns, struct report_table **table,
                        struct failure *failure);

/* Local. report_table_free(NULL) does nothing. */
void report_table_free(struct report_table *table);

/* Local. Add a cell behind the last one, row by row. Returns 0, or -1 (EXIT_BUG). */
int report_table_add(struct report_table *table, const char *text, struct failure *failure);

/* Local. Print all full rows; the first is the head. Errors stay in ${out}. */
void report_table_print(const struct report_table *table, FILE *out);

#endif
