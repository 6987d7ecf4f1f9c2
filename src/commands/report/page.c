#include "page.h"

#include "course_funnel/calendar.h"
#include "course_funnel/days.h"
#include "page_file.h"
#include "page_numbers.h"
#include "page_parts.h"
#include "page_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The files of page/, and the SHA-256 of two of them in base64, embedded at build time. */
extern const char page_page_html[], page_style_css[], page_script_js[];
extern const char page_style_css_sha256[], page_script_js_sha256[];

/* A page that is being written. */
struct page {
    const struct page_source *source;
    const struct page_course *courses; /* that it shows */
    size_t count;
    const struct page_course *all; /* of the marts, in the order of their learners */
    size_t all_count;
    bool is_index; /* of a directory: its courses have files of their own */
    bool is_alone; /* such a file */
    bool is_plain; /* without what the script redraws from, which would be too large */
    struct page_text text;
    struct failure *failure;
};

static const struct run_record *record_of(const struct page *page)
{
    return &page->source->origin->record;
}

static void add_title(struct page *page)
{
    const struct run_record *record = record_of(page);
    if (page->is_alone) {
        page_text_html(&page->text, page->courses[0].name);
        page_text_add(&page->text, ", c");
    } else {
        page_text_add(&page->text, "C");
    }
    page_text_add(&page->text, "ourse completion");
    if (record->has_as_of)
        page_text_format(&page->text, ", as of %s",
                         page_day((int32_t)days_of(record->as_of_us)).text);
}

static void add_style_hash(struct page *page)
{
    page_text_add(&page->text, page_style_css_sha256);
}

static void add_script_hash(struct page *page)
{
    page_text_add(&page->text, page_script_js_sha256);
}

static void add_style(struct page *page)
{
    page_text_add(&page->text, page_style_css);
}

static void add_script(struct page *page)
{
    page_text_add(&page->text, page_script_js);
}

static void add_as_of(struct page *page)
{
    const struct run_record *record = record_of(page);
    char time[CALENDAR_TIME_BYTES];
    uint64_t rejects = ledger_rejected(&record->ledger);
    if (page->is_alone)
        page_text_add(&page->text, "<a href=\"index.html\">All courses</a> \xc2\xb7 ");
    if (record->has_as_of) {
        calendar_format_time(record->as_of_us, time);
        page_text_format(&page->text, "Data to %s, %.5s UTC",
                         page_day((int32_t)days_of(record->as_of_us)).text, time + 11);
    }
    if (rejects > 0)
        page_text_format(&page->text, ". %s of %s lines rejected",
                         page_count((int64_t)rejects).text,
                         page_count((int64_t)record->ledger.lines_read).text);
}

static void add_courses(struct page *page)
{
    if (!page->is_alone)
        (void)page_courses(&page->text, page->all, page->all_count, page->is_index, page->failure);
    if (page->all_count == 0)
        page_text_add(&page->text, "<p class=\"lede\">The marts are empty: nobody has started a "
                                   "course.</p>");
}

static void add_article(struct page *page, const struct page_course *course)
{
    struct page_text *text = &page->text;
    page_text_format(text,
                     "<article id=\"course=%" PRId32 "\" data-id=\"%" PRId32
                     "\" aria-labelledby=\"n%" PRId32 "\"><h2 id=\"n%" PRId32 "\">",
                     course->id, course->id, course->id, course->id);
    page_text_html(text, course->name);
    page_text_add(text, "</h2><p class=\"head\">");
    page_words_head(text, course, &course->total);
    page_text_add(text, "</p><p class=\"lead\">");
    page_words_lead(text, course);
    page_text_add(text, "</p>\n");
    if (page->is_plain)
        page_text_format(
            text,
            "<p class=\"small\">The course is too large for choices on a page. Left out "
            "are cohorts after the newest %d and lessons after the first %d: every "
            "number is in the tables.</p>\n",
            PAGE_ROWS, PAGE_COLUMNS);
    page_funnel_strip(text, course);
    page_text_add(
        text, "<div class=\"choices\" role=\"group\" aria-label=\"Cohorts\" data-js hidden>"
              "<label>Cohorts from <select name=\"from\" aria-label=\"First cohort\"></select>"
              "</label><label>to <select name=\"to\" aria-label=\"Last cohort\"></select></label>"
              "<label>compared with <select name=\"with\" aria-label=\"Compare with cohort\">"
              "</select></label><button class=\"all\">All cohorts</button>"
              "<span class=\"rest-note\" hidden>Cohorts, entry points and what changed stay those "
              "of all.</span></div>\n");
    page_funnel(text, course);
    page_map(text, course);
    page_cohorts(text, course);
    (void)page_entries(text, course, page->failure);
    page_text_add(text, "</article>\n");
}

static void add_articles(struct page *page)
{
    for (size_t i = 0; i < page->count; i++)
        add_article(page, &page->courses[i]);
}

static void add_changes(struct page *page)
{
    const struct run_record *record = record_of(page);
    const char *nothing = record->has_cells
                              ? "Nothing: every count is as it was, or there was no run before."
                              : "Not known: this run could not compare, or was not asked to.";
    if (!page->is_alone)
        (void)page_changes(&page->text, page->source->marts, nothing, page->all, page->all_count,
                           page->failure);
}

