#include "course_funnel/progress.h"

#include "course_funnel/clock.h"
#include "course_funnel/fault.h"
#include "course_funnel/log.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define TERMINAL_SECONDS 0.2
#define LOG_MS 30000

struct progress {
    uint64_t total_bytes;
    uint64_t before_bytes;
    double started;
    double next; /* when to show again */
    bool terminal;
};

static double seconds_apart(const struct progress *progress)
{
    if (progress->terminal)
        return TERMINAL_SECONDS;
    return (double)FAULT_NUMBER("progress.log_ms", LOG_MS) / 1e3;
}

struct progress *progress_start(uint64_t total_bytes, uint64_t before_bytes)
{
    struct progress *progress = calloc(1, sizeof *progress);
    if (progress == NULL)
        return NULL;
    progress->total_bytes = total_bytes;
    progress->before_bytes = before_bytes;
    progress->started = clock_seconds();
    progress->terminal = log_can_draw();
    progress->next = progress->started + seconds_apart(progress);
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

void progress_format(char *text, unsigned long bytes, const struct progress_state *state)
{
    double total = (double)state->total_bytes, done = (double)state->done_bytes;
    /* A file that grew is a failure soon; until then more than all is not shown. */
    double left_bytes = total - (double)state->before_bytes - done;
    left_bytes = left_bytes > 0 ? left_bytes : 0;
    char left[32] = "unknown";
    if (done > 0 || left_bytes <= 0)
        format_left(left, sizeof left, done > 0 ? state->seconds * left_bytes / done : 0);
    double pace = state->seconds > 0 ? 1 / state->seconds : 0;
    snprintf(text, bytes, "read %.1f %%, %.0f lines/s, %.1f MB/s, %s left",
             total > 0 ? 100 * (1 - left_bytes / total) : 100.0, (double)state->done_lines * pace,
             done * pace / 1e6, left);
}

/* Whether it is time to show how far the job is. */
static bool is_due(struct progress *progress, double *now)
{
    if (progress == NULL)
        return false;
    *now = clock_seconds();
    if (*now < progress->next)
        return false;
    progress->next = *now + seconds_apart(progress);
    return true;
}

static void show(const struct progress *progress, const char *text)
{
    if (progress->terminal)
        log_draw(text);
    else
        log_info("%s", text);
}

void progress_files(struct progress *progress, uint64_t looked_at, uint64_t found)
{
    double now;
    if (!is_due(progress, &now))
        return;
    char text[96];
    if (looked_at == 0)
        snprintf(text, sizeof text, "found %" PRIu64 " files so far", found);
    else
        snprintf(text, sizeof text, "looked at %" PRIu64 " of %" PRIu64 " files", looked_at, found);
    show(progress, text);
}

void progress_update(struct progress *progress, uint64_t done_bytes, uint64_t done_lines)
{
    double now;
    if (!is_due(progress, &now))
        return;
    char text[128];
    const struct progress_state state = {.total_bytes = progress->total_bytes,
                                         .before_bytes = progress->before_bytes,
                                         .done_bytes = done_bytes,
                                         .done_lines = done_lines,
                                         .seconds = now - progress->started};
    progress_format(text, sizeof text, &state);
    show(progress, text);
}

void progress_end(struct progress *progress)
{
    if (progress == NULL)
        return;
    log_draw(NULL);
    free(progress);
}
