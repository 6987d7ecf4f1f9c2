#ifndef COURSE_FUNNEL_LOG_H
#define COURSE_FUNNEL_LOG_H

#include <stdbool.h>

/*
 * The log of a run, on standard error: plain lines, or JSON objects with `time`, `level` and
 * `message`, one a line. Only rank 0 speaks. Its state is the program's own, as is the stream it
 * writes to.
 */

enum log_format { LOG_TEXT, LOG_JSON };

/* Local. What the log looks like, and whether this process speaks. Before that: text, and yes. */
void log_open(enum log_format format, bool speaks);

/*
 * Local. Whether a line can be drawn anew: the log is plain text and a terminal shows it. Under
 * mpirun standard error is a pipe, so there it is mpirun's terminal that counts.
 */
bool log_can_draw(void);

/* Local. Draw a line in place of the one drawn before; NULL clears it, as each line of the log
 * does. */
void log_draw(const char *text);

/* Local. Write one line. Losing a log line does not stop a run. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
