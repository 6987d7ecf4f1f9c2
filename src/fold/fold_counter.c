#include "fold_counter.h"

#include "course_funnel/calendar.h"
#include "course_funnel/fold.h"
#include "state_table.h"

#include <stdbool.h>
#include <stdlib.h>

#define FIRST_SIZE ((size_t)1024)

/* The slot of a key, or the free one where it would be. */
static struct fold_slot *find_slot(const struct fold_table *table, uint32_t parent, int32_t id)
{
    size_t at = state_pair_hash(parent, id) & (table->size - 1);
    while (table->slots[at].place != 0 &&
           (table->slots[at].parent != parent || table->slots[at].id != id))
        at = (at + 1) & (table->size - 1);
    return &table->slots[at];
}

/* Room for one more, in a table that is never more than half full. */
static int widen(struct fold_table *table, struct failure *failure)
{
    if (2 * table->count < table->size)
        return 0;
    struct fold_table wider = {.size = table->size > 0 ? 2 * table->size : FIRST_SIZE,
                               .count = table->count};
    wider.slots = calloc(wider.size, sizeof *wider.slots);
    if (wider.slots == NULL)
        return failure_memory(failure, "the sums of cohorts", wider.size * sizeof *wider.slots);
    for (size_t i = 0; i < table->size; i++)
        if (table->slots[i].place != 0)
            *find_slot(&wider, table->slots[i].parent, table->slots[i].id) = table->slots[i];
    free(table->slots);
    *table = wider;
    return 0;
}

/* The slot of a key, in a table that has room for one more. NULL when there is no memory. */
static struct fold_slot *find(struct fold_table *table, uint32_t parent, int32_t id,
                              struct failure *failure)
{
    return widen(table, failure) == 0 ? find_slot(table, parent, id) : NULL;
}

static void enter(struct fold_table *table, struct fold_slot *slot, uint32_t parent, int32_t id,
                  size_t index)
{
    *slot = (struct fold_slot){.parent = parent, .id = id, .place = (uint32_t)index + 1};
    table->count++;
}

int32_t fold_cohort_week(const struct state_enrolment *enrolment)
{
    bool started = enrolment->first_start_us != STATE_NO_TIME;
    return calendar_monday(started ? enrolment->first_start_us : enrolment->first_event_us);
}

void fold_counter_end(struct fold_counter *counter)
{
    free(counter->cohorts.slots);
    free(counter->lessons.slots);
    *counter = (struct fold_counter){0};
}

static int find_cohort(struct fold_counter *counter, const struct state_enrolment *enrolment,
                       uint32_t *place, struct failure *failure)
{
    struct tally_record record = {.course_id = enrolment->course_id,
                                  .week = fold_cohort_week(enrolment),
                                  .kind = TALLY_COHORT};
    uint32_t parent = (uint32_t)record.course_id;
    struct fold_slot *slot = find(&counter->cohorts, parent, record.week, failure);
    if (slot == NULL)
        return -1;
    if (slot->place == 0) {
        if (tally_append(counter->tally, &record, failure) != 0)
            return -1;
        enter(&counter->cohorts, slot, parent, record.week, counter->tally->count - 1);
    }
    *place = slot->place - 1;
    return 0;
}

static int find_lesson(struct fold_counter *counter, uint32_t cohort, int32_t lesson_id,
                       uint32_t *place, struct failure *failure)
{
    struct fold_slot *slot = find(&counter->lessons, cohort, lesson_id, failure);
    if (slot == NULL)
        return -1;
    if (slot->place == 0) {
        const struct tally_record *of = &counter->tally->records[cohort];
        struct tally_record record = {.course_id = of->course_id,
                                      .week = of->week,
                                      .kind = TALLY_LESSON,
                                      .lesson_id = lesson_id};
        if (tally_append(counter->tally, &record, failure) != 0)
            return -1;
        enter(&counter->lessons, slot, cohort, lesson_id, counter->tally->count - 1);
    }
    *place = slot->place - 1;
    return 0;
}

int fold_counter_place(struct fold_counter *counter, const struct state_group *group,
                       const struct fold_places *places, struct failure *failure)
{
    for (uint32_t i = 0; i < group->enrolment_count; i++)
        if (find_cohort(counter, &group->enrolments[i], &places->cohorts[i], failure) != 0)
            return -1;
    for (uint32_t i = 0; i < group->progress_count; i++) {
        const struct state_progress *progress = &group->progress[i];
        if (find_lesson(counter, places->cohorts[progress->enrolment], progress->lesson_id,
                        &places->lessons[i], failure) != 0)
            return -1;
    }
    return 0;
}
