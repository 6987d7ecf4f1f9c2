#include "course_funnel/fold.h"

#include "course_funnel/array.h"

#include <stdlib.h>
#include <string.h>

/* What stands in the place of a text's number. */
#define NUMBER_NONE UINT32_C(0)
#define NUMBER_NO_START UINT32_MAX

/* Users of a cohort by the number of their entry point. */
struct count {
    int32_t course_id, week;
    uint32_t number;
    uint32_t unused;
    uint64_t started, completed;
};

/* Counts under construction, with a hash table from key to count. */
struct counts {
    struct count *counts;
    size_t count;
    uint32_t *slots; /* index of the count, plus 1; 0 is free */
    size_t size;     /* a power of two, or 0 */
};

static uint32_t *find_slot(const struct counts *counts, const struct count *key)
{
    uint64_t hash = (uint64_t)(uint32_t)key->course_id << 32 | (uint32_t)key->week;
    hash = (hash ^ hash >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ key->number) * UINT64_C(0x94d049bb133111eb);
    size_t at = (hash ^ hash >> 32) & (counts->size - 1);
    for (; counts->slots[at] != 0; at = (at + 1) & (counts->size - 1)) {
        const struct count *found = &counts->counts[counts->slots[at] - 1];
        if (found->course_id == key->course_id && found->week == key->week &&
            found->number == key->number)
            break;
    }
    return &counts->slots[at];
}

static int widen(struct counts *counts, struct failure *failure)
{
    size_t size = counts->size > 0 ? 2 * counts->size : 1024;
    uint32_t *slots = calloc(size, sizeof *slots);
    if (slots == NULL)
        return failure_memory(failure, "entry points", size * sizeof *slots);
    free(counts->slots);
    counts->slots = slots;
    counts->size = size;
    for (size_t i = 0; i < counts->count; i++)
        *find_slot(counts, &counts->counts[i]) = (uint32_t)i + 1;
    return 0;
}

static int add(struct counts *counts, const struct state_enrolment *enrolment,
               struct failure *failure)
{
    bool started = enrolment->first_start_us != STATE_NO_TIME;
    struct count key = {.course_id = enrolment->course_id,
                        .week = fold_cohort_week(enrolment),
                        .number = started ? enrolment->entry_point : NUMBER_NO_START};
    if (4 * counts->count >= 3 * counts->size && widen(counts, failure) != 0)
        return -1;
    uint32_t *slot = find_slot(counts, &key);
    if (*slot == 0) {
        if (array_extend(&counts->counts, counts->count, sizeof key, "entry points", failure) != 0)
            return -1;
        counts->counts[counts->count] = key;
        *slot = (uint32_t)++counts->count;
    }
    counts->counts[*slot - 1].started += started;
    counts->counts[*slot - 1].completed += enrolment->first_completion_us != STATE_NO_TIME;
    return 0;
}

static void set_text(const struct state *state, uint32_t number, struct entry *entry)
{
    static const char none[] = ENTRIES_NONE, no_start[] = ENTRIES_NO_START;
    if (number == NUMBER_NONE || number == NUMBER_NO_START) {
        entry->text = number == NUMBER_NONE ? none : no_start;
        entry->bytes = (uint32_t)strlen(entry->text);
    } else {
        entry->text = state_texts_get(&state->entry_points, number, &entry->bytes);
    }
}

int fold_entries(const struct state *state, struct entries *entries, struct failure *failure)
{
    struct counts counts = {0};
    int result = 0;
    for (uint32_t i = 0; i < state->group_count && result == 0; i++)
        for (uint32_t j = 0; j < state->groups[i].enrolment_count && result == 0; j++)
            result = add(&counts, &state->groups[i].enrolments[j], failure);
    free(counts.slots);
    if (result == 0) {
        entries->entries = calloc(counts.count + 1, sizeof *entries->entries);
        if (entries->entries == NULL)
            result =
                failure_memory(failure, "entry points", counts.count * sizeof *entries->entries);
    }
    for (size_t i = 0; result == 0 && i < counts.count; i++) {
        struct entry *entry = &entries->entries[entries->count++];
        *entry = (struct entry){.course_id = counts.counts[i].course_id,
                                .week = counts.counts[i].week,
                                .users_started = counts.counts[i].started,
                                .users_completed = counts.counts[i].completed};
        set_text(state, counts.counts[i].number, entry);
    }
    free(counts.counts);
    return result;
}
