#include "state_image.h"

#include "state_image_tables.h"

#include "course_funnel/event.h"
#include "course_funnel/store.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int wrong(const char *what, struct failure *failure)
{
    return failure_set(failure, STORE_DAMAGED, "%s", what);
}

/*
 * Where a group's records begin in the file, and where the texts of its entry points do; the image
 * gives no promise of alignment.
 */
struct cursor {
    const unsigned char *bytes;
    uint64_t at[TABLES];
    uint64_t *entry_texts; /* each of them, and the end of the last */
    uint64_t entry_points;
};

static void take(const struct cursor *cursor, int table, uint64_t index, void *record)
{
    size_t bytes = state_tables[table].record_bytes;
    memcpy(record, cursor->bytes + cursor->at[table] + index * bytes, bytes);
}

static void take_all(const struct cursor *cursor, int table, uint64_t count, void *records)
{
    if (count > 0)
        memcpy(records, cursor->bytes + cursor->at[table],
               count * state_tables[table].record_bytes);
}

static int load_users(const struct cursor *cursor, const struct state_image_group *row,
                      struct state_group *group, struct failure *failure)
{
    uint64_t end = 0;
    take_all(cursor, USERS, row->users, group->users);
    take_all(cursor, TEXTS, row->text_bytes, group->texts);
    for (uint32_t i = 0; i < row->users; i++) {
        const struct state_user *user = &group->users[i];
        if (user->text != end || user->bytes == 0 || user->bytes > row->text_bytes - end)
            return wrong("a user's text does not lie where it should", failure);
        end += user->bytes;
    }
    group->user_count = row->users;
    group->text_bytes = row->text_bytes;
    if (!state_index_users(group))
        return wrong("a user stands in it twice", failure);
    return end == row->text_bytes ? 0 : wrong("it holds text of no user", failure);
}

/* The file's number of an entry point becomes the state's. */
static int load_entry_point(const struct cursor *cursor, struct state_texts *texts,
                            uint32_t *number, struct failure *failure)
{
    if (*number == 0)
        return 0;
    if (*number > cursor->entry_points)
        return wrong("it holds an entry point without its text", failure);
    uint64_t begin = cursor->entry_texts[*number - 1], end = cursor->entry_texts[*number];
    *number = state_texts_take(texts, (const char *)cursor->bytes + begin, (uint32_t)(end - begin),
                               failure);
    return *number != 0 ? 0 : -1;
}

static int load_enrolments(const struct cursor *cursor, const struct state_image_group *row,
                           struct state *state, struct state_group *group, struct failure *failure)
{
    take_all(cursor, ENROLMENTS, row->enrolments, group->enrolments);
    for (uint32_t i = 0; i < row->enrolments; i++) {
        struct state_enrolment *enrolment = &group->enrolments[i];
        if (enrolment->user >= row->users)
            return wrong("it holds an enrolment of no user", failure);
        if (load_entry_point(cursor, &state->entry_points, &enrolment->entry_point, failure) != 0)
            return -1;
    }
    group->enrolment_count = row->enrolments;
    return state_index_enrolments(group) ? 0 : wrong("an enrolment stands in it twice", failure);
}

/* Put the fingerprints of the progress at ${index} from ${*used} on into it. */
static int load_fingerprints(const struct cursor *cursor, const struct state_image_group *row,
                             uint64_t *used, struct state_group *group, uint32_t index,
                             struct failure *failure)
{
    struct state_progress *progress = &group->progress[index];
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
        int added =
            fingerprint != 0 ? state_add_fingerprint(group, index, fingerprint, failure) : 0;
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
    take_all(cursor, PROGRESS, row->progress, group->progress);
    for (uint32_t i = 0; i < row->progress; i++) {
        struct state_progress *progress = &group->progress[i];
        if (progress->enrolment >= row->enrolments)
            return wrong("it holds lesson progress of no enrolment", failure);
        int loaded = load_fingerprints(cursor, row, &used, group, i, failure);
        /* Whatever was loaded is the group's to free. */
        group->progress_count++;
        if (loaded != 0)
            return -1;
    }
    if (!state_index_progress(group))
        return wrong("a lesson's progress stands in it twice", failure);
    return used == row->fingerprints ? 0 : wrong("it holds fingerprints of no lesson", failure);
}

static int load_group(const struct cursor *cursor, const struct state_image_group *row,
                      struct state *state, struct state_group *group, struct failure *failure)
{
    if (row->users == 0) {
        uint64_t records = (uint64_t)row->enrolments + row->progress + row->text_bytes + row->times;
        return records == 0 && row->fingerprints == 0
                   ? 0
                   : wrong("it holds what is of no user", failure);
    }
    if (load_users(cursor, row, group, failure) != 0 ||
        load_enrolments(cursor, row, state, group, failure) != 0)
        return -1;
    take_all(cursor, TIMES, row->times, group->times);
    group->time_count = row->times;
    return load_progress(cursor, row, group, failure);
}

