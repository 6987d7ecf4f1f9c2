#include "page_map.h"
#include "page_parts.h"

#include "page_numbers.h"
#include "page_words.h"

#include <inttypes.h>
#include <stdio.h>

struct page_number page_map_class(const struct page_value *value, int64_t base)
{
    /* Nine equal parts of 100 %, in tenths of a percent. */
    static const int16_t cuts[] = {111, 222, 333, 444, 556, 667, 778, 889};
    struct page_number name = {"z"};
    int64_t tenths = page_tenths(value->reached, base);
    int step = 1;
    if (tenths < 0 || value->reached == 0)
        return name;
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
        step += tenths >= cuts[i];
    snprintf(name.text, sizeof name.text, "h%d", step);
    return name;
}

/* A row of the map: a cohort, or all that are added up. */
static void add_row(struct page_text *text, const struct page_course *course,
                    const struct page_total *total, bool is_total, size_t columns)
{
    bool is_few = total->started < PAGE_FEW;
    page_text_format(text, "<tr class=\"%s%s%s%s%s\"><th scope=\"row\" class=\"wk\"><span>",
                     is_total ? "total" : "", is_total && total->is_young ? " " : "",
                     total->is_young ? "young" : "",
                     is_few && (is_total || total->is_young) ? " " : "", is_few ? "few" : "");
    if (is_total)
        page_text_format(text, "All %s", page_words_kind(total));
    else
        page_text_add(text, page_day(course->cohorts[total->largest].week).text);
    page_text_format(text,
                     "</span><abbr title=\"watched for fewer than %d days\"%s>*</abbr></th>"
                     "<td><i>%s</i></td>",
                     MARTS_MATURE_DAYS, total->is_young ? "" : " hidden",
                     page_count(total->started).text);
    for (size_t i = 0; i < columns; i++)
        page_text_format(text, "<td class=\"%s%s\">%s</td>",
                         page_map_class(&total->values[i], total->base).text,
                         course->lessons[i].module[0] != '\0' ? " m" : "",
                         page_share(total->values[i].reached, total->base).text);
    page_text_format(text, "<td>%s</td></tr>\n", page_share(total->completed, total->started).text);
}

static void add_scale(struct page_text *text, const char *name, char step, const char *low,
                      const char *high)
{
    page_text_format(text, "<div class=\"scale s-%s\"><span>%s</span><span>", name, low);
    for (int i = 1; i <= 9; i++)
        page_text_format(text, "<i class=\"%c%d\"></i>", step, i);
    page_text_format(text, "</span><span>%s</span></div>", high);
}

static void add_switch(struct page_text *text, const struct page_course *course)
{
    static const char *const choices[][2] = {
        {"reached", "Reached"}, {"lost", "Lost"}, {"difference", "Difference"}};
    page_text_add(text, "\n<fieldset class=\"seg\" data-js hidden><legend class=\"sr\">Colour of "
                        "the cells</legend>");
    for (size_t i = 0; i < 3; i++)
        page_text_format(text,
                         "<label><input type=\"radio\" name=\"map%" PRId32
                         "\" data-k=\"map\" value=\"%s\"%s><span>%s</span></label>",
                         course->id, choices[i][0], i == 0 ? " checked" : "", choices[i][1]);
    page_text_add(text, "</fieldset>");
}

static void add_title(struct page_text *text, const struct page_course *course)
{
    page_text_format(
        text,
        "<section class=\"heat\" data-map=\"reached\"><div class=\"title\"><div><h3 id=\"h%" PRId32
        "\">Every cohort, every lesson</h3><p class=\"note\">A row is the learners of one week, "
        "newest first; a column is a lesson. Hatched and *: watched for fewer than %d days, may "
        "still grow. Hollow: fewer than %d learners.</p></div>\n<div class=\"tools\">",
        course->id, MARTS_MATURE_DAYS, PAGE_FEW);
    add_scale(text, "reached", 'h', "0 %", "100 % of the cohort reached it");
    add_scale(text, "lost", 'l', "0.5 %", "20 % of those who reached it stopped");
    add_scale(text, "difference", 'd', "20 points below", "20 above the total");
    add_switch(text, course);
    page_parts_course_csv(text, course, "cohorts-by-lesson", "the map");
    page_text_add(text, "</div></div>\n");
}

