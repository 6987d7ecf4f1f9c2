#ifndef COURSE_FUNNEL_CLOCK_H
#define COURSE_FUNNEL_CLOCK_H

#include <stdint.h>

/* Local. Seconds from some fixed point, for how long something takes; never goes back. */
double clock_seconds(void);

/* Local. The time of day, microseconds since 1970-01-01 00:00 UTC. */
int64_t clock_now_us(void);

#endif
