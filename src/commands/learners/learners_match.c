#include "learners_match.h"

#include "course_funnel/calendar.h"
#include "course_funnel/state.h"

#include <string.h>

enum lesson { NEVER, MAYBE, ALWAYS };

/* A WHO, whether it goes with --lesson, and what to say where it does not. */
static const struct {
    const char *name;
    enum lesson lesson;
    const char *advice;
} whos[LEARNERS_WHOS] = {
    [LEARNERS_STARTED] = {"started", MAYBE, NULL},
    [LEARNERS_COMPLETED] = {"completed", ALWAYS, "; for the course: --who finished"},
    [LEARNERS_FINISHED] = {"finished", NEVER, "; for a lesson: --who completed"},
    [LEARNERS_REACHED] = {"reached", ALWAYS, "; for the course: --who started"},
    [LEARNERS_STOPPED] = {"stopped", MAYBE, NULL},
    [LEARNERS_UNFINISHED] = {"unfinished", NEVER, "; for a lesson: --who stopped"},
};

const char *learners_who_name(enum learners_who who)
{
    return whos[who].name;
}

int learners_who_parse(const char *name, enum learners_who *who, struct failure *failure)
{
    for (int i = 0; i < LEARNERS_WHOS; i++)
        if (strcmp(name, whos[i].name) == 0) {
            *who = (enum learners_who)i;
            return 0;
        }
    return failure_set(failure, EXIT_USAGE,
                       "--who takes started, completed, finished, reached, stopped or unfinished, "
                       "not \"%s\".",
                       name);
}

int learners_check_wish(const struct learners_wish *wish, struct failure *failure)
{
    enum lesson lesson = whos[wish->who].lesson;
    if (lesson == (wish->has_lesson ? NEVER : ALWAYS))
        return failure_set(failure, EXIT_USAGE, "--who %s goes with%s --lesson%s.",
                           whos[wish->who].name, wish->has_lesson ? "out" : "",
                           whos[wish->who].advice);
    return 0;
}

bool learners_is_meant(const struct learners_wish *wish, const struct learners_facts *facts)
{
    bool started = facts->first_start_us != STATE_NO_TIME;
    bool completed = facts->completed_us != STATE_NO_TIME;
    bool learns = facts->furthest != LEARNERS_NO_LESSON;
    if (wish->has_cohort && facts->cohort_week != wish->cohort_week)
        return false;
    switch (wish->who) {
    case LEARNERS_STARTED:
        return wish->has_lesson ? facts->started_lesson : started;
    case LEARNERS_COMPLETED:
        return facts->completed_lesson;
    case LEARNERS_FINISHED:
        return completed;
    case LEARNERS_REACHED:
        return learns && facts->furthest >= wish->lesson_id;
    case LEARNERS_STOPPED:
        return learns && !completed && (!wish->has_lesson || facts->furthest == wish->lesson_id);
    case LEARNERS_UNFINISHED:
        return started && !completed;
    case LEARNERS_WHOS:
        break;
    }
    return false;
}

enum learners_idle learners_idle(const struct learners_wish *wish, int64_t as_of_us,
                                 const struct learners_facts *facts)
{
    if (!wish->has_idle)
        return LEARNERS_IDLE;
    if (facts->last_event_us > as_of_us)
        return LEARNERS_UNKNOWN;
    int64_t since_us = as_of_us - (int64_t)wish->idle_days * CALENDAR_US_PER_DAY;
    return facts->last_event_us < since_us ? LEARNERS_IDLE : LEARNERS_BUSY;
}

int learners_compare(const void *a, const void *b)
{
    const struct learners_row *one = a, *other = b;
    uint32_t least = one->user_bytes < other->user_bytes ? one->user_bytes : other->user_bytes;
    int order = memcmp(one->user, other->user, least);
    return order != 0
               ? order
               : (one->user_bytes > other->user_bytes) - (one->user_bytes < other->user_bytes);
}
