#ifndef PAGE_NAMES_H
#define PAGE_NAMES_H

#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What courses and lessons are called, out of a CSV file that its user wrote: a header line
 * course_id,lesson_id,title,module,position, columns in any order, then a row a lesson; one without
 * lesson_id names the course. The texts are as hostile as any: they are shown escaped. No MPI.
 */
struct page_name {
    int32_t course_id;
    bool is_course; /* else a lesson */
    int32_t lesson_id;
    char *title;  /* may be empty */
    char *module; /* likewise */
    bool has_position;
    int64_t position;
};

struct page_names {
    struct page_name *rows; /* by course, the course itself first, then by lesson */
    size_t count;
};

/*
 * Local. Read them. Returns 0, or -1: EXIT_USAGE with the file and the line that is wrong (a number
 * that is none, a lesson that is named twice, a column that is missing, a quote that stays open,
 * what is not UTF-8), EXIT_BUG.
 */
int page_names_read(const char *path, struct page_names *names, struct failure *failure);
void page_names_free(struct page_names *names);

/* Local. The same from a text of ${bytes}; ${path} is for messages. */
int page_names_parse(const char *text, size_t bytes, const char *path, struct page_names *names,
                     struct failure *failure);

/* Local. The row of a course, or of a lesson of it; NULL where there is none. */
const struct page_name *page_names_course(const struct page_names *names, int32_t course_id);
const struct page_name *page_names_lesson(const struct page_names *names, int32_t course_id,
                                          int32_t lesson_id);

/*
 * Local. Which of two lessons of a course stands first, by their names, which may be NULL, and ids:
 * those with a position by it, then those without; by their ids where that does not tell. Below 0,
 * 0 or above, as for qsort.
 */
int page_names_order(const struct page_name *left, int32_t left_id, const struct page_name *right,
                     int32_t right_id);

#endif
