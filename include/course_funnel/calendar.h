#ifndef COURSE_FUNNEL_CALENDAR_H
#define COURSE_FUNNEL_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Proleptic Gregorian calendar, years 0001 to 9999, UTC. Days count from 1970-01-01. Pure. */

#define CALENDAR_US_PER_SECOND INT64_C(1000000)
#define CALENDAR_US_PER_DAY (INT64_C(86400) * CALENDAR_US_PER_SECOND)

#define CALENDAR_DATE_BYTES 11 /* "2025-07-01" and its end */
#define CALENDAR_TIME_BYTES 28 /* "2025-07-01 16:34:54.837000Z" and its end */

/*
 * Local. Read ${bytes} bytes at ${text} as an event_time (src/rules.md, "Events"):
 * `YYYY-MM-DD`, a blank or `T`, `HH:MM:SS`, optionally `.` and fraction digits (cut to the
 * microsecond), then nothing, `Z`, `+HH`, `+HHMM` or `+HH:MM` (or `-`). The whole text must be
 * used. Hours 00 to 23, seconds 00 to 59, offsets up to 23:59. Returns true and the time in
 * ${time_us}, or false when it is not such a time or lies, in UTC, outside 0001 to 9999.
 */
bool calendar_parse_time(const char *text, size_t bytes, int64_t *time_us);

/* Local. Days from 1970-01-01 to the date; the date must exist. */
int32_t calendar_days(int year, int month, int day);

/* Local. The Monday on or before the UTC day of ${time_us}, in days since 1970-01-01. */
int32_t calendar_monday(int64_t time_us);

/* Local. Write the day as `YYYY-MM-DD`. */
void calendar_format_date(int32_t days, char text[CALENDAR_DATE_BYTES]);

/* Local. Write the time as `YYYY-MM-DD HH:MM:SS.ffffffZ`. */
void calendar_format_time(int64_t time_us, char text[CALENDAR_TIME_BYTES]);

#endif
