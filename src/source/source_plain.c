#include "source_internal.h"

#include <inttypes.h>
#include <string.h>

/* The page size: reads that begin at a page are the cheapest. */
#define PAGE_BYTES 4096

/* Read beyond a range's end in one go: as a rule enough to finish its last line. */
#define LAST_LINE_BYTES 16384

/* Skip the line that began before the range; what is not found before its end is not wanted. */
static int find_first_line(struct source_plain *plain, struct failure *failure)
{
    char text[PAGE_BYTES];
    uint64_t position = plain->position - 1;
    while (position + 1 < plain->end) {
        ssize_t got = source_handle_read_at(plain->handle, position, text, sizeof text, failure);
        if (got < 0)
            return -1;
        const char *newline = memchr(text, '\n', (size_t)got);
        if (newline != NULL) {
            plain->position = position + (uint64_t)(newline - text) + 1;
            plain->ended = plain->position >= plain->end;
            return 0;
        }
        position += (uint64_t)got;
    }
    plain->ended = true;
    return 0;
}

static int resume(struct source_plain *plain, uint64_t begin, uint64_t offset,
                  struct failure *failure)
{
    const struct source_handle *handle = plain->handle;
    char before = '\n';
    if (offset >= begin && offset < handle->file->bytes &&
        source_handle_read_at(handle, offset - 1, &before, 1, failure) < 0)
        return -1;
    if (offset < begin || offset > handle->file->bytes || before != '\n')
        return failure_set(failure, EXIT_SOURCE,
                           "%s: no line begins at byte %" PRIu64
                           ", where reading is to be resumed. The checkpoint does not belong to "
                           "this file: use --restart.",
                           handle->shown, offset);
    plain->position = offset;
    plain->ended = offset >= plain->end;
    return 0;
}

int source_plain_open(struct source_plain *plain, const struct source_handle *handle,
                      uint64_t begin, uint64_t end, uint64_t resume_offset, struct failure *failure)
{
    *plain = (struct source_plain){.handle = handle, .position = begin, .end = end};
    if (resume_offset > 0)
        return resume(plain, begin, resume_offset, failure);
    return begin > 0 ? find_first_line(plain, failure) : 0;
}

ssize_t source_plain_read(void *from, void *to, size_t capacity, struct failure *failure)
{
    struct source_plain *plain = from;
    if (plain->ended)
        return 0;

    /* The first read ends at a page, and so do all that follow but the last. */
    uint64_t position = plain->position;
    size_t wanted = capacity > PAGE_BYTES ? capacity - position % PAGE_BYTES : capacity;
    uint64_t left = (position < plain->end ? plain->end - position : 0) + LAST_LINE_BYTES;
    if (wanted > left)
        wanted = (size_t)left;

    ssize_t got = source_handle_read_at(plain->handle, position, to, wanted, failure);
    if (got <= 0) {
        plain->ended = got == 0;
        return got;
    }
    /* The last line of the range is the one that the byte before its end lies in. */
    uint64_t last = plain->end > 0 ? plain->end - 1 : 0;
    if (position + (uint64_t)got > last && plain->end < plain->handle->file->bytes) {
        size_t skip = position < last ? (size_t)(last - position) : 0;
        const char *newline = memchr((char *)to + skip, '\n', (size_t)got - skip);
        if (newline != NULL) {
            got = newline + 1 - (char *)to;
            plain->ended = true;
        }
    }
    plain->position += (uint64_t)got;
    return got;
}
