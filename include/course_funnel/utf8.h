#ifndef COURSE_FUNNEL_UTF8_H
#define COURSE_FUNNEL_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Well-formed UTF-8, as the Unicode Standard has it in table 3-7. Pure. */

/*
 * Local. How many bytes the character at ${text} takes, of which ${bytes} are there, or 0: none is
 * there, or what is there is over-long, a surrogate, beyond Unicode or not UTF-8 at all. A NUL is
 * a character of one byte and part of no other, so that a text that ends in one may be given
 * SIZE_MAX.
 */
size_t utf8_character_bytes(const char *text, size_t bytes);

/*
 * Local. Whether the character of ${bytes} at ${text} must not be shown as it is: a control
 * character, a mark that turns the direction of what follows, or an end of lines or paragraphs.
 */
bool utf8_is_hidden(const char *text, size_t bytes);

/*
 * Local. The text as people may be shown it, as much as ${capacity} bytes take with the NUL behind
 * it: hidden characters and what is not UTF-8 as \xNN, each byte, and no character in part.
 * Returns how many bytes of the text are shown.
 */
size_t utf8_show(const char *text, size_t bytes, char *shown, size_t capacity);

#endif
