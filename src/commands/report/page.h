#ifndef PAGE_H
#define PAGE_H

#include "course_funnel/marts_read.h"
#include "page_names.h"
#include "report_sums.h"

/*
 * The page of published marts: one file of HTML that needs nothing else, or a directory with a
 * file a course. The same marts give the same bytes.
 */
struct page_source {
    const struct marts *marts; /* the further ones are there */
    const struct marts_origin *origin;
    const struct report_course *courses;
    size_t course_count;
    const struct page_names *names;
    size_t most_bytes; /* of a file */
};

/* Mail and browsers do not take a larger file. */
#define PAGE_MOST_BYTES (10 << 20)

/*
 * Local. Write it to ${path}; where that ends in a slash or is a directory, index.html and a
 * course-ID.html each into it, made where it is missing. A course that is too large even so is
 * shown without choices. Each file is put in place by temporary name and rename. Returns 0, or -1:
 * EXIT_USAGE (too large for one file), EXIT_TARGET (it cannot be written), EXIT_BUG.
 */
int page_write(const struct page_source *source, const char *path, struct failure *failure);

#endif
