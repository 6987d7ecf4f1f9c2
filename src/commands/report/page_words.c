#include "page_words.h"

#include "page_numbers.h"

const char *page_words_kind(const struct page_total *total)
{
    return total->is_young ? "young" : "mature";
}

void page_words_head(struct page_text *text, const struct page_course *course,
                     const struct page_total *total)
{
    const char *kind = page_words_kind(total);
    page_text_format(text, "%s %s in ", total->completed > 0 ? "Of" : "None of",
                     page_plural(total->started, "learner").text);
    if (total->cohorts == 1)
        page_text_format(text, "the %s cohort of %s", kind,
                         page_day(course->cohorts[total->largest].week).text);
    else
        page_text_format(text, "%zu %s cohorts", total->cohorts, kind);
    if (total->completed > 0)
        page_text_format(text, ", %s", page_count(total->completed).text);
    if (total->completed > 0 && total->started >= PAGE_FEW)
        page_text_format(text, " (%s" PAGE_THIN "%%)",
                         page_share(total->completed, total->started).text);
    page_text_format(text, " completed the course%s.", total->is_young ? " so far" : "");
}

/* Where most stop, and by where half of those were gone who left on the way. */
static void add_stops(struct page_text *text, const struct page_course *course)
{
    const struct page_total *total = &course->total;
    size_t worst = total->worst[0], half = 0;
    int64_t lost = 0, gone = 0;
    if (total->worst_count == 0)
        return;
    for (size_t i = 0; i < course->lesson_count; i++)
        if (i != course->last)
            lost += total->values[i].stopped;
    for (half = 0; half < course->lesson_count; half++) {
        if (half != course->last)
            gone += total->values[half].stopped;
        if (2 * gone >= lost)
            break;
    }
    page_text_add(text, "Most stop at ");
    page_text_html(text, course->lessons[worst].title);
    page_text_format(text, ": %s", page_count(total->values[worst].stopped).text);
    if (total->base >= PAGE_FEW)
        page_text_format(text, ", %s" PAGE_THIN "%% of all",
                         page_share(total->values[worst].stopped, total->base).text);
    if (lost > 1) {
        page_text_format(text, ". Half of the %s who left on the way were gone by ",
                         page_count(lost).text);
        page_text_html(text, course->lessons[half].title);
    }
    page_text_add(text, ". ");
}

/* The lesson that the smallest share of those who reached it completed, where that is below half.
 */
static void add_hardest(struct page_text *text, const struct page_course *course)
{
    const struct page_value *values = course->total.values;
    size_t hardest = course->lesson_count;
    for (size_t i = 0; i < course->lesson_count; i++)
        if (values[i].reached >= PAGE_FEW && 2 * values[i].completed < values[i].reached &&
            (hardest == course->lesson_count || values[i].completed * values[hardest].reached <
                                                    values[hardest].completed * values[i].reached))
            hardest = i;
    if (hardest == course->lesson_count)
        return;
    page_text_add(text, "Fewest complete ");
    page_text_html(text, course->lessons[hardest].title);
    page_text_format(text, ": %s of the %s who reached it. ",
                     page_count(values[hardest].completed).text,
                     page_count(values[hardest].reached).text);
}

static void add_longest(struct page_text *text, const struct page_course *course)
{
    const struct page_value *values = course->total.values;
    size_t longest = course->lesson_count;
    for (size_t i = 0; i < course->lesson_count; i++)
        if (values[i].has_time &&
            (longest == course->lesson_count || values[i].p50_e3 > values[longest].p50_e3))
            longest = i;
    if (longest == course->lesson_count)
        return;
    page_text_add(text, "Longest is ");
    page_text_html(text, course->lessons[longest].title);
    page_text_format(text, ": a median of %s. ", page_span(true, values[longest].p50_e3).text);
}

/* Of the cohorts that are shown but not added up. */
static void add_younger(struct page_text *text, const struct page_course *course)
{
    size_t cohorts = course->cohort_count - course->total.cohorts;
    int64_t learners = -course->total.started;
    if (cohorts == 0)
        return;
    for (size_t i = 0; i < course->cohort_count; i++)
        learners += course->cohorts[i].started;
    if (cohorts == 1)
        page_text_format(text, "One younger cohort (%s) is shown but not added up. ",
                         page_plural(learners, "learner").text);
    else
        page_text_format(text, "%zu younger cohorts (%s) are shown but not added up. ", cohorts,
                         page_plural(learners, "learner").text);
}

void page_words_lead(struct page_text *text, const struct page_course *course)
{
    const struct page_total *total = &course->total;
    if (total->is_young) {
        page_text_add(text, "It is too early to say who has stopped: the last lesson seen may not "
                            "be the last.");
        return;
    }
    add_stops(text, course);
    add_hardest(text, course);
    if (course->lesson_count > 0 && total->values[course->last].stopped > 0)
        page_text_format(text, "%s reached the last lesson but did not complete the course. ",
                         page_count(total->values[course->last].stopped).text);
    add_longest(text, course);
    add_younger(text, course);
}

void page_words_scope(struct page_text *text, const struct page_course *course,
                      const struct page_total *total)
{
    page_text_format(text, "%zu %s cohort%s; a full bar is %s.", total->cohorts,
                     page_words_kind(total), total->cohorts == 1 ? "" : "s",
                     page_plural(total->base, "learner").text);
    if (total->cohorts > 1)
        page_text_format(text, " Times: the largest cohort, %s.",
                         page_day(course->cohorts[total->largest].week).text);
}
