#include "course_funnel/utf8.h"

#include <stdbool.h>
#include <string.h>

size_t utf8_character_bytes(const char *text, size_t bytes)
{
    const unsigned char *at = (const unsigned char *)text;
    if (bytes == 0)
        return 0;
    unsigned char lead = at[0];
    if (lead < 0x80)
        return 1;
    size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || bytes - 1 < more)
        return 0;
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i <= more; i++)
        if (at[i] < 0x80 || at[i] > 0xbf)
            return 0;
    return more + 1;
}

bool utf8_is_hidden(const char *text, size_t bytes)
{
    const unsigned char *at = (const unsigned char *)text;
    if (bytes == 1)
        return at[0] < 0x20 || at[0] == 0x7F;
    if (bytes == 2) /* U+0080 to U+009F, U+061C */
        return (at[0] == 0xC2 && at[1] < 0xA0) || (at[0] == 0xD8 && at[1] == 0x9C);
    if (bytes != 3 || at[0] != 0xE2)
        return false;
    /* U+200E, U+200F, U+2028 to U+202E; U+2066 to U+2069 */
    return (at[1] == 0x80 &&
            (at[2] == 0x8E || at[2] == 0x8F || (at[2] >= 0xA8 && at[2] <= 0xAE))) ||
           (at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9);
}

/* How many bytes the printable character at ${text} takes; 0: it is not one. */
static size_t printable_bytes(const char *text, size_t bytes)
{
    size_t found = utf8_character_bytes(text, bytes);
    return found > 0 && utf8_is_hidden(text, found) ? 0 : found;
}

size_t utf8_show(const char *text, size_t bytes, char *shown, size_t capacity)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t used = 0, at = 0;
    while (at < bytes) {
        size_t found = printable_bytes(text + at, bytes - at);
        if (used + (found > 0 ? found : 4) >= capacity)
            break;
        if (found > 0) {
            memcpy(shown + used, text + at, found);
            used += found;
            at += found;
        } else {
            shown[used++] = '\\';
            shown[used++] = 'x';
            unsigned char byte = (unsigned char)text[at++];
            shown[used++] = hex[byte >> 4];
            shown[used++] = hex[byte & 15];
        }
    }
    shown[used] = '\0';
    return at;
}
