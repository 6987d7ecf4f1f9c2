#include "course_funnel/phases.h"

#include "course_funnel/clock.h"

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
}

void phases_end(struct phases *phases, enum phase phase)
{
    double now = clock_seconds();
    phases->seconds[phase] += now - phases->since;
    phases->since = now;
}

int phases_spread(struct ranks *ranks, const struct phases *phases,
                  struct phase_spread spreads[PHASES], struct failure *failure)
{
    unsigned char *gathered = NULL;
    size_t bytes = 0;
    if (ranks_gather(ranks, phases->seconds, sizeof phases->seconds, &gathered, &bytes, failure) !=
        0)
        return -1;
    if (gathered == NULL)
        return 0;

    int count = ranks_count(ranks);
    for (int phase = 0; phase < PHASES; phase++) {
        struct phase_spread *spread = &spreads[phase];
        *spread = (struct phase_spread){0};
        for (int rank = 0; rank < count; rank++) {
            double seconds = 0;
            size_t at = ((size_t)rank * PHASES + (size_t)phase) * sizeof seconds;
            memcpy(&seconds, gathered + at, sizeof seconds);
            if (rank == 0 || seconds < spread->least)
                spread->least = seconds;
            if (rank == 0 || seconds > spread->most) {
                spread->most = seconds;
                spread->slowest = rank;
            }
            spread->mean += seconds / count;
        }
    }
    free(gathered);
    return 0;
}
