#ifndef COURSE_FUNNEL_PROGRESS_H
#define COURSE_FUNNEL_PROGRESS_H

#include <stdint.h>

/*
 * How far the job is: one line that is drawn anew on a terminal, else a log line every 30
 * seconds. For rank 0; every function takes NULL and then does nothing.
 */

struct progress;

/*
 * Local. Of ${total_bytes} on disk earlier attempts have read ${before_bytes}. Returns NULL when
 * there is no memory.
 */
struct progress *progress_start(uint64_t total_bytes, uint64_t before_bytes);

/* Local. Tell how many bytes on disk and lines all ranks have read in this attempt. */
void progress_update(struct progress *progress, uint64_t done_bytes, uint64_t done_lines);

/* Local. Tell how many files were found, and how many of them looked at, before any is read. */
void progress_files(struct progress *progress, uint64_t looked_at, uint64_t found);

/* Local. Clears the line and frees the progress. */
void progress_end(struct progress *progress);

/* How far the reading is, after ${seconds} of this attempt. */
struct progress_state {
    uint64_t total_bytes;
    uint64_t before_bytes; /* by earlier attempts */
    uint64_t done_bytes;   /* by this one */
    uint64_t done_lines;
    double seconds;
};

/*
 * Local. The text of a progress line: share done of all that is to be read, lines and bytes a
 * second, and time left at the pace of this attempt. Open for unit tests.
 */
void progress_format(char *text, unsigned long bytes, const struct progress_state *state);

#endif
