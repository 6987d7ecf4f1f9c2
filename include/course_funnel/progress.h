#ifndef COURSE_FUNNEL_PROGRESS_H
#define COURSE_FUNNEL_PROGRESS_H

#include <stdint.h>

/*
 * How far the reading is: one line that is drawn anew on a terminal, else a log line every 30
 * seconds. For rank 0; every function takes NULL and then does nothing.
 */

struct progress;

/* Local. ${total_bytes} on disk are to be read. Returns NULL when there is no memory. */
struct progress *progress_start(uint64_t total_bytes);

/* Local. Tell how many bytes on disk and how many lines have been read by all ranks. */
void progress_update(struct progress *progress, uint64_t done_bytes, uint64_t done_lines);

/* Local. Clears the line and frees the progress. */
void progress_end(struct progress *progress);

/*
 * Local. The text of a progress line: share done, lines and bytes a second, time left. Open for
 * unit tests.
 */
void progress_format(char *text, unsigned long bytes, uint64_t done_bytes, uint64_t total_bytes,
                     uint64_t done_lines, double seconds);

#endif
