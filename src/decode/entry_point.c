#include "entry_point.h"

#include "course_funnel/event.h"
#include "course_funnel/utf8.h"

#include <stdint.h>
#include <string.h>

/* How many of the bytes at ${text} are ASCII without NUL, as nearly all are; a multiple of 8. */
static size_t plain_bytes(const char *text, size_t bytes)
{
    size_t at = 0;
    for (; at + sizeof(uint64_t) <= bytes; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, text + at, sizeof word);
        /* A byte that is 0, or above 0x7f, leaves its top bit set in one of the two. */
        if (((word - UINT64_C(0x0101010101010101)) | word) & UINT64_C(0x8080808080808080))
            break;
    }
    return at;
}

size_t entry_point_bytes(const char *text, size_t bytes)
{
    size_t kept = 0;
    for (size_t at = 0; at < bytes;) {
        size_t plain = plain_bytes(text + at, bytes - at);
        size_t step = plain > 0 ? plain : utf8_character_bytes(text + at, bytes - at);
        if (step == 0 || text[at] == '\0')
            return 0;
        at += step;
        if (at <= EVENT_ENTRY_POINT_BYTES)
            kept = at;
        else if (plain > 0 && at - plain < EVENT_ENTRY_POINT_BYTES)
            kept = EVENT_ENTRY_POINT_BYTES;
    }
    return kept;
}
