#ifndef PAGE_NUMBERS_H
#define PAGE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Numbers as the page shows them. Each is a text of its own that lives to the end of the
 * expression, as in page_text_format(text, "%s", page_count(n).text). script.js has the same
 * functions under the same names, and a test compares what both write. Pure.
 */
struct page_number {
    char text[64];
};

/* What stands where there is no value: an en dash. */
#define PAGE_NONE "\xe2\x80\x93"
/* A narrow space that does not break, between number and %. */
#define PAGE_THIN "\xe2\x80\xaf"

/* Local. 1,234,567. */
struct page_number page_count(int64_t count);

/* Local. "1 learner", "2 learners". */
struct page_number page_plural(int64_t count, const char *word);

/* Local. Tenths of a percent that ${part} is of ${whole}, half up; -1 where there is no whole. */
int64_t page_tenths(int64_t part, int64_t whole);

/* Local. Tenths with their point, a true minus before those below 0. */
struct page_number page_one(int64_t tenths);

/* Local. The share in percent without the sign, or PAGE_NONE. */
struct page_number page_share(int64_t part, int64_t whole);

/* Local. 5 Sep 2016, with spaces that do not break; of days since 1970-01-01. */
struct page_number page_day(int32_t day);

/* Local. Thousandths of a second as "59 s", "4 min", "2 h", "3 days"; PAGE_NONE where not known. */
struct page_number page_span(bool is_known, int64_t seconds_e3);

/* Local. Thousandths of a day with one decimal; PAGE_NONE where not known. */
struct page_number page_days(bool is_known, int64_t days_e3);

/*
 * Local. The classes of a bar's width, "a68 b9" for 68.9 % of ${whole}: a policy that knows scripts
 * and styles by their hash allows no style of an element's own. Never below 0.1 % for a count.
 */
struct page_number page_width(int64_t part, int64_t whole);

/* Local. Between which shares (0 to 1) the true one lies in 95 of 100 cases, by Wilson. ${whole} is
 * above 0. */
struct page_range {
    double low, high;
};
struct page_range page_wilson(int64_t part, int64_t whole);

/* Local. "31.2–35.0", in percent; PAGE_NONE where ${whole} is 0. */
struct page_number page_wilson_text(int64_t part, int64_t whole);

#endif
