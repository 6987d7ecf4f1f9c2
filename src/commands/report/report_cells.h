#ifndef REPORT_CELLS_H
#define REPORT_CELLS_H

#include "report_table.h"

#include <stdint.h>

/* Values → cells of a table, as people read them. */

/* Cells of one table; the first failure stops it. */
struct report_cells {
    struct report_table *table;
    struct failure *failure;
};

/* Local. A count as 1,234,567; a share of a whole as 12.3 %, "-" where there is none. */
void report_format_count(int64_t count, char text[32]);
void report_format_share(int64_t part, int64_t whole, char text[32]);

/* Local. Add a cell each; an id is a name without commas, a time has hours, minutes and seconds. */
void report_cells_text(struct report_cells *cells, const char *text);
void report_cells_head(struct report_cells *cells, const char *const *head, size_t columns);
void report_cells_count(struct report_cells *cells, int64_t count);
void report_cells_id(struct report_cells *cells, int32_t id);
void report_cells_date(struct report_cells *cells, int32_t days);
void report_cells_share(struct report_cells *cells, bool has, int64_t part, int64_t whole);
void report_cells_time(struct report_cells *cells, bool has, int64_t time_e3);

/* Local. Print the table and free it. Returns 0, or -1 where an earlier step failed. */
int report_cells_print(struct report_cells *cells, FILE *out);

#endif
