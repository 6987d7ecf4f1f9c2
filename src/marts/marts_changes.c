#include "course_funnel/marts_table.h"

#include "course_funnel/calendar.h"

#include <stdlib.h>

/* A cell's key, and its counts of two marts; those that are not there are -1. */
struct cell {
    int32_t course_id, week;
    bool is_lesson;
    int32_t lesson_id;
    int32_t started[2], completed[2];
};

static int compare_cells(const void *left, const void *right)
{
    const struct cell *a = left, *b = right;
    if (a->course_id != b->course_id)
        return a->course_id < b->course_id ? -1 : 1;
    if (a->week != b->week)
        return a->week < b->week ? -1 : 1;
    if (a->is_lesson != b->is_lesson)
        return a->is_lesson ? 1 : -1;
    return (a->lesson_id > b->lesson_id) - (a->lesson_id < b->lesson_id);
}

static void add_cell(struct cell *cells, size_t *count, int which, const struct cell *key,
                     int32_t started, int32_t completed)
{
    struct cell *cell = &cells[(*count)++];
    *cell = *key;
    cell->started[which] = started;
    cell->completed[which] = completed;
    cell->started[1 - which] = -1;
    cell->completed[1 - which] = -1;
}

static void add_cells(struct cell *cells, size_t *count, int which, const struct marts *marts)
{
    for (size_t i = 0; i < marts->cohort_count; i++) {
        const struct mart_cohort_row *row = &marts->cohorts[i];
        const struct cell key = {.course_id = row->course_id, .week = row->cohort_week_start};
        add_cell(cells, count, which, &key, row->users_started, row->users_completed_course);
    }
    for (size_t i = 0; i < marts->lesson_count; i++) {
        const struct mart_lesson_row *row = &marts->lessons[i];
        const struct cell key = {
            row->course_id, row->cohort_week_start, true, row->lesson_id, {0}, {0}};
        add_cell(cells, count, which, &key, row->users_started, row->users_completed);
    }
}

static struct change_row change_of(const struct cell *cell, const int64_t *as_of_us)
{
    struct change_row row = {.course_id = cell->course_id,
                             .cohort_week_start = cell->week,
                             .cell = cell->is_lesson ? "lesson" : "cohort",
                             .lesson_id = cell->lesson_id,
                             .change = "changed",
                             .has_old = cell->started[0] >= 0,
                             .has_new = cell->started[1] >= 0,
                             .old_users_started = cell->started[0],
                             .new_users_started = cell->started[1],
                             .old_users_completed = cell->completed[0],
                             .new_users_completed = cell->completed[1]};
    if (!row.has_old)
        row.change = "added";
    else if (!row.has_new)
        row.change = "removed";
    row.has_was_mature = as_of_us != NULL;
    if (as_of_us != NULL)
        row.was_mature = *as_of_us >= (cell->week + 7 + MARTS_MATURE_DAYS) * CALENDAR_US_PER_DAY;
    return row;
}

int marts_changes(const struct marts *old, const int64_t *as_of_us, const struct marts *now,
                  struct marts *found, struct failure *failure)
{
    size_t most = old->cohort_count + old->lesson_count + now->cohort_count + now->lesson_count;
    size_t count = 0;
    struct cell *cells = calloc(most + 1, sizeof *cells);
    found->change_count = 0;
    found->changes = calloc(most + 1, sizeof *found->changes);
    if (cells == NULL || found->changes == NULL) {
        free(cells);
        free(found->changes);
        found->changes = NULL;
        return failure_memory(failure, "the changes of the marts", most * sizeof *cells);
    }
    add_cells(cells, &count, 0, old);
    add_cells(cells, &count, 1, now);
    qsort(cells, count, sizeof *cells, compare_cells);
    for (size_t i = 0; i < count; i++) {
        struct cell *cell = &cells[i];
        if (i + 1 < count && compare_cells(cell, cell + 1) == 0) {
            for (int which = 0; which < 2; which++)
                if (cell->started[which] < 0) {
                    cell->started[which] = cell[1].started[which];
                    cell->completed[which] = cell[1].completed[which];
                }
            i++;
        }
        if (cell->started[0] != cell->started[1] || cell->completed[0] != cell->completed[1])
            found->changes[found->change_count++] = change_of(cell, as_of_us);
    }
    free(cells);
    return 0;
}
