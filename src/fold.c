#include "course_funnel/fold.h"

#include "course_funnel/parcel.h"
#include "course_funnel/state_warm.h"

#include <inttypes.h>
#include <stdbool.h>

static int add_time(struct state_progress *progress, uint64_t time_us, struct failure *failure)
{
    uint64_t low = progress->time_low_us + time_us;
    progress->time_high_us += low < progress->time_low_us;
    progress->time_low_us = low;
    if (++progress->timed_completions != 0)
        return 0;
    return failure_set(failure, EXIT_BUG,
                       "One user completed lesson %" PRId32 " over 4 billion times, which is the "
                       "limit.",
                       progress->lesson_id);
}

static int fold_completion(struct state_progress *progress, const struct parcel_event *event,
                           struct ledger *ledger, struct failure *failure)
{
    progress->flags |= STATE_COMPLETED;
    if (event->fingerprint != EVENT_NO_FINGERPRINT) {
        int added = state_add_fingerprint(progress, event->fingerprint, failure);
        if (added < 0)
            return -1;
        if (added == 0) {
            ledger->duplicates++;
            return 0;
        }
    }
    if (event->time_spent_us == EVENT_TIME_UNUSABLE) {
        ledger->time_unusable++;
        return 0;
    }
    return add_time(progress, (uint64_t)event->time_spent_us, failure);
}

static int fold_event(struct state_group *group, const struct parcel_event *event,
                      struct ledger *ledger, struct failure *failure)
{
    uint32_t user =
        state_find_user(group, event->user_hash, parcel_user(event), event->user_bytes, failure);
    if (user == UINT32_MAX)
        return -1;
    uint32_t enrolment = state_find_enrolment(group, user, event->course_id, failure);
    if (enrolment == UINT32_MAX)
        return -1;

    struct state_enrolment *in_course = &group->enrolments[enrolment];
    if (event->time_us < in_course->first_event_us)
        in_course->first_event_us = event->time_us;
    if (event->kind == EVENT_COURSE_COMPLETED) {
        in_course->completed = 1;
        return 0;
    }
    if (event->kind == EVENT_LESSON_STARTED && event->time_us < in_course->first_start_us)
        in_course->first_start_us = event->time_us;

    uint32_t index = state_find_progress(group, enrolment, event->lesson_id, failure);
    if (index == UINT32_MAX)
        return -1;
    struct state_progress *progress = &group->progress[index];
    if (event->kind == EVENT_LESSON_COMPLETED)
        return fold_completion(progress, event, ledger, failure);
    progress->flags |= STATE_STARTED;
    return 0;
}

/* Whether a whole event of this rank stands at ${at}. */
static bool is_sound(const struct state *state, const unsigned char *at, const unsigned char *end)
{
    const struct parcel_event *event = (const struct parcel_event *)at;
    if ((size_t)(end - at) < sizeof *event)
        return false;
    return parcel_event_bytes(event) <= (size_t)(end - at) && event->user_bytes > 0 &&
           event->kind <= EVENT_COURSE_COMPLETED &&
           key_group_of(event->user_hash) - state->first_group < state->group_count;
}

/* Find the bounds of the next events, as many as are warmed together. Returns how many, or -1. */
static int next_batch(const struct state *state, const unsigned char **at, const unsigned char *end,
                      const struct parcel_event **batch, struct failure *failure)
{
    int count = 0;
    for (; count < STATE_WARM_EVENTS && *at < end; count++) {
        if (!is_sound(state, *at, end))
            return failure_set(failure, EXIT_BUG,
                               "%zu bytes were received that are no events of this rank. Nothing "
                               "was published; please report this.",
                               (size_t)(end - *at));
        batch[count] = (const struct parcel_event *)*at;
        *at += parcel_event_bytes(batch[count]);
    }
    return count;
}

int fold_events(struct state *state, const unsigned char *bytes, size_t byte_count,
                struct ledger *ledger, struct failure *failure)
{
    const unsigned char *at = bytes, *end = bytes + byte_count;
    while (at < end) {
        const struct parcel_event *batch[STATE_WARM_EVENTS];
        int count = next_batch(state, &at, end, batch, failure);
        if (count < 0)
            return -1;
        state_warm(state, batch, (size_t)count);
        for (int i = 0; i < count; i++) {
            const struct parcel_event *event = batch[i];
            ledger->received++;
            if (fold_event(&state->groups[key_group_of(event->user_hash) - state->first_group],
                           event, ledger, failure) != 0)
                return -1;
            ledger->folded++;
            if (event->time_us < state->first_event_us)
                state->first_event_us = event->time_us;
            if (event->time_us > state->last_event_us)
                state->last_event_us = event->time_us;
        }
    }
    return 0;
}
