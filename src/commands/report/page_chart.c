#include "page_parts.h"

#include "page_numbers.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * The chart: texts and dots in pixels and percent of the outer picture, so that they keep their
 * size; lines and band in an inner one of 1000 by 1000 that is stretched.
 */
#define HEIGHT 300
#define TOP 24
#define BOTTOM 26
#define LEFT 9   /* percent, for the axis */
#define RIGHT 30 /* percent, for the lines' names */
#define LABEL_HEIGHT 15
/* More dots than these would touch. */
#define MOST_DOTS 60
/* The band reaches out of the picture where fewer learners were. */
#define BAND_LEARNERS 100

enum line { IN_7_DAYS, IN_30_DAYS, IN_90_DAYS, EVER, LINES };

struct chart {
    const struct page_cohort **cohorts; /* of enough learners, oldest first */
    size_t count;
    double top; /* the share at the top of the picture */
};

/* The share of a cohort on a line, or below 0 where it is not known yet. */
static double share_of(const struct page_cohort *cohort, enum line line)
{
    const struct mart_completion_row *within = cohort->within;
    double started = (double)cohort->started;
    switch (line) {
    case IN_7_DAYS:
        return within->has_within_7d ? within->completed_within_7d / started : -1;
    case IN_30_DAYS:
        return within->has_within_30d ? within->completed_within_30d / started : -1;
    case IN_90_DAYS:
        return within->has_within_90d ? within->completed_within_90d / started : -1;
    default:
        return (double)cohort->completed / started;
    }
}

static double inner_x(const struct chart *chart, size_t i)
{
    return 1000.0 * (chart->cohorts[i]->week - chart->cohorts[0]->week) /
           (chart->cohorts[chart->count - 1]->week - chart->cohorts[0]->week);
}

static double inner_y(const struct chart *chart, double share)
{
    return 1000 * (1 - (share < chart->top ? share : chart->top) / chart->top);
}

static double outer_x(const struct chart *chart, size_t i)
{
    return LEFT + inner_x(chart, i) / 1000 * (100 - LEFT - RIGHT);
}

static double outer_y(const struct chart *chart, double share)
{
    return TOP + (HEIGHT - TOP - BOTTOM) * inner_y(chart, share) / 1000;
}

/* The smallest of some round shares that all of the picture fits under. */
static double find_top(const struct chart *chart)
{
    static const double round[] = {.01, .02, .05, .1, .15, .2, .3, .4, .5, .6, .8, 1};
    double highest = .01;
    for (size_t i = 0; i < chart->count; i++) {
        const struct page_cohort *cohort = chart->cohorts[i];
        double share = share_of(cohort, EVER);
        if (cohort->started >= BAND_LEARNERS)
            share = fmax(share, page_wilson(cohort->completed, cohort->started).high);
        highest = fmax(highest, share);
    }
    for (size_t i = 0; i < sizeof round / sizeof round[0]; i++)
        if (round[i] >= highest)
            return round[i];
    return 1;
}

static void open_inner(struct page_text *text)
{
    page_text_format(text,
                     "<svg x=\"%d%%\" width=\"%d%%\" y=\"%d\" height=\"%d\" "
                     "viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" overflow=\"visible\">",
                     LEFT, 100 - LEFT - RIGHT, TOP, HEIGHT - TOP - BOTTOM);
}

static void add_grid(struct page_text *text, const struct chart *chart)
{
    for (int i = 0; i <= 2; i++) {
        double share = chart->top * i / 2, y = outer_y(chart, share);
        page_text_format(text,
                         "<line class=\"grid\" x1=\"%d%%\" x2=\"%d%%\" y1=\"%.1f\" y2=\"%.1f\"/>"
                         "<text x=\"%.1f%%\" y=\"%.1f\" text-anchor=\"end\">%g" PAGE_THIN
                         "%%</text>",
                         LEFT, 100 - RIGHT, y, y, LEFT - 1.5, y + 4, floor(share * 1000 + .5) / 10);
    }
}

