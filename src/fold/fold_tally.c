#include "course_funnel/fold.h"

#include "course_funnel/calendar.h"
#include "fold_sums.h"

#include <stdbool.h>

/* No lesson of an enrolment was seen. */
#define NO_LESSON INT64_MIN

/* Whom the further marts count of a cohort. */
static void count_completion(struct tally_record *record, const struct state_enrolment *enrolment,
                             int64_t furthest)
{
    static const int64_t days[] = {[TALLY_WITHIN_7D] = 7,
                                   [TALLY_WITHIN_14D] = 14,
                                   [TALLY_WITHIN_30D] = 30,
                                   [TALLY_WITHIN_90D] = 90};
    bool completed = enrolment->first_completion_us != STATE_NO_TIME;
    uint64_t time_us = 0;
    bool timed = fold_time_to_complete(enrolment, &time_us);
    for (int i = TALLY_WITHIN_7D; i <= TALLY_WITHIN_90D; i++)
        record->sums[i] += timed && time_us <= (uint64_t)(days[i] * CALENDAR_US_PER_DAY);
    record->sums[TALLY_TIMED] += timed;
    record->sums[TALLY_UNORDERED] += completed && !timed;
    record->sums[TALLY_LEARNERS] += furthest != NO_LESSON;
    record->sums[TALLY_LEFT] += furthest != NO_LESSON && !completed;
}

/* The highest lesson of each enrolment, or NO_LESSON. */
static void find_furthest(const struct state_group *group, int64_t *furthest)
{
    for (uint32_t i = 0; i < group->enrolment_count; i++)
        furthest[i] = NO_LESSON;
    for (uint32_t i = 0; i < group->progress_count; i++) {
        int64_t *lesson = &furthest[group->progress[i].enrolment];
        if (group->progress[i].lesson_id > *lesson)
            *lesson = group->progress[i].lesson_id;
    }
}

static void count_enrolment(struct tally *tally, struct tally_record *record,
                            const struct state_enrolment *enrolment, const int64_t *furthest)
{
    bool started = enrolment->first_start_us != STATE_NO_TIME;
    bool completed = enrolment->first_completion_us != STATE_NO_TIME;
    record->users_started += started;
    record->users_completed += completed;
    tally->pairs_started += started;
    tally->pairs_completed += completed;
    if (furthest != NULL)
        count_completion(record, enrolment, *furthest);
}

static void count_progress(struct tally_record *record, const struct state_enrolment *enrolment,
                           const struct state_progress *progress, const int64_t *furthest)
{
    record->users_started += (progress->flags & STATE_STARTED) != 0;
    record->users_completed += (progress->flags & STATE_COMPLETED) != 0;
    record->timed_completions += progress->timed_completions;
    uint64_t low = record->time_spent_low_us + progress->time_low_us;
    record->time_spent_high_us += progress->time_high_us + (low < record->time_spent_low_us);
    record->time_spent_low_us = low;
    if (furthest == NULL || *furthest != progress->lesson_id)
        return;
    record->sums[TALLY_FURTHEST]++;
    record->sums[TALLY_STOPPED] += enrolment->first_completion_us == STATE_NO_TIME;
}

void fold_tally_group(struct tally *tally, const struct state_group *group,
                      const struct fold_places *places, int64_t *furthest)
{
    if (furthest != NULL)
        find_furthest(group, furthest);
    for (uint32_t i = 0; i < group->enrolment_count; i++)
        count_enrolment(tally, &tally->records[places->cohorts[i]], &group->enrolments[i],
                        furthest != NULL ? &furthest[i] : NULL);
    for (uint32_t i = 0; i < group->progress_count; i++) {
        uint32_t enrolment = group->progress[i].enrolment;
        count_progress(&tally->records[places->lessons[i]], &group->enrolments[enrolment],
                       &group->progress[i], furthest != NULL ? &furthest[enrolment] : NULL);
    }
}
