#include "course_funnel/schedule.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct sized_split {
    uint64_t disk_bytes;
    uint32_t split;
};

static enum schedule_kind kind_of(const struct source_list *list, size_t split)
{
    return list->splits[split].format == SOURCE_TABLE ? SCHEDULE_TABLES : SCHEDULE_FILES;
}

static int compare_sizes(const void *a, const void *b)
{
    const struct sized_split *x = a, *y = b;
    if (x->disk_bytes != y->disk_bytes)
        return x->disk_bytes > y->disk_bytes ? -1 : 1;
    return x->split < y->split ? -1 : x->split > y->split;
}

/* Make room for at most ${most} items. */
static int make_room(struct schedule_lane *lane, size_t most, struct failure *failure)
{
    lane->items = malloc((most + 1) * sizeof *lane->items);
    if (lane->items == NULL)
        return failure_memory(failure, "the schedule", most * sizeof *lane->items);
    return 0;
}

int schedule_create(const struct source_list *list, struct schedule *schedule,
                    struct failure *failure)
{
    size_t count = list->split_count, of_kind[SCHEDULE_LANES] = {0};
    memset(schedule, 0, sizeof *schedule);
    schedule->list = list;
    struct sized_split *sized = calloc(count + 1, sizeof *sized);
    if (sized == NULL)
        return failure_memory(failure, "the schedule", count * sizeof *sized);
    for (size_t i = 0; i < count; i++) {
        sized[i] = (struct sized_split){list->splits[i].disk_bytes, (uint32_t)i};
        of_kind[kind_of(list, i)]++;
    }
    qsort(sized, count, sizeof *sized, compare_sizes);
    int result = 0;
    for (int kind = 0; result == 0 && kind < SCHEDULE_LANES; kind++)
        result = make_room(&schedule->lanes[kind], of_kind[kind], failure);
    for (size_t i = 0; result == 0 && i < count; i++) {
        struct schedule_lane *lane = &schedule->lanes[kind_of(list, sized[i].split)];
        lane->items[lane->count++] = (struct schedule_item){.split = sized[i].split};
        schedule->left_bytes += sized[i].disk_bytes;
    }
    free(sized);
    return result;
}

/* Whether each split of ${unfinished} stands once among those that are out by ${next}. */
static int check_unfinished(const struct schedule *schedule, const struct schedule_item *unfinished,
                            size_t unfinished_count, const size_t next[SCHEDULE_LANES],
                            struct failure *failure)
{
    size_t count = schedule->list->split_count;
    bool *is_out = calloc(count + 1, sizeof *is_out);
    if (is_out == NULL)
        return failure_memory(failure, "the schedule", count * sizeof *is_out);
    for (int kind = 0; kind < SCHEDULE_LANES; kind++)
        for (size_t i = 0; i < next[kind]; i++)
            is_out[schedule->lanes[kind].items[i].split] = true;
    int result = 0;
    for (size_t i = 0; result == 0 && i < unfinished_count; i++) {
        uint32_t split = unfinished[i].split;
        if (split >= count || !is_out[split])
            result = failure_set(failure, EXIT_BUG,
                                 "Split %" PRIu32 " is not one that was begun and is unfinished.",
                                 split);
        else
            is_out[split] = false;
    }
    free(is_out);
    return result;
}

/* The items of a new ${lane} from ${next} on, behind those of ${unfinished} that are of its kind.
 */
static int resume_lane(struct schedule *schedule, enum schedule_kind kind,
                       const struct schedule_item *unfinished, size_t unfinished_count, size_t next,
                       struct failure *failure)
{
    struct schedule_lane *lane = &schedule->lanes[kind], resumed = {.resumed_next = next};
    size_t left = lane->count - next;
    if (make_room(&resumed, unfinished_count + left, failure) != 0)
        return -1;
    for (size_t i = 0; i < unfinished_count; i++)
        if (kind_of(schedule->list, unfinished[i].split) == kind)
            resumed.items[resumed.resumed_count++] = unfinished[i];
    memcpy(resumed.items + resumed.resumed_count, lane->items + next, left * sizeof *lane->items);
    resumed.count = resumed.resumed_count + left;
    free(lane->items);
    *lane = resumed;
    for (size_t i = 0; i < lane->count; i++)
        schedule->left_bytes += schedule->list->splits[lane->items[i].split].disk_bytes;
    return 0;
}

int schedule_resume(const struct source_list *list, const struct schedule_item *unfinished,
                    size_t unfinished_count, struct schedule_next next, struct schedule *schedule,
                    struct failure *failure)
{
    if (schedule_create(list, schedule, failure) != 0)
        return -1;
    if (next.tables > next.splits || next.tables > schedule->lanes[SCHEDULE_TABLES].count ||
        next.splits - next.tables > schedule->lanes[SCHEDULE_FILES].count)
        return failure_set(failure, EXIT_BUG,
                           "There are no %" PRIu64 " splits, %" PRIu64
                           " of them of tables, to go on behind.",
                           next.splits, next.tables);
    const size_t from[SCHEDULE_LANES] = {
        [SCHEDULE_TABLES] = next.tables, [SCHEDULE_FILES] = next.splits - next.tables};
    if (check_unfinished(schedule, unfinished, unfinished_count, from, failure) != 0)
        return -1;
    schedule->left_bytes = 0;
    for (int kind = 0; kind < SCHEDULE_LANES; kind++)
        if (resume_lane(schedule, (enum schedule_kind)kind, unfinished, unfinished_count,
                        from[kind], failure) != 0)
            return -1;
    return 0;
}

/* How many of the unfinished ones have gone out again. */
static size_t resumed_out(const struct schedule_lane *lane)
{
    return lane->next < lane->resumed_count ? lane->next : lane->resumed_count;
}

