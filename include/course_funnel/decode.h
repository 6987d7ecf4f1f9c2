#ifndef COURSE_FUNNEL_DECODE_H
#define COURSE_FUNNEL_DECODE_H

#include "course_funnel/event.h"
#include "course_funnel/failure.h"
#include "course_funnel/simd.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One line of an export → one event, *other*, or a reject with its reason; or several records,
 * where objects follow each other on it. Pure: no MPI, no files. src/rules.md, "Events", is what it
 * carries out.
 */

/* Bytes that must be readable (not: meaningful) past the end of every text given to this file. */
#define DECODE_PADDING 128

enum decode_result {
    DECODE_EVENT,
    DECODE_OTHER,
    DECODE_REJECT,
    DECODE_SEVERAL /* records, each for itself: see decode_next */
};

struct decoder; /* scratch memory of one rank */

/* Local. Returns 0, or -1 with EXIT_BUG in ${failure} when there is no memory. */
int decode_create(struct decoder **decoder, struct failure *failure);

/* Local. decode_free(NULL) does nothing. */
void decode_free(struct decoder *decoder);

/*
 * Local. Whether all lines so far were read as they are. A string with escapes is unescaped in
 * scratch memory, which grows with the longest line that has one; where that fails, the line
 * passes for one that lacks the string, and is rejected. Returns 0, or -1 (EXIT_BUG) when that
 * has happened since decode_create: the counts are not to be trusted.
 */
int decode_check(const struct decoder *decoder, struct failure *failure);

/* Local. Use ${level}, which simd_has, in place of the fastest; for tests and measurements. */
void decode_set_level(struct decoder *decoder, enum simd_level level);

/* Local. From now on find no entry_point, which costs time. */
void decode_leave_out_entry_points(struct decoder *decoder);

/*
 * Local. Find the first line in [begin, end) that names a course event type anywhere in its
 * text. Lines end with '\n'; the last may end at ${end} instead. Returns the first byte of that
 * line and its length without '\n' in ${line_bytes}, or NULL when no line names one. Adds to
 * ${lines} the number of lines passed over, the found one included; an empty line is a line.
 * A caller goes on at `line + line_bytes + 1`.
 */
const char *decode_find(const char *begin, const char *end, size_t *line_bytes, uint64_t *lines);

/*
 * Local. Decode one line (without its '\n'; a '\r' at its end, blanks around the value and 0x1E
 * before it do not matter), which may be any text, or one of its records. DECODE_EVENT: ${event} is
 * filled; the bytes of its user and entry point stay valid until the next call with this decoder
 * and while the line does. DECODE_REJECT: ${reason} is set. DECODE_OTHER: a text that is whole, but
 * is not a course event. DECODE_SEVERAL: a text of two or more objects that are all whole; each is
 * to be decoded. A line too deep (over 1,024 levels) is a reject. Takes O(${bytes}) time. What is
 * judged of a line, and what only skipped, structure.h says, and json_object in json.h of
 * event_properties; the other used fields, and the properties that are used, must be valid JSON.
 */
enum decode_result decode_line(struct decoder *decoder, const char *line, size_t bytes,
                               struct event *event, enum reject_reason *reason);

/*
 * Local, of a line of several records (DECODE_SEVERAL). The record at or behind ${at}, the line's
 * begin or what follows a record, and its length in ${bytes}; NULL when none is left.
 */
const char *decode_next(const char *at, const char *end, size_t *bytes);

/*
 * Local. For how many events a rejected line stands: in how many places one of the three names is a
 * whole string, between quotes that may be escaped; at least 1. O(${bytes}). As in the next two,
 * the line is padded as decode_line asks.
 */
uint64_t decode_weight(const char *line, size_t bytes);

/* Local. Whether a line, whatever it says, is whole: decode_line would not call it not_json. */
bool decode_is_whole(const char *line, size_t bytes);

/*
 * Local. Whether a line is an event of whatever type: it is whole, and an object (one of its
 * objects, where they are several) has a well-formed string event_type at its top level.
 */
bool decode_is_event(const char *line, size_t bytes);

/*
 * Local. Whether a line is one whole object with user_id, event_time and event_properties at its
 * top level, as every event has them, whatever became of its event_type.
 */
bool decode_is_like_event(const char *line, size_t bytes);

/* Texts of one row of an events table; a NULL pointer is an SQL NULL or a column not there. */
struct decode_row {
    const int64_t *time_us; /* microseconds since 1970 in place of event_time's text, or NULL */
    const char *event_type, *user_id, *event_time, *event_properties, *uuid, *insert_id;
    size_t event_type_bytes, user_id_bytes, event_time_bytes, event_properties_bytes, uuid_bytes,
        insert_id_bytes;
};

/*
 * Local. As decode_line, for a row of a table: the texts are the column's own (user_id, uuid,
 * insert_id, event_time and event_type are not JSON), event_properties is JSON text. Every text
 * has DECODE_PADDING readable bytes behind it.
 */
enum decode_result decode_row(struct decoder *decoder, const struct decode_row *row,
                              struct event *event, enum reject_reason *reason);

#endif
