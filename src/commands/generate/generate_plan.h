#ifndef GENERATE_PLAN_H
#define GENERATE_PLAN_H

#include "generate_options.h"
#include "generate_record.h"

#include <stdbool.h>
#include <stdint.h>

/* Days after the last week in which uploads still arrive; no delay is longer. */
#define GENERATE_TAIL_DAYS 14

/* What the options come down to, worked out once. Its numbers are set by generate_numbers.h. */
struct generate_plan {
    const struct generate_options *options; /* borrowed */
    uint64_t users;
    uint64_t enrolments_mean; /* courses of a user, of GENERATE_ONE */
    uint64_t fillers_mean;    /* other events for each course event, of GENERATE_ONE */
    uint64_t visitor_mean;    /* events of a user without a course, of GENERATE_ONE */
    bool has_session_starts;  /* one for each session */
    uint64_t late_threshold;  /* shares of 2^32 */
    uint64_t duplicates_threshold;
    uint64_t dirt_threshold;
    uint64_t hostile_threshold;
    int64_t end_ms;         /* nothing happens from here on; 0 is the start */
    uint32_t hours;         /* of uploads, the tail included */
    uint32_t *week_weights; /* cumulated: when learners arrive */
    char (*dates)[12];      /* "2025-07-01" for each day, with one day before the start */
};

/*
 * Local. All but the numbers, which are 0. Returns 0 and a plan that generate_plan_free releases,
 * or -1 (EXIT_BUG, no memory).
 */
int generate_plan_create(const struct generate_options *options, struct generate_plan *plan,
                         struct failure *failure);
void generate_plan_free(struct generate_plan *plan);

/* Local. What a course is like; all of it follows from the seed and the course's index. */
uint32_t generate_course_lessons(const struct generate_plan *plan, uint32_t course);
int32_t generate_course_id(uint32_t course);
int32_t generate_lesson_id(const struct generate_plan *plan, uint32_t course, uint32_t lesson);

#endif
