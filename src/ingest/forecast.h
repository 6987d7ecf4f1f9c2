#ifndef FORECAST_H
#define FORECAST_H

#include <stdint.h>

/*
 * How far a state will grow, by how it grew so far. Pure.
 *
 * What is read is cut into stretches of equal length. A state grows less where most users are known
 * already, so the stretch in which it grew least tells of the rest: that pace is what is likely.
 * But growth may slow down further, or no new users come at all. What is sure enough to end a run
 * for is less: half that pace, for no longer than half of what was read, and in the share that the
 * least pace is of the mean one. That is a quarter of the growth so far at most, and next to
 * nothing where the growth is about to end.
 */

#define FORECAST_POINTS 17 /* the beginning, and the ends of 16 stretches */
#define FORECAST_LEAST 5   /* points without which nothing is known */

struct forecast {
    struct {
        uint64_t read_bytes, state_bytes;
    } points[FORECAST_POINTS];
    int count;
    uint64_t stretch_bytes; /* at least so far apart */
};

/*
 * Local. When ${read_bytes} of the input were read the state took ${state_bytes}; call it first
 * when nothing is read. A struct of zeros is empty.
 */
void forecast_note(struct forecast *forecast, uint64_t read_bytes, uint64_t state_bytes);

/*
 * Local. How far the state will grow while ${left_bytes} more are read: what is likely if they are
 * like the least of those before, and what is sure. 0: it is not known.
 */
uint64_t forecast_likely_bytes(const struct forecast *forecast, uint64_t left_bytes);
uint64_t forecast_sure_bytes(const struct forecast *forecast, uint64_t left_bytes);

#endif
