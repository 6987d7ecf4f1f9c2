#include "course_funnel/event.h"

const char *const event_names[EVENT_KINDS] = {
    [EVENT_LESSON_STARTED] = "course_lesson_started",
    [EVENT_LESSON_COMPLETED] = "course_lesson_completed",
    [EVENT_COURSE_COMPLETED] = "course_completed",
};

const char *event_reject_name(enum reject_reason reason)
{
    static const char *const names[REJECT_REASONS] = {
        [REJECT_NOT_JSON] = "not_json",   [REJECT_NOT_AN_EVENT] = "not_an_event",
        [REJECT_NO_USER] = "no_user",     [REJECT_NO_TIME] = "no_time",
        [REJECT_NO_COURSE] = "no_course", [REJECT_BAD_PROPERTIES] = "bad_properties",
        [REJECT_NO_LESSON] = "no_lesson",
    };
    return names[reason];
}
