#include "state_image.h"

#include "course_funnel/store.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS, USERS, ENROLMENTS, PROGRESS, FINGERPRINTS, TEXTS, TABLES };

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
    COLUMN(state_image_group, unused, IMAGE_U32),
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
    COLUMN(state_enrolment, user, IMAGE_U32),
    COLUMN(state_enrolment, course_id, IMAGE_I32),
    COLUMN(state_enrolment, completed, IMAGE_U32),
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
static const struct image_column text_column = {NULL, IMAGE_U8, 0};

static const struct image_table state_tables[TABLES] = {
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
};

/* A progress with more than one fingerprint keeps them in a table, which the file has at its end.
 */
static uint64_t count_fingerprints(const struct state_group *group)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < group->progress_count; i++)
        if (group->progress[i].fingerprint_log2 > 0)
            count += group->progress[i].fingerprint_count;
    return count;
}

static struct state_image_group describe(const struct state_group *group, uint32_t number)
{
    return (struct state_image_group){.group = number,
                                      .users = group->user_count,
                                      .enrolments = group->enrolment_count,
                                      .progress = group->progress_count,
                                      .text_bytes = group->text_bytes,
                                      .fingerprints = count_fingerprints(group)};
}

uint64_t state_image_group_bytes(const struct state_image_group *group)
{
    return sizeof *group + group->text_bytes + group->users * sizeof(struct state_user) +
           group->enrolments * sizeof(struct state_enrolment) +
           group->progress * sizeof(struct state_progress) + group->fingerprints * sizeof(uint64_t);
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

int state_image_create(const struct state *state, uint32_t first, uint32_t count,
                       struct image *image, struct failure *failure)
{
    const struct state_group *groups = &state->groups[first - state->first_group];
    struct image_table tables[TABLES];
    uint64_t filled[TABLES] = {0};
    memcpy(tables, state_tables, sizeof tables);
    tables[GROUPS].count = count;
    for (uint32_t i = 0; i < count; i++) {
        tables[USERS].count += groups[i].user_count;
        tables[ENROLMENTS].count += groups[i].enrolment_count;
        tables[PROGRESS].count += groups[i].progress_count;
        tables[FINGERPRINTS].count += count_fingerprints(&groups[i]);
        tables[TEXTS].count += groups[i].text_bytes;
    }
    if (image_create(image, tables, TABLES, failure) != 0)
        return -1;

    for (uint32_t i = 0; i < count; i++) {
        const struct state_group *group = &groups[i];
        struct state_image_group row = describe(group, first + i);
        append(image, &tables[GROUPS], &filled[GROUPS], &row, 1);
        append(image, &tables[USERS], &filled[USERS], group->users, group->user_count);
        append(image, &tables[ENROLMENTS], &filled[ENROLMENTS], group->enrolments,
               group->enrolment_count);
        append_progress(image, tables, filled, group);
        append(image, &tables[TEXTS], &filled[TEXTS], group->texts, group->text_bytes);
    }
    return 0;
}

static int wrong(const char *what, struct failure *failure)
{
    return failure_set(failure, STORE_DAMAGED, "%s", what);
}

/* Where a group's records begin in the file; the image gives no promise of alignment. */
struct cursor {
    const unsigned char *bytes;
    uint64_t at[TABLES];
};

static void take(const struct cursor *cursor, int table, uint64_t index, void *record)
{
    size_t bytes = state_tables[table].record_bytes;
    memcpy(record, cursor->bytes + cursor->at[table] + index * bytes, bytes);
}

static int load_users(const struct cursor *cursor, const struct state_image_group *row,
                      struct state_group *group, struct failure *failure)
{
    const char *texts = (const char *)cursor->bytes + cursor->at[TEXTS];
    uint64_t end = 0;
    for (uint32_t i = 0; i < row->users; i++) {
        struct state_user user;
        take(cursor, USERS, i, &user);
        if (user.text != end || user.bytes == 0 || user.bytes > row->text_bytes - end)
            return wrong("a user's text does not lie where it should", failure);
        end += user.bytes;
        uint32_t index = state_find_user(group, user.hash, texts + user.text, user.bytes, failure);
        if (index != i)
            return wrong("a user stands in it twice", failure);
    }
    return end == row->text_bytes ? 0 : wrong("it holds text of no user", failure);
}

static int load_enrolments(const struct cursor *cursor, const struct state_image_group *row,
                           struct state_group *group, struct failure *failure)
{
    for (uint32_t i = 0; i < row->enrolments; i++) {
        struct state_enrolment enrolment;
        take(cursor, ENROLMENTS, i, &enrolment);
        if (enrolment.user >= row->users)
            return wrong("it holds an enrolment of no user", failure);
        uint32_t index = state_find_enrolment(group, enrolment.user, enrolment.course_id, failure);
        if (index != i)
            return wrong("an enrolment stands in it twice", failure);
        group->enrolments[i] = enrolment;
    }
    return 0;
}

/* Put the fingerprints of ${progress} from ${*used} on into it. */
static int load_fingerprints(const struct cursor *cursor, const struct state_image_group *row,
                             uint64_t *used, struct state_progress *progress,
                             struct failure *failure)
{
    uint32_t count = progress->fingerprint_count;
    bool in_table = progress->fingerprint_log2 > 0;
    progress->fingerprint_log2 = 0;
    if (!in_table) {
        bool agrees = count <= 1 && (count == 1) == (progress->fingerprint != 0);
        return agrees ? 0 : wrong("the fingerprints of a lesson do not agree", failure);
    }
    if (count < 2 || count > row->fingerprints - *used || progress->fingerprint != 0)
        return wrong("the fingerprints of a lesson are not all there", failure);
    progress->fingerprint_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t fingerprint = 0;
        take(cursor, FINGERPRINTS, (*used)++, &fingerprint);
        int added = fingerprint != 0 ? state_add_fingerprint(progress, fingerprint, failure) : 0;
        if (added < 0)
            return -1;
        if (added == 0)
            return wrong("a fingerprint stands in it twice", failure);
    }
    return 0;
}

