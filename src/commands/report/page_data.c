#include "page_parts.h"

#include "course_funnel/calendar.h"

#include <inttypes.h>

/* A list of lists: for each cohort one number a lesson. */
static void add_matrix(struct page_text *text, const struct page_course *course, const char *name,
                       int64_t (*value_of)(const struct page_value *value))
{
    page_text_format(text, ",\n\"%s\":[", name);
    for (size_t i = 0; i < course->cohort_count; i++) {
        page_text_add(text, i > 0 ? ",\n[" : "[");
        for (size_t j = 0; j < course->lesson_count; j++)
            page_text_format(text, "%s%" PRId64, j > 0 ? "," : "",
                             value_of(&course->cohorts[i].values[j]));
        page_text_add(text, "]");
    }
    page_text_add(text, "]");
}

static int64_t reached(const struct page_value *value)
{
    return value->reached;
}

static int64_t stopped(const struct page_value *value)
{
    return value->stopped;
}

static int64_t started(const struct page_value *value)
{
    return value->started;
}

static int64_t completed(const struct page_value *value)
{
    return value->completed;
}

/* Thousandths of a second; -1: not known. */
static int64_t median(const struct page_value *value)
{
    return value->has_time ? value->p50_e3 : -1;
}

static int64_t nine_in_ten(const struct page_value *value)
{
    return value->has_time ? value->p90_e3 : -1;
}

static const char *title(const struct page_lesson *lesson)
{
    return lesson->title;
}

static const char *module(const struct page_lesson *lesson)
{
    return lesson->module;
}

static const char *mark(const struct page_lesson *lesson)
{
    return lesson->mark;
}

static void add_texts(struct page_text *text, const struct page_course *course, const char *name,
                      const char *(*text_of)(const struct page_lesson *lesson))
{
    page_text_format(text, ",\n\"%s\":[", name);
    for (size_t i = 0; i < course->lesson_count; i++) {
        page_text_add(text, i > 0 ? "," : "");
        page_text_json(text, text_of(&course->lessons[i]));
    }
    page_text_add(text, "]");
}

static void add_counts(struct page_text *text, const struct page_course *course, const char *name,
                       int64_t (*count_of)(const struct page_cohort *cohort))
{
    page_text_format(text, ",\n\"%s\":[", name);
    for (size_t i = 0; i < course->cohort_count; i++)
        page_text_format(text, "%s%" PRId64, i > 0 ? "," : "", count_of(&course->cohorts[i]));
    page_text_add(text, "]");
}

static int64_t learners(const struct page_cohort *cohort)
{
    return cohort->started;
}

static int64_t finishers(const struct page_cohort *cohort)
{
    return cohort->completed;
}

static int64_t observed_days(const struct page_cohort *cohort)
{
    return cohort->within->observed_days;
}

void page_data(struct page_text *text, const struct page_course *course)
{
    page_text_format(text, "<script type=\"application/json\" id=\"data-%" PRId32 "\">{",
                     course->id);
    page_text_format(text, "\"lowest\":%zu,\"last\":%zu,\"isById\":%s", course->lowest,
                     course->last, course->is_by_id ? "true" : "false");
    page_text_add(text, ",\n\"ids\":[");
    for (size_t i = 0; i < course->lesson_count; i++)
        page_text_format(text, "%s%" PRId32, i > 0 ? "," : "", course->lessons[i].id);
    page_text_add(text, "]");
    add_texts(text, course, "titles", title);
    add_texts(text, course, "modules", module);
    add_texts(text, course, "marks", mark);
    page_text_add(text, ",\n\"weeks\":[");
    for (size_t i = 0; i < course->cohort_count; i++) {
        char week[CALENDAR_DATE_BYTES];
        calendar_format_date(course->cohorts[i].week, week);
        page_text_format(text, "%s\"%s\"", i > 0 ? "," : "", week);
    }
    page_text_add(text, "]");
    add_counts(text, course, "learners", learners);
    add_counts(text, course, "finishers", finishers);
    add_counts(text, course, "observedDays", observed_days);
    add_matrix(text, course, "reached", reached);
    add_matrix(text, course, "stopped", stopped);
    add_matrix(text, course, "started", started);
    add_matrix(text, course, "completed", completed);
    add_matrix(text, course, "median", median);
    add_matrix(text, course, "nineInTen", nine_in_ten);
    page_text_add(text, "}</script>\n");
}
