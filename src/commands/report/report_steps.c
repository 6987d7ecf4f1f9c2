#include "report_sums.h"

#include <stdlib.h>

bool report_steps_is_mature(const struct marts *marts, size_t cohort)
{
    return marts->completion_count != marts->cohort_count ||
           marts->completions[cohort].observed_days >= MARTS_MATURE_DAYS;
}

bool report_steps_pools_mature(const struct marts *marts, const struct report_course *course)
{
    for (size_t i = course->cohort_begin; i < course->cohort_end; i++)
        if (marts->cohorts[i].users_started > 0 && report_steps_is_mature(marts, i))
            return true;
    return false;
}

/* The median of a cohort, and of how many completions it is. */
struct median {
    int64_t value_e3;
    uint64_t weight;
};

static int compare_medians(const void *left, const void *right)
{
    const struct median *a = left, *b = right;
    return (a->value_e3 > b->value_e3) - (a->value_e3 < b->value_e3);
}

static void set_median(struct report_lesson *lesson, struct median *medians, size_t count)
{
    uint64_t all = 0, so_far = 0;
    qsort(medians, count, sizeof *medians, compare_medians);
    for (size_t i = 0; i < count; i++)
        all += medians[i].weight;
    lesson->has_median = all > 0;
    for (size_t i = 0; i < count && so_far < all - all / 2; i++) {
        lesson->median_e3 = medians[i].value_e3;
        so_far += medians[i].weight;
    }
}

/* Whether a row of the steps is of the cohort, or of one of those that are pooled. */
static bool is_of(const struct mart_step_row *row, const struct mart_cohort_row *cohort,
                  bool only_mature)
{
    if (cohort != NULL)
        return row->cohort_week_start == cohort->cohort_week_start;
    return !only_mature || row->observed_days >= MARTS_MATURE_DAYS;
}

int report_steps_add(const struct marts *marts, const struct report_course *course,
                     const struct mart_cohort_row *cohort, struct report_lesson *lessons,
                     size_t count, struct failure *failure)
{
    bool only_mature = report_steps_pools_mature(marts, course);
    size_t most = course->cohort_end - course->cohort_begin;
    struct median *medians = calloc(most + 1, sizeof *medians);
    if (medians == NULL)
        return failure_memory(failure, "the lessons", most * sizeof *medians);
    for (size_t lesson = 0; lesson < count; lesson++) {
        size_t used = 0;
        bool reached = false; /* the cohort's first row of this lesson or a later one was met */
        for (size_t i = course->lesson_begin; i < course->lesson_end; i++) {
            const struct mart_step_row *row = &marts->steps[i];
            if (i > course->lesson_begin && row[-1].cohort_week_start != row->cohort_week_start)
                reached = false;
            if (reached || row->lesson_id < lessons[lesson].lesson_id ||
                !is_of(row, cohort, only_mature))
                continue;
            reached = true;
            lessons[lesson].users_reached += row->users_reached;
            if (row->lesson_id != lessons[lesson].lesson_id)
                continue;
            lessons[lesson].users_stopped += row->users_stopped;
            if (row->has_time_spent)
                medians[used++] =
                    (struct median){row->time_spent_p50_sec_e3, row->completions_timed};
        }
        set_median(&lessons[lesson], medians, used);
    }
    free(medians);
    return 0;
}

size_t report_steps_biggest(const struct report_lesson *lessons, size_t count)
{
    size_t biggest = count;
    int64_t most = 0;
    for (size_t i = 0; i + 1 < count; i++)
        if (lessons[i].users_stopped > most) {
            most = lessons[i].users_stopped;
            biggest = i;
        }
    return biggest;
}
