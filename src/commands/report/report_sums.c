#include "report_sums.h"

#include <stdlib.h>

static int compare_courses(const void *left, const void *right)
{
    const struct report_course *a = left;
    const struct report_course *b = right;
    if (a->users_started != b->users_started)
        return a->users_started < b->users_started ? 1 : -1;
    return (a->course_id > b->course_id) - (a->course_id < b->course_id);
}

int report_sums_courses(const struct marts *marts, struct report_course **courses, size_t *count,
                        struct failure *failure)
{
    size_t lesson = 0;
    *count = 0;
    *courses = calloc(marts->cohort_count + 1, sizeof **courses);
    if (*courses == NULL)
        return failure_memory(failure, "the courses", marts->cohort_count * sizeof **courses);
    for (size_t i = 0; i < marts->cohort_count; i++) {
        const struct mart_cohort_row *row = &marts->cohorts[i];
        struct report_course *course = *count > 0 ? &(*courses)[*count - 1] : NULL;
        if (course == NULL || course->course_id != row->course_id) {
            course = &(*courses)[(*count)++];
            *course = (struct report_course){.course_id = row->course_id, .cohort_begin = i};
            /* Both marts are in the order of courses; a lesson's course has a cohort. */
            while (lesson < marts->lesson_count &&
                   marts->lessons[lesson].course_id < row->course_id)
                lesson++;
            course->lesson_begin = lesson;
            while (lesson < marts->lesson_count &&
                   marts->lessons[lesson].course_id == row->course_id)
                lesson++;
            course->lesson_end = lesson;
        }
        course->cohort_end = i + 1;
        course->users_started += row->users_started;
        course->users_completed_course += row->users_completed_course;
    }
    qsort(*courses, *count, sizeof **courses, compare_courses);
    return 0;
}

static int compare_rows(const void *left, const void *right)
{
    const struct mart_lesson_row *a = left;
    const struct mart_lesson_row *b = right;
    if (a->lesson_id != b->lesson_id)
        return a->lesson_id < b->lesson_id ? -1 : 1;
    return (a->cohort_week_start > b->cohort_week_start) -
           (a->cohort_week_start < b->cohort_week_start);
}

/* Sums of the rows of one lesson; the average is finished when all its rows are in. */
struct sum {
    double weighted_e3;
    int64_t weight;
};

static void finish_lesson(struct report_lesson *lesson, const struct sum *sum)
{
    lesson->has_avg_time_spent = sum->weight > 0;
    if (sum->weight > 0)
        lesson->avg_time_spent_sec_e3 = (int64_t)(sum->weighted_e3 / (double)sum->weight + 0.5);
}

static size_t sum_rows(const struct mart_lesson_row *rows, size_t row_count,
                       struct report_lesson *lessons)
{
    size_t count = 0;
    struct sum sum = {0};
    for (size_t i = 0; i < row_count; i++) {
        const struct mart_lesson_row *row = &rows[i];
        if (count == 0 || lessons[count - 1].lesson_id != row->lesson_id) {
            if (count > 0)
                finish_lesson(&lessons[count - 1], &sum);
            sum = (struct sum){0};
            lessons[count] = (struct report_lesson){.lesson_id = row->lesson_id};
            lessons[count].has_previous = count > 0;
            if (count > 0)
                lessons[count].previous_users_started = lessons[count - 1].users_started;
            count++;
        }
        lessons[count - 1].users_started += row->users_started;
        lessons[count - 1].users_completed += row->users_completed;
        if (row->has_avg_time_spent) {
            sum.weight += row->users_completed;
            sum.weighted_e3 += (double)row->avg_time_spent_sec_e3 * row->users_completed;
        }
    }
    if (count > 0)
        finish_lesson(&lessons[count - 1], &sum);
    return count;
}

int report_sums_lessons(const struct marts *marts, const struct report_course *course,
                        const struct mart_cohort_row *cohort, struct report_lesson **lessons,
                        size_t *count, struct failure *failure)
{
    size_t room = course->lesson_end - course->lesson_begin;
    size_t row_count = 0;
    int status = 0;
    *count = 0;
    *lessons = calloc(room + 1, sizeof **lessons);
    struct mart_lesson_row *rows = calloc(room + 1, sizeof *rows);
    if (*lessons == NULL || rows == NULL) {
        status = failure_memory(failure, "the lessons", room * sizeof *rows);
        goto free_rows;
    }
    bool only_mature = cohort == NULL && marts->step_count == marts->lesson_count &&
                       report_steps_pools_mature(marts, course);
    for (size_t i = course->lesson_begin; i < course->lesson_end; i++)
        if (cohort != NULL ? marts->lessons[i].cohort_week_start == cohort->cohort_week_start
                           : !only_mature || marts->steps[i].observed_days >= MARTS_MATURE_DAYS)
            rows[row_count++] = marts->lessons[i];
    qsort(rows, row_count, sizeof *rows, compare_rows);
    *count = sum_rows(rows, row_count, *lessons);
free_rows:
    free(rows);
    if (status != 0) {
        free(*lessons);
        *lessons = NULL;
    }
    return status;
}

size_t report_sums_biggest_drop(const struct report_lesson *lessons, size_t count)
{
    size_t biggest = count;
    int64_t most = 0;
    for (size_t i = 1; i < count; i++) {
        int64_t dropped = lessons[i].previous_users_started - lessons[i].users_started;
        if (dropped > most) {
            most = dropped;
            biggest = i;
        }
    }
    return biggest;
}
