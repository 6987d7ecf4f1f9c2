#include "course_funnel/tally.h"

#include <stdlib.h>
#include <string.h>

int tally_compare(const struct tally_record *a, const struct tally_record *b)
{
    if (a->course_id != b->course_id)
        return a->course_id < b->course_id ? -1 : 1;
    if (a->week != b->week)
        return a->week < b->week ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->lesson_id != b->lesson_id)
        return a->lesson_id < b->lesson_id ? -1 : 1;
    return 0;
}

static int compare_records(const void *a, const void *b)
{
    return tally_compare(a, b);
}

static void add_sums(struct tally_record *record, const struct tally_record *more)
{
    record->users_started += more->users_started;
    record->users_completed += more->users_completed;
    record->timed_completions += more->timed_completions;
    uint64_t low = record->time_spent_low_us + more->time_spent_low_us;
    record->time_spent_high_us += more->time_spent_high_us + (low < record->time_spent_low_us);
    record->time_spent_low_us = low;
    for (int i = 0; i < TALLY_SUMS; i++)
        record->sums[i] += more->sums[i];
    record->p50_us += more->p50_us;
    record->p90_us += more->p90_us;
}

void tally_clear(struct tally *tally)
{
    free(tally->records);
    memset(tally, 0, sizeof *tally);
}

int tally_append(struct tally *tally, const struct tally_record *record, struct failure *failure)
{
    if (tally->count == tally->capacity) {
        size_t capacity = tally->capacity > 0 ? 2 * tally->capacity : 256;
        void *grown = realloc(tally->records, capacity * sizeof *record);
        if (grown == NULL)
            return failure_memory(failure, "the sums of cohorts", capacity * sizeof *record);
        tally->records = grown;
        tally->capacity = capacity;
    }
    tally->records[tally->count++] = *record;
    return 0;
}

void tally_sort(struct tally *tally)
{
    if (tally->count == 0)
        return;
    qsort(tally->records, tally->count, sizeof *tally->records, compare_records);

    size_t last = 0;
    for (size_t i = 1; i < tally->count; i++) {
        if (tally_compare(&tally->records[last], &tally->records[i]) == 0)
            add_sums(&tally->records[last], &tally->records[i]);
        else
            tally->records[++last] = tally->records[i];
    }
    tally->count = last + 1;
}

int tally_merge(struct tally *tally, const struct tally *more, struct failure *failure)
{
    size_t capacity = tally->count + more->count;
    struct tally_record *merged = malloc((capacity > 0 ? capacity : 1) * sizeof *merged);
    if (merged == NULL)
        return failure_memory(failure, "the sums of cohorts", capacity * sizeof *merged);

    size_t i = 0, j = 0, count = 0;
    while (i < tally->count && j < more->count) {
        int order = tally_compare(&tally->records[i], &more->records[j]);
        merged[count] = order <= 0 ? tally->records[i++] : more->records[j];
        if (order == 0)
            add_sums(&merged[count], &more->records[j]);
        if (order >= 0)
            j++;
        count++;
    }
    while (i < tally->count)
        merged[count++] = tally->records[i++];
    while (j < more->count)
        merged[count++] = more->records[j++];

    free(tally->records);
    tally->records = merged;
    tally->count = count;
    tally->capacity = capacity;
    tally->pairs_started += more->pairs_started;
    tally->pairs_completed += more->pairs_completed;
    return 0;
}
