#include "record_image.h"

#include "course_funnel/event.h"
#include "course_funnel/store.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define COLUMN(record, field, kind)                                                                \
    {                                                                                              \
#field, kind, offsetof(struct record, field)                                               \
    }

_Static_assert(sizeof(struct tally_record) == 136, "sums are stored without padding");
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
    COLUMN(tally_record, sums[0], IMAGE_U64),
    COLUMN(tally_record, sums[1], IMAGE_U64),
    COLUMN(tally_record, sums[2], IMAGE_U64),
    COLUMN(tally_record, sums[3], IMAGE_U64),
    COLUMN(tally_record, sums[4], IMAGE_U64),
    COLUMN(tally_record, sums[5], IMAGE_U64),
    COLUMN(tally_record, sums[6], IMAGE_U64),
    COLUMN(tally_record, sums[7], IMAGE_U64),
    COLUMN(tally_record, p50_us, IMAGE_U64),
    COLUMN(tally_record, p90_us, IMAGE_U64),
};
_Static_assert(TALLY_SUMS == 8, "each has a column");
/* An entry point without its text, which stands with the others one behind the other. */
struct entry_row {
    int32_t course_id;
    int32_t week;
    uint64_t users_started;
    uint64_t users_completed;
    uint32_t bytes;
    uint32_t unused;
};
_Static_assert(sizeof(struct entry_row) == 32, "entry points are stored without padding");
_Static_assert(sizeof(struct entries_cut) == 24, "and what was cut of them");

static const struct image_column entry_columns[] = {
    COLUMN(entry_row, course_id, IMAGE_I32),     COLUMN(entry_row, week, IMAGE_I32),
    COLUMN(entry_row, users_started, IMAGE_U64), COLUMN(entry_row, users_completed, IMAGE_U64),
    COLUMN(entry_row, bytes, IMAGE_U32),         COLUMN(entry_row, unused, IMAGE_U32),
};
static const struct image_column text_column = {NULL, IMAGE_U8, 0};
static const struct image_column cut_columns[] = {
    COLUMN(entries_cut, course_id, IMAGE_I32),
    COLUMN(entries_cut, unused, IMAGE_U32),
    COLUMN(entries_cut, texts, IMAGE_U64),
    COLUMN(entries_cut, users, IMAGE_U64),
};

enum { SUMS, MATCHES, ENTRIES, ENTRY_TEXTS, CUTS, SUMS_TABLES };

static const struct image_table sums_tables[SUMS_TABLES] = {
    [SUMS] = {.name = "sums",
              .columns = sum_columns,
              .column_count = COUNT_OF(sum_columns),
              .record_bytes = sizeof(struct tally_record)},
    [MATCHES] = {.name = "matches",
                 .columns = sum_columns,
                 .column_count = COUNT_OF(sum_columns),
                 .record_bytes = sizeof(struct tally_record)},
    [ENTRIES] = {.name = "entry_points",
                 .columns = entry_columns,
                 .column_count = COUNT_OF(entry_columns),
                 .record_bytes = sizeof(struct entry_row)},
    [ENTRY_TEXTS] = {.name = "entry_texts",
                     .columns = &text_column,
                     .column_count = 1,
                     .record_bytes = 1},
    [CUTS] = {.name = "entry_cuts",
              .columns = cut_columns,
              .column_count = COUNT_OF(cut_columns),
              .record_bytes = sizeof(struct entries_cut)},
};

