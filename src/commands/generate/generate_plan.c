#include "generate_plan.h"

#include "course_funnel/calendar.h"
#include "generate_random.h"

#include <stdlib.h>
#include <string.h>

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
    return 0;
}

void generate_plan_free(struct generate_plan *plan)
{
    free(plan->week_weights);
    free(plan->dates);
    *plan = (struct generate_plan){0};
}

uint32_t generate_course_lessons(const struct generate_plan *plan, uint32_t course)
{
    uint64_t longest = plan->options->lessons;
    uint64_t spread = longest * 2 / 5;
    if (course == 0 || spread == 0)
        return (uint32_t)longest;
    return (uint32_t)(longest - generate_hash(plan->options->seed, 101, course) % (spread + 1));
}

int32_t generate_course_id(uint32_t course)
{
    return (int32_t)course + 1;
}

/* Some courses count their lessons from 1; others by chapter, or leave gaps. */
int32_t generate_lesson_id(const struct generate_plan *plan, uint32_t course, uint32_t lesson)
{
    int32_t index = (int32_t)lesson;
    uint64_t style = course == 0 ? 0 : generate_hash(plan->options->seed, 102, course) % 4;
    if (style == 2)
        return (index / 5 + 1) * 100 + index % 5 + 1;
    if (style == 3)
        return (index + 1) * 10;
    return index + 1;
}