/* The heads: modules over the columns that they span, then a column a lesson. */
static void add_heads(struct page_text *text, const struct page_course *course, size_t columns)
{
    page_text_format(text,
                     "<colgroup><col class=\"w\"><col class=\"n\"><col span=\"%zu\"><col "
                     "class=\"e\"></colgroup><thead><tr><td></td><td></td>",
                     columns);
    if (!course->has_modules)
        page_text_format(text, "<td colspan=\"%zu\"></td>", columns);
    for (size_t begin = 0, end; begin < columns && course->has_modules; begin = end) {
        for (end = begin + 1; end < columns && course->lessons[end].module[0] == '\0';)
            end++;
        page_text_format(text, "<th scope=\"colgroup\" class=\"m\" colspan=\"%zu\"><span>",
                         end - begin);
        page_text_html(text, course->lessons[begin].module);
        page_text_add(text, "</span></th>");
    }
    page_text_add(text, "<td></td></tr><tr><th scope=\"col\" class=\"wk\">Week of start</th>"
                        "<th scope=\"col\" class=\"n\">Started</th>");
    for (size_t i = 0; i < columns; i++) {
        page_text_format(text, "<th scope=\"col\"%s><u>",
                         course->lessons[i].module[0] != '\0' ? " class=\"m\"" : "");
        page_text_html(text, course->lessons[i].title);
        page_text_format(text, "</u><s aria-hidden=\"true\">%s</s></th>", course->lessons[i].mark);
    }
    page_text_add(text, "<th scope=\"col\" class=\"n\">Compl. %</th></tr></thead><tbody>\n");
}

/* Buttons that move the window over what is not in it. */
static void add_moves(struct page_text *text, const struct page_course *course, size_t rows,
                      size_t columns)
{
    if (rows == course->cohort_count && columns == course->lesson_count)
        return;
    page_text_format(text,
                     "<div class=\"more\" data-js hidden><output>Cohorts 1" PAGE_NONE
                     "%zu of %zu, lessons 1" PAGE_NONE "%zu of %zu</output>"
                     "<button value=\"newer\">Newer</button><button value=\"older\">Older</button>",
                     rows, course->cohort_count, columns, course->lesson_count);
    if (columns < course->lesson_count)
        page_text_add(text, "<button value=\"earlier\">Earlier lessons</button>"
                            "<button value=\"later\">Later lessons</button>");
    page_text_add(text, "</div>\n");
}

void page_map(struct page_text *text, const struct page_course *course)
{
    size_t columns = course->lesson_count < PAGE_COLUMNS ? course->lesson_count : PAGE_COLUMNS;
    size_t rows = course->cohort_count < PAGE_ROWS ? course->cohort_count : PAGE_ROWS;
    add_title(text, course);
    page_text_add(text,
                  "<div class=\"box\" tabindex=\"0\" role=\"region\" aria-label=\"Heat map of ");
    page_text_html(text, course->name);
    page_text_format(
        text, "\"><table class=\"k%zu\"><caption class=\"sr\">Share of each weekly cohort of ",
        columns > 0 ? (columns + 9) / 10 : 1);
    page_text_html(text, course->name);
    page_text_add(text, " that reached each lesson, in percent</caption>");
    add_heads(text, course, columns);
    add_row(text, course, &course->total, true, columns);
    for (size_t i = 0; i < rows; i++) {
        struct page_total single = page_course_single(course, i);
        add_row(text, course, &single, false, columns);
    }
    page_text_add(text, "</tbody></table></div>\n");
    add_moves(text, course, rows, columns);
    page_text_format(text,
                     "<div class=\"card\" id=\"card-%" PRId32
                     "\" data-js hidden><p class=\"hint\">Point at a cell, or go to the map with "
                     "Tab and use the arrow keys.</p><p class=\"what\"></p><p class=\"nums\"></p>"
                     "<p class=\"warn\"></p></div></section>\n",
                     course->id);
}
