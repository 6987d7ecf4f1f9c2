#ifndef COURSE_FUNNEL_DAYS_H
#define COURSE_FUNNEL_DAYS_H

#include "course_funnel/calendar.h"
#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * On which days there are events: the last two before the day of the run, and each from it on
 * (src/rules.md, "As of"). Those of two ranks add up, in any order. Pure.
 */

/* So many days from the run's own on are kept one by one, the earliest ones. */
#define DAYS_MOST 4096

#define DAYS_NONE INT64_MIN /* a time where there is none */

struct days_count {
    int64_t day; /* UTC, since 1970-01-01 */
    int64_t latest_us;
    uint64_t events;
};

struct days {
    int64_t day;               /* that of the run: what is before it is over */
    int64_t last_us;           /* the latest event before it, or DAYS_NONE */
    int64_t before_us;         /* the latest event before the day of that one, or DAYS_NONE */
    int64_t begin_us;          /* the day of the last event, from here ... */
    int64_t end_us;            /* ... to before this; empty where there is none */
    struct days_count *counts; /* days from the run's own on that have events, in their order */
    size_t count;
    uint64_t later; /* events of days behind these, of which the last has a count then */
};

/* As the day of the run: all days are over, as none can be read that is behind it. */
#define DAYS_ALL_OVER INT64_C(4000000)

/* Local. None yet. days_clear frees what they hold. */
void days_begin(struct days *days, int64_t day);
void days_clear(struct days *days);

/* Local. The UTC day of a time. */
static inline int64_t days_of(int64_t time_us)
{
    return time_us / CALENDAR_US_PER_DAY - (time_us % CALENDAR_US_PER_DAY < 0);
}

/* Local. Add ${events} of one day, of which ${time_us} is the latest. Returns as days_add. */
int days_add_some(struct days *days, int64_t time_us, uint64_t events, struct failure *failure);

/*
 * Local. Add an event. Returns 0, or -1 (EXIT_BUG: no memory). Nearly all are of the last day or
 * of one long before it.
 */
static inline int days_add(struct days *days, int64_t time_us, struct failure *failure)
{
    if (time_us <= days->before_us)
        return 0;
    if (time_us < days->begin_us || time_us >= days->end_us)
        return days_add_some(days, time_us, 1, failure);
    if (time_us > days->last_us)
        days->last_us = time_us;
    return 0;
}

/*
 * Local. Add those of ${more}, which has the same day or, as a run before, an earlier one: then
 * they come out as if all had been added to ${days}. Returns 0, or -1 (EXIT_STRANGER: what is
 * before this day cannot be told from ${more}; EXIT_BUG).
 */
int days_merge(struct days *days, const struct days *more, struct failure *failure);

/* Local. How many events are of days behind that of the run. */
uint64_t days_in_the_future(const struct days *days);

/* Local. How many days the last day with events is behind the one before it; 0: there is none. */
int64_t days_gap(const struct days *days);

#endif
