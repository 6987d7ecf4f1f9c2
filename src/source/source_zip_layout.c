#include "source_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * The parts of a zip archive, as they lie in the file: for each entry a header, the compressed
 * bytes and perhaps a descriptor; then the directory; then its end. libzip finds entries by the
 * directory alone, and would pass over all that the directory does not name.
 */

#define LOCAL_BYTES 30
#define CENTRAL_BYTES 46
#define END_BYTES 22
#define END64_BYTES 56
#define LOCATOR_BYTES 20
#define COMMENT_BYTES 65535

struct part {
    uint64_t begin; /* of the header */
    uint64_t bytes; /* compressed */
    uint32_t crc;
    bool described; /* a descriptor follows */
};

struct layout {
    const struct source_handle *handle;
    struct part *parts;
    uint64_t count;
    uint64_t directory, directory_bytes, directory_end;
};

static uint64_t number(const unsigned char *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = bytes; i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

static int refuse(const struct layout *layout, uint64_t from, uint64_t to, struct failure *failure)
{
    return failure_set(failure, EXIT_SOURCE,
                       "%s: the bytes from %" PRIu64 " to %" PRIu64
                       " of the archive belong to no entry, header or directory. Two archives may "
                       "have been joined, or the directory is not that of this file. Fetch the "
                       "file again, or unpack each archive by itself.",
                       layout->handle->shown, from, to);
}

static int refuse_directory(const struct layout *layout, struct failure *failure)
{
    return failure_set(failure, EXIT_SOURCE,
                       "%s: the directory of the archive is damaged. Fetch the file again.",
                       layout->handle->shown);
}

/* Exactly ${bytes} at ${offset}. */
static int fetch(const struct layout *layout, uint64_t offset, void *to, size_t bytes,
                 struct failure *failure)
{
    uint64_t size = layout->handle->file->bytes;
    if (offset > size || bytes > size - offset)
        return refuse_directory(layout, failure);
    return source_handle_read_at(layout->handle, offset, to, bytes, failure) < 0 ? -1 : 0;
}

/* The numbers of an archive of more than 4 GiB or 65,535 entries, where the end at ${end} says so.
 */
static int find_end64(struct layout *layout, uint64_t end, struct failure *failure)
{
    unsigned char locator[LOCATOR_BYTES], record[END64_BYTES];
    if (end < LOCATOR_BYTES)
        return 0;
    if (fetch(layout, end - LOCATOR_BYTES, locator, sizeof locator, failure) != 0)
        return -1;
    if (memcmp(locator, "PK\6\7", 4) != 0)
        return 0;
    uint64_t at = number(locator + 8, 8);
    if (fetch(layout, at, record, sizeof record, failure) != 0)
        return -1;
    uint64_t record_end = at + 12 + number(record + 4, 8);
    if (memcmp(record, "PK\6\6", 4) != 0 || record_end != end - LOCATOR_BYTES)
        return refuse_directory(layout, failure);
    layout->count = number(record + 32, 8);
    layout->directory_bytes = number(record + 40, 8);
    layout->directory = number(record + 48, 8);
    layout->directory_end = at;
    return 0;
}

/* The end of the directory, which stands before a comment that reaches to the file's end. */
static int find_end(struct layout *layout, struct failure *failure)
{
    uint64_t size = layout->handle->file->bytes;
    size_t bytes = size < END_BYTES + COMMENT_BYTES ? (size_t)size : END_BYTES + COMMENT_BYTES;
    unsigned char *tail = malloc(bytes + 1);
    if (tail == NULL)
        return failure_memory(failure, "the end of an archive", bytes);
    int result = fetch(layout, size - bytes, tail, bytes, failure);
    uint64_t begun = UINT64_MAX;
    bool found = false;
    for (size_t at = bytes >= END_BYTES ? bytes - END_BYTES + 1 : 0; result == 0 && at-- > 0;) {
        if (memcmp(tail + at, "PK\5\6", 4) != 0)
            continue;
        uint64_t end = size - bytes + at;
        uint64_t after = end + END_BYTES + number(tail + at + 20, 2);
        if (after != size) {
            begun = begun == UINT64_MAX && after < size ? after : begun;
            continue;
        }
        layout->count = number(tail + at + 10, 2);
        layout->directory_bytes = number(tail + at + 12, 4);
        layout->directory = number(tail + at + 16, 4);
        layout->directory_end = end;
        result = find_end64(layout, end, failure);
        found = true;
        break;
    }
    free(tail);
    if (result != 0 || found)
        return result;
    return begun != UINT64_MAX ? refuse(layout, begun, size, failure)
                               : refuse_directory(layout, failure);
}

/* A number of the header that stands in its extra field where it does not fit. */
static bool widen(uint64_t *value, const unsigned char **wide, const unsigned char *end)
{
    if (*value != UINT32_MAX)
        return true;
    if (*wide == NULL || end - *wide < 8)
        return false;
    *value = number(*wide, 8);
    *wide += 8;
    return true;
}

/* Read one header of the directory, of which ${left} bytes are left. Returns its size; 0: bad. */
static uint64_t take_header(const unsigned char *header, uint64_t left, struct part *part)
{
    if (left < CENTRAL_BYTES || memcmp(header, "PK\1\2", 4) != 0)
        return 0;
    size_t name = (size_t)number(header + 28, 2), extra = (size_t)number(header + 30, 2);
    uint64_t bytes = CENTRAL_BYTES + name + extra + number(header + 32, 2);
    if (bytes > left)
        return 0;
    uint64_t text_bytes = number(header + 24, 4);
    *part = (struct part){.begin = number(header + 42, 4),
                          .bytes = number(header + 20, 4),
                          .crc = (uint32_t)number(header + 16, 4),
                          .described = (header[8] & 8) != 0};
    const unsigned char *wide = NULL, *end = NULL;
    const unsigned char *at = header + CENTRAL_BYTES + name, *extra_end = at + extra;
    while (extra_end - at >= 4) {
        size_t field = (size_t)number(at + 2, 2);
        if (field > (size_t)(extra_end - at) - 4)
            break;
        if (number(at, 2) == 1) {
            wide = at + 4;
            end = wide + field;
        }
        at += 4 + field;
    }
    if (!widen(&text_bytes, &wide, end) || !widen(&part->bytes, &wide, end) ||
        !widen(&part->begin, &wide, end))
        return 0;
    return bytes;
}

static int read_directory(struct layout *layout, struct failure *failure)
{
    uint64_t bytes = layout->directory_bytes;
    if (bytes > layout->directory_end)
        return refuse_directory(layout, failure);
    uint64_t begin = layout->directory_end - bytes;
    if (begin > layout->directory) {
        /* Something stands behind the directory, or was put before the archive. */
        unsigned char mark[4];
        if (fetch(layout, layout->directory, mark, sizeof mark, failure) != 0)
            return -1;
        bool behind = layout->count > 0 && memcmp(mark, "PK\1\2", 4) == 0;
        return refuse(layout, behind ? layout->directory + bytes : 0,
                      behind ? layout->directory_end : begin - layout->directory, failure);
    }
    if (begin != layout->directory || layout->count > bytes / CENTRAL_BYTES)
        return refuse_directory(layout, failure);
    unsigned char *directory = malloc((size_t)bytes + 1);
    layout->parts = calloc((size_t)layout->count + 1, sizeof *layout->parts);
    int result = 0;
    if (directory == NULL || layout->parts == NULL)
        result = failure_memory(failure, "the directory of an archive", (size_t)bytes);
    else
        result = fetch(layout, begin, directory, (size_t)bytes, failure);
    uint64_t at = 0;
    for (uint64_t i = 0; result == 0 && i < layout->count; i++) {
        uint64_t header = take_header(directory + at, bytes - at, &layout->parts[i]);
        if (header == 0)
            result = refuse_directory(layout, failure);
        at += header;
    }
    if (result == 0 && at != bytes)
        result = refuse(layout, begin + at, layout->directory_end, failure);
    free(directory);
    return result;
}

static int compare_parts(const void *left, const void *right)
{
    const struct part *a = left, *b = right;
    return a->begin < b->begin ? -1 : a->begin > b->begin;
}

/*
 * Where the part ends, given where the ${next} begins. A descriptor is 12 to 24 bytes: a mark or
 * none, the checksum, and two sizes of 4 or 8 bytes.
 */
static int find_part_end(const struct layout *layout, const struct part *part, uint64_t next,
                         uint64_t *end, struct failure *failure)
{
    unsigned char header[LOCAL_BYTES], descriptor[24];
    if (fetch(layout, part->begin, header, sizeof header, failure) != 0)
        return -1;
    if (memcmp(header, "PK\3\4", 4) != 0)
        return refuse_directory(layout, failure);
    *end = part->begin + LOCAL_BYTES + number(header + 26, 2) + number(header + 28, 2);
    if (part->bytes > UINT64_MAX - *end)
        return refuse_directory(layout, failure);
    *end += part->bytes;
    if (*end > next)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: its entries overlap, so that it is no archive that a packer made. "
                           "Fetch the file again.",
                           layout->handle->shown);
    uint64_t left = next - *end;
    if (!part->described || (left != 12 && left != 16 && left != 20 && left != 24))
        return 0;
    if (fetch(layout, *end, descriptor, (size_t)left, failure) != 0)
        return -1;
    size_t mark = left % 8 == 0 ? 4 : 0;
    if ((mark == 0 || memcmp(descriptor, "PK\7\x8", 4) == 0) &&
        number(descriptor + mark, 4) == part->crc)
        *end = next;
    return 0;
}

static int check_parts(struct layout *layout, struct failure *failure)
{
    uint64_t expected = 0;
    if (layout->count > 0)
        qsort(layout->parts, (size_t)layout->count, sizeof *layout->parts, compare_parts);
    for (uint64_t i = 0; i < layout->count; i++) {
        const struct part *part = &layout->parts[i];
        uint64_t next = i + 1 < layout->count ? layout->parts[i + 1].begin : layout->directory;
        if (part->begin > expected)
            return refuse(layout, expected, part->begin, failure);
        if (find_part_end(layout, part, next, &expected, failure) != 0)
            return -1;
    }
    return expected < layout->directory ? refuse(layout, expected, layout->directory, failure) : 0;
}

int source_zip_check(const struct source_handle *handle, struct failure *failure)
{
    struct layout layout = {.handle = handle};
    int result = find_end(&layout, failure);
    if (result == 0)
        result = read_directory(&layout, failure);
    if (result == 0)
        result = check_parts(&layout, failure);
    free(layout.parts);
    return result;
}
