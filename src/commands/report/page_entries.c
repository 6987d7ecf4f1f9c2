#include "page_parts.h"

#include "page_numbers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_SHOWN 12

/* An entry point in all cohorts that are added up. */
struct door {
    const char *name;
    int64_t started;
    int64_t completed;
    struct page_point *points; /* of its cohorts with enough learners, oldest first */
    size_t point_count;
};

struct doors {
    struct door *entries; /* most started first */
    size_t count;
    int64_t started; /* of all */
    double highest;  /* share that completed */
    struct page_point *points;
};

/* Rows of the mart sorted so that those of an entry point follow each other, oldest first. */
static int compare_rows(const void *left, const void *right)
{
    const struct mart_entry_row *a = *(const struct mart_entry_row *const *)left;
    const struct mart_entry_row *b = *(const struct mart_entry_row *const *)right;
    int order = strcmp(a->entry_point, b->entry_point);
    if (order != 0)
        return order;
    return (a->cohort_week_start > b->cohort_week_start) -
           (a->cohort_week_start < b->cohort_week_start);
}

static int compare_entries(const void *left, const void *right)
{
    const struct door *a = left, *b = right;
    if (a->started != b->started)
        return a->started > b->started ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* Whether the cohort of a week is among those that are added up. */
static bool is_in_total(const struct page_course *course, int32_t week)
{
    for (size_t i = 0; i < course->cohort_count; i++)
        if (course->cohorts[i].week == week)
            return course->total.is_young || !page_course_is_young(&course->cohorts[i]);
    return false;
}

static void add_row(struct doors *all, const struct mart_entry_row *row)
{
    struct door *entry = all->count > 0 ? &all->entries[all->count - 1] : NULL;
    if (entry == NULL || strcmp(entry->name, row->entry_point) != 0) {
        struct page_point *points =
            entry == NULL ? all->points : entry->points + entry->point_count;
        entry = &all->entries[all->count++];
        *entry = (struct door){.name = row->entry_point, .points = points};
    }
    entry->started += row->users_started;
    entry->completed += row->users_completed_course;
    all->started += row->users_started;
    if (row->users_started >= PAGE_FEW)
        entry->points[entry->point_count++] = (struct page_point){
            row->cohort_week_start, (double)row->users_completed_course / row->users_started};
}

static int collect(const struct page_course *course, struct doors *all, struct failure *failure)
{
    size_t count = 0;
    const struct mart_entry_row **rows = calloc(course->entry_count + 1, sizeof *rows);
    all->entries = calloc(course->entry_count + 1, sizeof *all->entries);
    all->points = calloc(course->entry_count + 1, sizeof *all->points);
    if (rows == NULL || all->entries == NULL || all->points == NULL) {
        free(rows);
        return failure_memory(failure, "the entry points", course->entry_count);
    }
    for (size_t i = 0; i < course->entry_count; i++)
        if (course->entries[i].users_started > 0 &&
            is_in_total(course, course->entries[i].cohort_week_start))
            rows[count++] = &course->entries[i];
    qsort(rows, count, sizeof *rows, compare_rows);
    for (size_t i = 0; i < count; i++)
        add_row(all, rows[i]);
    free(rows);
    qsort(all->entries, all->count, sizeof *all->entries, compare_entries);
    for (size_t i = 0; i < all->count; i++) {
        double share = (double)all->entries[i].completed / (double)all->entries[i].started;
        if (share > all->highest)
            all->highest = share;
    }
    return 0;
}

static void add_entry(struct page_text *text, const struct doors *all, const struct door *entry)
{
    /* The longest bar is the highest share, as all may be low. */
    int64_t tenths = page_tenths(entry->completed, entry->started);
    int64_t most = (int64_t)(all->highest * 1000 + .5);
    double top = all->highest * 1.6 < 1 ? all->highest * 1.6 : 1;
    page_text_add(text, "<tr><th scope=\"row\">");
    page_text_html(text, entry->name);
    page_text_add(text, "</th><td>");
    page_parts_bar(text, page_count(entry->started).text, "r",
                   page_width(entry->started, all->entries[0].started).text);
    page_text_format(text, "</td><td>%s</td><td>%s</td><td>",
                     page_share(entry->started, all->started).text,
                     page_count(entry->completed).text);
    page_parts_bar(text, page_share(entry->completed, entry->started).text, "c",
                   page_width(tenths, most > 0 ? most : 1).text);
    page_text_format(text, "</td><td class=\"soft\">%s</td><td class=\"l\">",
                     page_wilson_text(entry->completed, entry->started).text);
    page_parts_spark(text, entry->points, entry->point_count, top);
    page_text_add(text, "</td></tr>\n");
}

static void add_table(struct page_text *text, const struct page_course *course,
                      const struct doors *all)
{
    size_t rows = all->count < ENTRIES_SHOWN ? all->count : ENTRIES_SHOWN;
    page_text_format(text,
                     "<p class=\"note\">The entry point of a learner's first lesson start; %s "
                     "cohorts. All lines share one scale.</p></div><div class=\"tools\">",
                     course->total.is_young ? "young" : "mature");
    page_parts_course_csv(text, course, "entry-points", "the entry points");
    page_text_add(text, "</div></div>");
    page_parts_box(text, course, "box wide", "Entry points table", "Entry points");
    page_text_add(text, "<thead><tr><th scope=\"col\">Entry point</th><th scope=\"col\">"
                        "Started</th><th scope=\"col\" class=\"n\">% of all</th><th scope=\"col\" "
                        "class=\"n\">Completed</th><th scope=\"col\">% completed</th><th "
                        "scope=\"col\" class=\"n\">95 % range</th><th scope=\"col\">By cohort</th>"
                        "</tr></thead><tbody>\n");
    for (size_t i = 0; i < rows; i++)
        add_entry(text, all, &all->entries[i]);
    page_text_add(text, "</tbody></table></div>");
    if (rows < all->count)
        page_text_format(text, "<p class=\"note\">The largest %zu of %zu.</p>", rows, all->count);
}

int page_entries(struct page_text *text, const struct page_course *course, struct failure *failure)
{
    struct doors all = {.entries = NULL};
    int status = collect(course, &all, failure);
    if (status == 0) {
        page_text_format(text,
                         "<section class=\"entry\"><div class=\"title\"><div><h3 id=\"e%" PRId32
                         "\">Where they came in</h3>",
                         course->id);
        if (all.count < 2) {
            page_text_format(
                text, "<p class=\"note\">%s%s started from one entry point, \xe2\x80\x9c",
                all.started > 1 ? "All " : "", page_plural(all.started, "learner").text);
            page_text_html(text, all.count > 0 ? all.entries[0].name : "(none)");
            page_text_add(text, "\xe2\x80\x9d.</p></div></div>");
        } else {
            add_table(text, course, &all);
        }
        page_text_add(text, "</section>\n");
    }
    free(all.entries);
    free(all.points);
    return status;
}
