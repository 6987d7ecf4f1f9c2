#include "course_funnel/fold.h"

#include "fold_sums.h"

static int broken(struct failure *failure)
{
    return failure_set(failure, EXIT_BUG,
                       "The times of completions do not add up. Nothing was published; please "
                       "report this.");
}

/* Add a value to those of the record at ${place}, which ${values} has room for. */
static int add(uint32_t place, uint64_t value, struct values *values, struct failure *failure)
{
    return place < values->count && values_add(values, place, value) ? 0 : broken(failure);
}

/* The times of a group's completions: of each lesson the further ones, and what they leave of the
 * sum. ${rest} has room for one number a progress. */
static int add_times(const struct state_group *group, const uint32_t *lessons, fold_wide *rest,
                     struct values *values, struct failure *failure)
{
    uint32_t at = 0, progress = 0;
    uint64_t time_us = 0;
    for (uint32_t i = 0; i < group->progress_count; i++)
        rest[i] = (fold_wide)group->progress[i].time_high_us << 64 | group->progress[i].time_low_us;
    while (state_next_time(group, &at, &progress, &time_us)) {
        if (progress >= group->progress_count || rest[progress] < time_us)
            return broken(failure);
        rest[progress] -= time_us;
        if (add(lessons[progress], time_us, values, failure) != 0)
            return -1;
    }
    for (uint32_t i = 0; i < group->progress_count; i++) {
        uint32_t timed = group->progress[i].timed_completions;
        if (rest[i] > INT64_MAX || (timed == 0 && rest[i] != 0))
            return broken(failure);
        if (timed > 0 && add(lessons[i], (uint64_t)rest[i], values, failure) != 0)
            return -1;
    }
    return 0;
}

/* The times to complete the course. */
static int add_courses(const struct state_group *group, const uint32_t *cohorts,
                       struct values *values, struct failure *failure)
{
    int result = 0;
    for (uint32_t i = 0; i < group->enrolment_count && result == 0; i++) {
        uint64_t time_us = 0;
        if (fold_time_to_complete(&group->enrolments[i], &time_us))
            result = add(cohorts[i], time_us, values, failure);
    }
    return result;
}

bool fold_time_to_complete(const struct state_enrolment *enrolment, uint64_t *time_us)
{
    if (enrolment->first_start_us == STATE_NO_TIME ||
        enrolment->first_completion_us == STATE_NO_TIME ||
        enrolment->first_completion_us < enrolment->first_start_us)
        return false;
    /* The difference of two times may be no time. */
    *time_us = (uint64_t)enrolment->first_completion_us - (uint64_t)enrolment->first_start_us;
    return true;
}

int fold_values_group(const struct state_group *group, const struct fold_places *places,
                      fold_wide *rest, struct values *values, struct failure *failure)
{
    if (add_times(group, places->lessons, rest, values, failure) != 0)
        return -1;
    return add_courses(group, places->cohorts, values, failure);
}
