#ifndef PAGE_WORDS_H
#define PAGE_WORDS_H

#include "page_course.h"
#include "page_text.h"

/* What a course's numbers say, in sentences. Texts are escaped for HTML. Pure. */

/* Local. "Of 6,258 learners in 19 mature cohorts, 1,726 (27.6 %) completed the course." */
void page_words_head(struct page_text *text, const struct page_course *course,
                     const struct page_total *total);

/* Local. Where they stop, what is hard, what is long: each sentence only where it applies. */
void page_words_lead(struct page_text *text, const struct page_course *course);

/* Local. What the funnel's bars are of, and of which cohort its times. */
void page_words_scope(struct page_text *text, const struct page_course *course,
                      const struct page_total *total);

/* Local. "mature" or "young". */
const char *page_words_kind(const struct page_total *total);

#endif
