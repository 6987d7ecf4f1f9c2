#include "phases.h"

#include "course_funnel/clock.h"
#include "course_funnel/waiting.h"

#include <stdlib.h>
#include <string.h>

const char *phases_name(enum phase phase)
{
    static const char *const names[PHASES] = {[PHASE_PLAN] = "plan",
                                              [PHASE_READ] = "read",
                                              [PHASE_MATCH] = "match",
                                              [PHASE_REDUCE] = "reduce",
                                              [PHASE_PUBLISH] = "publish"};
    return names[phase];
}

void phases_start(struct phases *phases)
{
    memset(phases, 0, sizeof *phases);
    phases->since = clock_seconds();
    phases->waited_before = waiting_seconds();
}

void phases_end(struct phases *phases, enum phase phase)
{
    double now = clock_seconds(), waited = waiting_seconds();
    phases->times[phase].seconds += now - phases->since;
    phases->times[phase].waited += waited - phases->waited_before;
    phases->since = now;
    phases->waited_before = waited;
}

int phases_spread(struct ranks *ranks, const struct phases *phases,
                  struct phase_spread spreads[PHASES], struct failure *failure)
{
    unsigned char *gathered = NULL;
    size_t bytes = 0;
    if (ranks_gather(ranks, phases->times, sizeof phases->times, &gathered, &bytes, failure) != 0)
        return -1;
    if (gathered == NULL)
        return 0;

    int count = ranks_count(ranks);
    for (int phase = 0; phase < PHASES; phase++) {
        struct phase_spread *spread = &spreads[phase];
        *spread = (struct phase_spread){0};
        for (int rank = 0; rank < count; rank++) {
            struct phase_time time;
            memcpy(&time, gathered + ((size_t)rank * PHASES + (size_t)phase) * sizeof time,
                   sizeof time);
            double worked = time.seconds > time.waited ? time.seconds - time.waited : 0;
            if (rank == 0 || time.seconds > spread->seconds)
                spread->seconds = time.seconds;
            if (rank == 0 || worked < spread->least)
                spread->least = worked;
            if (rank == 0 || worked > spread->most) {
                spread->most = worked;
                spread->slowest = rank;
            }
            spread->mean += worked / count;
        }
    }
    free(gathered);
    return 0;
}
