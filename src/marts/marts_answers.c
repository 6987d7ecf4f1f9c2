#include "marts_answers.h"

#include "course_funnel/calendar.h"

#include <inttypes.h>
#include <stdlib.h>

/* Whole days from the Monday after a cohort's week to ${answers}->as_of_us. */
static int32_t observed_days(const struct marts_answers *answers, int32_t week)
{
    int64_t begin_us = ((int64_t)week + 7) * CALENDAR_US_PER_DAY;
    if (!answers->has_as_of || answers->as_of_us <= begin_us)
        return 0;
    return (int32_t)((answers->as_of_us - begin_us) / CALENDAR_US_PER_DAY);
}

/* Thousandths of ${unit_us}, half up; the value is at most INT64_MAX. */
static int64_t thousandths(uint64_t value_us, int64_t unit_us)
{
    uint64_t step_us = (uint64_t)unit_us / 1000;
    return (int64_t)(value_us / step_us + (value_us % step_us * 2 >= step_us));
}

static int broken(const struct tally_record *record, const char *what, struct failure *failure)
{
    return failure_set(failure, EXIT_BUG,
                       "Course %" PRId32 ", week %" PRId32 ", lesson %" PRId32
                       ": %s. Nothing was published; please report this.",
                       record->course_id, record->week, record->lesson_id, what);
}

static int add_completion(const struct tally_record *record, const struct mart_cohort_row *cohort,
                          int32_t observed, struct marts *marts, struct failure *failure)
{
    const uint64_t *sums = record->sums;
    struct mart_completion_row *row = &marts->completions[marts->completion_count++];
    if (sums[TALLY_WITHIN_7D] > sums[TALLY_WITHIN_14D] ||
        sums[TALLY_WITHIN_14D] > sums[TALLY_WITHIN_30D] ||
        sums[TALLY_WITHIN_30D] > sums[TALLY_WITHIN_90D] ||
        sums[TALLY_WITHIN_90D] > sums[TALLY_TIMED])
        return broken(record, "fewer users completed the course in more days", failure);
    if (sums[TALLY_TIMED] + sums[TALLY_UNORDERED] != (uint64_t)cohort->users_completed_course)
        return broken(record, "users who completed the course are counted twice, or not", failure);
    *row = (struct mart_completion_row){
        .course_id = record->course_id,
        .cohort_week_start = record->week,
        .observed_days = observed,
        .has_within_7d = observed >= 7,
        .has_within_14d = observed >= 14,
        .has_within_30d = observed >= 30,
        .has_within_90d = observed >= 90,
        .completed_within_7d = (int32_t)sums[TALLY_WITHIN_7D],
        .completed_within_14d = (int32_t)sums[TALLY_WITHIN_14D],
        .completed_within_30d = (int32_t)sums[TALLY_WITHIN_30D],
        .completed_within_90d = (int32_t)sums[TALLY_WITHIN_90D],
        .completed_timed = (int32_t)sums[TALLY_TIMED],
        .completed_unordered = (int32_t)sums[TALLY_UNORDERED],
        .has_days_to_complete = observed >= MARTS_MATURE_DAYS && sums[TALLY_TIMED] > 0,
        .days_to_complete_p50_e3 = thousandths(record->p50_us, CALENDAR_US_PER_DAY),
        .days_to_complete_p90_e3 = thousandths(record->p90_us, CALENDAR_US_PER_DAY),
    };
    return 0;
}

static void add_step(const struct tally_record *record, bool is_highest, int32_t observed,
                     uint64_t reached, struct marts *marts)
{
    struct mart_step_row *row = &marts->steps[marts->step_count++];
    *row = (struct mart_step_row){
        .course_id = record->course_id,
        .cohort_week_start = record->week,
        .lesson_id = record->lesson_id,
        .observed_days = observed,
        .users_reached = (int32_t)reached,
        .users_stopped = (int32_t)record->sums[TALLY_STOPPED],
        .has_stop_rate = !is_highest && observed >= MARTS_MATURE_DAYS && reached > 0,
        .completions_timed = record->timed_completions,
        .has_time_spent = record->timed_completions > 0,
        .time_spent_p50_sec_e3 = thousandths(record->p50_us, CALENDAR_US_PER_SECOND),
        .time_spent_p90_sec_e3 = thousandths(record->p90_us, CALENDAR_US_PER_SECOND),
    };
    if (row->has_stop_rate)
        row->stop_rate_e6 = marts_rate_e6(record->sums[TALLY_STOPPED], reached);
}

/* A cohort and its ${lessons} records behind it: who reached a lesson is counted from the end. */
static int add_cohort(const struct tally_record *cohort, size_t lessons, int32_t observed,
                      struct marts *marts, struct failure *failure)
{
    uint64_t reached = 0, stopped = 0;
    for (size_t i = 1; i <= lessons; i++) {
        if (cohort[i].sums[TALLY_STOPPED] > cohort[i].sums[TALLY_FURTHEST])
            return broken(&cohort[i], "more users stopped there than came no further", failure);
        reached += cohort[i].sums[TALLY_FURTHEST];
        stopped += cohort[i].sums[TALLY_STOPPED];
    }
    if (reached != cohort->sums[TALLY_LEARNERS] || stopped != cohort->sums[TALLY_LEFT])
        return broken(cohort, "users who reached lessons, or stopped there, do not add up",
                      failure);
    for (size_t i = 1; i <= lessons; i++) {
        uint64_t seen = cohort[i].users_started > cohort[i].users_completed
                            ? cohort[i].users_started
                            : cohort[i].users_completed;
        if (reached < seen)
            return broken(&cohort[i], "more users were seen there than reached it", failure);
        add_step(&cohort[i], i == lessons, observed, reached, marts);
        reached -= cohort[i].sums[TALLY_FURTHEST];
    }
    return 0;
}

int marts_add_answers(const struct tally *tally, const struct marts_answers *answers,
                      struct marts *marts, struct failure *failure)
{
    marts->steps = calloc(marts->lesson_count + 1, sizeof *marts->steps);
    marts->completions = calloc(marts->cohort_count + 1, sizeof *marts->completions);
    if (marts->steps == NULL || marts->completions == NULL)
        return failure_memory(failure, "the marts", marts->lesson_count * sizeof *marts->steps);
    for (size_t i = 0; i < tally->count;) {
        const struct tally_record *cohort = &tally->records[i];
        size_t lessons = 0;
        int32_t observed = observed_days(answers, cohort->week);
        while (i + 1 + lessons < tally->count && cohort[1 + lessons].kind == TALLY_LESSON)
            lessons++;
        if (add_completion(cohort, &marts->cohorts[marts->completion_count], observed, marts,
                           failure) != 0 ||
            add_cohort(cohort, lessons, observed, marts, failure) != 0)
            return -1;
        i += 1 + lessons;
    }
    return marts_add_entries(answers->entries, marts, failure);
}
