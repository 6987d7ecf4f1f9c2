#include "course_funnel/fold.h"

#include "course_funnel/calendar.h"

#include <stdbool.h>
#include <stdlib.h>

/* A tally under construction, with a hash table from key to record. */
struct counter {
    struct tally *tally;
    uint32_t *slots; /* index of the record, plus 1; 0 is free */
    size_t size;     /* a power of two */
};

static uint64_t key_hash(const struct tally_record *key)
{
    uint64_t hash = (uint64_t)(uint32_t)key->course_id << 32 | (uint32_t)key->week;
    hash = (hash ^ hash >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    hash ^= (uint64_t)(uint32_t)key->lesson_id << 1 | (uint32_t)key->kind;
    hash = (hash ^ hash >> 29) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 32;
}

static bool same_key(const struct tally_record *a, const struct tally_record *b)
{
    return a->course_id == b->course_id && a->week == b->week && a->kind == b->kind &&
           a->lesson_id == b->lesson_id;
}

static uint32_t *find_slot(const struct counter *counter, const struct tally_record *key)
{
    size_t at = key_hash(key) & (counter->size - 1);
    while (counter->slots[at] != 0 &&
           !same_key(&counter->tally->records[counter->slots[at] - 1], key))
        at = (at + 1) & (counter->size - 1);
    return &counter->slots[at];
}

static int widen(struct counter *counter, struct failure *failure)
{
    size_t size = counter->size > 0 ? 2 * counter->size : 1024;
    uint32_t *slots = calloc(size, sizeof *slots);
    if (slots == NULL)
        return failure_memory(failure, "the sums of cohorts", size * sizeof *slots);
    free(counter->slots);
    counter->slots = slots;
    counter->size = size;
    for (size_t i = 0; i < counter->tally->count; i++)
        *find_slot(counter, &counter->tally->records[i]) = (uint32_t)i + 1;
    return 0;
}

/* The record of a key, an empty one when it is new; NULL when there is no memory. */
static struct tally_record *record_of(struct counter *counter, const struct tally_record *key,
                                      struct failure *failure)
{
    if (2 * counter->tally->count >= counter->size && widen(counter, failure) != 0)
        return NULL;
    uint32_t *slot = find_slot(counter, key);
    if (*slot == 0) {
        if (tally_append(counter->tally, key, failure) != 0)
            return NULL;
        *slot = (uint32_t)counter->tally->count;
    }
    return &counter->tally->records[*slot - 1];
}

static int32_t cohort_week(const struct state_enrolment *enrolment)
{
    bool started = enrolment->first_start_us != STATE_NO_TIME;
    return calendar_monday(started ? enrolment->first_start_us : enrolment->first_event_us);
}

static int count_enrolment(struct counter *counter, const struct state_enrolment *enrolment,
                           struct failure *failure)
{
    struct tally_record key = {
        .course_id = enrolment->course_id, .week = cohort_week(enrolment), .kind = TALLY_COHORT};
    struct tally_record *record = record_of(counter, &key, failure);
    if (record == NULL)
        return -1;
    bool started = enrolment->first_start_us != STATE_NO_TIME;
    bool completed = enrolment->first_completion_us != STATE_NO_TIME;
    record->users_started += started;
    record->users_completed += completed;
    counter->tally->pairs_started += started;
    counter->tally->pairs_completed += completed;
    return 0;
}

static int count_progress(struct counter *counter, const struct state_enrolment *enrolment,
                          const struct state_progress *progress, struct failure *failure)
{
    struct tally_record key = {.course_id = enrolment->course_id,
                               .week = cohort_week(enrolment),
                               .kind = TALLY_LESSON,
                               .lesson_id = progress->lesson_id};
    struct tally_record *record = record_of(counter, &key, failure);
    if (record == NULL)
        return -1;
    record->users_started += (progress->flags & STATE_STARTED) != 0;
    record->users_completed += (progress->flags & STATE_COMPLETED) != 0;
    record->timed_completions += progress->timed_completions;
    uint64_t low = record->time_spent_low_us + progress->time_low_us;
    record->time_spent_high_us += progress->time_high_us + (low < record->time_spent_low_us);
    record->time_spent_low_us = low;
    return 0;
}

int fold_tally(const struct state *state, struct tally *tally, struct failure *failure)
{
    struct counter counter = {.tally = tally};
    int result = 0;
    for (uint32_t g = 0; g < state->group_count && result == 0; g++) {
        const struct state_group *group = &state->groups[g];
        for (uint32_t i = 0; i < group->enrolment_count && result == 0; i++)
            result = count_enrolment(&counter, &group->enrolments[i], failure);
        for (uint32_t i = 0; i < group->progress_count && result == 0; i++)
            result = count_progress(&counter, &group->enrolments[group->progress[i].enrolment],
                                    &group->progress[i], failure);
    }
    free(counter.slots);
    if (result == 0)
        tally_sort(tally);
    return result;
}
