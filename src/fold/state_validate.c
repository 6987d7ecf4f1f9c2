#include "course_funnel/state.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

static int broken(const char *what, uint32_t group, uint32_t index, struct failure *failure)
{
    return failure_set(failure, EXIT_BUG,
                       "the state does not hold together: key group %" PRIu32 ", record %" PRIu32
                       ": %s",
                       group, index, what);
}

static int validate_users(const struct state_group *group, uint32_t number, struct failure *failure)
{
    uint64_t text_bytes = 0;
    for (uint32_t i = 0; i < group->user_count; i++) {
        const struct state_user *user = &group->users[i];
        if (user->bytes == 0 || user->text != text_bytes ||
            (uint64_t)user->text + user->bytes > group->text_bytes)
            return broken("a user's text lies elsewhere", number, i, failure);
        text_bytes += user->bytes;
        if (user->hash != key_group_hash(group->texts + user->text, user->bytes))
            return broken("a user's hash is not that of its text", number, i, failure);
        if (key_group_of(user->hash) != number)
            return broken("a user belongs to another key group", number, i, failure);
    }
    if (text_bytes != group->text_bytes)
        return broken("there is text of no user", number, group->user_count, failure);
    return 0;
}

static int validate_enrolments(const struct state_group *group, uint32_t number,
                               struct failure *failure)
{
    for (uint32_t i = 0; i < group->enrolment_count; i++) {
        const struct state_enrolment *enrolment = &group->enrolments[i];
        if (enrolment->user >= group->user_count)
            return broken("an enrolment of no user", number, i, failure);
        if (enrolment->first_event_us == STATE_NO_TIME ||
            enrolment->first_start_us < enrolment->first_event_us)
            return broken("an enrolment's times do not agree", number, i, failure);
        if (enrolment->last_event_us < enrolment->first_event_us ||
            enrolment->first_completion_us < enrolment->first_event_us)
            return broken("an enrolment's times do not agree", number, i, failure);
        if (enrolment->entry_point != 0 && enrolment->first_start_us == STATE_NO_TIME)
            return broken("an entry point without a start", number, i, failure);
        if (enrolment->unused != 0)
            return broken("an enrolment's flags are out of range", number, i, failure);
    }
    return 0;
}

static int validate_progress(const struct state_group *group, uint32_t number,
                             struct failure *failure)
{
    uint64_t in_tables = 0;
    for (uint32_t i = 0; i < group->progress_count; i++) {
        const struct state_progress *progress = &group->progress[i];
        in_tables += progress->fingerprint_log2 > 0 ? progress->fingerprint_count : 0;
        if (progress->enrolment >= group->enrolment_count)
            return broken("lesson progress of no enrolment", number, i, failure);
        if (progress->flags == 0 || progress->flags > (STATE_STARTED | STATE_COMPLETED) ||
            progress->unused != 0)
            return broken("flags of lesson progress are out of range", number, i, failure);
        bool completed = (progress->flags & STATE_COMPLETED) != 0;
        if (!completed && (progress->timed_completions > 0 || progress->fingerprint_count > 0))
            return broken("times of a lesson that was not completed", number, i, failure);
        if (progress->timed_completions == 0 &&
            (progress->time_low_us > 0 || progress->time_high_us > 0))
            return broken("a sum of no times", number, i, failure);
        bool started_course =
            group->enrolments[progress->enrolment].first_start_us != STATE_NO_TIME;
        if ((progress->flags & STATE_STARTED) != 0 && !started_course)
            return broken("a lesson started in a course that was not", number, i, failure);
    }
    if (in_tables != group->fingerprints_in_tables)
        return broken("fingerprints were counted wrongly", number, group->progress_count, failure);
    return 0;
}

/* Each further completion with a usable time has that time, where they are kept. */
static int validate_times(const struct state_group *group, uint32_t number, bool marts_only,
                          uint32_t *counts, struct failure *failure)
{
    uint32_t at = 0, progress = 0;
    uint64_t time_us = 0;
    bool sound = true;
    for (uint32_t i = 0; i < group->progress_count; i++)
        counts[i] = 0;
    while (sound && state_next_time(group, &at, &progress, &time_us)) {
        sound = progress < group->progress_count && time_us <= INT64_MAX;
        if (sound)
            counts[progress]++;
    }
    for (uint32_t i = 0; sound && i < group->progress_count; i++) {
        progress = i;
        uint32_t timed = group->progress[i].timed_completions;
        sound = counts[i] == (timed > 0 && !marts_only ? timed - 1 : 0);
    }
    return sound ? 0 : broken("times of completions are not all there", number, progress, failure);
}

int state_validate_group(const struct state *state, uint32_t number, uint32_t *counts,
                         struct failure *failure)
{
    const struct state_group *group = &state->groups[number - state->first_group];
    if (validate_users(group, number, failure) != 0 ||
        validate_enrolments(group, number, failure) != 0 ||
        validate_progress(group, number, failure) != 0)
        return -1;
    return validate_times(group, number, state->marts_only, counts, failure);
}

/* Every use of an entry point is one of an enrolment. */
int state_validate_shared(const struct state *state, struct failure *failure)
{
    const struct state_texts *texts = &state->entry_points;
    uint64_t uses = 0;
    for (uint32_t i = 0; i < texts->count; i++)
        uses += texts->texts[i].uses;
    for (uint32_t i = 0; i < state->group_count; i++)
        for (uint32_t j = 0; j < state->groups[i].enrolment_count; j++) {
            uint32_t number = state->groups[i].enrolments[j].entry_point;
            if (number > texts->count || (number != 0 && texts->texts[number - 1].uses == 0))
                return broken("an entry point that is not there", state->first_group + i, j,
                              failure);
            uses -= number != 0;
        }
    return uses == 0 ? 0 : broken("an entry point of no enrolment", state->first_group, 0, failure);
}

int state_validate(const struct state *state, struct failure *failure)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < state->group_count; i++)
        if (state->groups[i].progress_count > most)
            most = state->groups[i].progress_count;
    uint32_t *counts = malloc(((size_t)most + 1) * sizeof *counts);
    if (counts == NULL)
        return failure_memory(failure, "the check of the state", most * sizeof *counts);
    int result = 0;
    for (uint32_t i = 0; result == 0 && i < state->group_count; i++)
        result = state_validate_group(state, state->first_group + i, counts, failure);
    free(counts);
    return result == 0 ? state_validate_shared(state, failure) : -1;
}
