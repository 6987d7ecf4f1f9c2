#include "course_funnel/values.h"

#include "course_funnel/pages.h"
#include "values_heading.h"

#include <stdlib.h>
#include <string.h>

void values_clear(struct values *values)
{
    free(values->bytes);
    free(values->begins);
    free(values->places);
    memset(values, 0, sizeof *values);
}

/* Digit by digit from the top: how many values have each digit says which one the wanted has. */
uint64_t values_select(const struct values_run *runs, size_t run_count, uint64_t rank)
{
    uint64_t all = 0, known = 0, found = 0;
    for (size_t i = 0; i < run_count; i++)
        for (size_t j = 0; j < runs[i].count; j++)
            all |= runs[i].values[j];
    int shift = all == 0 ? 0 : (63 - __builtin_clzll(all)) / 8 * 8;
    known = shift == 56 ? 0 : ~UINT64_C(0) << (shift + 8);
    for (; shift >= 0; shift -= 8) {
        uint64_t counts[256] = {0};
        for (size_t i = 0; i < run_count; i++)
            for (size_t j = 0; j < runs[i].count; j++)
                if ((runs[i].values[j] & known) == found)
                    counts[runs[i].values[j] >> shift & 255]++;
        uint64_t digit = 0;
        while (rank > counts[digit] && digit < 255)
            rank -= counts[digit++];
        found |= digit << shift;
        known |= UINT64_C(255) << shift;
    }
    return found;
}

static int owner_of(const struct tally_record *key, int ranks)
{
    uint64_t hash = (uint64_t)(uint32_t)key->course_id << 32 | (uint32_t)key->week;
    hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
    hash ^= (uint64_t)(uint32_t)key->lesson_id << 1 | (uint32_t)key->kind;
    hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return (int)((hash >> 32) % (uint32_t)ranks);
}

static uint64_t values_of(const struct tally_record *record)
{
    return record->kind == TALLY_COHORT ? record->sums[TALLY_TIMED] : record->timed_completions;
}

static size_t part_bytes(const struct tally_record *record)
{
    uint64_t count = values_of(record);
    return count == 0 ? 0 : sizeof(struct values_heading) + count * sizeof(uint64_t);
}

int values_begin(int ranks, const struct tally *tally, struct values *values,
                 struct failure *failure)
{
    *values = (struct values){.count = tally->count};
    values->begins = calloc((size_t)ranks + 2, sizeof *values->begins);
    values->places = calloc(tally->count + 1, sizeof *values->places);
    if (values->begins == NULL || values->places == NULL)
        return failure_memory(failure, "values for percentiles",
                              tally->count * sizeof *values->places);
    /* First how many bytes each rank gets, two places behind its own; then where they begin. */
    size_t *next = values->begins + 1;
    for (size_t i = 0; i < tally->count; i++)
        next[owner_of(&tally->records[i], ranks) + 1] += part_bytes(&tally->records[i]);
    for (int i = 0; i < ranks; i++)
        next[i + 1] += next[i];
    values->bytes = pages_resize(NULL, 0, next[ranks] + 1);
    if (values->bytes == NULL)
        return failure_memory(failure, "values for percentiles", next[ranks]);
    for (size_t i = 0; i < tally->count; i++) {
        const struct tally_record *record = &tally->records[i];
        struct values_heading heading = {record->course_id, record->week, record->kind,
                                         record->lesson_id, values_of(record)};
        size_t *at = &next[owner_of(record, ranks)];
        if (heading.count == 0)
            continue;
        memcpy(values->bytes + *at, &heading, sizeof heading);
        values->places[i].next = (uint64_t *)(void *)(values->bytes + *at + sizeof heading);
        values->places[i].end = values->places[i].next + heading.count;
        *at += part_bytes(record);
    }
    return 0;
}
