#include "course_funnel/state.h"

#include "state_room.h"
#include "state_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct state_user) == 16, "users are kept and stored without padding");
_Static_assert(sizeof(struct state_enrolment) == 48, "as are enrolments");
_Static_assert(sizeof(struct state_progress) == 40, "and progress");

#define NOT_FOUND UINT32_MAX

/* Indices are 32 bits, and one value of them says "none". */
#define MOST_RECORDS (UINT32_MAX - 1)

/* Room for one more element, growing by half: a group holds few records, and there are many. */
static int grow(const struct state_group *group, void **array, uint32_t count, uint32_t *capacity,
                size_t element_bytes, const char *what, struct failure *failure)
{
    if (count < *capacity)
        return 0;
    if (count >= MOST_RECORDS)
        return failure_set(failure, EXIT_BUG,
                           "One key group holds %u %s, which is its limit: the users are spread "
                           "too unevenly.",
                           count, what);
    uint64_t wanted = (uint64_t)*capacity + *capacity / 2 + 4;
    uint32_t larger = wanted > MOST_RECORDS ? MOST_RECORDS : (uint32_t)wanted;
    void *grown = state_room_resize(group, *array, count * element_bytes, larger * element_bytes);
    if (grown == NULL)
        return failure_memory(failure, what, larger * element_bytes);
    *array = grown;
    *capacity = larger;
    return 0;
}

static void place(struct state_table *table, uint64_t hash, uint32_t tag, uint32_t index)
{
    uint32_t at = (uint32_t)hash & (table->size - 1);
    while (table->slots[at].index != 0)
        at = (at + 1) & (table->size - 1);
    table->slots[at] = (struct state_slot){.tag = tag, .index = index + 1};
}

/* Double the slots of a table that is three quarters full; ${record_hash} hashes its records. */
static int widen(struct state_table *table, const struct state_group *group, uint32_t count,
                 uint64_t (*record_hash)(const struct state_group *group, uint32_t index),
                 struct failure *failure)
{
    if ((uint64_t)count * 4 < (uint64_t)table->size * 3)
        return 0;
    if (table->size > UINT32_MAX / 2)
        return failure_set(failure, EXIT_BUG, "One key group holds %u records, which is its limit.",
                           count);
    struct state_table wider = {.size = table->size > 0 ? 2 * table->size : 8};
    wider.slots = calloc(wider.size, sizeof *wider.slots);
    if (wider.slots == NULL)
        return failure_memory(failure, "a hash table", wider.size * sizeof *wider.slots);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t hash = record_hash(group, i);
        place(&wider, hash, state_tag(hash), i);
    }
    state_room_free(group, table->slots);
    *table = wider;
    return 0;
}

static uint64_t user_hash(const struct state_group *group, uint32_t index)
{
    return group->users[index].hash;
}

static uint64_t enrolment_hash(const struct state_group *group, uint32_t index)
{
    return state_pair_hash(group->enrolments[index].user, group->enrolments[index].course_id);
}

static uint64_t progress_hash(const struct state_group *group, uint32_t index)
{
    return state_pair_hash(group->progress[index].enrolment, group->progress[index].lesson_id);
}

int state_create(int rank, int ranks, struct state **state, struct failure *failure)
{
    uint32_t first = key_group_first(rank, ranks);
    return state_create_groups(first, key_group_first(rank + 1, ranks) - first, state, failure);
}

int state_create_groups(uint32_t first, uint32_t count, struct state **state,
                        struct failure *failure)
{
    struct state *made = calloc(1, sizeof *made);
    if (made == NULL)
        return failure_memory(failure, "the state", sizeof *made);
    made->first_group = first;
    made->group_count = count;
    made->first_event_us = STATE_NO_TIME;
    made->last_event_us = INT64_MIN;
    days_begin(&made->days, DAYS_ALL_OVER);
    made->groups = calloc(made->group_count + 1, sizeof *made->groups);
    if (made->groups == NULL) {
        free(made);
        return failure_memory(failure, "the state", KEY_GROUPS * sizeof *made->groups);
    }
    *state = made;
    return 0;
}

