#ifndef REPORT_SUMS_H
#define REPORT_SUMS_H

#include "course_funnel/marts.h"

/* Marts → what a report shows: courses, and the lessons of one cohort or of all together. Pure. */

/* The rows of a course in the marts, begin to end, and their sums. */
struct report_course {
    int32_t course_id;
    size_t cohort_begin, cohort_end;
    size_t lesson_begin, lesson_end;
    int64_t users_started;
    int64_t users_completed_course;
};

struct report_lesson {
    int32_t lesson_id;
    int64_t users_started;
    int64_t users_completed;
    bool has_avg_time_spent;
    int64_t avg_time_spent_sec_e3;
    bool has_previous;
    int64_t previous_users_started;
    int64_t users_reached; /* this and what follows: by report_steps_add */
    int64_t users_stopped;
    bool has_median;
    int64_t median_e3;
};

/* Local. The courses of ${marts}, most users started first. Returns 0 and an array to free, or -1.
 */
int report_sums_courses(const struct marts *marts, struct report_course **courses, size_t *count,
                        struct failure *failure);

/*
 * Local. The lessons of ${course} in the order of their ids: of one cohort, or of all together when
 * ${cohort} is NULL. A user is in one cohort of a course only, so the counts of all are exact sums;
 * the average time of all is the cohorts' weighted by users_completed, since the marts do not have
 * the number of events. Returns 0 and an array to free, or -1 (EXIT_BUG).
 */
int report_sums_lessons(const struct marts *marts, const struct report_course *course,
                        const struct mart_cohort_row *cohort, struct report_lesson **lessons,
                        size_t *count, struct failure *failure);

/*
 * Local. Which cohorts the rates of all together are over: those that are mature, or where none is,
 * or no further mart is there, all. A cohort by its index in the marts.
 */
bool report_steps_pools_mature(const struct marts *marts, const struct report_course *course);
bool report_steps_is_mature(const struct marts *marts, size_t cohort);

/*
 * Local. What the steps mart says of the ${count} lessons of report_sums_lessons, with the same
 * ${cohort}. The median of all is that of the cohorts' medians, weighted by timed completions,
 * since the marts have no others. Returns 0, or -1 (EXIT_BUG).
 */
int report_steps_add(const struct marts *marts, const struct report_course *course,
                     const struct mart_cohort_row *cohort, struct report_lesson *lessons,
                     size_t count, struct failure *failure);

/* Local. Index of the lesson behind which most users stopped, never the last; or ${count}. */
size_t report_steps_biggest(const struct report_lesson *lessons, size_t count);

/* Local. Index of the lesson before which most users were lost, or ${count} when none were. */
size_t report_sums_biggest_drop(const struct report_lesson *lessons, size_t count);

#endif
