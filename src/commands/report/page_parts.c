#include "page_parts.h"

#include "page_numbers.h"

#include <inttypes.h>
#include <stdio.h>

void page_parts_csv(struct page_text *text, const char *file, const char *what)
{
    page_text_format(text,
                     "<button class=\"csv\" data-js hidden value=\"%s.csv\" "
                     "aria-label=\"Download %s as CSV\">CSV</button>",
                     file, what);
}

void page_parts_course_csv(struct page_text *text, const struct page_course *course,
                           const char *name, const char *what)
{
    char file[64];
    snprintf(file, sizeof file, "course-%" PRId32 "-%s", course->id, name);
    page_parts_csv(text, file, what);
}

void page_parts_box(struct page_text *text, const struct page_course *course, const char *kind,
                    const char *what, const char *caption)
{
    page_text_format(text, "<div class=\"%s\" tabindex=\"0\" role=\"region\" aria-label=\"%s of ",
                     kind, what);
    page_text_html(text, course->name);
    page_text_format(text, "\"><table><caption class=\"sr\">%s of ", caption);
    page_text_html(text, course->name);
    page_text_add(text, "</caption>");
}

void page_parts_bar(struct page_text *text, const char *number, const char *kind, const char *width)
{
    page_text_format(text,
                     "<div class=\"bar\"><b>%s</b><span class=\"track\"><i class=\"%s %s\"></i>"
                     "</span></div>",
                     number, kind, width);
}

/* What the line is drawn in: 100 wide with room for the dot at its end, 20 high. */
static double spark_x(const struct page_point *points, size_t count, size_t i)
{
    return 100.0 * (points[i].week - points[0].week) / (points[count - 1].week - points[0].week);
}

static double spark_y(const struct page_point *point, double highest)
{
    double height = point->share / highest;
    return 20 - 18 * (height < 1 ? height : 1);
}

void page_parts_spark(struct page_text *text, const struct page_point *points, size_t count,
                      double highest)
{
    bool is_flat = true;
    for (size_t i = 0; i < count; i++)
        is_flat = is_flat && points[i].share <= 0;
    if (count < 2 || is_flat) {
        page_text_add(text, PAGE_NONE);
        return;
    }
    page_text_add(text, "<svg class=\"spark\" viewBox=\"0 0 104 22\" preserveAspectRatio=\"none\" "
                        "aria-hidden=\"true\"><polyline points=\"");
    for (size_t i = 0; i < count; i++)
        page_text_format(text, "%s%.1f,%.1f", i > 0 ? " " : "", spark_x(points, count, i),
                         spark_y(&points[i], highest));
    page_text_format(text, "\"/><circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.2\"/></svg>",
                     spark_x(points, count, count - 1), spark_y(&points[count - 1], highest));
}
