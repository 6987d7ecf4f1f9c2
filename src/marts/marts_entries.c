#include "marts_answers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The entry points of a cohort from ${first} on must add up to it. Returns how many, or 0. */
static size_t check_cohort(const struct marts *marts, const struct mart_cohort_row *cohort,
                           size_t first)
{
    int64_t started = 0, completed = 0;
    size_t count = 0;
    for (size_t i = first; i < marts->entry_count; i++, count++) {
        const struct mart_entry_row *row = &marts->entries[i];
        if (row->course_id != cohort->course_id ||
            row->cohort_week_start != cohort->cohort_week_start)
            break;
        started += row->users_started;
        completed += row->users_completed_course;
    }
    return started == cohort->users_started && completed == cohort->users_completed_course ? count
                                                                                           : 0;
}

static int check(const struct marts *marts, struct failure *failure)
{
    size_t first = 0, cohort = 0;
    for (; cohort < marts->cohort_count; cohort++) {
        size_t count = check_cohort(marts, &marts->cohorts[cohort], first);
        if (count == 0)
            return failure_set(failure, EXIT_BUG,
                               "The entry points of course %" PRId32 ", week %" PRId32
                               ", do not add up to its users. Nothing was published; please "
                               "report this.",
                               marts->cohorts[cohort].course_id,
                               marts->cohorts[cohort].cohort_week_start);
        first += count;
    }
    if (first == marts->entry_count)
        return 0;
    return failure_set(failure, EXIT_BUG,
                       "There are entry points of no cohort. Nothing was published; please report "
                       "this.");
}

static void add_entry(const struct entry *entry, char **text, struct marts *marts)
{
    struct mart_entry_row *row = &marts->entries[marts->entry_count++];
    memcpy(*text, entry->text, entry->bytes);
    (*text)[entry->bytes] = '\0';
    *row = (struct mart_entry_row){
        .course_id = entry->course_id,
        .cohort_week_start = entry->week,
        .entry_point = *text,
        .users_started = (int32_t)entry->users_started,
        .users_completed_course = (int32_t)entry->users_completed,
        .has_completion_rate = entry->users_started > 0,
    };
    if (row->has_completion_rate)
        row->completion_rate_e6 = marts_rate_e6(entry->users_completed, entry->users_started);
    *text += entry->bytes + 1;
}

int marts_add_entries(const struct entries *entries, struct marts *marts, struct failure *failure)
{
    size_t text_bytes = 1;
    for (size_t i = 0; i < entries->count; i++)
        text_bytes += (size_t)entries->entries[i].bytes + 1;
    marts->entries = calloc(entries->count + 1, sizeof *marts->entries);
    marts->entry_texts = malloc(text_bytes);
    if (marts->entries == NULL || marts->entry_texts == NULL)
        return failure_memory(failure, "the marts",
                              entries->count * sizeof *marts->entries + text_bytes);
    char *text = marts->entry_texts;
    for (size_t i = 0; i < entries->count; i++)
        add_entry(&entries->entries[i], &text, marts);
    return check(marts, failure);
}
