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

/* So few values are copied and narrowed down where they stand. */
#define FEW ((uint64_t)2048)

/* Which bits differ between some of the values, and those that are the same in all. */
static uint64_t differing(const uint64_t *values, size_t count, uint64_t *same)
{
    uint64_t any = 0, all = ~UINT64_C(0);
    for (size_t i = 0; i < count; i++) {
        any |= values[i];
        all &= values[i];
    }
    *same = all;
    return any ^ all;
}

/* Where a digit of ${bits} bits begins whose top is the highest of ${differ}. */
static int digit_shift(uint64_t differ, int bits)
{
    int top = 64 - __builtin_clzll(differ);
    return top > bits ? top - bits : 0;
}

/* The digit of the value of rank ${*rank}, which becomes its rank among those of that digit. */
static uint64_t find_digit(const uint64_t *counts, uint64_t most, uint64_t *rank)
{
    uint64_t digit = 0;
    while (*rank > counts[digit] && digit < most)
        *rank -= counts[digit++];
    return digit;
}

/* Of a few values, which are overwritten: those with the wanted digit are kept, until all agree. */
static uint64_t select_of_few(uint64_t *values, size_t count, uint64_t rank)
{
    uint64_t same = 0, differ;
    while (count > 0 && (differ = differing(values, count, &same)) != 0) {
        int shift = digit_shift(differ, 4);
        uint64_t counts[16] = {0};
        for (size_t i = 0; i < count; i++)
            counts[values[i] >> shift & 15]++;
        uint64_t digit = find_digit(counts, 15, &rank);
        size_t kept = 0;
        for (size_t i = 0; i < count; i++) {
            values[kept] = values[i];
            kept += (values[i] >> shift & 15) == digit;
        }
        count = kept;
    }
    return same;
}

/* Digit by digit from the top: how many values have each digit says which one the wanted has. */
uint64_t values_select(const struct values_run *runs, size_t run_count, uint64_t rank)
{
    uint64_t few[FEW], left = 0, known = 0, found = 0, any = 0;
    for (size_t i = 0; i < run_count; i++)
        left += runs[i].count;
    for (size_t i = 0; left > FEW && i < run_count; i++)
        for (size_t j = 0; j < runs[i].count; j++)
            any |= runs[i].values[j];
    int shift = any == 0 ? 0 : digit_shift(any, 8);
    known = left > FEW && shift < 56 ? ~UINT64_C(0) << (shift + 8) : 0;
    for (; left > FEW && known != ~UINT64_C(0); shift = shift > 8 ? shift - 8 : 0) {
        uint64_t counts[256] = {0};
        for (size_t i = 0; i < run_count; i++)
            for (size_t j = 0; j < runs[i].count; j++)
                if ((runs[i].values[j] & known) == found)
                    counts[runs[i].values[j] >> shift & 255]++;
        uint64_t digit = find_digit(counts, 255, &rank);
        left = counts[digit];
        found |= digit << shift;
        known |= UINT64_C(255) << shift;
    }
    if (left > FEW)
        return found;
    size_t count = 0;
    for (size_t i = 0; i < run_count; i++)
        for (size_t j = 0; j < runs[i].count; j++)
            if ((runs[i].values[j] & known) == found)
                few[count++] = runs[i].values[j];
    return select_of_few(few, count, rank);
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