void state_free(struct state *state)
{
    if (state == NULL)
        return;
    for (uint32_t i = 0; i < state->group_count; i++) {
        struct state_group *group = &state->groups[i];
        for (uint32_t j = 0; j < group->progress_count; j++)
            if (group->progress[j].fingerprint_log2 > 0)
                free(group->progress[j].fingerprints);
        state_room_free(group, group->users);
        state_room_free(group, group->enrolments);
        state_room_free(group, group->progress);
        state_room_free(group, group->texts);
        state_room_free(group, group->times);
        state_room_free(group, group->user_table.slots);
        state_room_free(group, group->enrolment_table.slots);
        state_room_free(group, group->progress_table.slots);
    }
    for (size_t i = 0; i < state->room_count; i++)
        free(state->rooms[i]);
    free(state->rooms);
    free(state->groups);
    state_texts_clear(&state->entry_points);
    days_clear(&state->days);
    free(state);
}

static int add_text(struct state_group *group, const char *text, uint32_t bytes,
                    struct failure *failure)
{
    uint64_t needed = (uint64_t)group->text_bytes + bytes;
    if (needed > UINT32_MAX)
        return failure_set(failure, EXIT_BUG,
                           "The user ids of one key group take over 4 GiB, which is its limit.");
    if (needed > group->text_capacity) {
        uint64_t wanted = needed + needed / 2 + 64;
        uint32_t larger = wanted > UINT32_MAX ? UINT32_MAX : (uint32_t)wanted;
        char *grown = state_room_resize(group, group->texts, group->text_bytes, larger);
        if (grown == NULL)
            return failure_memory(failure, "user ids", larger);
        group->texts = grown;
        group->text_capacity = larger;
    }
    memcpy(group->texts + group->text_bytes, text, bytes);
    group->text_bytes = (uint32_t)needed;
    return 0;
}

/* What a record is looked up by; which fields count depends on the kind of record. */
struct key {
    uint64_t hash;
    uint32_t parent; /* of an enrolment its user, of progress its enrolment */
    int32_t id;
    const char *text;
    uint32_t bytes;
};

typedef bool is_same(const struct state_group *group, uint32_t index, const struct key *key);

static inline bool is_same_user(const struct state_group *group, uint32_t index,
                                const struct key *key)
{
    const struct state_user *user = &group->users[index];
    return user->hash == key->hash && user->bytes == key->bytes &&
           memcmp(group->texts + user->text, key->text, key->bytes) == 0;
}

static inline bool is_same_enrolment(const struct state_group *group, uint32_t index,
                                     const struct key *key)
{
    return group->enrolments[index].user == key->parent &&
           group->enrolments[index].course_id == key->id;
}

static inline bool is_same_progress(const struct state_group *group, uint32_t index,
                                    const struct key *key)
{
    return group->progress[index].enrolment == key->parent &&
           group->progress[index].lesson_id == key->id;
}

/* The slot that holds the key's record, or the free one where it would be. Always inlined, so that
 * the comparison costs no call. */
static inline __attribute__((always_inline)) struct state_slot *find_slot(
    const struct state_table *table, const struct state_group *group, const struct key *key,
    is_same *same)
{
    uint32_t tag = state_tag(key->hash);
    uint32_t at = state_first_slot(table, key->hash);
    while (table->slots[at].index != 0 &&
           (table->slots[at].tag != tag || !same(group, table->slots[at].index - 1, key)))
        at = (at + 1) & (table->size - 1);
    return &table->slots[at];
}

uint32_t state_find_user(struct state_group *group, uint64_t hash, const char *text, uint32_t bytes,
                         struct failure *failure)
{
    struct key key = {.hash = hash, .text = text, .bytes = bytes};
    if (widen(&group->user_table, group, group->user_count, user_hash, failure) != 0)
        return NOT_FOUND;
    struct state_slot *slot = find_slot(&group->user_table, group, &key, is_same_user);
    if (slot->index != 0)
        return slot->index - 1;

    uint32_t begin = group->text_bytes;
    void *users = group->users;
    if (grow(group, &users, group->user_count, &group->user_capacity, sizeof *group->users, "users",
             failure) != 0)
        return NOT_FOUND;
    group->users = users;
    if (add_text(group, text, bytes, failure) != 0)
        return NOT_FOUND;
    uint32_t index = group->user_count++;
    group->users[index] = (struct state_user){.hash = hash, .text = begin, .bytes = bytes};
    *slot = (struct state_slot){.tag = state_tag(hash), .index = index + 1};
    return index;
}

