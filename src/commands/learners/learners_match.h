#ifndef LEARNERS_MATCH_H
#define LEARNERS_MATCH_H

#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Whom a wish means: the rules of `course-funnel learners`, as its --help has them. Pure. */

enum learners_who {
    LEARNERS_STARTED,
    LEARNERS_COMPLETED, /* a lesson */
    LEARNERS_FINISHED,  /* the course */
    LEARNERS_REACHED,
    LEARNERS_STOPPED,
    LEARNERS_UNFINISHED,
    LEARNERS_WHOS
};

struct learners_wish {
    int32_t course_id;
    int32_t cohort_week; /* where has_cohort: its Monday, days since 1970-01-01 */
    int32_t lesson_id;   /* where has_lesson */
    bool has_cohort, has_lesson, has_idle;
    enum learners_who who;
    uint64_t idle_days; /* where has_idle */
};

#define LEARNERS_NO_LESSON INT64_MIN

/* What is known of a user in the course; STATE_NO_TIME: never. */
struct learners_facts {
    int64_t first_start_us;
    int64_t last_event_us;
    int64_t completed_us; /* the course */
    int64_t furthest;     /* the highest lesson with any event, or LEARNERS_NO_LESSON */
    int32_t cohort_week;
    bool started_lesson, completed_lesson; /* that of the wish */
};

/* Local. The name of WHO, as it is given; the WHO of a name. Returns 0, or -1 (EXIT_USAGE). */
const char *learners_who_name(enum learners_who who);
int learners_who_parse(const char *name, enum learners_who *who, struct failure *failure);

/* Local. Whether WHO goes with a lesson, or without one. Returns 0, or -1 (EXIT_USAGE). */
int learners_check_wish(const struct learners_wish *wish, struct failure *failure);

/*
 * Local. Whether the wish means the user of ${facts}, a user of the course, but for --idle-days.
 * One who has reached a lesson counts only if the cohort has a row for it, which is not known here.
 */
bool learners_is_meant(const struct learners_wish *wish, const struct learners_facts *facts);

/* How long ago the last event was, as seen from ${as_of_us}. */
enum learners_idle {
    LEARNERS_BUSY,   /* not longer than --idle-days */
    LEARNERS_IDLE,   /* longer; always, where the wish has no such days */
    LEARNERS_UNKNOWN /* it is behind as_of: of a day that is not over, or by a broken clock */
};

/* Local. */
enum learners_idle learners_idle(const struct learners_wish *wish, int64_t as_of_us,
                                 const struct learners_facts *facts);

/* A line of the list. */
struct learners_row {
    struct learners_facts facts;
    char *user;
    uint32_t user_bytes;
    uint32_t entry_point; /* its number among the texts of the list; 0: none */
};

/* Local. The order of two rows: by the bytes of the user, as qsort wants it. */
int learners_compare(const void *a, const void *b);

#define LEARNERS_HEADER                                                                            \
    "user_id,user_id_base64,cohort_week_start,first_start,last_event,furthest_lesson,"             \
    "course_completed_at,entry_point\n"

/*
 * Local. Write a row as a line of CSV; ${entry_point} is the text that it has, if any. A failure
 * shows in ferror(out).
 */
void learners_row_print(FILE *out, const struct learners_row *row, const char *entry_point,
                        uint32_t entry_point_bytes);

#endif