/* How many have gone out, in the order of a new schedule. */
static uint64_t next_of(const struct schedule_lane *lane)
{
    return lane->resumed_next + (lane->next - resumed_out(lane));
}

int schedule_leave(const struct schedule *schedule, bool all, const struct schedule_item *open,
                   struct schedule_item **unfinished, size_t *unfinished_count,
                   struct schedule_next *next, struct failure *failure)
{
    size_t most = 1 + schedule->mine_end - schedule->mine_begin, count = 0;
    for (int kind = 0; all && kind < SCHEDULE_LANES; kind++)
        most += schedule->lanes[kind].resumed_count;
    struct schedule_item *items = malloc(most * sizeof *items);
    if (items == NULL)
        return failure_memory(failure, "the schedule", most * sizeof *items);
    if (open != NULL)
        items[count++] = *open;
    for (size_t i = schedule->mine_begin; i < schedule->mine_end; i++)
        items[count++] = schedule->mine[i];
    for (int kind = 0; all && kind < SCHEDULE_LANES; kind++) {
        const struct schedule_lane *lane = &schedule->lanes[kind];
        for (size_t i = resumed_out(lane); i < lane->resumed_count; i++)
            items[count++] = lane->items[i];
    }
    *unfinished = items;
    *unfinished_count = count;
    next->tables = next_of(&schedule->lanes[SCHEDULE_TABLES]);
    next->splits = next->tables + next_of(&schedule->lanes[SCHEDULE_FILES]);
    return 0;
}

void schedule_clear(struct schedule *schedule)
{
    for (int kind = 0; kind < SCHEDULE_LANES; kind++)
        free(schedule->lanes[kind].items);
    free(schedule->mine);
    memset(schedule, 0, sizeof *schedule);
}

static int queue(struct schedule *schedule, const struct schedule_item *item,
                 struct failure *failure)
{
    if (schedule->mine_end == schedule->mine_capacity) {
        size_t waiting = schedule->mine_end - schedule->mine_begin;
        size_t capacity = 2 * waiting + 16;
        struct schedule_item *mine = malloc(capacity * sizeof *mine);
        if (mine == NULL)
            return failure_memory(failure, "the schedule", capacity * sizeof *mine);
        if (waiting > 0)
            memcpy(mine, schedule->mine + schedule->mine_begin, waiting * sizeof *mine);
        free(schedule->mine);
        schedule->mine = mine;
        schedule->mine_begin = 0;
        schedule->mine_end = waiting;
        schedule->mine_capacity = capacity;
    }
    schedule->mine[schedule->mine_end++] = *item;
    schedule->mine_bytes += schedule->list->splits[item->split].disk_bytes;
    return 0;
}

/* Where the next split for ${to} stands; NULL: nowhere. */
static struct schedule_lane *lane_for(struct schedule *schedule, int to)
{
    bool reads_tables = schedule->no_tables == NULL || !schedule->no_tables[to];
    for (int kind = reads_tables ? SCHEDULE_TABLES : SCHEDULE_FILES; kind < SCHEDULE_LANES; kind++)
        if (schedule->lanes[kind].next < schedule->lanes[kind].count)
            return &schedule->lanes[kind];
    return NULL;
}

int schedule_assign(struct schedule *schedule, const uint64_t *wanted_bytes, int ranks, int rank,
                    struct failure *failure)
{
    uint64_t *left = malloc((size_t)ranks * sizeof *left);
    if (left == NULL)
        return failure_memory(failure, "the schedule", (size_t)ranks * sizeof *left);
    memcpy(left, wanted_bytes, (size_t)ranks * sizeof *left);

    int result = 0;
    bool asked = true;
    while (asked) {
        asked = false;
        for (int to = 0; to < ranks; to++) {
            struct schedule_lane *lane = left[to] > 0 ? lane_for(schedule, to) : NULL;
            if (lane == NULL)
                continue;
            const struct schedule_item *item = &lane->items[lane->next++];
            uint64_t bytes = schedule->list->splits[item->split].disk_bytes;
            left[to] = bytes < left[to] ? left[to] - bytes : 0;
            schedule->left_bytes -= bytes;
            asked = true;
            if (to == rank && queue(schedule, item, failure) != 0)
                result = -1;
        }
    }
    free(left);
    return result;
}

bool schedule_take(struct schedule *schedule, struct schedule_item *item)
{
    if (schedule->mine_begin == schedule->mine_end)
        return false;
    *item = schedule->mine[schedule->mine_begin++];
    schedule->mine_bytes -= schedule->list->splits[item->split].disk_bytes;
    return true;
}

uint64_t schedule_peek(const struct schedule *schedule)
{
    return schedule->mine_begin < schedule->mine_end
               ? (uint64_t)schedule->mine[schedule->mine_begin].split + 1
               : 0;
}

uint64_t schedule_first(const struct schedule *schedule, int rank)
{
    struct schedule again = *schedule;
    uint64_t first = 0;
    for (int kind = 0; kind < SCHEDULE_LANES; kind++)
        again.lanes[kind].next = 0;
    for (int to = 0; to <= rank; to++) {
        struct schedule_lane *lane = lane_for(&again, to);
        first = lane != NULL ? (uint64_t)lane->items[lane->next++].split + 1 : 0;
    }
    return first;
}

bool schedule_tables_are_out(const struct schedule *schedule)
{
    const struct schedule_lane *lane = &schedule->lanes[SCHEDULE_TABLES];
    return lane->next == lane->count;
}

bool schedule_is_out(const struct schedule *schedule)
{
    const struct schedule_lane *lane = &schedule->lanes[SCHEDULE_FILES];
    return lane->next == lane->count && schedule_tables_are_out(schedule);
}