/* Room for all records of the state's own groups, of which ${first} to ${last} are in the file. */
static int reserve(const struct cursor *cursor, uint32_t first, uint32_t last, struct state *state,
                   struct failure *failure)
{
    uint32_t end = state->first_group + state->group_count;
    uint32_t begin = first > state->first_group ? first : state->first_group;
    if (last + 1 < end)
        end = last + 1;
    if (begin >= end)
        return 0;
    struct state_counts *counts = calloc(end - begin, sizeof *counts);
    if (counts == NULL)
        return failure_memory(failure, "the state", (end - begin) * sizeof *counts);
    for (uint32_t group = begin; group < end; group++) {
        struct state_image_group row;
        take(cursor, GROUPS, group - first, &row);
        counts[group - begin] = (struct state_counts){.users = row.users,
                                                      .enrolments = row.enrolments,
                                                      .progress = row.progress,
                                                      .text_bytes = row.text_bytes,
                                                      .times = row.times};
    }
    int result = state_reserve(state, begin, end - begin, counts, failure);
    free(counts);
    return result;
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
        counts[TIMES] += row.times;
        if (row.fingerprints > tables[FINGERPRINTS].count - counts[FINGERPRINTS])
            return wrong("its key groups hold more fingerprints than it has", failure);
        counts[FINGERPRINTS] += row.fingerprints;
    }
    for (int i = USERS; i < GROUP_TABLES; i++)
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

/* Where the text of each entry point lies. The caller frees cursor->entry_texts. */
static int find_entry_texts(const struct image_table *tables, struct cursor *cursor,
                            struct failure *failure)
{
    uint64_t count = tables[ENTRY_POINTS].count, end = tables[ENTRY_TEXTS].offset;
    cursor->entry_points = count;
    cursor->entry_texts = malloc((count + 1) * sizeof *cursor->entry_texts);
    if (cursor->entry_texts == NULL)
        return failure_memory(failure, "a file of the checkpoint", count * sizeof end);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t bytes = 0;
        take(cursor, ENTRY_POINTS, i, &bytes);
        cursor->entry_texts[i] = end;
        if (bytes == 0 || bytes > EVENT_ENTRY_POINT_BYTES ||
            bytes > tables[ENTRY_TEXTS].offset + tables[ENTRY_TEXTS].count - end)
            return wrong("the text of an entry point does not lie where it should", failure);
        end += bytes;
    }
    cursor->entry_texts[count] = end;
    return end == tables[ENTRY_TEXTS].offset + tables[ENTRY_TEXTS].count
               ? 0
               : wrong("it holds text of no entry point", failure);
}

/* Take a group of the state's own, and check it while it is in the cache. */
static int take_group(const struct cursor *cursor, const struct state_image_group *row,
                      struct state *state, uint32_t *counts, struct failure *failure)
{
    struct failure trouble = {0};
    struct state_group *group = &state->groups[row->group - state->first_group];
    if (load_group(cursor, row, state, group, failure) != 0)
        return -1;
    if (state_validate_group(state, row->group, counts, &trouble) != 0)
        return wrong(trouble.message, failure);
    return 0;
}

/* Room for a number a progress of any group of the file; NULL: no memory. */
static uint32_t *make_counts(const struct cursor *cursor, uint32_t first, uint32_t last)
{
    uint32_t most = 0;
    for (uint32_t group = first; group <= last; group++) {
        struct state_image_group row;
        take(cursor, GROUPS, group - first, &row);
        most = row.progress > most ? row.progress : most;
    }
    return malloc(((size_t)most + 1) * sizeof(uint32_t));
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

    int result = find_entry_texts(tables, &cursor, failure);
    uint32_t *counts = make_counts(&cursor, first, last);
    if (result == 0 && counts == NULL)
        result = failure_memory(failure, "the check of the state",
                                tables[PROGRESS].count * sizeof *counts);
    if (result == 0)
        result = reserve(&cursor, first, last, state, failure);
    for (uint32_t group = first; result == 0 && group <= last; group++) {
        struct state_image_group row;
        take(&cursor, GROUPS, group - first, &row);
        /* A group before the rank's first wraps around, and is none of its own either. */
        if (group - state->first_group < state->group_count)
            result = take_group(&cursor, &row, state, counts, failure);
        cursor.at[USERS] += row.users * sizeof(struct state_user);
        cursor.at[ENROLMENTS] += row.enrolments * sizeof(struct state_enrolment);
        cursor.at[PROGRESS] += row.progress * sizeof(struct state_progress);
        cursor.at[FINGERPRINTS] += row.fingerprints * sizeof(uint64_t);
        cursor.at[TEXTS] += row.text_bytes;
        cursor.at[TIMES] += row.times * sizeof(uint64_t);
    }
    free(cursor.entry_texts);
    free(counts);
    return result;
}
