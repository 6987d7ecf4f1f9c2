#include "generate_learners.h"

#include "course_funnel/event.h"
#include "generate_random.h"

#define MINUTE_MS INT64_C(60000)
#define SESSION_GAP_MS (30 * MINUTE_MS)

/* A learner while their events are made. */
struct learner {
    const struct generate_plan *plan;
    struct generate_sink *sink;
    struct generate_random random;
    uint32_t user;
    uint32_t serial;
    int64_t session_start_ms;
    int64_t last_ms;
};

/* One course of a learner, and where in it they stand. */
struct enrolment {
    uint32_t course;
    uint32_t lessons;
    uint32_t difficulty; /* 0 to 3 */
    bool never_starts;   /* only completions are known, as of learners who were imported */
};

static uint32_t upload_delay_s(struct learner *learner)
{
    struct generate_random *random = &learner->random;
    if (!generate_chance(random, learner->plan->late_threshold))
        return 1 + (uint32_t)generate_below(random, 90);
    const int64_t most = (GENERATE_TAIL_DAYS - 2) * INT64_C(86400);
    int64_t delay = 3600 + generate_exponential(random, 18 * 3600);
    return (uint32_t)(delay < most ? delay : most);
}

/* The same event once more: in a later hour, so in another file. */
static void deliver_again(struct learner *learner, struct generate_record record)
{
    const int64_t most = GENERATE_TAIL_DAYS * INT64_C(86400) - 3600;
    int64_t delay = record.delay_s + 3600 + generate_exponential(&learner->random, 3 * 86400);
    record.delay_s = (uint32_t)(delay < most ? delay : most);
    record.copy = 1;
    learner->sink->take(learner->sink, &record);
}

static void pass(struct learner *learner, struct generate_record *record)
{
    if (record->time_ms >= learner->plan->end_ms)
        return;
    int64_t age_s = (record->time_ms - learner->session_start_ms) / 1000;
    record->user = learner->user;
    record->serial = learner->serial++;
    record->delay_s = upload_delay_s(learner);
    record->session_age_s = (uint16_t)(age_s < UINT16_MAX ? age_s : UINT16_MAX);
    learner->sink->take(learner->sink, record);
    if (generate_chance(&learner->random, learner->plan->duplicates_threshold))
        deliver_again(learner, *record);
}

static void pass_other(struct learner *learner, int64_t time_ms, uint8_t kind, uint32_t course,
                       uint32_t lesson)
{
    struct generate_record record = {
        .time_ms = time_ms, .kind = kind, .course = (uint16_t)course, .lesson = (uint16_t)lesson};
    pass(learner, &record);
}

/* What else is clicked around a course event. */
static void pass_fillers(struct learner *learner, uint64_t mean, uint32_t course, uint32_t lesson)
{
    uint64_t count = generate_around(&learner->random, mean);
    int64_t time_ms = learner->last_ms;
    for (uint64_t i = 0; i < count; i++) {
        time_ms += 700 + (int64_t)generate_below(&learner->random, 9000);
        uint64_t kind = generate_below(&learner->random, GENERATE_KINDS - GENERATE_PAGE_VIEWED);
        pass_other(learner, time_ms, (uint8_t)(GENERATE_PAGE_VIEWED + kind), course, lesson);
    }
}

static void enter_session(struct learner *learner, int64_t time_ms)
{
    int64_t gap_ms = time_ms - learner->last_ms;
    learner->last_ms = time_ms;
    if (gap_ms >= 0 && gap_ms < SESSION_GAP_MS)
        return;
    learner->session_start_ms = time_ms;
    if (learner->plan->has_session_starts)
        pass_other(learner, time_ms, GENERATE_SESSION_START, 0, 0);
}

