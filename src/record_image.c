#include "course_funnel/record_image.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define COLUMN(record, field, kind)                                                                \
    {                                                                                              \
#field, kind, offsetof(struct record, field)                                               \
    }

_Static_assert(sizeof(struct tally_record) == 56, "sums are stored without padding");
_Static_assert(sizeof(struct rejects_run) == 32, "as are stretches of rejects");

static const struct image_column sum_columns[] = {
    COLUMN(tally_record, course_id, IMAGE_I32),
    COLUMN(tally_record, week, IMAGE_I32),
    COLUMN(tally_record, kind, IMAGE_I32),
    COLUMN(tally_record, lesson_id, IMAGE_I32),
    COLUMN(tally_record, users_started, IMAGE_U64),
    COLUMN(tally_record, users_completed, IMAGE_U64),
    COLUMN(tally_record, timed_completions, IMAGE_U64),
    COLUMN(tally_record, time_spent_low_us, IMAGE_U64),
    COLUMN(tally_record, time_spent_high_us, IMAGE_U64),
};
static const struct image_table sums_table = {.name = "sums",
                                              .columns = sum_columns,
                                              .column_count = COUNT_OF(sum_columns),
                                              .record_bytes = sizeof(struct tally_record)};

static const struct image_column run_columns[] = {
    COLUMN(rejects_run, split, IMAGE_U32),   COLUMN(rejects_run, rank, IMAGE_U32),
    COLUMN(rejects_run, attempt, IMAGE_U32), COLUMN(rejects_run, unused, IMAGE_U32),
    COLUMN(rejects_run, begin, IMAGE_U64),   COLUMN(rejects_run, end, IMAGE_U64),
};
static const struct image_table runs_table = {.name = "reject_runs",
                                              .columns = run_columns,
                                              .column_count = COUNT_OF(run_columns),
                                              .record_bytes = sizeof(struct rejects_run)};

static int create(struct image_table table, const void *records, size_t count, struct image *image,
                  struct failure *failure)
{
    table.count = count;
    if (image_create(image, &table, 1, failure) != 0)
        return -1;
    if (count > 0)
        memcpy(image->bytes + table.offset, records, count * table.record_bytes);
    return 0;
}

/* The records in new memory, of which there is some even when there are none. */
static int load(struct image_table table, const unsigned char *bytes, size_t byte_count,
                void **records, size_t *count, struct failure *failure)
{
    if (image_open(bytes, byte_count, &table, 1, failure) != 0)
        return -1;
    *records = malloc((table.count + 1) * table.record_bytes);
    if (*records == NULL)
        return failure_memory(failure, "a file of the checkpoint", byte_count);
    memcpy(*records, bytes + table.offset, table.count * table.record_bytes);
    *count = table.count;
    return 0;
}

int record_image_create_sums(const struct tally *tally, struct image *image,
                             struct failure *failure)
{
    return create(sums_table, tally->records, tally->count, image, failure);
}

int record_image_load_sums(const unsigned char *bytes, size_t byte_count, struct tally *tally,
                           struct failure *failure)
{
    void *records = NULL;
    size_t count = 0;
    if (load(sums_table, bytes, byte_count, &records, &count, failure) != 0)
        return -1;
    tally->records = records;
    tally->count = count;
    tally->capacity = count + 1;
    /* They were sorted when they were stored, each key once; then this changes nothing. */
    tally_sort(tally);
    if (tally->count != count)
        return failure_set(failure, FAILURE_DAMAGED, "a sum stands in it twice");
    return 0;
}

int record_image_create_runs(const struct rejects_run *runs, size_t run_count, struct image *image,
                             struct failure *failure)
{
    return create(runs_table, runs, run_count, image, failure);
}

int record_image_load_runs(const unsigned char *bytes, size_t byte_count, struct rejects_run **runs,
                           size_t *run_count, struct failure *failure)
{
    void *records = NULL;
    if (load(runs_table, bytes, byte_count, &records, run_count, failure) != 0)
        return -1;
    *runs = records;
    for (size_t i = 0; i < *run_count; i++)
        if ((*runs)[i].begin > (*runs)[i].end) {
            free(records);
            *runs = NULL;
            return failure_set(failure, FAILURE_DAMAGED,
                               "a stretch of rejects ends before it begins");
        }
    return 0;
}
