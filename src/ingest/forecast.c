#include "forecast.h"

/* Every other point goes, so that the others are twice as far apart. */
static void thin(struct forecast *forecast)
{
    int kept = 0;
    for (int i = 0; i < forecast->count; i += 2)
        forecast->points[kept++] = forecast->points[i];
    forecast->count = kept;
    forecast->stretch_bytes *= 2;
}

void forecast_note(struct forecast *forecast, uint64_t read_bytes, uint64_t state_bytes)
{
    if (forecast->count > 0) {
        uint64_t last = forecast->points[forecast->count - 1].read_bytes;
        if (read_bytes <= last || read_bytes - last < forecast->stretch_bytes)
            return;
        /* The first stretch says how long rounds are. */
        if (forecast->count == 1)
            forecast->stretch_bytes = read_bytes - last;
    }
    if (forecast->count == FORECAST_POINTS)
        thin(forecast);
    forecast->points[forecast->count].read_bytes = read_bytes;
    forecast->points[forecast->count].state_bytes = state_bytes;
    forecast->count++;
}

/* Bytes of state for each byte that was read, where it was least. */
static double least_pace(const struct forecast *forecast)
{
    double least = 0;
    for (int i = 1; i < forecast->count; i++) {
        uint64_t before = forecast->points[i - 1].state_bytes,
                 after = forecast->points[i].state_bytes;
        uint64_t read = forecast->points[i].read_bytes - forecast->points[i - 1].read_bytes;
        double pace = after > before ? (double)(after - before) / (double)read : 0;
        if (i == 1 || pace < least)
            least = pace;
    }
    return forecast->count < FORECAST_LEAST ? 0 : least;
}

uint64_t forecast_likely_bytes(const struct forecast *forecast, uint64_t left_bytes)
{
    return (uint64_t)(least_pace(forecast) * (double)left_bytes);
}

uint64_t forecast_sure_bytes(const struct forecast *forecast, uint64_t left_bytes)
{
    double pace = least_pace(forecast);
    if (pace <= 0)
        return 0;
    int last = forecast->count - 1;
    uint64_t read_bytes = forecast->points[last].read_bytes;
    uint64_t grown_bytes = forecast->points[last].state_bytes - forecast->points[0].state_bytes;
    double mean_pace = (double)grown_bytes / (double)(read_bytes - forecast->points[0].read_bytes);
    uint64_t sure_bytes = left_bytes < read_bytes / 2 ? left_bytes : read_bytes / 2;
    return (uint64_t)(pace / 2 * (double)sure_bytes * (pace / mean_pace));
}
