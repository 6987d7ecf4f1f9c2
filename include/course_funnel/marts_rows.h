#ifndef COURSE_FUNNEL_MARTS_ROWS_H
#define COURSE_FUNNEL_MARTS_ROWS_H

/* Lines of the marts' CSV text → rows, one after the other. */

#include "course_funnel/marts_table.h"

struct marts_rows; /* the marts while they are read */

/* Local. Returns 0, or -1 (EXIT_BUG). */
int marts_rows_create(struct marts_rows **rows, struct failure *failure);

/* Local. Drops what was read. marts_rows_free(NULL) does nothing. */
void marts_rows_free(struct marts_rows *rows);

/*
 * Local. Add a line of ${bytes} bytes, which may end in '\n', of ${table}. Returns 1; 0 when it is
 * no row of that table; or -1 (EXIT_BUG).
 */
int marts_rows_add(struct marts_rows *rows, enum marts_table table, const char *line, size_t bytes,
                   struct failure *failure);

/* Local. The marts, with digests, for marts_free; ${rows} is freed. */
struct marts *marts_rows_finish(struct marts_rows *rows);

#endif
