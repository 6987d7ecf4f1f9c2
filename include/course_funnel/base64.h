#ifndef COURSE_FUNNEL_BASE64_H
#define COURSE_FUNNEL_BASE64_H

#include <stddef.h>

/* Bytes as text, with padding (RFC 4648, section 4). Pure. */

/* How many bytes the text of ${bytes} bytes takes, with the NUL behind it. */
#define BASE64_BYTES(bytes) (((bytes) + 2) / 3 * 4 + 1)

/* Local. Write the text of ${bytes} bytes, and a NUL. */
void base64_encode(const void *plain, size_t bytes, char *text);

/* Local. The first ${most} bytes, or all, of what base64_encode wrote. Returns how many. */
size_t base64_decode(const char *text, size_t most, char *plain);

#endif
