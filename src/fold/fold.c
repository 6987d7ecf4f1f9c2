#include "course_funnel/fold.h"

#include "course_funnel/parcel.h"
#include "state_warm.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int add_time(const struct state *state, struct state_group *group, uint32_t index,
                    uint64_t time_us, struct failure *failure)
{
    struct state_progress *progress = &group->progress[index];
    if (progress->timed_completions > 0 && !state->marts_only &&
        state_add_time(group, index, time_us, failure) != 0)
        return -1;
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

static int fold_completion(const struct state *state, struct state_group *group, uint32_t index,
                           const struct parcel_event *event, struct ledger *ledger,
                           struct failure *failure)
{
    struct state_progress *progress = &group->progress[index];
    progress->flags |= STATE_COMPLETED;
    if (event->fingerprint != EVENT_NO_FINGERPRINT) {
        int added = state_add_fingerprint(group, index, event->fingerprint, failure);
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
    return add_time(state, group, index, (uint64_t)event->time_spent_us, failure);
}

/* Whether a text stands before that of ${number}, by its bytes. */
static bool is_lower(const struct state_texts *texts, const char *text, uint32_t bytes,
                     uint32_t number)
{
    uint32_t other_bytes = 0;
    const char *other = state_texts_get(texts, number, &other_bytes);
    int order = memcmp(text, other, bytes < other_bytes ? bytes : other_bytes);
    return order < 0 || (order == 0 && bytes < other_bytes);
}

/* A start: the earliest one counts, and of several at its moment the lowest text. */
static int fold_start(struct state *state, struct state_enrolment *enrolment,
                      const struct parcel_event *event, struct failure *failure)
{
    struct state_texts *texts = &state->entry_points;
    const char *text = parcel_entry_point(event);
    uint32_t bytes = event->entry_point_bytes, before = enrolment->entry_point;
    if (event->time_us > enrolment->first_start_us)
        return 0;
    bool is_earlier = event->time_us < enrolment->first_start_us;
    enrolment->first_start_us = event->time_us;
    if (!is_earlier && (bytes == 0 || (before != 0 && !is_lower(texts, text, bytes, before))))
        return 0;
    enrolment->entry_point = bytes > 0 ? state_texts_take(texts, text, bytes, failure) : 0;
    if (bytes > 0 && enrolment->entry_point == 0)
        return -1;
    if (before != 0)
        state_texts_drop(texts, before);
    return 0;
}

static int fold_event(struct state *state, struct state_group *group,
                      const struct parcel_event *event, struct ledger *ledger,
                      struct failure *failure)
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
    if (event->time_us > in_course->last_event_us)
        in_course->last_event_us = event->time_us;
    if (event->kind == EVENT_COURSE_COMPLETED) {
        if (event->time_us < in_course->first_completion_us)
            in_course->first_completion_us = event->time_us;
        return 0;
    }
    if (event->kind == EVENT_LESSON_STARTED && fold_start(state, in_course, event, failure) != 0)
        return -1;

    uint32_t index = state_find_progress(group, enrolment, event->lesson_id, failure);
    if (index == UINT32_MAX)
        return -1;
    if (event->kind == EVENT_LESSON_COMPLETED)
        return fold_completion(state, group, index, event, ledger, failure);
    group->progress[index].flags |= STATE_STARTED;
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
           event->entry_point_bytes <= EVENT_ENTRY_POINT_BYTES &&
           key_group_of(event->user_hash) - state->first_group < state->group_count;
}

/*
 * The events of a round in the order of their key groups, so that what is known of a group's users
 * is fetched from memory once and used for all of them.
 */
struct order {
    const unsigned char *bytes;
    uint32_t *places; /* of each event in ${bytes}, in units of 8 */
    size_t count;
};

static const struct parcel_event *event_at(const struct order *order, size_t i)
{
    return (const struct parcel_event *)(order->bytes + (size_t)order->places[i] * 8);
}

/* How many events each group has, by its place in ${counts}. Returns how many in all, or -1. */
static int64_t count_events(const struct state *state, const unsigned char *bytes,
                            size_t byte_count, uint32_t *counts, struct failure *failure)
{
    const unsigned char *end = bytes + byte_count;
    int64_t count = 0;
    for (const unsigned char *at = bytes; at < end; count++) {
        if (!is_sound(state, at, end))
            return failure_set(failure, EXIT_BUG,
                               "%zu bytes were received that are no events of this rank. Nothing "
                               "was published; please report this.",
                               (size_t)(end - at));
        const struct parcel_event *event = (const struct parcel_event *)at;
        counts[key_group_of(event->user_hash) - state->first_group]++;
        at += parcel_event_bytes(event);
    }
    return count;
}

/* The caller frees order->places. */
static int make_order(const struct state *state, const unsigned char *bytes, size_t byte_count,
                      struct order *order, struct failure *failure)
{
    uint32_t next[KEY_GROUPS] = {0}; /* counts, then where the next event of each group goes */
    int64_t count = count_events(state, bytes, byte_count, next, failure);
    if (count < 0)
        return -1;
    *order = (struct order){.bytes = bytes, .count = (size_t)count};
    order->places = malloc((order->count + 1) * sizeof *order->places);
    if (order->places == NULL)
        return failure_memory(failure, "the order of events", order->count * sizeof(uint32_t));
    uint32_t before = 0;
    for (uint32_t i = 0; i < state->group_count; i++) {
        uint32_t events = next[i];
        next[i] = before;
        before += events;
    }
    for (const unsigned char *at = bytes; at < bytes + byte_count;) {
        const struct parcel_event *event = (const struct parcel_event *)at;
        uint32_t group = key_group_of(event->user_hash) - state->first_group;
        order->places[next[group]++] = (uint32_t)((size_t)(at - bytes) / 8);
        at += parcel_event_bytes(event);
    }
    return 0;
}

/* Take a batch of events from ${first} on, and prefetch the batch behind it. */
static size_t next_batch(const struct order *order, size_t first,
                         const struct parcel_event *batch[STATE_WARM_EVENTS])
{
    size_t left = order->count - first;
    size_t count = left < STATE_WARM_EVENTS ? left : STATE_WARM_EVENTS;
    for (size_t i = 0; i < count; i++)
        batch[i] = event_at(order, first + i);
    for (size_t i = count; i < left && i < 2 * count; i++) {
        const struct parcel_event *event = event_at(order, first + i);
        __builtin_prefetch(event);
        __builtin_prefetch((const char *)event + 64);
    }
    return count;
}

static int fold_one(struct state *state, const struct parcel_event *event, struct ledger *ledger,
                    struct failure *failure)
{
    uint32_t group = key_group_of(event->user_hash) - state->first_group;
    ledger->received++;
    if (fold_event(state, &state->groups[group], event, ledger, failure) != 0)
        return -1;
    ledger->folded++;
    if (event->time_us < state->first_event_us)
        state->first_event_us = event->time_us;
    if (event->time_us > state->last_event_us)
        state->last_event_us = event->time_us;
    return days_add(&state->days, event->time_us, failure);
}

int fold_events(struct state *state, const unsigned char *bytes, size_t byte_count,
                struct ledger *ledger, struct failure *failure)
{
    struct order order;
    int result = 0;
    if (byte_count == 0)
        return 0;
    if (make_order(state, bytes, byte_count, &order, failure) != 0)
        return -1;
    for (size_t first = 0; result == 0 && first < order.count;) {
        const struct parcel_event *batch[STATE_WARM_EVENTS];
        size_t count = next_batch(&order, first, batch);
        state_warm(state, batch, count);
        for (size_t i = 0; result == 0 && i < count; i++)
            result = fold_one(state, batch[i], ledger, failure);
        first += count;
    }
    free(order.places);
    return result;
}
