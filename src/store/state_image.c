#include "state_image.h"

#include "state_image_tables.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define COLUMN(record, field, kind)                                                                \
    {                                                                                              \
#field, kind, offsetof(struct record, field)                                               \
    }

static const struct image_column group_columns[] = {
    COLUMN(state_image_group, group, IMAGE_U32),
    COLUMN(state_image_group, users, IMAGE_U32),
    COLUMN(state_image_group, enrolments, IMAGE_U32),
    COLUMN(state_image_group, progress, IMAGE_U32),
    COLUMN(state_image_group, text_bytes, IMAGE_U32),
    COLUMN(state_image_group, times, IMAGE_U32),
    COLUMN(state_image_group, fingerprints, IMAGE_U64),
};
static const struct image_column user_columns[] = {
    COLUMN(state_user, hash, IMAGE_U64),
    COLUMN(state_user, text, IMAGE_U32),
    COLUMN(state_user, bytes, IMAGE_U32),
};
static const struct image_column enrolment_columns[] = {
    COLUMN(state_enrolment, first_start_us, IMAGE_I64),
    COLUMN(state_enrolment, first_event_us, IMAGE_I64),
    COLUMN(state_enrolment, last_event_us, IMAGE_I64),
    COLUMN(state_enrolment, first_completion_us, IMAGE_I64),
    COLUMN(state_enrolment, user, IMAGE_U32),
    COLUMN(state_enrolment, course_id, IMAGE_I32),
    COLUMN(state_enrolment, entry_point, IMAGE_U32),
    COLUMN(state_enrolment, unused, IMAGE_U32),
};
static const struct image_column progress_columns[] = {
    COLUMN(state_progress, enrolment, IMAGE_U32),
    COLUMN(state_progress, lesson_id, IMAGE_I32),
    COLUMN(state_progress, time_low_us, IMAGE_U64),
    COLUMN(state_progress, time_high_us, IMAGE_U32),
    COLUMN(state_progress, timed_completions, IMAGE_U32),
    COLUMN(state_progress, fingerprint, IMAGE_U64),
    COLUMN(state_progress, fingerprint_count, IMAGE_U32),
    COLUMN(state_progress, fingerprint_log2, IMAGE_U8),
    COLUMN(state_progress, flags, IMAGE_U8),
    COLUMN(state_progress, unused, IMAGE_U16),
};
static const struct image_column fingerprint_column = {NULL, IMAGE_U64, 0};
static const struct image_column time_column = {NULL, IMAGE_U64, 0};
static const struct image_column bytes_column = {NULL, IMAGE_U32, 0};
static const struct image_column text_column = {NULL, IMAGE_U8, 0};

const struct image_table state_tables[TABLES] = {
    [GROUPS] = {.name = "groups",
                .columns = group_columns,
                .column_count = COUNT_OF(group_columns),
                .record_bytes = sizeof(struct state_image_group)},
    [USERS] = {.name = "users",
               .columns = user_columns,
               .column_count = COUNT_OF(user_columns),
               .record_bytes = sizeof(struct state_user)},
    [ENROLMENTS] = {.name = "enrolments",
                    .columns = enrolment_columns,
                    .column_count = COUNT_OF(enrolment_columns),
                    .record_bytes = sizeof(struct state_enrolment)},
    [PROGRESS] = {.name = "progress",
                  .columns = progress_columns,
                  .column_count = COUNT_OF(progress_columns),
                  .record_bytes = sizeof(struct state_progress)},
    [FINGERPRINTS] = {.name = "fingerprints",
                      .columns = &fingerprint_column,
                      .column_count = 1,
                      .record_bytes = sizeof(uint64_t)},
    [TEXTS] = {.name = "texts", .columns = &text_column, .column_count = 1, .record_bytes = 1},
    [TIMES] = {.name = "times",
               .columns = &time_column,
               .column_count = 1,
               .record_bytes = sizeof(uint64_t)},
    [ENTRY_POINTS] = {.name = "entry_points",
                      .columns = &bytes_column,
                      .column_count = 1,
                      .record_bytes = sizeof(uint32_t)},
    [ENTRY_TEXTS] = {.name = "entry_texts",
                     .columns = &text_column,
                     .column_count = 1,
                     .record_bytes = 1},
};

static struct state_image_group describe(const struct state_group *group, uint32_t number)
{
    return (struct state_image_group){.group = number,
                                      .users = group->user_count,
                                      .enrolments = group->enrolment_count,
                                      .progress = group->progress_count,
                                      .text_bytes = group->text_bytes,
                                      .times = group->time_count,
                                      .fingerprints = group->fingerprints_in_tables};
}

uint64_t state_image_group_bytes(const struct state_image_group *group)
{
    return sizeof *group + group->text_bytes + group->users * sizeof(struct state_user) +
           group->enrolments * sizeof(struct state_enrolment) +
           group->progress * sizeof(struct state_progress) +
           (group->fingerprints + group->times) * sizeof(uint64_t);
}

uint64_t state_image_bytes(const struct state_group *group)
{
    struct state_image_group row = describe(group, 0);
    return state_image_group_bytes(&row);
}

/* Append to a table of the image; ${filled} are the bytes that it holds so far. */
static void append(struct image *image, const struct image_table *table, uint64_t *filled,
                   const void *records, uint64_t count)
{
    if (count == 0)
        return;
    memcpy(image->bytes + table->offset + *filled, records, count * table->record_bytes);
    *filled += count * table->record_bytes;
}

