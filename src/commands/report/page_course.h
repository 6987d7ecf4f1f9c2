#ifndef PAGE_COURSE_H
#define PAGE_COURSE_H

#include "page_names.h"
#include "report_sums.h"

/* Marts → a course as the page shows it: every cohort that anybody started in, every lesson. Pure.
 */

/* Below so many learners no percent is said, and a cohort is drawn as a small one. */
#define PAGE_FEW 20
/* What the document holds at first of cohorts and lessons; the script moves on from there. */
#define PAGE_ROWS 26
#define PAGE_COLUMNS 100

struct page_lesson {
    int32_t id;
    char *title;
    const char *module; /* where a module begins: its name; else empty. Of the names. */
    char mark[12];      /* what stands over its column of the map: 1, 5, 10, ... in its module */
};

/* A lesson in a cohort, or in several together. */
struct page_value {
    int64_t reached;
    int64_t stopped;
    int64_t started;
    int64_t completed;
    bool has_time;
    int64_t p50_e3, p90_e3; /* of the seconds that it took */
};

struct page_cohort {
    int32_t week;
    int64_t started;
    int64_t completed;                        /* the course */
    const struct mart_completion_row *within; /* of the marts */
    struct page_value *values;                /* one a lesson */
};

/* A cohort alone, or several added up. */
struct page_total {
    size_t cohorts;
    bool is_young; /* watched for less than 28 days; of several: each of them */
    int64_t started;
    int64_t completed;
    int64_t base; /* what 100 % of reached is: those who reached the lowest lesson */
    const struct page_value *values;
    size_t largest; /* of several: whose percentiles the values have */
    /* The three lessons with most stopped, most first; never the last lesson. */
    size_t worst[3];
    size_t worst_count;
};

struct page_course {
    int32_t id;
    char *name;
    struct page_lesson *lessons; /* by position, then id */
    size_t lesson_count;
    size_t lowest, last; /* the lessons with the lowest and the highest id */
    bool is_by_id;       /* lessons stand in the order of their ids: reached never rises */
    bool has_modules;
    struct page_cohort *cohorts; /* newest first */
    size_t cohort_count;
    size_t idle_weeks; /* in which nobody started, but somebody has events */
    int64_t idle_completed;
    const struct mart_entry_row *entries;
    size_t entry_count;
    struct page_total total;   /* of the mature cohorts, or of all where none is */
    struct page_value *values; /* all of them; the total's come last */
};

/*
 * Local. The course ${from} of ${marts}, which must have the further marts. Returns 0, or -1
 * (EXIT_BUG); page_course_free frees it either way.
 */
int page_course_make(const struct marts *marts, const struct report_course *from,
                     const struct page_names *names, struct page_course *course,
                     struct failure *failure);
void page_course_free(struct page_course *course);

/* Local. Whether a cohort was watched for less than 28 days. */
bool page_course_is_young(const struct page_cohort *cohort);

/* Local. One cohort as a total of its own. */
struct page_total page_course_single(const struct page_course *course, size_t cohort);

#endif
