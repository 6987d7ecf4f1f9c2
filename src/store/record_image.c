#include "record_image.h"

#include "course_funnel/store.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define COLUMN(record, field, kind)                                                                \
    {                                                                                              \
#field, kind, offsetof(struct record, field)                                               \
    }

_Static_assert(sizeof(struct tally_record) == 56, "sums are stored without padding");
_Static_assert(sizeof(struct rejects_stretch) == 32, "as are stretches of rejects");

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
static const struct image_table matches_table = {.name = "matches",
                                                 .columns = sum_columns,
                                                 .column_count = COUNT_OF(sum_columns),
                                                 .record_bytes = sizeof(struct tally_record)};

static const struct image_column run_columns[] = {
    COLUMN(rejects_stretch, split, IMAGE_U32),   COLUMN(rejects_stretch, rank, IMAGE_U32),
    COLUMN(rejects_stretch, attempt, IMAGE_U32), COLUMN(rejects_stretch, unused, IMAGE_U32),
    COLUMN(rejects_stretch, begin, IMAGE_U64),   COLUMN(rejects_stretch, end, IMAGE_U64),
};
static const struct image_table stretches_table = {.name = "reject_runs",
                                                   .columns = run_columns,
                                                   .column_count = COUNT_OF(run_columns),
                                                   .record_bytes = sizeof(struct rejects_stretch)};

static void put(const struct image_table *table, const void *records, struct image *image)
{
    if (table->count > 0)
        memcpy(image->bytes + table->offset, records, table->count * table->record_bytes);
}

/* The records in new memory, of which there is some even when there are none. */
static int take(const struct image_table *table, const unsigned char *bytes, void **records,
                struct failure *failure)
{
    *records = malloc((table->count + 1) * table->record_bytes);
    if (*records == NULL)
        return failure_memory(failure, "a file of the checkpoint",
                              table->count * table->record_bytes);
    memcpy(*records, bytes + table->offset, table->count * table->record_bytes);
    return 0;
}

int record_image_create_sums(const struct tally *tally, const struct tally *matches,
                             struct image *image, struct failure *failure)
{
    struct image_table tables[2] = {sums_table, matches_table};
    tables[0].count = tally->count;
    tables[1].count = matches->count;
    if (image_create(image, tables, 2, failure) != 0)
        return -1;
    put(&tables[0], tally->records, image);
    put(&tables[1], matches->records, image);
    return 0;
}

static int take_tally(const struct image_table *table, const unsigned char *bytes,
                      struct tally *tally, struct failure *failure)
{
    void *records = NULL;
    if (take(table, bytes, &records, failure) != 0)
        return -1;
    tally->records = records;
    tally->count = table->count;
    tally->capacity = table->count + 1;
    /* They were sorted when they were stored, each key once; then this changes nothing. */
    tally_sort(tally);
    if (tally->count != table->count)
        return failure_set(failure, STORE_DAMAGED, "a sum stands in it twice");
    return 0;
}

int record_image_load_sums(const unsigned char *bytes, size_t byte_count, struct tally *tally,
                           struct tally *matches, struct failure *failure)
{
    struct image_table tables[2] = {sums_table, matches_table};
    if (image_open(bytes, byte_count, tables, 2, failure) != 0 ||
        take_tally(&tables[0], bytes, tally, failure) != 0)
        return -1;
    return take_tally(&tables[1], bytes, matches, failure);
}

int record_image_create_stretches(const struct rejects_stretch *stretches, size_t stretch_count,
                                  struct image *image, struct failure *failure)
{
    struct image_table table = stretches_table;
    table.count = stretch_count;
    if (image_create(image, &table, 1, failure) != 0)
        return -1;
    put(&table, stretches, image);
    return 0;
}

int record_image_load_stretches(const unsigned char *bytes, size_t byte_count,
                                struct rejects_stretch **stretches, size_t *stretch_count,
                                struct failure *failure)
{
    struct image_table table = stretches_table;
    void *records = NULL;
    if (image_open(bytes, byte_count, &table, 1, failure) != 0 ||
        take(&table, bytes, &records, failure) != 0)
        return -1;
    *stretches = records;
    *stretch_count = table.count;
    for (size_t i = 0; i < *stretch_count; i++)
        if ((*stretches)[i].begin > (*stretches)[i].end) {
            free(records);
            *stretches = NULL;
            return failure_set(failure, STORE_DAMAGED,
                               "a stretch of rejects ends before it begins");
        }
    return 0;
}
