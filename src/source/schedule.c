#include "course_funnel/schedule.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct sized_split {
    uint64_t disk_bytes;
    uint32_t split;
    bool is_table;
};

static int compare_sizes(const void *a, const void *b)
{
    const struct sized_split *x = a, *y = b;
    if (x->is_table != y->is_table)
        return x->is_table ? 1 : -1;
    if (x->disk_bytes != y->disk_bytes)
        return x->disk_bytes > y->disk_bytes ? -1 : 1;
    return x->split < y->split ? -1 : x->split > y->split;
}

int schedule_create(const struct source_list *list, struct schedule *schedule,
                    struct failure *failure)
{
    size_t count = list->split_count;
    memset(schedule, 0, sizeof *schedule);
    struct sized_split *sized = calloc(count + 1, sizeof *sized);
    struct schedule_item *items = calloc(count + 1, sizeof *items);
    if (sized == NULL || items == NULL) {
        free(sized);
        free(items);
        return failure_memory(failure, "the schedule", count * (sizeof *sized + sizeof *items));
    }
    for (size_t i = 0; i < count; i++)
        sized[i] = (struct sized_split){.disk_bytes = list->splits[i].disk_bytes,
                                        .split = (uint32_t)i,
                                        .is_table = list->splits[i].format == SOURCE_TABLE};
    qsort(sized, count, sizeof *sized, compare_sizes);
    for (size_t i = 0; i < count; i++) {
        items[i].split = sized[i].split;
        schedule->left_bytes += sized[i].disk_bytes;
    }
    free(sized);
    schedule->items = items;
    schedule->count = count;
    schedule->list = list;
    return 0;
}

/* Whether each split of ${unfinished} stands once among the first ${next} of the schedule. */
static int check_unfinished(const struct schedule *schedule, const struct schedule_item *unfinished,
                            size_t unfinished_count, size_t next, struct failure *failure)
{
    bool *is_out = calloc(schedule->count + 1, sizeof *is_out);
    if (is_out == NULL)
        return failure_memory(failure, "the schedule", schedule->count * sizeof *is_out);
    for (size_t i = 0; i < next; i++)
        is_out[schedule->items[i].split] = true;
    int result = 0;
    for (size_t i = 0; result == 0 && i < unfinished_count; i++) {
        uint32_t split = unfinished[i].split;
        if (split >= schedule->count || !is_out[split])
            result = failure_set(failure, EXIT_BUG,
                                 "Split %" PRIu32 " is not one that was begun and is unfinished.",
                                 split);
        else
            is_out[split] = false;
    }
    free(is_out);
    return result;
}

int schedule_resume(const struct source_list *list, const struct schedule_item *unfinished,
                    size_t unfinished_count, size_t next, struct schedule *schedule,
                    struct failure *failure)
{
    if (schedule_create(list, schedule, failure) != 0)
        return -1;
    if (next > schedule->count)
        return failure_set(failure, EXIT_BUG, "There is no split %zu of %zu to go on with.", next,
                           schedule->count);
    if (check_unfinished(schedule, unfinished, unfinished_count, next, failure) != 0)
        return -1;
    size_t left = schedule->count - next;
    struct schedule_item *items = malloc((unfinished_count + left + 1) * sizeof *items);
    if (items == NULL)
        return failure_memory(failure, "the schedule", (unfinished_count + left) * sizeof *items);
    if (unfinished_count > 0)
        memcpy(items, unfinished, unfinished_count * sizeof *items);
    memcpy(items + unfinished_count, schedule->items + next, left * sizeof *items);
    free(schedule->items);
    schedule->items = items;
    schedule->count = unfinished_count + left;
    schedule->left_bytes = 0;
    for (size_t i = 0; i < schedule->count; i++)
        schedule->left_bytes += list->splits[items[i].split].disk_bytes;
    schedule->resumed_count = unfinished_count;
    schedule->resumed_next = next;
    return 0;
}

int schedule_leave(const struct schedule *schedule, bool all, const struct schedule_item *open,
                   struct schedule_item **unfinished, size_t *unfinished_count, size_t *next,
                   struct failure *failure)
{
    size_t waiting = schedule->mine_end - schedule->mine_begin;
    size_t resumed = schedule->resumed_count;
    size_t resumed_out = schedule->next < resumed ? schedule->next : resumed;
    size_t resumed_left = all ? resumed - resumed_out : 0;
    struct schedule_item *items = malloc((waiting + resumed_left + 1) * sizeof *items);
    if (items == NULL)
        return failure_memory(failure, "the schedule", (waiting + resumed_left) * sizeof *items);
    size_t count = 0;
    if (open != NULL)
        items[count++] = *open;
    for (size_t i = 0; i < waiting; i++)
        items[count++] = schedule->mine[schedule->mine_begin + i];
    for (size_t i = 0; i < resumed_left; i++)
        items[count++] = schedule->items[resumed_out + i];
    *unfinished = items;
    *unfinished_count = count;
    *next = schedule->resumed_next + (schedule->next - resumed_out);
    return 0;
}

void schedule_clear(struct schedule *schedule)
{
    free(schedule->items);
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

/* Whether ${to} may be given the split at the head of those that have not gone out. */
static bool may_have_next(const struct schedule *schedule, int to)
{
    if (schedule->no_tables == NULL || !schedule->no_tables[to])
        return true;
    uint32_t split = schedule->items[schedule->next].split;
    return schedule->list->splits[split].format != SOURCE_TABLE;
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
    while (asked && schedule->next < schedule->count) {
        asked = false;
        for (int to = 0; to < ranks && schedule->next < schedule->count; to++) {
            if (left[to] == 0 || !may_have_next(schedule, to))
                continue;
            const struct schedule_item *item = &schedule->items[schedule->next++];
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

bool schedule_is_out(const struct schedule *schedule)
{
    return schedule->next == schedule->count;
}
