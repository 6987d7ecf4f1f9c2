#ifndef ENTRY_POINT_H
#define ENTRY_POINT_H

#include <stddef.h>

/*
 * What counts of the text of an entry_point (src/rules.md, "Answers"). Pure.
 *
 * Local. How many of the ${bytes} at ${text} do: all up to EVENT_ENTRY_POINT_BYTES, cut before the
 * character that would pass them; 0 where the text, anywhere, is not UTF-8 or holds NUL.
 */
size_t entry_point_bytes(const char *text, size_t bytes);

#endif