/* Pointers mean nothing in a file: what they point to goes to a table of its own. */
static void append_progress(struct image *image, const struct image_table *tables, uint64_t *filled,
                            const struct state_group *group)
{
    uint64_t begin = tables[PROGRESS].offset + filled[PROGRESS];
    append(image, &tables[PROGRESS], &filled[PROGRESS], group->progress, group->progress_count);
    for (uint32_t i = 0; i < group->progress_count; i++) {
        const struct state_progress *progress = &group->progress[i];
        if (progress->fingerprint_log2 == 0)
            continue;
        uint64_t at = begin + i * sizeof *progress + offsetof(struct state_progress, fingerprint);
        memset(image->bytes + at, 0, sizeof progress->fingerprint);
        for (uint64_t j = 0; j < UINT64_C(1) << progress->fingerprint_log2; j++)
            if (progress->fingerprints[j] != 0)
                append(image, &tables[FINGERPRINTS], &filled[FINGERPRINTS],
                       &progress->fingerprints[j], 1);
    }
}

/* Number the entry points of ${count} groups from 1 on, as they come; ${tables} has how many. */
static uint32_t *number_entry_points(const struct state *state, const struct state_group *groups,
                                     uint32_t count, struct image_table *tables)
{
    uint32_t *numbers = calloc((size_t)state->entry_points.count + 1, sizeof *numbers);
    for (uint32_t i = 0; numbers != NULL && i < count; i++)
        for (uint32_t j = 0; j < groups[i].enrolment_count; j++) {
            uint32_t number = groups[i].enrolments[j].entry_point, bytes = 0;
            if (number == 0 || numbers[number] != 0)
                continue;
            (void)state_texts_get(&state->entry_points, number, &bytes);
            numbers[number] = (uint32_t)++tables[ENTRY_POINTS].count;
            tables[ENTRY_TEXTS].count += bytes;
        }
    return numbers;
}

/* An enrolment's entry point has another number in the file; its text is appended the first time.
 */
static void append_enrolments(struct image *image, const struct image_table *tables,
                              uint64_t *filled, const struct state *state,
                              const struct state_group *group, const uint32_t *numbers)
{
    uint64_t begin = tables[ENROLMENTS].offset + filled[ENROLMENTS];
    append(image, &tables[ENROLMENTS], &filled[ENROLMENTS], group->enrolments,
           group->enrolment_count);
    for (uint32_t i = 0; i < group->enrolment_count; i++) {
        const struct state_enrolment *enrolment = &group->enrolments[i];
        if (enrolment->entry_point == 0)
            continue;
        uint32_t bytes = 0, number = numbers[enrolment->entry_point];
        const char *text = state_texts_get(&state->entry_points, enrolment->entry_point, &bytes);
        uint64_t at = begin + i * sizeof *enrolment + offsetof(struct state_enrolment, entry_point);
        memcpy(image->bytes + at, &number, sizeof number);
        if (filled[ENTRY_POINTS] < number * sizeof bytes) {
            append(image, &tables[ENTRY_POINTS], &filled[ENTRY_POINTS], &bytes, 1);
            append(image, &tables[ENTRY_TEXTS], &filled[ENTRY_TEXTS], text, bytes);
        }
    }
}

/* What the groups hold, and how many records the file's tables have then. The caller frees it. */
static struct state_image_group *describe_all(const struct state_group *groups, uint32_t first,
                                              uint32_t count, struct image_table *tables)
{
    struct state_image_group *rows = malloc((count + 1) * sizeof *rows);
    tables[GROUPS].count = count;
    for (uint32_t i = 0; rows != NULL && i < count; i++) {
        rows[i] = describe(&groups[i], first + i);
        tables[USERS].count += rows[i].users;
        tables[ENROLMENTS].count += rows[i].enrolments;
        tables[PROGRESS].count += rows[i].progress;
        tables[FINGERPRINTS].count += rows[i].fingerprints;
        tables[TEXTS].count += rows[i].text_bytes;
        tables[TIMES].count += rows[i].times;
    }
    return rows;
}

int state_image_create(const struct state *state, uint32_t first, uint32_t count,
                       struct image *image, struct failure *failure)
{
    const struct state_group *groups = &state->groups[first - state->first_group];
    struct image_table tables[TABLES];
    uint64_t filled[TABLES] = {0};
    memcpy(tables, state_tables, sizeof tables);
    uint32_t *numbers = number_entry_points(state, groups, count, tables);
    struct state_image_group *rows = describe_all(groups, first, count, tables);
    int result = numbers != NULL && rows != NULL
                     ? image_create(image, tables, TABLES, failure)
                     : failure_memory(failure, "a file of the checkpoint",
                                      state->entry_points.count * sizeof *numbers);
    if (result == 0)
        append(image, &tables[GROUPS], &filled[GROUPS], rows, count);
    for (uint32_t i = 0; result == 0 && i < count; i++) {
        const struct state_group *group = &groups[i];
        append(image, &tables[USERS], &filled[USERS], group->users, group->user_count);
        append_enrolments(image, tables, filled, state, group, numbers);
        append_progress(image, tables, filled, group);
        append(image, &tables[TEXTS], &filled[TEXTS], group->texts, group->text_bytes);
        append(image, &tables[TIMES], &filled[TIMES], group->times, group->time_count);
    }
    free(numbers);
    free(rows);
    return result;
}