static int load_progress(const struct cursor *cursor, const struct state_image_group *row,
                         struct state_group *group, struct failure *failure)
{
    uint64_t used = 0;
    for (uint32_t i = 0; i < row->progress; i++) {
        struct state_progress progress;
        take(cursor, PROGRESS, i, &progress);
        if (progress.enrolment >= row->enrolments)
            return wrong("it holds lesson progress of no enrolment", failure);
        uint32_t index =
            state_find_progress(group, progress.enrolment, progress.lesson_id, failure);
        if (index != i)
            return wrong("a lesson's progress stands in it twice", failure);
        int loaded = load_fingerprints(cursor, row, &used, &progress, failure);
        /* Whatever was loaded is the group's to free. */
        group->progress[i] = progress;
        if (loaded != 0)
            return -1;
    }
    return used == row->fingerprints ? 0 : wrong("it holds fingerprints of no lesson", failure);
}

/* Room for all records at once, so that none is moved while they come. */
static int reserve(struct state_group *group, const struct state_image_group *row,
                   struct failure *failure)
{
    group->users = malloc((row->users + 1) * sizeof *group->users);
    group->enrolments = malloc((row->enrolments + 1) * sizeof *group->enrolments);
    group->progress = malloc((row->progress + 1) * sizeof *group->progress);
    group->texts = malloc((size_t)row->text_bytes + 1);
    if (group->users == NULL || group->enrolments == NULL || group->progress == NULL ||
        group->texts == NULL)
        return failure_memory(failure, "the state", row->progress * sizeof *group->progress);
    group->user_capacity = row->users;
    group->enrolment_capacity = row->enrolments;
    group->progress_capacity = row->progress;
    group->text_capacity = row->text_bytes;
    return 0;
}

static int load_group(const struct cursor *cursor, const struct state_image_group *row,
                      struct state_group *group, struct failure *failure)
{
    if (row->users + row->enrolments + row->progress == 0)
        return 0;
    if (reserve(group, row, failure) != 0 || load_users(cursor, row, group, failure) != 0 ||
        load_enrolments(cursor, row, group, failure) != 0)
        return -1;
    return load_progress(cursor, row, group, failure);
}

/* Whether the rows of the groups table are those of ${first} to ${last} and add up to the tables.
 */
static int check_groups(const unsigned char *bytes, const struct image_table *tables,
                        uint32_t first, uint32_t last, struct failure *failure)
{
    uint64_t counts[TABLES] = {0};
    if (tables[GROUPS].count != (uint64_t)last - first + 1)
        return wrong("it holds other key groups than it should", failure);
    for (uint32_t i = 0; i <= last - first; i++) {
        struct state_image_group row;
        memcpy(&row, bytes + tables[GROUPS].offset + i * sizeof row, sizeof row);
        if (row.group != first + i)
            return wrong("it holds other key groups than it should", failure);
        /* The sums cannot overflow: each is at most 2^12 groups of less than 2^32. */
        counts[USERS] += row.users;
        counts[ENROLMENTS] += row.enrolments;
        counts[PROGRESS] += row.progress;
        counts[TEXTS] += row.text_bytes;
        if (row.fingerprints > tables[FINGERPRINTS].count - counts[FINGERPRINTS])
            return wrong("its key groups hold more fingerprints than it has", failure);
        counts[FINGERPRINTS] += row.fingerprints;
    }
    for (int i = USERS; i < TABLES; i++)
        if (counts[i] != tables[i].count)
            return wrong("its key groups do not add up", failure);
    return 0;
}

int state_image_look(const unsigned char *bytes, size_t byte_count, uint32_t first, uint32_t last,
                     struct state_image_group *groups, struct failure *failure)
{
    struct image_table tables[TABLES];
    memcpy(tables, state_tables, sizeof tables);
    if (image_open(bytes, byte_count, tables, TABLES, failure) != 0 ||
        check_groups(bytes, tables, first, last, failure) != 0)
        return -1;
    memcpy(groups, bytes + tables[GROUPS].offset, (last - first + 1) * sizeof *groups);
    return 0;
}

int state_image_load(const unsigned char *bytes, size_t byte_count, uint32_t first, uint32_t last,
                     struct state *state, struct failure *failure)
{
    struct image_table tables[TABLES];
    struct cursor cursor = {.bytes = bytes};
    memcpy(tables, state_tables, sizeof tables);
    if (image_open(bytes, byte_count, tables, TABLES, failure) != 0 ||
        check_groups(bytes, tables, first, last, failure) != 0)
        return -1;
    for (int i = 0; i < TABLES; i++)
        cursor.at[i] = tables[i].offset;

    for (uint32_t group = first; group <= last; group++) {
        struct state_image_group row;
        take(&cursor, GROUPS, group - first, &row);
        /* A group before the rank's first wraps around, and is none of its own either. */
        uint32_t own = group - state->first_group;
        if (own < state->group_count &&
            load_group(&cursor, &row, &state->groups[own], failure) != 0)
            return -1;
        cursor.at[USERS] += row.users * sizeof(struct state_user);
        cursor.at[ENROLMENTS] += row.enrolments * sizeof(struct state_enrolment);
        cursor.at[PROGRESS] += row.progress * sizeof(struct state_progress);
        cursor.at[FINGERPRINTS] += row.fingerprints * sizeof(uint64_t);
        cursor.at[TEXTS] += row.text_bytes;
    }
    return 0;
}
