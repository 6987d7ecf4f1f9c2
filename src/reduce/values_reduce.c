#include "course_funnel/values.h"

#include "trade.h"
#include "values_heading.h"

#include <stdlib.h>
#include <string.h>

/* The values of a key from one rank, with its heading before them. */
struct part {
    struct values_heading heading;
    const uint64_t *values;
};

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
