#include "course_funnel/days.h"

#include "course_funnel/array.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void days_begin(struct days *days, int64_t day)
{
    *days = (struct days){.day = day,
                          .last_us = DAYS_NONE,
                          .before_us = DAYS_NONE,
                          .begin_us = DAYS_NONE,
                          .end_us = DAYS_NONE};
}

void days_clear(struct days *days)
{
    free(days->counts);
    days_begin(days, days->day);
}

static void set_last(struct days *days, int64_t time_us)
{
    days->last_us = time_us;
    days->begin_us = days_of(time_us) * CALENDAR_US_PER_DAY;
    days->end_us = days->begin_us + CALENDAR_US_PER_DAY;
}

/* Where a day is among the counts, or where it would be. */
static size_t place_of(const struct days *days, int64_t day)
{
    size_t low = 0, high = days->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (days->counts[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* An event of the run's day, or of one behind it. */
static int count(struct days *days, int64_t time_us, uint64_t events, struct failure *failure)
{
    int64_t day = days_of(time_us);
    size_t at = place_of(days, day);
    /* Behind days that have one count there are none that have their own. */
    if (at == DAYS_MOST || (at == days->count && days->later > 0)) {
        days->later += events;
        return 0;
    }
    struct days_count *place = NULL;
    if (at == days->count || days->counts[at].day != day) {
        if (days->count == DAYS_MOST)
            days->later += days->counts[--days->count].events;
        else if (array_extend(&days->counts, days->count, sizeof *days->counts, "a list of days",
                              failure) != 0)
            return -1;
        place = &days->counts[at];
        memmove(place + 1, place, (days->count - at) * sizeof *place);
        *place = (struct days_count){.day = day, .latest_us = time_us};
        days->count++;
    }
    place = &days->counts[at];
    place->events += events;
    if (time_us > place->latest_us)
        place->latest_us = time_us;
    return 0;
}

int days_add_some(struct days *days, int64_t time_us, uint64_t events, struct failure *failure)
{
    if (time_us >= days->day * CALENDAR_US_PER_DAY)
        return count(days, time_us, events, failure);
    if (time_us > days->last_us) {
        if (days->last_us != DAYS_NONE && time_us >= days->end_us)
            days->before_us = days->last_us;
        set_last(days, time_us);
    } else if (time_us > days->before_us && time_us < days->begin_us) {
        days->before_us = time_us;
    }
    return 0;
}

/* The last day that has its own count; behind it are all events that have one count. */
static int64_t last_counted(const struct days *days)
{
    return days->count > 0 ? days_of(days->counts[days->count - 1].latest_us) : DAYS_NONE;
}

static int check_later(const struct days *days, const struct days *more, struct failure *failure)
{
    char day[CALENDAR_DATE_BYTES];
    if (more->later == 0 || last_counted(more) >= days->day)
        return 0;
    calendar_format_date((int32_t)days->day, day);
    return failure_set(failure, EXIT_STRANGER,
                       "The run before had a day so early that %" PRIu64 " events behind it were "
                       "counted without their days: which of them are before %s is not known. "
                       "--restart reads all files again.",
                       more->later, day);
}

int days_merge(struct days *days, const struct days *more, struct failure *failure)
{
    if (check_later(days, more, failure) != 0)
        return -1;
    if (more->last_us != DAYS_NONE && days_add_some(days, more->last_us, 0, failure) != 0)
        return -1;
    if (more->before_us != DAYS_NONE && days_add_some(days, more->before_us, 0, failure) != 0)
        return -1;
    for (size_t i = 0; i < more->count; i++)
        if (days_add_some(days, more->counts[i].latest_us, more->counts[i].events, failure) != 0)
            return -1;
    while (more->later > 0 && last_counted(days) > last_counted(more))
        days->later += days->counts[--days->count].events;
    days->later += more->later;
    return 0;
}

uint64_t days_in_the_future(const struct days *days)
{
    uint64_t events = days->later;
    for (size_t i = 0; i < days->count; i++)
        if (days->counts[i].day > days->day)
            events += days->counts[i].events;
    return events;
}

int64_t days_gap(const struct days *days)
{
    return days->before_us == DAYS_NONE ? 0 : days_of(days->last_us) - days_of(days->before_us);
}
