#include "state_room.h"

#include "course_funnel/array.h"
#include "course_funnel/pages.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What comes to a group after it was loaded; a day adds some hundredths to a year. */
static uint32_t with_spare(uint32_t count)
{
    uint32_t spare = count / 16 + 4;
    return count > UINT32_MAX - 1 - spare ? count : count + spare;
}

static struct state_counts add_spare(const struct state_counts *counts)
{
    return (struct state_counts){.users = with_spare(counts->users),
                                 .enrolments = with_spare(counts->enrolments),
                                 .progress = with_spare(counts->progress),
                                 .text_bytes = with_spare(counts->text_bytes),
                                 .times = with_spare(counts->times)};
}

/* How many slots a table of so many records has; 0: too many for one. */
static uint32_t slots_of(uint64_t count)
{
    uint64_t size = 8;
    while (count * 4 >= size * 3)
        size *= 2;
    return size <= UINT32_MAX ? (uint32_t)size : 0;
}

/* Give out ${bytes} of a block; without a block, only count them. */
static void *take(char *block, size_t *used, size_t bytes)
{
    void *taken = block != NULL ? block + *used : NULL;
    /* What comes next may hold 64-bit numbers. */
    *used += (bytes + 7) / 8 * 8;
    return taken;
}

static void take_table(struct state_table *table, char *block, size_t *used, uint32_t count)
{
    table->size = slots_of(count);
    table->slots = take(block, used, table->size * sizeof *table->slots);
}

static void take_group(struct state_group *group, char *block, size_t *used,
                       const struct state_counts *counts)
{
    struct state_counts room = add_spare(counts);
    group->room = block != NULL ? block + *used : NULL;
    size_t begin = *used;
    group->users = take(block, used, room.users * sizeof *group->users);
    group->enrolments = take(block, used, room.enrolments * sizeof *group->enrolments);
    group->progress = take(block, used, room.progress * sizeof *group->progress);
    group->texts = take(block, used, room.text_bytes);
    group->times = take(block, used, room.times * sizeof *group->times);
    take_table(&group->user_table, block, used, room.users);
    take_table(&group->enrolment_table, block, used, room.enrolments);
    take_table(&group->progress_table, block, used, room.progress);
    group->room_bytes = *used - begin;
    group->user_capacity = room.users;
    group->enrolment_capacity = room.enrolments;
    group->progress_capacity = room.progress;
    group->text_capacity = room.text_bytes;
    group->time_capacity = room.times;
}

static bool is_empty(const struct state_counts *counts)
{
    return counts->users == 0;
}

int state_reserve(struct state *state, uint32_t first, uint32_t count,
                  const struct state_counts *counts, struct failure *failure)
{
    size_t bytes = 0;
    struct state_group *groups = &state->groups[first - state->first_group];
    if (array_extend(&state->rooms, state->room_count, sizeof *state->rooms, "the state",
                     failure) != 0)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        struct state_group measured = {0};
        if (is_empty(&counts[i]))
            continue;
        take_group(&measured, NULL, &bytes, &counts[i]);
        if (measured.user_table.size == 0 || measured.enrolment_table.size == 0 ||
            measured.progress_table.size == 0)
            return failure_set(failure, EXIT_BUG,
                               "One key group holds %u records, which is more than can be loaded.",
                               counts[i].progress);
    }
    char *block = pages_resize(NULL, 0, bytes + 1);
    if (block == NULL)
        return failure_memory(failure, "the state", bytes);
    state->rooms[state->room_count++] = block;
    bytes = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!is_empty(&counts[i]))
            take_group(&groups[i], block, &bytes, &counts[i]);
    return 0;
}

uint64_t state_loaded_bytes(const struct state_group *group)
{
    const struct state_counts counts = {.users = group->user_count,
                                        .enrolments = group->enrolment_count,
                                        .progress = group->progress_count,
                                        .text_bytes = group->text_bytes,
                                        .times = group->time_count};
    struct state_group measured = {0};
    size_t bytes = 0;
    if (!is_empty(&counts))
        take_group(&measured, NULL, &bytes, &counts);
    /* Tables of fingerprints are half full, and small pieces of memory. */
    return bytes + group->fingerprints_in_tables * 3 * sizeof(uint64_t);
}

static bool is_in_room(const struct state_group *group, const void *array)
{
    uintptr_t at = (uintptr_t)array, begin = (uintptr_t)group->room;
    return group->room != NULL && at >= begin && at < begin + group->room_bytes;
}

void *state_room_resize(const struct state_group *group, void *array, size_t kept_bytes,
                        size_t bytes)
{
    if (!is_in_room(group, array))
        return realloc(array, bytes);
    void *own = malloc(bytes);
    if (own != NULL)
        memcpy(own, array, kept_bytes);
    return own;
}

void state_room_free(const struct state_group *group, void *array)
{
    if (!is_in_room(group, array))
        free(array);
}
