#ifndef REPORT_VIEW_H
#define REPORT_VIEW_H

#include "page_names.h"
#include "report_sums.h"

#include <stdio.h>

/* Sums → tables for people to read. Errors of writing stay in ${out}. */

struct report_view {
    const struct marts *marts;
    const struct report_course *courses; /* most users first */
    size_t course_count;
    bool has_further; /* the further marts are there */
    bool shows_mean;  /* in place of the median */
    const struct page_names *names;
    const char *bar; /* one step of a bar: "#", or a block where the terminal has it */
    FILE *out;
};

/* Local. Each course with its cohorts and users; the ${most} largest. Returns 0, or -1 (EXIT_BUG).
 */
int report_view_courses(const struct report_view *view, size_t most, struct failure *failure);

/*
 * Local. The newest ${most} cohorts of ${course} that anybody started in, and the others in one
 * line. Returns 0, or -1 (EXIT_BUG).
 */
int report_view_cohorts(const struct report_view *view, const struct report_course *course,
                        size_t most, struct failure *failure);

/*
 * Local. From where the users of ${course}, of one cohort or of all together, came: the ${most}
 * entry points with most users, and the others in one line. Needs the further marts. Returns 0, or
 * -1 (EXIT_BUG).
 */
int report_answers_entries(const struct report_view *view, const struct report_course *course,
                           const struct mart_cohort_row *cohort, size_t most,
                           struct failure *failure);

/*
 * Local. As report_view_lessons, by how many users reached each lesson and stopped there. Needs the
 * further marts.
 */
int report_answers_lessons(const struct report_view *view, const struct report_course *course,
                           const struct mart_cohort_row *cohort, struct failure *failure);

/*
 * Local. The lessons of ${course}, of one cohort or of all together when ${cohort} is NULL. Returns
 * 0, or -1 (EXIT_BUG).
 */
int report_view_lessons(const struct report_view *view, const struct report_course *course,
                        const struct mart_cohort_row *cohort, struct failure *failure);

#endif
