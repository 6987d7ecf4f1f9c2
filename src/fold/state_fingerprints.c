#include "course_funnel/state.h"

#include <stdbool.h>
#include <stdlib.h>

/* Of a table that has just been made; most completions that come again come once or twice. */
#define FIRST_LOG2 2

static bool place(uint64_t *table, uint32_t size, uint64_t fingerprint)
{
    uint32_t at = (uint32_t)(fingerprint >> 32) & (size - 1);
    for (; table[at] != 0; at = (at + 1) & (size - 1))
        if (table[at] == fingerprint)
            return false;
    table[at] = fingerprint;
    return true;
}

static int rebuild(struct state_progress *progress, uint8_t log2, struct failure *failure)
{
    uint32_t size = UINT32_C(1) << log2;
    uint64_t *table = calloc(size, sizeof *table);
    if (table == NULL)
        return failure_memory(failure, "fingerprints of completions", size * sizeof *table);
    if (progress->fingerprint_log2 == 0) {
        place(table, size, progress->fingerprint);
    } else {
        for (uint32_t i = 0; i < UINT32_C(1) << progress->fingerprint_log2; i++)
            if (progress->fingerprints[i] != 0)
                place(table, size, progress->fingerprints[i]);
        free(progress->fingerprints);
    }
    progress->fingerprints = table;
    progress->fingerprint_log2 = log2;
    return 0;
}

int state_add_fingerprint(struct state_group *group, uint32_t index, uint64_t fingerprint,
                          struct failure *failure)
{
    struct state_progress *progress = &group->progress[index];
    if (progress->fingerprint_count == 0) {
        progress->fingerprint = fingerprint;
        progress->fingerprint_count = 1;
        return 1;
    }
    if (progress->fingerprint_log2 == 0) {
        if (progress->fingerprint == fingerprint)
            return 0;
        if (rebuild(progress, FIRST_LOG2, failure) != 0)
            return -1;
        group->fingerprints_in_tables++;
    }

    uint64_t size = UINT64_C(1) << progress->fingerprint_log2;
    if ((uint64_t)progress->fingerprint_count * 4 >= size * 3) {
        if (progress->fingerprint_log2 == 31)
            return failure_set(failure, EXIT_BUG,
                               "One user completed lesson %d over a billion times, which is the "
                               "limit.",
                               progress->lesson_id);
        if (rebuild(progress, (uint8_t)(progress->fingerprint_log2 + 1), failure) != 0)
            return -1;
    }
    if (!place(progress->fingerprints, UINT32_C(1) << progress->fingerprint_log2, fingerprint))
        return 0;
    progress->fingerprint_count++;
    group->fingerprints_in_tables++;
    return 1;
}
