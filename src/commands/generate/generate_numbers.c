#include "generate_numbers.h"

#include "generate_learners.h"
#include "generate_random.h"

/*
 * Learners who are made to see how many events a learner has: more when few of them take
 * a course, since what is to be known is how long those learn.
 */
#define SAMPLE_USERS 4000
#define SAMPLE_MOST_USERS (64 * SAMPLE_USERS)
#define SAMPLE_ENROLLED 2000
#define SAMPLE_FIRST_USER UINT32_C(0xc0000000)

/* Courses of a user, where the number of users is free: 1.3. */
#define USUAL_ENROLMENTS (GENERATE_ONE * 13 / 10)

/* Events of somebody who only looks in. */
#define USUAL_VISIT (GENERATE_ONE * 4)

struct sample {
    struct generate_sink sink; /* stands first: the sink is the sample */
    uint64_t course_events;
    uint64_t other_events;
    uint32_t users;
};

static void count_record(struct generate_sink *sink, const struct generate_record *record)
{
    struct sample *sample = (struct sample *)sink;
    if (record->kind < GENERATE_FIRST_OTHER)
        sample->course_events++;
    else
        sample->other_events++;
}

static struct sample sample_learners(const struct generate_plan *plan)
{
    struct sample sample = {.sink = {count_record}};
    uint32_t enrolled = 0;
    while (sample.users < SAMPLE_USERS ||
           (sample.users < SAMPLE_MOST_USERS && enrolled < SAMPLE_ENROLLED)) {
        uint64_t before = sample.course_events;
        generate_learner(plan, SAMPLE_FIRST_USER + sample.users++, &sample.sink);
        if (sample.course_events > before)
            enrolled++;
    }
    return sample;
}

bool generate_numbers_any_line(const struct generate_plan *plan)
{
    struct sample look = {.sink = {count_record}};
    for (uint64_t user = 0; user < plan->users; user++) {
        generate_learner(plan, (uint32_t)user, &look.sink);
        if (look.course_events + look.other_events > 0)
            return true;
    }
    return false;
}

/* Numbers of GENERATE_ONE are kept where 64 bits are enough to multiply them. */
static uint64_t bounded(double value)
{
    const double most = 1e9 * (double)GENERATE_ONE;
    return value < 0 ? 0 : (uint64_t)(value < most ? value : most);
}

/*
 * Other events around the course events, to make up the lines asked for: a sample shows how many
 * others come by themselves. False when those alone are too many.
 */
static bool set_fillers(struct generate_plan *plan)
{
    plan->fillers_mean = 0;
    struct sample sample = sample_learners(plan);
    double scale = (double)plan->users / sample.users;
    double course_events = (double)sample.course_events * scale + 1;
    double missing =
        (double)plan->options->events - course_events - (double)sample.other_events * scale;
    plan->fillers_mean = bounded(missing / course_events * (double)GENERATE_ONE);
    return missing >= 0;
}

/* How many users, courses of each and other events around them make up the events asked for. */
static void set_numbers(struct generate_plan *plan)
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
    struct sample usual = sample_learners(plan);
    double each = ((double)usual.course_events + 1) / usual.users;
    if (plan->users == 0)
        plan->users = (uint64_t)(course_events / each) + 1;
    else
        plan->enrolments_mean =
            bounded(course_events / (double)plan->users / each * (double)USUAL_ENROLMENTS);

    if (options->course_share >= 1)
        return;
    plan->visitor_mean = USUAL_VISIT;
    plan->has_session_starts = true;
    if (!set_fillers(plan)) {
        plan->visitor_mean = 0;
        plan->has_session_starts = false;
        (void)set_fillers(plan);
    }
}

void generate_numbers_set(struct generate_plan *plan)
{
    set_numbers(plan);
    /* The few learners of a small sample may be some who do nothing. */
    for (int more = 0; more < 1000 && plan->options->users == 0 && !generate_numbers_any_line(plan);
         more++)
        plan->users++;
}
