#include "page_parts.h"

#include "page_numbers.h"
#include "page_words.h"

#include <inttypes.h>
#include <stdio.h>

#define STRIP_MOST 5

/* A number of the strip: which of the total it is stands in data-j, for the script. */
static void add_figure(struct page_text *text, const struct page_total *total, const char *which,
                       int64_t count, const char *label, const char *name)
{
    page_text_format(text,
                     "<li data-j=\"%s\"><span class=\"fig\"><b>%s</b> <em>%s" PAGE_THIN
                     "%%</em></span><span class=\"track\"><i class=\"%s\"></i></span><span>%s",
                     which, page_count(count).text, page_share(count, total->started).text,
                     page_width(count, total->started).text, label);
    page_text_html(text, name);
    page_text_add(text, "</span></li>");
}

static void add_lesson_figure(struct page_text *text, const struct page_course *course,
                              size_t lesson, const char *label, const char *name)
{
    char which[24];
    snprintf(which, sizeof which, "%zu", lesson);
    add_figure(text, &course->total, which, course->total.values[lesson].reached, label, name);
}

void page_funnel_strip(struct page_text *text, const struct page_course *course)
{
    static const char *const parts[] = {"a quarter", "half", "three quarters"};
    const struct page_total *total = &course->total;
    size_t modules = 0, last = course->last;
    for (size_t i = 0; i < course->lesson_count; i++)
        modules += course->lessons[i].module[0] != '\0';
    page_text_add(text, "<ol class=\"strip\">");
    add_figure(text, total, "started", total->started, "started", "");
    for (size_t i = 0; i < course->lesson_count && modules >= 2 && modules <= STRIP_MOST; i++)
        if (course->lessons[i].module[0] != '\0' && i > 0 && i != last)
            add_lesson_figure(text, course, i, "reached ", course->lessons[i].module);
    if (modules < 2 || modules > STRIP_MOST)
        for (size_t part = 1; part <= 3; part++) {
            size_t lesson = (course->lesson_count - 1) * part / 4;
            if (course->lesson_count > 0 && lesson > 0 && lesson != last && course->is_by_id) {
                char label[64];
                snprintf(label, sizeof label, "reached %s of the lessons", parts[part - 1]);
                add_lesson_figure(text, course, lesson, label, "");
            }
        }
    if (course->lesson_count > 1)
        add_lesson_figure(text, course, last, "reached the last lesson", "");
    add_figure(text, total, "completed", total->completed, "completed the course", "");
    page_text_add(text, "</ol>\n");
}

static bool is_worst(const struct page_total *total, size_t lesson)
{
    for (size_t i = 0; i < total->worst_count; i++)
        if (total->worst[i] == lesson)
            return true;
    return false;
}

/* How many reached a lesson; or, where lessons do not stand in the order of ids, started it. */
static int64_t shown(const struct page_course *course, size_t lesson)
{
    const struct page_value *value = &course->total.values[lesson];
    return course->is_by_id ? value->reached : value->started;
}

static void add_row(struct page_text *text, const struct page_course *course, size_t lesson,
                    int64_t most)
{
    const struct page_total *total = &course->total;
    const struct page_value *value = &total->values[lesson];
    int64_t here = shown(course, lesson);
    if (course->lessons[lesson].module[0] != '\0') {
        page_text_add(text, "<tr class=\"mod\"><th scope=\"rowgroup\" colspan=\"8\">");
        page_text_html(text, course->lessons[lesson].module);
        page_text_add(text, "</th></tr>");
    }
    page_text_format(text, "<tr data-j=\"%zu\"%s><th scope=\"row\"><span>", lesson,
                     is_worst(total, lesson) ? " class=\"worst\"" : "");
    page_text_html(text, course->lessons[lesson].title);
    page_text_format(text,
                     "</span></th><td><div class=\"bar\"><b>%s</b><span class=\"track\">"
                     "<i class=\"r %s\"></i><i class=\"c %s\"></i><i class=\"t\"></i></span></div>"
                     "</td><td>",
                     page_count(here).text, page_width(here, total->base).text,
                     page_width(value->completed, total->base).text);
    /* Behind the last lesson there was nothing to go on to. */
    page_parts_bar(text, page_count(value->stopped).text, "x",
                   page_width(lesson != course->last ? value->stopped : 0, most).text);
    page_text_format(text, "</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                     page_share(here, total->base).text,
                     lesson > 0 ? page_share(here, shown(course, lesson - 1)).text : PAGE_NONE,
                     page_count(value->completed).text,
                     page_span(value->has_time, value->p50_e3).text,
                     page_span(value->has_time, value->p90_e3).text);
}

