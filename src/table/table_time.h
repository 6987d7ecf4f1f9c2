#ifndef TABLE_TIME_H
#define TABLE_TIME_H

#include <stdbool.h>
#include <stdint.h>

/*
 * timestamptz, and timestamp taken as UTC, in PostgreSQL's binary format: eight bytes, the highest
 * first, microseconds since 2000-01-01 00:00; the least and the greatest number are -infinity and
 * infinity. Pure.
 */

#define TABLE_TIME_BYTES 8
#define TABLE_TIME_TEXT_BYTES 48

/*
 * Local. Returns true and the time in microseconds since 1970-01-01 00:00, or false for what is not
 * in the years 0001 to 9999 (src/rules.md, "Events").
 */
bool table_time_read(const char bytes[TABLE_TIME_BYTES], int64_t *time_us);

/* Local. As PostgreSQL writes it, but with all six digits of a fraction and Z for the zone. */
void table_time_format(const char bytes[TABLE_TIME_BYTES], char text[TABLE_TIME_TEXT_BYTES]);

#endif
