#ifndef LAYOUT_H
#define LAYOUT_H

#include "course_funnel/simd.h"
#include "structure.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The short way for lines that look like those before: an exporter writes the same keys in the same
 * order, without blanks. Their keys are learned from one line and compared in the next, so that
 * only the ends of values need to be found. Pure.
 */

struct layout; /* one thread's */

/* Local. An empty layout, which the caller owns, or NULL: no memory. */
struct layout *layout_create(void);
void layout_free(struct layout *layout);

/* Local. Forget what was learned. */
void layout_forget(struct layout *layout);

/*
 * Local. Whether ${bytes} at ${text} are an object with the keys that were learned; then ${values}
 * are what structure_scan would set, which would return STRUCTURE_OBJECT. False says nothing of the
 * text, and leaves ${values} undefined. DECODE_PADDING bytes past the text must be readable.
 */
bool layout_match(struct layout *layout, enum simd_level level, const char *text, size_t bytes,
                  const char *values[STRUCTURE_FIELDS]);

/*
 * Local. Say that a text did not match although it is an object. When lines have often not matched
 * of late, its keys are learned, unless it has blanks between them, escapes in them, or too many.
 */
void layout_missed(struct layout *layout, const char *text, size_t bytes);

#endif