static void add_switch(struct page_text *text, const struct page_course *course)
{
    page_text_format(
        text,
        "<fieldset class=\"seg\" data-js hidden><legend class=\"sr\">Count of a lesson</legend>"
        "<label><input type=\"radio\" name=\"show%" PRId32 "\" data-k=\"show\" value=\"reached\"%s>"
        "<span>Reached it or later</span></label>"
        "<label><input type=\"radio\" name=\"show%" PRId32 "\" data-k=\"show\" value=\"exact\"%s>"
        "<span>Started exactly it</span></label></fieldset>",
        course->id, course->is_by_id ? " checked" : "", course->id,
        course->is_by_id ? "" : " checked");
}

static void add_head(struct page_text *text, const struct page_course *course)
{
    page_text_format(
        text,
        "<colgroup><col class=\"l\"><col class=\"b\"><col class=\"x\"><col span=\"5\"></colgroup>\n"
        "<thead><tr><th scope=\"col\">Lesson</th>"
        "<th scope=\"col\"><span class=\"what\">%s</span><span class=\"key\" aria-hidden=\"true\">"
        "<span><i class=\"c\"></i>completed it</span> "
        "<span><i class=\"r\"></i><span class=\"key2\">%s</span></span></span></th>"
        "<th scope=\"col\" class=\"stopped\">%s</th>"
        "<th scope=\"col\" class=\"n\">%% of cohort</th>"
        "<th scope=\"col\" class=\"n\">%% of lesson before</th>"
        "<th scope=\"col\" class=\"n\">Completed it</th>"
        "<th scope=\"col\" class=\"n\">Median time</th>"
        "<th scope=\"col\" class=\"n\">9 in 10 within</th></tr></thead>\n<tbody>\n",
        course->is_by_id ? "Reached this or a later lesson" : "Started this lesson",
        course->is_by_id ? "reached" : "started it",
        course->total.is_young ? "Last seen here" : "Stopped here for good");
}

void page_funnel(struct page_text *text, const struct page_course *course)
{
    const struct page_total *total = &course->total;
    size_t rows = course->lesson_count < PAGE_COLUMNS ? course->lesson_count : PAGE_COLUMNS;
    int64_t most = 1;
    for (size_t i = 0; i < course->lesson_count; i++)
        if (i != course->last && total->values[i].stopped > most)
            most = total->values[i].stopped;
    page_text_format(text,
                     "<section class=\"funnel\"><div class=\"title\"><div><h3 id=\"f%" PRId32
                     "\">How far they get, lesson by lesson</h3><p class=\"note sum\">",
                     course->id);
    page_words_scope(text, course, total);
    page_text_add(text, "</p></div><div class=\"tools\">\n");
    add_switch(text, course);
    page_parts_course_csv(text, course, "funnel", "the funnel");
    page_text_add(text, "</div></div>\n");
    page_parts_box(text, course, "box", "Funnel table",
                   "Learners who reached, completed and stopped at each lesson");
    add_head(text, course);
    for (size_t i = 0; i < rows; i++)
        add_row(text, course, i, most);
    page_text_add(text, "</tbody><tfoot><tr><th scope=\"row\">Completed the course</th><td>");
    page_parts_bar(text, page_count(total->completed).text, "c",
                   page_width(total->completed, total->base).text);
    page_text_format(text,
                     "</td><td></td><td>%s</td><td></td><td></td><td></td><td></td></tr></tfoot>"
                     "</table></div>\n",
                     page_share(total->completed, total->base).text);
    if (rows < course->lesson_count)
        page_text_format(text,
                         "<p class=\"note\">The first %zu of %zu lessons. <button class=\"rest\" "
                         "data-js hidden>Show all %zu</button></p>",
                         rows, course->lesson_count, course->lesson_count);
    page_text_add(text, "</section>\n");
}