/* Between which shares the true ones lie: along the upper ends, and back along the lower. */
static void add_band(struct page_text *text, const struct chart *chart)
{
    open_inner(text);
    page_text_add(text, "<polygon class=\"band\" points=\"");
    for (size_t i = 0; i < 2 * chart->count; i++) {
        size_t at = i < chart->count ? i : 2 * chart->count - 1 - i;
        struct page_range range =
            page_wilson(chart->cohorts[at]->completed, chart->cohorts[at]->started);
        page_text_format(text, "%s%.1f,%.1f", i > 0 ? " " : "", inner_x(chart, at),
                         inner_y(chart, i < chart->count ? range.high : range.low));
    }
    page_text_add(text, "\"/></svg>");
}

/* The part of the picture in which cohorts are young. */
static void add_young(struct page_text *text, const struct chart *chart, int32_t course_id)
{
    size_t young = 0, last = chart->count - 1;
    while (young < chart->count && !page_course_is_young(chart->cohorts[young]))
        young++;
    if (young == chart->count)
        return;
    double from = young > 0 ? (outer_x(chart, young - 1) + outer_x(chart, young)) / 2 : LEFT;
    page_text_format(text,
                     "<rect class=\"young-bg\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"%d\" "
                     "height=\"%d\" fill=\"url(#y%" PRId32 ")\"/>"
                     "<text x=\"%.2f%%\" y=\"%d\" text-anchor=\"end\">may still grow</text>",
                     from, outer_x(chart, last) - from, TOP, HEIGHT - TOP - BOTTOM, course_id,
                     outer_x(chart, last), TOP - 10);
}

/* A line over the cohorts from ${from} up to ${to} whose share is known. */
static void add_stretch(struct page_text *text, const struct chart *chart, enum line line,
                        size_t from, size_t to, const char *kind)
{
    size_t points = 0;
    for (size_t i = from; i < to; i++)
        points += share_of(chart->cohorts[i], line) >= 0;
    if (points < 2)
        return;
    page_text_format(text, "<polyline class=\"%s%s\" points=\"", line == EVER ? "ever" : "day",
                     kind);
    const char *between = "";
    for (size_t i = from; i < to; i++) {
        double share = share_of(chart->cohorts[i], line);
        if (share < 0)
            continue;
        page_text_format(text, "%s%.1f,%.1f", between, inner_x(chart, i), inner_y(chart, share));
        between = " ";
    }
    page_text_add(text, "\"/>");
}

/* A line: whole over mature cohorts, dashed from the last of them on. */
static void add_line(struct page_text *text, const struct chart *chart, enum line line)
{
    size_t mature = 0;
    for (size_t i = 0; i < chart->count; i++)
        if (!page_course_is_young(chart->cohorts[i]) && share_of(chart->cohorts[i], line) >= 0)
            mature = i + 1;
    add_stretch(text, chart, line, 0, mature, "");
    add_stretch(text, chart, line, mature > 0 ? mature - 1 : 0, chart->count, " dash");
}

/* The name of a line, at its end. */
struct label {
    enum line line;
    size_t cohort;
    double share;
    double y; /* where there is room for it */
};

static int compare_labels(const void *left, const void *right)
{
    const struct label *a = left, *b = right;
    if (a->y != b->y)
        return a->y > b->y ? -1 : 1; /* lowest in the picture first */
    return (a->line > b->line) - (a->line < b->line);
}

/* The names of lines that have an end, lowest first, none over another and none above the picture.
 * Returns how many. */
static size_t place_labels(const struct chart *chart, struct label labels[LINES])
{
    size_t count = 0;
    for (enum line line = 0; line < LINES; line++) {
        size_t at = chart->count;
        while (at > 0 && share_of(chart->cohorts[at - 1], line) < 0)
            at--;
        if (at == 0)
            continue;
        double share = share_of(chart->cohorts[at - 1], line);
        labels[count++] = (struct label){line, at - 1, share, outer_y(chart, share)};
    }
    qsort(labels, count, sizeof *labels, compare_labels);
    for (size_t i = 1; i < count; i++)
        labels[i].y = fmin(labels[i].y, labels[i - 1].y - LABEL_HEIGHT);
    for (size_t i = 0; i < count; i++)
        labels[i].y = fmax(labels[i].y, TOP + (double)(count - 1 - i) * LABEL_HEIGHT);
    return count;
}

