#include "course_funnel/progress.h"

#include "course_funnel/clock.h"
#include "course_funnel/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define TERMINAL_SECONDS 0.2
#define LOG_SECONDS 30.0

struct progress {
    uint64_t total_bytes;
    double started;
    double next; /* when to show again */
    bool terminal;
};

struct progress *progress_start(uint64_t total_bytes)
{
    struct progress *progress = calloc(1, sizeof *progress);
    if (progress == NULL)
        return NULL;
    progress->total_bytes = total_bytes;
    progress->started = clock_seconds();
    progress->terminal = log_can_draw();
    progress->next = progress->started + (progress->terminal ? TERMINAL_SECONDS : LOG_SECONDS);
    return progress;
}

static void format_left(char *text, size_t bytes, double seconds)
{
    long left = (long)(seconds + 0.5);
    if (left >= 3600)
        snprintf(text, bytes, "%ld h %02ld min", left / 3600, left / 60 % 60);
    else if (left >= 60)
        snprintf(text, bytes, "%ld min %02ld s", left / 60, left % 60);
    else
        snprintf(text, bytes, "%ld s", left);
}

void progress_format(char *text, unsigned long bytes, uint64_t done_bytes, uint64_t total_bytes,
                     uint64_t done_lines, double seconds)
{
    /* A file that grew is a failure soon; until then more than all is not shown. */
    double share = total_bytes > 0 ? (double)done_bytes / (double)total_bytes : 1.0;
    share = share > 1.0 ? 1.0 : share;
    char left[32] = "unknown";
    if (share > 0)
        format_left(left, sizeof left, seconds * (1 - share) / share);
    double pace = seconds > 0 ? 1 / seconds : 0;
    snprintf(text, bytes, "read %.1f %%, %.0f events/s, %.1f MB/s, %s left", 100 * share,
             (double)done_lines * pace, (double)done_bytes * pace / 1e6, left);
}

void progress_update(struct progress *progress, uint64_t done_bytes, uint64_t done_lines)
{
    if (progress == NULL)
        return;
    double now = clock_seconds();
    if (now < progress->next)
        return;
    char text[128];
    progress_format(text, sizeof text, done_bytes, progress->total_bytes, done_lines,
                    now - progress->started);
    if (progress->terminal)
        log_draw(text);
    else
        log_info("%s", text);
    progress->next = now + (progress->terminal ? TERMINAL_SECONDS : LOG_SECONDS);
}

void progress_end(struct progress *progress)
{
    if (progress == NULL)
        return;
    log_draw(NULL);
    free(progress);
}