uint32_t state_look_up_user(const struct state_group *group, uint64_t hash, const char *text,
                            uint32_t bytes)
{
    struct key key = {.hash = hash, .text = text, .bytes = bytes};
    if (group->user_table.size == 0)
        return NOT_FOUND;
    const struct state_slot *slot = find_slot(&group->user_table, group, &key, is_same_user);
    return slot->index != 0 ? slot->index - 1 : NOT_FOUND;
}

uint32_t state_find_enrolment(struct state_group *group, uint32_t user, int32_t course_id,
                              struct failure *failure)
{
    struct key key = {.hash = state_pair_hash(user, course_id), .parent = user, .id = course_id};
    if (widen(&group->enrolment_table, group, group->enrolment_count, enrolment_hash, failure) != 0)
        return NOT_FOUND;
    struct state_slot *slot = find_slot(&group->enrolment_table, group, &key, is_same_enrolment);
    if (slot->index != 0)
        return slot->index - 1;

    void *enrolments = group->enrolments;
    if (grow(group, &enrolments, group->enrolment_count, &group->enrolment_capacity,
             sizeof *group->enrolments, "enrolments", failure) != 0)
        return NOT_FOUND;
    group->enrolments = enrolments;
    uint32_t index = group->enrolment_count++;
    group->enrolments[index] = (struct state_enrolment){.first_start_us = STATE_NO_TIME,
                                                        .first_event_us = STATE_NO_TIME,
                                                        .last_event_us = INT64_MIN,
                                                        .first_completion_us = STATE_NO_TIME,
                                                        .user = user,
                                                        .course_id = course_id};
    *slot = (struct state_slot){.tag = state_tag(key.hash), .index = index + 1};
    return index;
}

uint32_t state_find_progress(struct state_group *group, uint32_t enrolment, int32_t lesson_id,
                             struct failure *failure)
{
    struct key key = {
        .hash = state_pair_hash(enrolment, lesson_id), .parent = enrolment, .id = lesson_id};
    if (widen(&group->progress_table, group, group->progress_count, progress_hash, failure) != 0)
        return NOT_FOUND;
    struct state_slot *slot = find_slot(&group->progress_table, group, &key, is_same_progress);
    if (slot->index != 0)
        return slot->index - 1;

    void *progress = group->progress;
    if (grow(group, &progress, group->progress_count, &group->progress_capacity,
             sizeof *group->progress, "records of lesson progress", failure) != 0)
        return NOT_FOUND;
    group->progress = progress;
    uint32_t index = group->progress_count++;
    group->progress[index] =
        (struct state_progress){.enrolment = enrolment, .lesson_id = lesson_id};
    *slot = (struct state_slot){.tag = state_tag(key.hash), .index = index + 1};
    return index;
}

uint64_t state_record_bytes(const struct state *state)
{
    uint64_t bytes = 0, slots = 0;
    for (uint32_t i = 0; i < state->group_count; i++) {
        const struct state_group *group = &state->groups[i];
        bytes += group->user_count * sizeof *group->users + group->text_bytes +
                 group->enrolment_count * sizeof *group->enrolments +
                 group->progress_count * sizeof *group->progress +
                 group->time_count * sizeof *group->times;
        slots += (uint64_t)group->user_count + group->enrolment_count + group->progress_count;
    }
    /* A table is never fuller than three quarters. */
    return bytes + slots * 4 / 3 * sizeof(struct state_slot);
}

static int push_time(struct state_group *group, uint64_t time, struct failure *failure)
{
    void *times = group->times;
    if (grow(group, &times, group->time_count, &group->time_capacity, sizeof *group->times,
             "times of completions", failure) != 0)
        return -1;
    group->times = times;
    group->times[group->time_count++] = time;
    return 0;
}

int state_add_time(struct state_group *group, uint32_t progress, uint64_t time_us,
                   struct failure *failure)
{
    uint64_t key = (uint64_t)progress << 32;
    if (time_us < STATE_LONG_TIME)
        return push_time(group, key | time_us, failure);
    if (push_time(group, key | STATE_LONG_TIME, failure) != 0)
        return -1;
    return push_time(group, time_us, failure);
}
