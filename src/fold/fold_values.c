#include "course_funnel/fold.h"

#include "fold_counter.h"

#include <stdlib.h>

/* Sums of microseconds may pass 2^64. */
__extension__ typedef unsigned __int128 wide;

static int broken(struct failure *failure)
{
    return failure_set(failure, EXIT_BUG,
                       "The times of completions do not add up. Nothing was published; please "
                       "report this.");
}

/* Add a value to those of the record of ${key}, which is there. */
static int add(struct fold_counter *counter, const struct tally_record *key, uint64_t value,
               struct values *values, struct failure *failure)
{
    const struct tally_record *record = fold_counter_record(counter, key, failure);
    if (record == NULL)
        return -1;
    size_t index = (size_t)(record - counter->tally->records);
    return index < values->count && values_add(values, index, value) ? 0 : broken(failure);
}

static int add_time(struct fold_counter *counter, const struct state_group *group,
                    uint32_t progress, uint64_t time_us, struct values *values,
                    struct failure *failure)
{
    const struct state_progress *of = &group->progress[progress];
    struct tally_record key = fold_lesson_key(&group->enrolments[of->enrolment], of);
    return add(counter, &key, time_us, values, failure);
}

/* The times of a group's completions: of each lesson the further ones, and what they leave of the
 * sum. ${rest} has room for one number a progress. */
static int add_times(struct fold_counter *counter, const struct state_group *group, wide *rest,
                     struct values *values, struct failure *failure)
{
    uint32_t at = 0, progress = 0;
    uint64_t time_us = 0;
    for (uint32_t i = 0; i < group->progress_count; i++)
        rest[i] = (wide)group->progress[i].time_high_us << 64 | group->progress[i].time_low_us;
    while (state_next_time(group, &at, &progress, &time_us)) {
        if (progress >= group->progress_count || rest[progress] < time_us)
            return broken(failure);
        rest[progress] -= time_us;
        if (add_time(counter, group, progress, time_us, values, failure) != 0)
            return -1;
    }
    for (uint32_t i = 0; i < group->progress_count; i++) {
        if (rest[i] > INT64_MAX || (group->progress[i].timed_completions == 0 && rest[i] != 0))
            return broken(failure);
        if (group->progress[i].timed_completions > 0 &&
            add_time(counter, group, i, (uint64_t)rest[i], values, failure) != 0)
            return -1;
    }
    return 0;
}

bool fold_time_to_complete(const struct state_enrolment *enrolment, uint64_t *time_us)
{
    if (enrolment->first_start_us == STATE_NO_TIME ||
        enrolment->first_completion_us == STATE_NO_TIME ||
        enrolment->first_completion_us < enrolment->first_start_us)
        return false;
    *time_us = (uint64_t)(enrolment->first_completion_us - enrolment->first_start_us);
    return true;
}

int fold_values(const struct state *state, int ranks, struct tally *tally, struct values *values,
                struct failure *failure)
{
    struct fold_counter counter;
    wide *rest = NULL;
    uint32_t most = 0;
    int result = values_begin(ranks, tally, values, failure);
    if (result == 0)
        result = fold_counter_begin(&counter, tally, failure);
    else
        counter.slots = NULL;
    for (uint32_t i = 0; i < state->group_count; i++)
        if (state->groups[i].progress_count > most)
            most = state->groups[i].progress_count;
    rest = malloc(((size_t)most + 1) * sizeof *rest);
    if (rest == NULL)
        result = failure_memory(failure, "values for percentiles", most * sizeof *rest);
    for (uint32_t i = 0; i < state->group_count && result == 0; i++) {
        const struct state_group *group = &state->groups[i];
        result = add_times(&counter, group, rest, values, failure);
        for (uint32_t j = 0; j < group->enrolment_count && result == 0; j++) {
            struct tally_record key = fold_cohort_key(&group->enrolments[j]);
            uint64_t time_us = 0;
            if (fold_time_to_complete(&group->enrolments[j], &time_us))
                result = add(&counter, &key, time_us, values, failure);
        }
    }
    free(rest);
    free(counter.slots);
    return result;
}
