#ifndef PAGE_PARTS_H
#define PAGE_PARTS_H

#include "page_course.h"
#include "page_text.h"

/*
 * The parts of the page, each as HTML: what stands there without a script, and what the script
 * finds there and redraws for other choices. Pure.
 */

/* Local. A button for the table of its section as CSV; shown by the script. */
void page_parts_csv(struct page_text *text, const char *file, const char *what);

/* Local. The same of a course's table, whose file is course-ID-${name}.csv. */
void page_parts_course_csv(struct page_text *text, const struct page_course *course,
                           const char *name, const char *what);

/*
 * Local. Begin the box of a course's table, up to its caption: ${kind} are the classes of the box,
 * ${what} names it for those who hear the page, before "of" and the course; ${caption} likewise.
 */
void page_parts_box(struct page_text *text, const struct page_course *course, const char *kind,
                    const char *what, const char *caption);

/* Local. A number and a bar of one piece, whose classes are ${kind} and a width. */
void page_parts_bar(struct page_text *text, const char *number, const char *kind,
                    const char *width);

/* Local. A line without axes of the shares (0 to 1) of ${count} weeks, oldest first; ${highest} is
 * the top of it. PAGE_NONE where there are fewer than two, or all are 0. */
struct page_point {
    int32_t week;
    double share;
};
void page_parts_spark(struct page_text *text, const struct page_point *points, size_t count,
                      double highest);

/* Local. The course in a few numbers with bars; page_funnel.c. */
void page_funnel_strip(struct page_text *text, const struct page_course *course);

/* Local. A row a lesson: reached, stopped, completed, times. */
void page_funnel(struct page_text *text, const struct page_course *course);

/* Local. Cohorts by lessons; page_map.c. */
void page_map(struct page_text *text, const struct page_course *course);

/* Local. Completion by cohort, as a line and as a table; page_cohorts.c. */
void page_cohorts(struct page_text *text, const struct page_course *course);

/* Local. The line, and whether there is one; page_chart.c. */
bool page_chart(struct page_text *text, const struct page_course *course);

/* Local. Where learners came in; page_entries.c. Returns 0, or -1 (EXIT_BUG). */
int page_entries(struct page_text *text, const struct page_course *course, struct failure *failure);

/* Local. All courses in a table, where there are several; page_courses.c. ${alone}: each has a file
 * of its own, which the table links to. Returns 0, or -1 (EXIT_BUG). */
int page_courses(struct page_text *text, const struct page_course *courses, size_t count,
                 bool alone, struct failure *failure);

/* Local. What this run moved; page_changes.c. Returns 0, or -1 (EXIT_BUG). */
int page_changes(struct page_text *text, const struct marts *marts, const char *what_was_before,
                 const struct page_course *courses, size_t count, struct failure *failure);

/* Local. What the script redraws from; page_data.c. */
void page_data(struct page_text *text, const struct page_course *course);

#endif
