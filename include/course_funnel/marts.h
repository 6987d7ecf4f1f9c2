#ifndef COURSE_FUNNEL_MARTS_H
#define COURSE_FUNNEL_MARTS_H

#include "course_funnel/digest.h"
#include "course_funnel/entries.h"
#include "course_funnel/failure.h"
#include "course_funnel/tally.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Sums → the rows of both marts: rates, NULLs, rounding, order (src/rules.md, "Marts"). Pure.
 * A rate is kept in millionths and an average in thousandths, rounded half up, so that it is
 * exact and has one spelling.
 */

struct mart_cohort_row {
    int32_t course_id;
    int32_t cohort_week_start; /* a Monday, days since 1970-01-01 */
    int32_t users_started;
    int32_t users_completed_course;
    bool has_completion_rate;
    int64_t course_completion_rate_e6;
    bool has_total_lessons;
    int32_t total_lessons;
};

struct mart_lesson_row {
    int32_t course_id;
    int32_t cohort_week_start;
    int32_t lesson_id;
    int32_t users_started;
    int32_t users_completed;
    bool has_completion_rate;
    int64_t lesson_completion_rate_e6;
    bool has_retention_rate;
    int64_t funnel_retention_rate_e6;
    bool has_avg_time_spent;
    int64_t avg_time_spent_sec_e3;
};

/* The next three are of the further marts (src/rules.md, "Answers"). */
struct mart_step_row {
    int32_t course_id;
    int32_t cohort_week_start;
    int32_t lesson_id;
    int32_t observed_days;
    int32_t users_reached;
    int32_t users_stopped;
    bool has_stop_rate;
    int64_t stop_rate_e6;
    uint64_t completions_timed;
    bool has_time_spent; /* of both percentiles */
    int64_t time_spent_p50_sec_e3;
    int64_t time_spent_p90_sec_e3;
};

struct mart_completion_row {
    int32_t course_id;
    int32_t cohort_week_start;
    int32_t observed_days;
    bool has_within_7d, has_within_14d, has_within_30d, has_within_90d;
    int32_t completed_within_7d, completed_within_14d, completed_within_30d, completed_within_90d;
    int32_t completed_timed;
    int32_t completed_unordered;
    bool has_days_to_complete; /* of both percentiles */
    int64_t days_to_complete_p50_e3;
    int64_t days_to_complete_p90_e3;
};

struct mart_entry_row {
    int32_t course_id;
    int32_t cohort_week_start;
    const char *entry_point; /* UTF-8, terminated, at most 256 bytes; owned by the marts */
    int32_t users_started;
    int32_t users_completed_course;
    bool has_completion_rate;
    int64_t completion_rate_e6;
};

/* A cell whose counts differ between the marts that a run replaced and its own. */
struct change_row {
    int32_t course_id;
    int32_t cohort_week_start;
    const char *cell;   /* "cohort" or "lesson" */
    int32_t lesson_id;  /* 0 of a cohort */
    const char *change; /* "added", "removed" or "changed" */
    bool has_old, has_new;
    int32_t old_users_started, new_users_started;
    int32_t old_users_completed, new_users_completed; /* of a cohort: the course */
    bool has_was_mature; /* false: the marts that were replaced had no as_of */
    bool was_mature;
};

/* How many users with events of a course have a session; beside the marts, which it is not of. */
struct match_row {
    int32_t course_id;
    uint64_t users; /* the sum of the next two */
    uint64_t users_with_session;
    uint64_t users_without_session;
};

/* From so many observed_days on a cohort is mature. */
#define MARTS_MATURE_DAYS 28

/* Rows in the order of their keys. */
struct marts {
    struct mart_cohort_row *cohorts;
    size_t cohort_count;
    struct mart_lesson_row *lessons;
    size_t lesson_count;
    struct mart_step_row *steps; /* this and the next two: none where two marts are all */
    size_t step_count;
    struct mart_completion_row *completions;
    size_t completion_count;
    struct mart_entry_row *entries;
    size_t entry_count;
    char *entry_texts;          /* what their entry_point points into */
    struct change_row *changes; /* what publishing found, in no digest */
    size_t change_count;
    struct match_row *matches; /* none where no sessions were read; in no digest */
    size_t match_count;
    char cohorts_digest[DIGEST_BYTES]; /* of the mart's CSV text, header included */
    char lessons_digest[DIGEST_BYTES];
    char steps_digest[DIGEST_BYTES];
    char completions_digest[DIGEST_BYTES];
    char entries_digest[DIGEST_BYTES];
};

/* What the further marts are built from beside the sums. */
struct marts_answers {
    bool has_as_of; /* else there was no event before the day of the run */
    int64_t as_of_us;
    const struct entries *entries;
};

/*
 * Local. Build the marts from the merged sums of all ranks, and check each row (src/rules.md,
 * "Checks on the rows"); the two alone where ${answers} is NULL. Returns 0 and marts that the
 * caller frees with marts_free, or -1: EXIT_BUG when a check fails or no memory is left, EXIT_GATE
 * when a count does not fit SQL INTEGER.
 */
int marts_build(const struct tally *tally, const struct marts_answers *answers,
                struct marts **marts, struct failure *failure);

/* Local. Fill marts->matches out of a tally of match_tally. Returns 0, or -1 (EXIT_BUG). */
int marts_set_matches(const struct tally *tally, struct marts *marts, struct failure *failure);

/* Local. marts_free(NULL) does nothing. */
void marts_free(struct marts *marts);

#endif
