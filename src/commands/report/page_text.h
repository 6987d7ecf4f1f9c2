#ifndef PAGE_TEXT_H
#define PAGE_TEXT_H

#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The text of a page while it grows. All zero is an empty one. Where there is no memory for more
 * nothing further is added, and page_text_check tells at the end, so that the parts of a page need
 * not ask after each piece. Pure.
 */
struct page_text {
    char *bytes; /* terminated where there is anything */
    size_t count;
    size_t capacity;
    bool is_short; /* there was no memory */
};

/* Local. Frees it and leaves it all zero. */
void page_text_free(struct page_text *text);

/* Local. Add text as it stands: only what the program itself has written. */
void page_text_add(struct page_text *text, const char *more);
void page_text_format(struct page_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Local. Add a text from elsewhere, a name or an id, for HTML (also between quotes), or as a string
 * of JSON with its quotes, `<` as \u003c. What is no UTF-8, control characters and marks that turn
 * the direction of text are dropped.
 */
void page_text_html(struct page_text *text, const char *more);
void page_text_json(struct page_text *text, const char *more);

/* Local. Returns 0, or -1 (EXIT_BUG) where anything could not be added. */
int page_text_check(const struct page_text *text, struct failure *failure);

#endif
