#ifndef COURSE_FUNNEL_EVENT_H
#define COURSE_FUNNEL_EVENT_H

#include <stdint.h>

/* What a decoded line comes down to. src/rules.md, "Events", says what each field may be. */

enum event_kind {
    EVENT_LESSON_STARTED = 0,
    EVENT_LESSON_COMPLETED = 1,
    EVENT_COURSE_COMPLETED = 2
};

/* The types of course events, as exports name them. */
#define EVENT_KINDS 3
extern const char *const event_names[EVENT_KINDS];

/* time_spent_us of an event whose time is missing or unusable. */
#define EVENT_TIME_UNUSABLE INT64_C(-1)

/* fingerprint of an event that is never taken for a duplicate. */
#define EVENT_NO_FINGERPRINT UINT64_C(0)

struct event {
    const char *user;    /* bytes of user_id, not terminated; borrowed from the decoder or line */
    uint32_t user_bytes; /* at least 1 */
    uint32_t kind;       /* enum event_kind */
    int32_t course_id;
    int32_t lesson_id;     /* 0 for EVENT_COURSE_COMPLETED */
    int64_t time_us;       /* event_time, microseconds since 1970-01-01 00:00 UTC */
    int64_t time_spent_us; /* only of EVENT_LESSON_COMPLETED, else EVENT_TIME_UNUSABLE */
    /*
     * Hash of what tells two completions of one user, course and lesson apart: event_time,
     * time_spent_us and the event's id (uuid, or $insert_id where that is missing). Never
     * EVENT_NO_FINGERPRINT for a lesson completion with an id; always for all else.
     */
    uint64_t fingerprint;
    /*
     * Of EVENT_LESSON_STARTED: the text of its entry_point, well-formed UTF-8 without NUL, cut to
     * EVENT_ENTRY_POINT_BYTES; borrowed likewise. Else, and where there is none, of 0 bytes.
     */
    const char *entry_point;
    uint32_t entry_point_bytes;
};

#define EVENT_ENTRY_POINT_BYTES 256

/* Why a course event is not in the marts, in the order in which the reasons are looked for. */
enum reject_reason {
    REJECT_NOT_JSON = 0,   /* names a course event type, but is not one whole JSON text */
    REJECT_NOT_AN_EVENT,   /* names one, but has no string event_type at its top level */
    REJECT_NO_USER,        /* user_id missing, null, empty, no well-formed string, no integer */
    REJECT_NO_TIME,        /* event_time missing or not a time */
    REJECT_BAD_PROPERTIES, /* event_properties is there, but neither a JSON object nor a string
                              that holds one */
    REJECT_NO_COURSE,      /* course_id missing or not an SQL INTEGER */
    REJECT_NO_LESSON,      /* lesson_id missing or not an SQL INTEGER, in a lesson event */
    REJECT_REASONS         /* how many there are */
};

/* Local. The reason's name as logs, reject files and run records have it, such as "no_user". */
const char *event_reject_name(enum reject_reason reason);

#endif
