#ifndef GENERATE_RECORD_H
#define GENERATE_RECORD_H

#include "course_funnel/event.h"

#include <stdint.h>

#define GENERATE_MS_PER_HOUR INT64_C(3600000)
#define GENERATE_MS_PER_DAY (24 * GENERATE_MS_PER_HOUR)

/* The kind of a record: an event_kind of event.h, or from here on another event of Amplitude. */
#define GENERATE_FIRST_OTHER EVENT_KINDS
enum generate_other {
    GENERATE_SESSION_START = GENERATE_FIRST_OTHER,
    GENERATE_PAGE_VIEWED,
    GENERATE_BUTTON_CLICKED,
    GENERATE_VIDEO_PLAYED,
    GENERATE_QUIZ_ANSWERED,
    GENERATE_SEARCHED,
    GENERATE_SCREEN,
    GENERATE_KINDS
};

/* One line, before it is written out. */
struct generate_record {
    int64_t time_ms; /* of the event, since the start of the plan */
    uint32_t user;
    uint32_t serial;   /* number of the event among the user's; a copy has its original's */
    uint32_t delay_s;  /* from the event to its upload */
    uint32_t spent_ms; /* of a lesson completion */
    uint16_t course;   /* indexes, not ids */
    uint16_t lesson;
    uint16_t session_age_s; /* from the session's start to the event */
    uint8_t kind;
    uint8_t copy; /* 0, or 1 for an event that is delivered again */
};

_Static_assert(sizeof(struct generate_record) == 32, "memory is planned at 32 bytes a line");

/* The upload hour of a record, counted from the start of the plan. */
static inline uint32_t generate_hour(const struct generate_record *record)
{
    return (uint32_t)((record->time_ms + INT64_C(1000) * record->delay_s) / GENERATE_MS_PER_HOUR);
}

#endif
