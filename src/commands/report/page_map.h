#ifndef PAGE_MAP_H
#define PAGE_MAP_H

#include "page_course.h"
#include "page_numbers.h"

/* Local. The class of a cell's colour: h1 to h9 by the share of ${base} that reached it, z where
 * nobody did. Pure. */
struct page_number page_map_class(const struct page_value *value, int64_t base);

#endif
