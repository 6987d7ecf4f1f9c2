#include "fold_counter.h"

#include "course_funnel/calendar.h"
#include "course_funnel/fold.h"

#include <stdbool.h>
#include <stdlib.h>

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

static uint32_t *find_slot(const struct fold_counter *counter, const struct tally_record *key)
{
    size_t at = key_hash(key) & (counter->size - 1);
    while (counter->slots[at] != 0 &&
           !same_key(&counter->tally->records[counter->slots[at] - 1], key))
        at = (at + 1) & (counter->size - 1);
    return &counter->slots[at];
}

static int widen(struct fold_counter *counter, struct failure *failure)
{
    size_t size = 1024;
    while (size <= 2 * counter->tally->count)
        size *= 2;
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

int fold_counter_begin(struct fold_counter *counter, struct tally *tally, struct failure *failure)
{
    *counter = (struct fold_counter){.tally = tally};
    return widen(counter, failure);
}

struct tally_record *fold_counter_record(struct fold_counter *counter,
                                         const struct tally_record *key, struct failure *failure)
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

int32_t fold_cohort_week(const struct state_enrolment *enrolment)
{
    bool started = enrolment->first_start_us != STATE_NO_TIME;
    return calendar_monday(started ? enrolment->first_start_us : enrolment->first_event_us);
}

struct tally_record fold_cohort_key(const struct state_enrolment *enrolment)
{
    return (struct tally_record){.course_id = enrolment->course_id,
                                 .week = fold_cohort_week(enrolment),
                                 .kind = TALLY_COHORT};
}

struct tally_record fold_lesson_key(const struct state_enrolment *enrolment,
                                    const struct state_progress *progress)
{
    return (struct tally_record){.course_id = enrolment->course_id,
                                 .week = fold_cohort_week(enrolment),
                                 .kind = TALLY_LESSON,
                                 .lesson_id = progress->lesson_id};
}
