#ifndef GENERATE_LINE_H
#define GENERATE_LINE_H

#include "generate_counts.h"
#include "generate_plan.h"
#include "generate_record.h"

/* Enough for any line that is not damaged, '\n' included; a damaged one takes up to thrice that. */
#define GENERATE_LINE_BYTES 8192
#define GENERATE_DAMAGED_BYTES (3 * GENERATE_LINE_BYTES)

/*
 * Local. Write the record as one line, '\n' included, at ${at}, where GENERATE_DAMAGED_BYTES must
 * be free, and count it. Returns the end of the line.
 */
char *generate_line_write(const struct generate_plan *plan, const struct generate_record *record,
                          char *at, struct generate_counts *counts);

#endif
