#include "learners_there.h"

#include "course_funnel/array.h"
#include "course_funnel/calendar.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* So many of those that are there are named. */
#define MOST_NAMED 20

/* Where a value is, or where it would be. */
static size_t place_of(const struct learners_set *set, int32_t value)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->values[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool learners_set_has(const struct learners_set *set, int32_t value)
{
    size_t at = place_of(set, value);
    return at < set->count && set->values[at] == value;
}

int learners_set_add(struct learners_set *set, int32_t value, struct failure *failure)
{
    size_t at = place_of(set, value);
    if (at < set->count && set->values[at] == value)
        return 0;
    if (array_extend(&set->values, set->count, sizeof value, "a list of what is there", failure) !=
        0)
        return -1;
    memmove(&set->values[at + 1], &set->values[at], (set->count - at) * sizeof value);
    set->values[at] = value;
    set->count++;
    return 0;
}

void learners_there_clear(struct learners_there *there)
{
    free(there->courses.values);
    free(there->cohorts.values);
    free(there->lessons.values);
    free(there->with_lesson.values);
    *there = (struct learners_there){0};
}

static void name_value(int32_t value, bool is_date, char text[CALENDAR_DATE_BYTES + 1])
{
    if (is_date)
        calendar_format_date(value, text);
    else
        snprintf(text, CALENDAR_DATE_BYTES + 1, "%" PRId32, value);
}

/* ${what} is not there; these are. */
static int missing(const char *what, const char *kind, const struct learners_set *set, bool is_date,
                   struct failure *failure)
{
    char names[MOST_NAMED * (CALENDAR_DATE_BYTES + 3) + 64];
    size_t at = 0, shown = set->count < MOST_NAMED ? set->count : MOST_NAMED;
    if (set->count == 0)
        return failure_set(failure, EXIT_USAGE, "%s is not there. There are no %s.", what, kind);
    for (size_t i = 0; i < shown; i++) {
        char name[CALENDAR_DATE_BYTES + 1];
        name_value(set->values[i], is_date, name);
        at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", i > 0 ? ", " : "", name);
    }
    if (set->count > shown)
        snprintf(names + at, sizeof names - at, " and %zu more, up to %" PRId32, set->count - shown,
                 set->values[set->count - 1]);
    return failure_set(failure, EXIT_USAGE, "%s is not there. There are the %s %s.", what, kind,
                       names);
}

int learners_check_there(const struct learners_wish *wish, const struct learners_there *there,
                         struct failure *failure)
{
    char what[96], cohort[CALENDAR_DATE_BYTES] = "";
    if (!learners_set_has(&there->courses, wish->course_id)) {
        snprintf(what, sizeof what, "Course %" PRId32, wish->course_id);
        return missing(what, "courses", &there->courses, false, failure);
    }
    if (wish->has_cohort) {
        calendar_format_date(wish->cohort_week, cohort);
        snprintf(what, sizeof what, "Cohort %s of course %" PRId32, cohort, wish->course_id);
        if (!learners_set_has(&there->cohorts, wish->cohort_week))
            return missing(what, "cohorts", &there->cohorts, true, failure);
    }
    if (wish->has_lesson && !learners_set_has(&there->lessons, wish->lesson_id)) {
        snprintf(what, sizeof what, "Lesson %" PRId32 " of course %" PRId32 "%s%s", wish->lesson_id,
                 wish->course_id, wish->has_cohort ? ", cohort " : "", cohort);
        return missing(what, "lessons", &there->lessons, false, failure);
    }
    return 0;
}