static void pass_course_event(struct learner *learner, const struct enrolment *enrolment,
                              uint8_t kind, uint32_t lesson, int64_t time_ms, int64_t spent_ms)
{
    if (kind == EVENT_LESSON_STARTED && enrolment->never_starts)
        return;
    if (time_ms >= learner->plan->end_ms)
        return;
    enter_session(learner, time_ms);
    struct generate_record record = {.time_ms = time_ms,
                                     .kind = kind,
                                     .course = (uint16_t)enrolment->course,
                                     .lesson = (uint16_t)lesson,
                                     .spent_ms = (uint32_t)spent_ms};
    pass(learner, &record);
    pass_fillers(learner, learner->plan->fillers_mean, enrolment->course, lesson);
}

/* Active time in a lesson: longer lessons and slower learners, now and then far too long. */
static int64_t lesson_time_ms(struct learner *learner, const struct enrolment *enrolment,
                              uint32_t lesson)
{
    uint64_t lesson_hash =
        generate_hash(learner->plan->options->seed, 1000 + enrolment->course, lesson);
    int64_t median = 90000 + (int64_t)(lesson_hash % 900000);
    int64_t spent = generate_lognormal(&learner->random, median);
    if (generate_chance(&learner->random, GENERATE_PERCENT(60)))
        spent -= spent % 1000;
    return spent;
}

/* From one lesson to the next: at once, some hours or days later, or after weeks. */
static int64_t pause_ms(struct generate_random *random)
{
    uint64_t percent = generate_below(random, 100);
    if (percent < 55)
        return 20000 + (int64_t)generate_below(random, 5 * MINUTE_MS);
    if (percent < 80)
        return generate_exponential(random, 20 * GENERATE_MS_PER_HOUR);
    if (percent < 97)
        return GENERATE_MS_PER_DAY + generate_exponential(random, 3 * GENERATE_MS_PER_DAY);
    return 7 * GENERATE_MS_PER_DAY + generate_exponential(random, 14 * GENERATE_MS_PER_DAY);
}

/* Nobody learns much at night: a time from 0 to 6 o'clock moves into the morning or evening. */
static int64_t to_daytime(struct generate_random *random, int64_t time_ms)
{
    int64_t of_day = time_ms % GENERATE_MS_PER_DAY;
    if (of_day >= 6 * GENERATE_MS_PER_HOUR || generate_chance(random, GENERATE_PERCENT(10)))
        return time_ms;
    int64_t hour = 7 + (int64_t)generate_below(random, 16);
    return time_ms - of_day + hour * GENERATE_MS_PER_HOUR + of_day % GENERATE_MS_PER_HOUR;
}

/* Chance to stop at this lesson, of 2^32: the first ones lose more, and so do hard ones. */
static uint64_t drop_threshold(const struct generate_plan *plan, const struct enrolment *enrolment,
                               uint32_t lesson)
{
    uint64_t hash = generate_hash(plan->options->seed, 2000 + enrolment->course, lesson);
    uint64_t percent = 1 + enrolment->difficulty + hash % 5;
    if (lesson == 0)
        percent += 12;
    if (hash >> 60 == 0)
        percent += 15;
    return GENERATE_PERCENT(percent);
}

/* One lesson from ${time_ms} on. Returns when it was left, or -1 when the learner drops out. */
static int64_t learn_lesson(struct learner *learner, const struct enrolment *enrolment,
                            uint32_t lesson, int64_t time_ms)
{
    struct generate_random *random = &learner->random;
    bool start_is_lost = generate_chance(random, GENERATE_PERCENT(1));
    if (!start_is_lost)
        pass_course_event(learner, enrolment, EVENT_LESSON_STARTED, lesson, time_ms, 0);
    if (generate_chance(random, drop_threshold(learner->plan, enrolment, lesson)))
        return -1;
    if (generate_chance(random, GENERATE_PERCENT(8))) {
        time_ms = to_daytime(random, time_ms + generate_exponential(random, GENERATE_MS_PER_DAY));
        pass_course_event(learner, enrolment, EVENT_LESSON_STARTED, lesson, time_ms, 0);
    }
    int64_t spent_ms = lesson_time_ms(learner, enrolment, lesson);
    time_ms += spent_ms;
    pass_course_event(learner, enrolment, EVENT_LESSON_COMPLETED, lesson, time_ms, spent_ms);
    if (generate_chance(random, GENERATE_PERCENT(3))) {
        int64_t again_ms = time_ms + generate_exponential(random, 5 * GENERATE_MS_PER_DAY);
        int64_t again_spent_ms = lesson_time_ms(learner, enrolment, lesson) / 2;
        pass_course_event(learner, enrolment, EVENT_LESSON_COMPLETED, lesson, again_ms,
                          again_spent_ms);
    }
    return time_ms;
}

