#include "course_funnel/values.h"

#include "course_funnel/trade.h"

#include <stdlib.h>
#include <string.h>

/* What goes ahead of the values of a key. */
struct heading {
    int32_t course_id, week, kind, lesson_id;
    uint64_t count;
};

/* The values of a key from one rank, with its heading before them. */
struct part {
    struct heading heading;
    const uint64_t *values;
};

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
    return count == 0 ? 0 : sizeof(struct heading) + count * sizeof(uint64_t);
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
    values->bytes = malloc(next[ranks] + 1);
    if (values->bytes == NULL)
        return failure_memory(failure, "values for percentiles", next[ranks]);
    for (size_t i = 0; i < tally->count; i++) {
        const struct tally_record *record = &tally->records[i];
        struct heading heading = {record->course_id, record->week, record->kind, record->lesson_id,
                                  values_of(record)};
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

static int check_all_there(const struct values *values, struct failure *failure)
{
    for (size_t i = 0; i < values->count; i++)
        if (values->places[i].next != values->places[i].end)
            return failure_set(failure, EXIT_BUG,
                               "Values for percentiles are missing. Nothing was published; please "
                               "report this.");
    return 0;
}

static struct tally_record key_of(const struct part *part)
{
    return (struct tally_record){.course_id = part->heading.course_id,
                                 .week = part->heading.week,
                                 .kind = part->heading.kind,
                                 .lesson_id = part->heading.lesson_id};
}

static int by_key(const void *a, const void *b)
{
    struct tally_record x = key_of(a), y = key_of(b);
    return tally_compare(&x, &y);
}

/* The parts in what was received, sorted by key. The caller frees them. */
static int find_parts(const unsigned char *bytes, size_t byte_count, struct part **parts,
                      size_t *part_count, struct failure *failure)
{
    size_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        count = 0;
        for (size_t at = 0; at < byte_count; count++) {
            struct part part;
            memcpy(&part.heading, bytes + at, sizeof part.heading);
            part.values = (const uint64_t *)(const void *)(bytes + at + sizeof part.heading);
            at += sizeof part.heading + part.heading.count * sizeof(uint64_t);
            if (pass > 0)
                (*parts)[count] = part;
        }
        if (pass == 0)
            *parts = malloc((count + 1) * sizeof **parts);
        if (*parts == NULL)
            return failure_memory(failure, "values for percentiles", count * sizeof **parts);
    }
    *part_count = count;
    qsort(*parts, count, sizeof **parts, by_key);
    return 0;
}

/* The percentiles of each key as sums. */
static int select_all(const struct part *parts, size_t part_count, struct tally *found,
                      struct failure *failure)
{
    struct values_run *runs = malloc((part_count + 1) * sizeof *runs);
    int result = runs != NULL
                     ? 0
                     : failure_memory(failure, "values for percentiles", part_count * sizeof *runs);
    for (size_t first = 0; result == 0 && first < part_count;) {
        size_t count = 0;
        uint64_t values = 0;
        for (; first + count < part_count && by_key(&parts[first], &parts[first + count]) == 0;
             count++) {
            runs[count] = (struct values_run){parts[first + count].values,
                                              parts[first + count].heading.count};
            values += runs[count].count;
        }
        struct tally_record record = key_of(&parts[first]);
        record.p50_us = values_select(runs, count, (values + 1) / 2);
        record.p90_us = values_select(runs, count, values - values / 10);
        result = tally_append(found, &record, failure);
        first += count;
    }
    free(runs);
    return result;
}

int values_reduce(struct ranks *ranks, struct values *values, struct tally *tally,
                  struct failure *failure)
{
    unsigned char *received = NULL;
    size_t received_bytes = 0, part_count = 0;
    struct part *parts = NULL;
    struct tally found = {0};
    if (failure->code == 0)
        (void)check_all_there(values, failure);
    if (ranks_vote(ranks, failure) == 0 && trade_bytes(ranks, values->bytes, values->begins,
                                                       &received, &received_bytes, failure) == 0) {
        values_clear(values);
        if (find_parts(received, received_bytes, &parts, &part_count, failure) == 0 &&
            select_all(parts, part_count, &found, failure) == 0)
            (void)tally_merge(tally, &found, failure);
        (void)ranks_vote(ranks, failure);
    }
    values_clear(values);
    tally_clear(&found);
    free(parts);
    free(received);
    return failure->code != 0 ? -1 : 0;
}
