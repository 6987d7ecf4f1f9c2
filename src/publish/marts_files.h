#ifndef MARTS_FILES_H
#define MARTS_FILES_H

#include "course_funnel/marts_read.h"
#include "course_funnel/marts_rows.h"

/*
 * Local. As marts_read, of the CSV files in a directory and once. The rest is for the tables of a
 * server too.
 */
int marts_files_read(const char *directory, struct marts **marts, struct marts_origin *origin,
                     struct failure *failure);

/*
 * Local. Whether a table is read back, now that the record of the run is. Who has a session, and
 * what changed, is for SQL to ask.
 */
bool marts_files_is_read(enum marts_table table, const struct marts_origin *origin);

/* Local. Set whether the rows that were read are those that the record describes. */
void marts_files_judge(const struct marts *marts, struct marts_origin *origin);

/* Local. Fail since the row in line ${number} of a file or table is none (EXIT_TARGET). -1. */
int marts_files_bad_row(const char *place, size_t number, struct failure *failure);

#endif