static void take_course(struct learner *learner, uint32_t course, int64_t time_ms)
{
    struct generate_random *random = &learner->random;
    struct enrolment enrolment = {
        .course = course,
        .lessons = generate_course_lessons(learner->plan, course),
        .difficulty = (uint32_t)(generate_hash(learner->plan->options->seed, 103, course) % 4),
        .never_starts = generate_chance(random, GENERATE_PERCENT(1)),
    };
    uint32_t learned = 0;
    for (uint32_t lesson = 0; lesson < enrolment.lessons; lesson++) {
        if (lesson > 0 && generate_chance(random, GENERATE_PERCENT(4)))
            continue;
        time_ms = learn_lesson(learner, &enrolment, lesson, time_ms);
        if (time_ms < 0 || time_ms >= learner->plan->end_ms)
            return;
        learned++;
        time_ms = to_daytime(random, time_ms + pause_ms(random));
    }
    if (learned * 10 >= enrolment.lessons * 8 && generate_chance(random, GENERATE_PERCENT(92)))
        pass_course_event(learner, &enrolment, EVENT_COURSE_COMPLETED, 0, time_ms, 0);
}

/* The week in which a learner arrives: cohorts grow and shrink. */
static uint32_t arrival_week(const struct generate_plan *plan, struct generate_random *random)
{
    uint32_t weeks = (uint32_t)plan->options->weeks;
    uint64_t drawn = generate_below(random, plan->week_weights[weeks - 1]);
    uint32_t low = 0;
    uint32_t high = weeks - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (drawn < plan->week_weights[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static int64_t arrival_ms(const struct generate_plan *plan, struct generate_random *random)
{
    int64_t day = 7 * (int64_t)arrival_week(plan, random) + (int64_t)generate_below(random, 7);
    int64_t of_day = (int64_t)generate_below(random, GENERATE_MS_PER_DAY);
    return to_daytime(random, day * GENERATE_MS_PER_DAY + of_day);
}

void generate_learner(const struct generate_plan *plan, uint32_t user, struct generate_sink *sink)
{
    struct learner learner = {
        .plan = plan,
        .sink = sink,
        .random = {.key = generate_hash(plan->options->seed, 1, user)},
        .user = user,
    };
    int64_t time_ms = arrival_ms(plan, &learner.random);
    uint64_t courses = plan->options->courses;
    uint64_t enrolments = generate_around(&learner.random, plan->enrolments_mean);
    if (enrolments > courses)
        enrolments = courses;

    /* The first courses are the popular ones: the square of a number below 1 is mostly small. */
    uint64_t draw = generate_below(&learner.random, GENERATE_ONE);
    uint64_t course = (draw * draw >> 16) * courses >> 16;
    learner.session_start_ms = time_ms;
    learner.last_ms = enrolments == 0 ? time_ms : time_ms - SESSION_GAP_MS;
    if (enrolments == 0)
        pass_fillers(&learner, plan->visitor_mean, (uint32_t)course, 0);
    for (uint64_t i = 0; i < enrolments && time_ms < plan->end_ms; i++) {
        take_course(&learner, (uint32_t)course, time_ms);
        course = (course + 1) % courses;
        time_ms =
            to_daytime(&learner.random,
                       time_ms + generate_exponential(&learner.random, 9 * GENERATE_MS_PER_DAY));
    }
}
