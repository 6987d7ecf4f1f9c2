#include "page_parts.h"

#include "page_numbers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COHORTS_SHOWN 12

/* A cohort in which cells moved. */
struct moved {
    int32_t course_id;
    int32_t week;
    bool was_mature;
    size_t cells;
    int64_t by;                      /* how far all of them moved */
    const struct change_row *cohort; /* its own cell; NULL: that one did not move */
};

static int64_t distance(bool has_old, int32_t old, bool has_new, int32_t now)
{
    int64_t before = has_old ? old : 0, after = has_new ? now : 0;
    return before < after ? after - before : before - after;
}

/* Mature cohorts first: those were not expected to move. Then those that moved most. */
static int compare_moved(const void *left, const void *right)
{
    const struct moved *a = left, *b = right;
    if (a->was_mature != b->was_mature)
        return a->was_mature ? -1 : 1;
    if (a->by != b->by)
        return a->by > b->by ? -1 : 1;
    if (a->course_id != b->course_id)
        return a->course_id < b->course_id ? -1 : 1;
    return (a->week < b->week) - (a->week > b->week);
}

static const struct mart_cohort_row *find_cohort(const struct marts *marts, int32_t course_id,
                                                 int32_t week)
{
    size_t low = 0, high = marts->cohort_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct mart_cohort_row *row = &marts->cohorts[middle];
        if (row->course_id == course_id && row->cohort_week_start == week)
            return row;
        if (row->course_id < course_id ||
            (row->course_id == course_id && row->cohort_week_start < week))
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static struct moved *collect(const struct marts *marts, size_t *count, struct failure *failure)
{
    struct moved *all = calloc(marts->change_count + 1, sizeof *all);
    *count = 0;
    if (all == NULL) {
        failure_memory(failure, "the changes", marts->change_count * sizeof *all);
        return NULL;
    }
    /* The rows come in the order of their keys: course, week, cell. */
    for (size_t i = 0; i < marts->change_count; i++) {
        const struct change_row *row = &marts->changes[i];
        struct moved *moved = *count > 0 ? &all[*count - 1] : NULL;
        if (moved == NULL || moved->course_id != row->course_id ||
            moved->week != row->cohort_week_start) {
            moved = &all[(*count)++];
            *moved = (struct moved){.course_id = row->course_id, .week = row->cohort_week_start};
        }
        moved->was_mature = moved->was_mature || (row->has_was_mature && row->was_mature);
        moved->cells++;
        moved->by +=
            distance(row->has_old, row->old_users_started, row->has_new, row->new_users_started) +
            distance(row->has_old, row->old_users_completed, row->has_new,
                     row->new_users_completed);
        if (strcmp(row->cell, "cohort") == 0)
            moved->cohort = row;
    }
    qsort(all, *count, sizeof *all, compare_moved);
    return all;
}

/* A count before and after, or the one that it stayed. */
static void add_counts(struct page_text *text, const struct change_row *cell, int32_t old,
                       int32_t now, bool is_there, int32_t still)
{
    if (cell == NULL || (cell->has_old && cell->has_new && old == now))
        page_text_format(text, "<td>%s</td>",
                         cell != NULL ? page_count(now).text
                         : is_there   ? page_count(still).text
                                      : PAGE_NONE);
    else
        page_text_format(text, "<td>%s \xe2\x86\x92 <strong>%s</strong></td>",
                         cell->has_old ? page_count(old).text : PAGE_NONE,
                         cell->has_new ? page_count(now).text : PAGE_NONE);
}

static void add_row(struct page_text *text, const struct marts *marts, const struct moved *moved,
                    const struct page_course *courses, size_t count)
{
    const struct mart_cohort_row *cohort = find_cohort(marts, moved->course_id, moved->week);
    const struct change_row *cell = moved->cohort;
    const char *name = NULL;
    char number[32];
    for (size_t i = 0; i < count && name == NULL; i++)
        if (courses[i].id == moved->course_id)
            name = courses[i].name;
    snprintf(number, sizeof number, "Course %" PRId32, moved->course_id);
    page_text_add(text, "<tr><th scope=\"row\">");
    page_text_html(text, name != NULL ? name : number);
    page_text_format(text, "</th><td class=\"l\">%s</td><td class=\"l\">%s</td><td>%s</td>",
                     page_day(moved->week).text, moved->was_mature ? "yes" : "no",
                     page_count((int64_t)moved->cells).text);
    add_counts(text, cell, cell != NULL ? cell->old_users_started : 0,
               cell != NULL ? cell->new_users_started : 0, cohort != NULL,
               cohort != NULL ? cohort->users_started : 0);
    add_counts(text, cell, cell != NULL ? cell->old_users_completed : 0,
               cell != NULL ? cell->new_users_completed : 0, cohort != NULL,
               cohort != NULL ? cohort->users_completed_course : 0);
    page_text_add(text, "</tr>\n");
}

static void add_note(struct page_text *text, const struct marts *marts, const char *nothing)
{
    size_t kinds[3] = {0}, mature = 0;
    for (size_t i = 0; i < marts->change_count; i++) {
        const struct change_row *row = &marts->changes[i];
        kinds[!row->has_old ? 0 : !row->has_new ? 1 : 2]++;
        mature += row->has_was_mature && row->was_mature;
    }
    if (marts->change_count == 0) {
        page_text_add(text, nothing);
        return;
    }
    page_text_format(text, "%s added, %s changed, %s removed. ",
                     page_plural((int64_t)kinds[0], "cell").text,
                     page_count((int64_t)kinds[2]).text, page_count((int64_t)kinds[1]).text);
    if (mature == 0)
        page_text_add(text, "None lies in a cohort that was mature already.");
    else
        page_text_format(text, "%s of them %s mature already, listed first.",
                         page_count((int64_t)mature).text,
                         mature == 1 ? "lies in a cohort that was" : "lie in cohorts that were");
}

int page_changes(struct page_text *text, const struct marts *marts, const char *nothing,
                 const struct page_course *courses, size_t count, struct failure *failure)
{
    size_t moved_count = 0;
    struct moved *moved = collect(marts, &moved_count, failure);
    if (moved == NULL)
        return -1;
    page_text_add(
        text,
        "<section id=\"changes\" class=\"fit\"><div class=\"title\"><div><h2 "
        "class=\"part\" id=\"changed\">What changed since the run before</h2><p class=\"note\">");
    add_note(text, marts, nothing);
    page_text_add(text, "</p></div>");
    if (moved_count > 0) {
        page_text_add(text, "<div class=\"tools\">");
        page_parts_csv(text, "changes", "the changes");
        page_text_add(text, "</div></div><div class=\"box wide\" tabindex=\"0\" role=\"region\" "
                            "aria-label=\"Changes table\"><table><caption class=\"sr\">Cohorts "
                            "whose counts this run moved</caption><thead><tr><th scope=\"col\">"
                            "Course</th><th scope=\"col\">Week of start</th><th scope=\"col\">Was "
                            "mature</th><th scope=\"col\" class=\"n\">Cells moved</th><th "
                            "scope=\"col\" class=\"n\">Started the course</th><th scope=\"col\" "
                            "class=\"n\">Completed the course</th></tr></thead><tbody>\n");
        for (size_t i = 0; i < moved_count && i < COHORTS_SHOWN; i++)
            add_row(text, marts, &moved[i], courses, count);
        page_text_add(text, "</tbody></table></div>");
        if (moved_count > COHORTS_SHOWN)
            page_text_format(text,
                             "<p class=\"note\">%d of %s cohorts; every cell is in "
                             "course_funnel_changes.</p>",
                             COHORTS_SHOWN, page_count((int64_t)moved_count).text);
    } else {
        page_text_add(text, "</div>");
    }
    page_text_add(text, "</section>\n");
    free(moved);
    return 0;
}