static void add_labels(struct page_text *text, const struct chart *chart)
{
    static const char *const names[] = {"in 7 days", "in 30 days", "in 90 days", "ever"};
    struct label labels[LINES];
    size_t count = place_labels(chart, labels);
    for (size_t i = 0; i < count; i++) {
        const struct label *label = &labels[i];
        double end = outer_y(chart, label->share);
        bool is_young = page_course_is_young(chart->cohorts[label->cohort]);
        page_text_format(text,
                         "<text class=\"%s\" x=\"%d%%\" y=\"%.1f\">%s %s" PAGE_THIN "%%</text>",
                         label->line == EVER ? "big" : "small", 100 - RIGHT + 2, label->y + 4,
                         label->line == EVER && is_young ? "so far" : names[label->line],
                         page_one((int64_t)floor(label->share * 1000 + .5)).text);
        /* A thread where the name does not stand at the line's end. */
        if (outer_x(chart, label->cohort) < 100 - RIGHT - 1 || fabs(label->y - end) > 3)
            page_text_format(text,
                             "<line class=\"lead-line\" x1=\"%.2f%%\" y1=\"%.1f\" x2=\"%.2f%%\" "
                             "y2=\"%.1f\"/>",
                             outer_x(chart, label->cohort) + .8, end, 100 - RIGHT + 1.6, label->y);
    }
}

static void add_dots(struct page_text *text, const struct chart *chart)
{
    for (size_t i = 0; i < chart->count && chart->count <= MOST_DOTS; i++)
        page_text_format(text, "<circle%s cx=\"%.2f%%\" cy=\"%.1f\" r=\"3.2\"/>",
                         page_course_is_young(chart->cohorts[i]) ? " class=\"hollow\"" : "",
                         outer_x(chart, i), outer_y(chart, share_of(chart->cohorts[i], EVER)));
}

static void draw(struct page_text *text, const struct chart *chart, int32_t course_id)
{
    int32_t first = chart->cohorts[0]->week, last = chart->cohorts[chart->count - 1]->week;
    page_text_format(text,
                     "<svg class=\"chart%s\" role=\"img\" aria-label=\"Completion by cohort from "
                     "%s to %s; the numbers are in the table beside it.\"><defs><pattern "
                     "id=\"y%" PRId32 "\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
                     "patternTransform=\"rotate(45)\"><rect class=\"hatch\" width=\"1.2\" "
                     "height=\"6\"/></pattern></defs>",
                     chart->count > MOST_DOTS ? " many" : "", page_day(first).text,
                     page_day(last).text, course_id);
    add_grid(text, chart);
    add_band(text, chart);
    add_young(text, chart, course_id);
    open_inner(text);
    for (enum line line = 0; line < LINES; line++)
        add_line(text, chart, line);
    page_text_add(text, "</svg>");
    add_dots(text, chart);
    add_labels(text, chart);
    page_text_format(text,
                     "<text x=\"%d%%\" y=\"%d\">%s</text><text x=\"%d%%\" y=\"%d\" "
                     "text-anchor=\"end\">%s</text></svg>",
                     LEFT, HEIGHT - 6, page_day(first).text, 100 - RIGHT, HEIGHT - 6,
                     page_day(last).text);
}

bool page_chart(struct page_text *text, const struct page_course *course)
{
    struct chart chart = {calloc(course->cohort_count + 1, sizeof(struct page_cohort *)), 0, 1};
    int64_t completed = 0;
    if (chart.cohorts == NULL) {
        text->is_short = true;
        return false;
    }
    for (size_t i = course->cohort_count; i > 0; i--)
        if (course->cohorts[i - 1].started >= PAGE_FEW) {
            chart.cohorts[chart.count++] = &course->cohorts[i - 1];
            completed += course->cohorts[i - 1].completed;
        }
    bool is_drawn = chart.count >= 2 && completed > 0;
    if (is_drawn) {
        chart.top = find_top(&chart);
        draw(text, &chart, course->id);
    }
    free(chart.cohorts);
    return is_drawn;
}
