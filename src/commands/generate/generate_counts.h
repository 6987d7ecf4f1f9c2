#ifndef GENERATE_COUNTS_H
#define GENERATE_COUNTS_H

#include "course_funnel/event.h"

#include <stdint.h>

/* What was written. Plain uint64_t counts only, so that ranks can sum it as an array. */
struct generate_counts {
    uint64_t files;
    uint64_t lines;
    uint64_t text_bytes;
    uint64_t disk_bytes;
    uint64_t course_lines[EVENT_KINDS]; /* by enum event_kind, as they were before any damage */
    uint64_t rejected[REJECT_REASONS];  /* course lines that must be rejected */
    uint64_t made_other;                /* course lines whose damage makes them other */
    uint64_t time_unusable;             /* course lines with an unusable time_spent_sec */
    uint64_t odd;                       /* course lines that are spelled oddly, but are good */
    uint64_t twice;   /* course lines that hold their event twice: it is read twice */
    uint64_t copies;  /* lines that deliver an event again */
    uint64_t late;    /* lines uploaded an hour or more after the event */
    uint64_t hostile; /* course lines that --hostile changed */
};

#define GENERATE_COUNTS (sizeof(struct generate_counts) / sizeof(uint64_t))

#endif
