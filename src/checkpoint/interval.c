#include "course_funnel/interval.h"

#include <math.h>

/* A job that is interrupted so often that Young's formula asks for more would not get on. */
#define LEAST_COSTS_APART 9.0
#define LEAST_SECONDS 1.0

double interval_next(const struct interval *interval, double cost_seconds)
{
    if (interval->fixed_seconds > 0)
        return interval->fixed_seconds;
    if (cost_seconds < 0)
        return fmin(INTERVAL_FIRST_SECONDS, interval_next(interval, 1.0));
    double young = sqrt(2 * cost_seconds * interval->mean_time_seconds);
    return fmax(fmax(young, LEAST_COSTS_APART * cost_seconds), LEAST_SECONDS);
}
