#ifndef COURSE_FUNNEL_TALLY_H
#define COURSE_FUNNEL_TALLY_H

#include "course_funnel/failure.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Integer sums per (course, cohort week) and per (course, cohort week, lesson). A user is on one
 * rank only, so the distinct users of two ranks are disjoint and their counts add up. Pure.
 */

/* What a record of a tally is about. A cohort sorts before its lessons. */
enum tally_kind { TALLY_COHORT = 0, TALLY_LESSON = 1 };

/* What the further marts count beside (src/rules.md, "Answers"): of users, by kind of record. */
enum tally_cohort_sum {
    TALLY_WITHIN_7D, /* whose time to complete the course is at most that */
    TALLY_WITHIN_14D,
    TALLY_WITHIN_30D,
    TALLY_WITHIN_90D,
    TALLY_TIMED,     /* with a time to complete it */
    TALLY_UNORDERED, /* who completed it without such a time */
    TALLY_LEARNERS,  /* with an event of any lesson ... */
    TALLY_LEFT,      /* ... who did not complete the course */
    TALLY_SUMS
};
enum tally_lesson_sum {
    TALLY_FURTHEST, /* whose highest lesson with an event is this one ... */
    TALLY_STOPPED   /* ... who did not complete the course */
};

/* Sums of one cohort or of one of its lessons. Plain data: ranks send it to each other. */
struct tally_record {
    int32_t course_id;
    int32_t week;      /* the cohort's Monday, days since 1970-01-01 */
    int32_t kind;      /* enum tally_kind */
    int32_t lesson_id; /* 0 for TALLY_COHORT */
    union {
        uint64_t users_started; /* distinct users with a start in the course / of the lesson */
        uint64_t users_without_session; /* in a match (match.h) */
    };
    union {
        uint64_t users_completed; /* distinct users who completed the course / the lesson */
        uint64_t users_with_session;
    };
    uint64_t timed_completions; /* lesson completions with a usable time; 0 for TALLY_COHORT */
    uint64_t time_spent_low_us; /* their sum, low and high 64 bits; 0 for TALLY_COHORT */
    uint64_t time_spent_high_us;
    uint64_t sums[TALLY_SUMS]; /* by enum tally_cohort_sum or tally_lesson_sum */
    /*
     * Nearest ranks of the values of the key (values.h): set by the one rank that owns the key, and
     * 0 on all others, so that adding up keeps them.
     */
    uint64_t p50_us, p90_us;
};

/* Records in the order (course_id, week, kind, lesson_id), each key once. */
struct tally {
    struct tally_record *records;
    size_t count;
    size_t capacity;
    /* Distinct (user, course) pairs with a start / with a completed course: the check on the sums.
     */
    uint64_t pairs_started;
    uint64_t pairs_completed;
};

/* Local. An empty tally is all zero. Frees what it holds and leaves it empty. */
void tally_clear(struct tally *tally);

/* Local. Append a record, in any order; tally_sort must follow. Returns 0, or -1 (EXIT_BUG). */
int tally_append(struct tally *tally, const struct tally_record *record, struct failure *failure);

/* Local. The order of two records: below, equal to or above 0. */
int tally_compare(const struct tally_record *a, const struct tally_record *b);

/* Local. Bring the records in order and add up those of the same key. */
void tally_sort(struct tally *tally);

/*
 * Local. Add ${more} (sorted) to ${tally} (sorted); the result is sorted. Returns 0, or -1
 * (EXIT_BUG).
 */
int tally_merge(struct tally *tally, const struct tally *more, struct failure *failure);

#endif
