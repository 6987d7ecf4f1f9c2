#include "course_funnel/calendar.h"

#include "generate_parts.h"

#include <stdlib.h>
#include <string.h>

/*
 * Learners who are lived through to see how many events a learner has: more when few of them take
 * a course, since what is to be known is how long those learn.
 */
#define PILOT_USERS 4000
#define PILOT_MOST_USERS (64 * PILOT_USERS)
#define PILOT_ENROLLED 2000
#define PILOT_FIRST_USER UINT32_C(0xc0000000)

/* Courses of a user, where the number of users is free: 1.3. */
#define USUAL_ENROLMENTS (GENERATE_ONE * 13 / 10)

/* Events of somebody who only looks in. */
#define USUAL_VISIT (GENERATE_ONE * 4)

struct pilot {
    struct generate_sink sink; /* stands first: the sink is the pilot */
    uint64_t course_events;
    uint64_t other_events;
    uint32_t users;
};

static void pilot_take(struct generate_sink *sink, const struct generate_record *record)
{
    struct pilot *pilot = (struct pilot *)sink;
    if (record->kind < GENERATE_FIRST_OTHER)
        pilot->course_events++;
    else
        pilot->other_events++;
}

static struct pilot fly_pilot(const struct generate_plan *plan)
{
    struct pilot pilot = {.sink = {pilot_take}};
    uint32_t enrolled = 0;
    while (pilot.users < PILOT_USERS ||
           (pilot.users < PILOT_MOST_USERS && enrolled < PILOT_ENROLLED)) {
        uint64_t before = pilot.course_events;
        generate_learner(plan, PILOT_FIRST_USER + pilot.users++, &pilot.sink);
        if (pilot.course_events > before)
            enrolled++;
    }
    return pilot;
}

bool generate_plan_tells(const struct generate_plan *plan)
{
    struct pilot look = {.sink = {pilot_take}};
    for (uint64_t user = 0; user < plan->users; user++) {
        generate_learner(plan, (uint32_t)user, &look.sink);
        if (look.course_events + look.other_events > 0)
            return true;
    }
    return false;
}

static uint64_t threshold(double share)
{
    return (uint64_t)(share * 4294967296.0);
}

/* A year has four waves of arrivals; each week has its own luck, and the school grows. */
static int plan_weeks(struct generate_plan *plan, struct failure *failure)
{
    size_t weeks = plan->options->weeks;
    plan->week_weights = malloc(weeks * sizeof *plan->week_weights);
    if (plan->week_weights == NULL)
        return failure_memory(failure, "the weeks of a sample", weeks * sizeof(uint32_t));
    uint32_t sum = 0;
    for (uint32_t week = 0; week < weeks; week++) {
        uint32_t of_wave = week % 13;
        uint32_t wave = of_wave < 3 ? 100 + 60 * of_wave : 220 - 15 * (of_wave - 3);
        uint32_t luck = (uint32_t)(generate_hash(plan->options->seed, 104, week) % 80);
        sum += wave + luck + (uint32_t)(100 * week / weeks);
        plan->week_weights[week] = sum;
    }
    return 0;
}

static int plan_dates(struct generate_plan *plan, struct failure *failure)
{
    size_t days = 7 * plan->options->weeks + GENERATE_TAIL_DAYS + 3;
    plan->dates = malloc(days * sizeof *plan->dates);
    if (plan->dates == NULL)
        return failure_memory(failure, "the days of a sample", days * sizeof *plan->dates);
    for (size_t day = 0; day < days; day++) {
        char text[CALENDAR_DATE_BYTES];
        calendar_format_date(plan->options->start_days - 1 + (int32_t)day, text);
        memcpy(plan->dates[day], text, sizeof text);
    }
    return 0;
}

/* Numbers of GENERATE_ONE are kept where 64 bits are enough to multiply them. */
static uint64_t bounded(double value)
{
    const double most = 1e9 * (double)GENERATE_ONE;
    return value < 0 ? 0 : (uint64_t)(value < most ? value : most);
}

/*
 * Other events around the course events, to make up the lines asked for: a pilot shows how many
 * others come by themselves. False when those alone are too many.
 */
static bool plan_fillers(struct generate_plan *plan)
{
    plan->fillers_mean = 0;
    struct pilot pilot = fly_pilot(plan);
    double lives = (double)plan->users / pilot.users;
    double course_events = (double)pilot.course_events * lives + 1;
    double missing =
        (double)plan->options->events - course_events - (double)pilot.other_events * lives;
    plan->fillers_mean = bounded(missing / course_events * (double)GENERATE_ONE);
    return missing >= 0;
}

/* How many users, courses of each and other events around them make up the events asked for. */
static void plan_numbers(struct generate_plan *plan)
{
    const struct generate_options *options = plan->options;
    const double one = (double)GENERATE_ONE;
    double events = (double)options->events;
    double course_events = events * options->course_share;
    plan->users = options->users;
    if (course_events < 1) {
        if (plan->users == 0)
            plan->users = options->events / 4 + 1;
        plan->visitor_mean = bounded(events / (double)plan->users * one);
        return;
    }
    plan->enrolments_mean = USUAL_ENROLMENTS;
    struct pilot usual = fly_pilot(plan);
    double each = ((double)usual.course_events + 1) / usual.users;
    if (plan->users == 0)
        plan->users = (uint64_t)(course_events / each) + 1;
    else
        plan->enrolments_mean =
            bounded(course_events / (double)plan->users / each * (double)USUAL_ENROLMENTS);

    if (options->course_share >= 1)
        return;
    plan->visitor_mean = USUAL_VISIT;
    plan->tells_sessions = true;
    if (!plan_fillers(plan)) {
        plan->visitor_mean = 0;
        plan->tells_sessions = false;
        (void)plan_fillers(plan);
    }
}

int generate_plan_create(const struct generate_options *options, struct generate_plan *plan,
                         struct failure *failure)
{
    *plan = (struct generate_plan){
        .options = options,
        .late_threshold = threshold(options->late),
        .duplicates_threshold = threshold(options->duplicates),
        .dirt_threshold = threshold(options->dirt),
        .hostile_threshold = threshold(options->hostile),
        .end_ms = 7 * (int64_t)options->weeks * GENERATE_MS_PER_DAY,
        .hours = (uint32_t)(24 * (7 * options->weeks + GENERATE_TAIL_DAYS)),
    };
    if (plan_weeks(plan, failure) != 0 || plan_dates(plan, failure) != 0) {
        generate_plan_free(plan);
        return -1;
    }
    plan_numbers(plan);
    /* The few learners of a small sample may be some who do nothing. */
    for (int more = 0; more < 1000 && options->users == 0 && !generate_plan_tells(plan); more++)
        plan->users++;
    return 0;
}

void generate_plan_free(struct generate_plan *plan)
{
    free(plan->week_weights);
    free(plan->dates);
    *plan = (struct generate_plan){0};
}
