#include "state_warm.h"

#include "state_table.h"

/*
 * What is guessed of an event before it is folded. A guess may be wrong, as when two keys share a
 * tag; it only decides what is asked for early.
 */
struct guess {
    const struct state_group *group;
    uint32_t user, enrolment; /* index, or UINT32_MAX when there is none yet */
};

static void ask_for_slot(const struct state_table *table, uint64_t hash)
{
    if (table->size > 0)
        __builtin_prefetch(&table->slots[state_first_slot(table, hash)]);
}

/* The record that a table most likely has for a hash, or UINT32_MAX. */
static uint32_t likely_record(const struct state_table *table, uint64_t hash)
{
    if (table->size == 0)
        return UINT32_MAX;
    uint32_t at = state_first_slot(table, hash);
    /* The first two slots mostly share a cache line, and mostly suffice. */
    for (int i = 0; i < 3; i++) {
        const struct state_slot *slot = &table->slots[(at + (uint32_t)i) & (table->size - 1)];
        if (slot->index == 0 || slot->tag == state_tag(hash))
            return slot->index - 1;
    }
    return UINT32_MAX;
}

void state_warm(const struct state *state, const struct parcel_event *const *events, size_t count)
{
    struct guess guesses[STATE_WARM_EVENTS];
    for (size_t i = 0; i < count; i++) {
        const struct state_group *group =
            &state->groups[key_group_of(events[i]->user_hash) - state->first_group];
        __builtin_prefetch(group);
        __builtin_prefetch((const char *)group + 64);
        guesses[i].group = group;
    }
    for (size_t i = 0; i < count; i++)
        ask_for_slot(&guesses[i].group->user_table, events[i]->user_hash);
    for (size_t i = 0; i < count; i++) {
        struct guess *guess = &guesses[i];
        guess->user = likely_record(&guess->group->user_table, events[i]->user_hash);
        if (guess->user == UINT32_MAX)
            continue;
        __builtin_prefetch(&guess->group->users[guess->user]);
        ask_for_slot(&guess->group->enrolment_table,
                     state_pair_hash(guess->user, events[i]->course_id));
    }
    for (size_t i = 0; i < count; i++) {
        struct guess *guess = &guesses[i];
        guess->enrolment = UINT32_MAX;
        if (guess->user == UINT32_MAX)
            continue;
        __builtin_prefetch(guess->group->texts + guess->group->users[guess->user].text);
        guess->enrolment = likely_record(&guess->group->enrolment_table,
                                         state_pair_hash(guess->user, events[i]->course_id));
        if (guess->enrolment == UINT32_MAX)
            continue;
        __builtin_prefetch(&guess->group->enrolments[guess->enrolment]);
        ask_for_slot(&guess->group->progress_table,
                     state_pair_hash(guess->enrolment, events[i]->lesson_id));
    }
    for (size_t i = 0; i < count; i++) {
        const struct guess *guess = &guesses[i];
        if (guess->enrolment == UINT32_MAX)
            continue;
        uint32_t progress = likely_record(&guess->group->progress_table,
                                          state_pair_hash(guess->enrolment, events[i]->lesson_id));
        if (progress != UINT32_MAX)
            __builtin_prefetch(&guess->group->progress[progress]);
    }
}
