#ifndef COURSE_FUNNEL_INTERVAL_H
#define COURSE_FUNNEL_INTERVAL_H

/* When the next checkpoint is due. Pure. */

#define INTERVAL_DEFAULT_MEAN_TIME_HOURS 24.0

/*
 * The first checkpoint shows what one costs, so it comes early. By then the state of a job is
 * still small; a later one is measured anew.
 */
#define INTERVAL_FIRST_SECONDS 60.0

struct interval {
    double fixed_seconds;     /* above 0: as the user wants it */
    double mean_time_seconds; /* between interrupts of the whole job */
};

/*
 * Local. Seconds from the end of one checkpoint, which took ${cost_seconds} (negative: there was
 * none yet), to the begin of the next: the fixed time, or the square root of 2 x cost x mean time
 * (Young), which keeps the time for checkpoints and the time lost to interrupts alike. Never so
 * short that more than a tenth of the time went into checkpoints.
 */
double interval_next(const struct interval *interval, double cost_seconds);

#endif