static const struct image_column run_columns[] = {
    COLUMN(rejects_stretch, input, IMAGE_U32), COLUMN(rejects_stretch, split, IMAGE_U32),
    COLUMN(rejects_stretch, rank, IMAGE_U32),  COLUMN(rejects_stretch, attempt, IMAGE_U32),
    COLUMN(rejects_stretch, begin, IMAGE_U64), COLUMN(rejects_stretch, end, IMAGE_U64),
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

static void put_entries(const struct image_table *tables, const struct entries *entries,
                        struct image *image)
{
    unsigned char *row_at = image->bytes + tables[ENTRIES].offset;
    unsigned char *text_at = image->bytes + tables[ENTRY_TEXTS].offset;
    for (size_t i = 0; i < entries->count; i++) {
        const struct entry *entry = &entries->entries[i];
        struct entry_row row = {.course_id = entry->course_id,
                                .week = entry->week,
                                .users_started = entry->users_started,
                                .users_completed = entry->users_completed,
                                .bytes = entry->bytes};
        memcpy(row_at + i * sizeof row, &row, sizeof row);
        memcpy(text_at, entry->text, entry->bytes);
        text_at += entry->bytes;
    }
}

int record_image_create_sums(const struct tally *tally, const struct tally *matches,
                             const struct entries *entries, struct image *image,
                             struct failure *failure)
{
    struct image_table tables[SUMS_TABLES];
    memcpy(tables, sums_tables, sizeof tables);
    tables[SUMS].count = tally->count;
    tables[MATCHES].count = matches->count;
    tables[ENTRIES].count = entries->count;
    for (size_t i = 0; i < entries->count; i++)
        tables[ENTRY_TEXTS].count += entries->entries[i].bytes;
    tables[CUTS].count = entries->cut_count;
    if (image_create(image, tables, SUMS_TABLES, failure) != 0)
        return -1;
    put(&tables[SUMS], tally->records, image);
    put(&tables[MATCHES], matches->records, image);
    put_entries(tables, entries, image);
    put(&tables[CUTS], entries->cuts, image);
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

static int take_entries(const struct image_table *tables, const unsigned char *bytes,
                        struct entries *entries, struct failure *failure)
{
    void *texts = NULL, *cuts = NULL;
    uint64_t left = tables[ENTRY_TEXTS].count;
    entries->entries = malloc((tables[ENTRIES].count + 1) * sizeof *entries->entries);
    if (entries->entries == NULL)
        return failure_memory(failure, "a file of the checkpoint",
                              tables[ENTRIES].count * sizeof *entries->entries);
    if (take(&tables[ENTRY_TEXTS], bytes, &texts, failure) != 0)
        return -1;
    entries->bytes = texts;
    if (take(&tables[CUTS], bytes, &cuts, failure) != 0)
        return -1;
    entries->cuts = cuts;
    entries->cut_count = tables[CUTS].count;
    for (uint64_t i = 0; i < tables[ENTRIES].count; i++) {
        struct entry_row row;
        memcpy(&row, bytes + tables[ENTRIES].offset + i * sizeof row, sizeof row);
        if (row.bytes == 0 || row.bytes > EVENT_ENTRY_POINT_BYTES || row.bytes > left)
            return failure_set(failure, STORE_DAMAGED, "an entry point lacks its text");
        entries->entries[entries->count++] =
            (struct entry){.course_id = row.course_id,
                           .week = row.week,
                           .users_started = row.users_started,
                           .users_completed = row.users_completed,
                           .text = (char *)texts + (tables[ENTRY_TEXTS].count - left),
                           .bytes = row.bytes};
        left -= row.bytes;
    }
    return left == 0 ? 0 : failure_set(failure, STORE_DAMAGED, "it holds text of no entry point");
}

int record_image_load_sums(const unsigned char *bytes, size_t byte_count, struct tally *tally,
                           struct tally *matches, struct entries *entries, struct failure *failure)
{
    struct image_table tables[SUMS_TABLES];
    memcpy(tables, sums_tables, sizeof tables);
    if (image_open(bytes, byte_count, tables, SUMS_TABLES, failure) != 0 ||
        take_tally(&tables[SUMS], bytes, tally, failure) != 0 ||
        take_tally(&tables[MATCHES], bytes, matches, failure) != 0)
        return -1;
    return take_entries(tables, bytes, entries, failure);
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