static void add_footer(struct page *page)
{
    const struct run_record *record = record_of(page);
    char finished[CALENDAR_TIME_BYTES];
    calendar_format_time(record->finished_us, finished);
    page_text_add(&page->text, "course-funnel ");
    page_text_html(&page->text, record->version);
    page_text_add(&page->text, ", run ");
    page_text_html(&page->text, record->run_id);
    page_text_format(
        &page->text,
        ", finished %.16s UTC. %s lines read, %s rejected, %s delivered again. Source: ", finished,
        page_count((int64_t)record->ledger.lines_read).text,
        page_count((int64_t)ledger_rejected(&record->ledger)).text,
        page_count((int64_t)record->ledger.duplicates).text);
    page_text_html(&page->text, record->source);
    page_text_add(&page->text, ".");
    if (!page->source->origin->matches)
        page_text_add(&page->text, " The rows are not those that the run's record describes.");
}

static void add_data(struct page *page)
{
    for (size_t i = 0; i < page->count && !page->is_plain; i++)
        page_data(&page->text, &page->courses[i]);
}

/* What stands in page.html as {{name}}. */
static const struct {
    const char *name;
    void (*add)(struct page *page);
} parts[] = {{"title", add_title},
             {"style_hash", add_style_hash},
             {"script_hash", add_script_hash},
             {"style", add_style},
             {"script", add_script},
             {"as_of", add_as_of},
             {"courses", add_courses},
             {"articles", add_articles},
             {"changes", add_changes},
             {"footer", add_footer},
             {"data", add_data}};

/* Fill in the frame. */
static int compose(struct page *page)
{
    const char *at = page_page_html;
    for (const char *begin; (begin = strstr(at, "{{")) != NULL;) {
        const char *end = strstr(begin, "}}");
        page_text_format(&page->text, "%.*s", (int)(begin - at), at);
        for (size_t i = 0; end != NULL && i < sizeof parts / sizeof parts[0]; i++)
            if (strlen(parts[i].name) == (size_t)(end - begin - 2) &&
                strncmp(begin + 2, parts[i].name, (size_t)(end - begin - 2)) == 0)
                parts[i].add(page);
        at = end != NULL ? end + 2 : begin + 2;
    }
    page_text_add(&page->text, at);
    return page->failure->code == 0 ? page_text_check(&page->text, page->failure) : -1;
}

static int write_page(struct page *page, const char *path)
{
    size_t most = page->source->most_bytes;
    int status = compose(page);
    if (status == 0 && page->text.count > most && page->is_alone) {
        page_text_free(&page->text);
        page->is_plain = true;
        status = compose(page);
        page->is_plain = false;
    }
    if (status == 0 && page->text.count > most)
        status = failure_set(page->failure, EXIT_USAGE,
                             "--html %s: the page would take %zu bytes, and has at most %zu. %s",
                             path, page->text.count, most,
                             page->is_alone ? "Give shorter --names."
                                            : "Name a directory, such as pages/, for a file a "
                                              "course.");
    if (status == 0)
        status = page_file_write(path, page->text.bytes, page->text.count, page->failure);
    page_text_free(&page->text);
    return status;
}

static int write_folder(struct page page, const char *path)
{
    char *file = NULL;
    int status = page_file_make_folder(path, page.failure);
    /* The courses first: what the index leads to is there. */
    for (size_t i = 0; i <= page.all_count && status == 0; i++) {
        page.is_index = i == page.all_count;
        page.is_alone = !page.is_index;
        page.courses = &page.all[i];
        page.count = page.is_alone;
        int made = page.is_index
                       ? asprintf(&file, "%s/index.html", path)
                       : asprintf(&file, "%s/course-%" PRId32 ".html", path, page.all[i].id);
        if (made < 0)
            return failure_memory(page.failure, "a path", strlen(path));
        status = write_page(&page, file);
        free(file);
    }
    return status;
}

static int compare_courses(const void *left, const void *right)
{
    const struct page_course *a = left, *b = right;
    if (a->total.started != b->total.started)
        return a->total.started > b->total.started ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

int page_write(const struct page_source *source, const char *path, struct failure *failure)
{
    struct page_course *courses = calloc(source->course_count + 1, sizeof *courses);
    size_t count = 0;
    int status = courses != NULL ? 0 : failure_memory(failure, "the courses", source->course_count);
    for (size_t i = 0; i < source->course_count && status == 0; i++) {
        status = page_course_make(source->marts, &source->courses[i], source->names,
                                  &courses[count], failure);
        /* Where nobody started there is nothing to show. */
        if (status != 0 || courses[count].cohort_count == 0)
            page_course_free(&courses[count]);
        else
            count++;
    }
    if (status == 0) {
        qsort(courses, count, sizeof *courses, compare_courses);
        struct page page = {.source = source,
                            .courses = courses,
                            .count = count,
                            .all = courses,
                            .all_count = count,
                            .failure = failure};
        status = page_file_is_folder(path) ? write_folder(page, path) : write_page(&page, path);
    }
    for (size_t i = 0; i < count; i++)
        page_course_free(&courses[i]);
    free(courses);
    return status;
}
