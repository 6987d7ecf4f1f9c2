#include "source_internal.h"

#include "course_funnel/fault.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * Bytes read at a time. The buffer must stay in the L2 cache, where the next stage finds the text
 * again, and be large enough that the cost of a system call does not show. Reading alone took less
 * processor time still with 1 MiB (by a tenth), but that would fill such a cache by itself.
 */
#define CHUNK_BYTES ((size_t)512 << 10)

#define NO_FILE SIZE_MAX

/* So many NUL bytes in a row are a hole: a part of the file that was never written. */
#define HOLE_BYTES 16

enum reader_state {
    READER_CLOSED, /* no split was opened, or reading it failed */
    READER_OPEN,
    READER_AT_END, /* all text was given, but the file was not yet checked */
    READER_ENDED
};

/*
 * The buffer: a chunk of room for the line that the last chunk left unfinished, then the chunk
 * that is read. So only that line is ever moved, and reads go to one aligned place. A line that
 * is longer than a chunk lets the buffer grow at its end.
 */
struct source_reader {
    const struct source_list *list;
    const struct source_limits *limits;
    size_t chunk_bytes;
    char *memory;
    size_t capacity; /* of memory, SOURCE_PADDING left out */
    size_t begin;    /* text that was read, but not yet given: [begin, end) of memory */
    size_t end;
    uint64_t offset;     /* of begin in the text */
    uint64_t drop_bytes; /* of the text, to be read again before that */
    enum reader_state state;
    const struct source_split *split;
    uint64_t disk_reported;
    struct source_bytes text; /* of the open split */
    struct source_handle handle;
    size_t handle_file; /* index of the file that handle has open, or NO_FILE */
    struct source_plain plain;
    struct source_gzip *gzip; /* NULL until it is needed */
    struct source_zip *zip;   /* NULL where handle's file is no archive */
    char shown[SOURCE_SHOWN_BYTES];
};

static char *allocate(size_t capacity, struct failure *failure)
{
    void *memory;
    if (posix_memalign(&memory, 4096, capacity + SOURCE_PADDING) != 0) {
        failure_memory(failure, "reading lines", capacity + SOURCE_PADDING);
        return NULL;
    }
    return memory;
}

int source_reader_create(const struct source_list *list, const struct source_limits *limits,
                         struct source_reader **reader, struct failure *failure)
{
    *reader = NULL;
    struct source_reader *created = calloc(1, sizeof *created);
    if (created == NULL)
        return failure_memory(failure, "reading lines", sizeof *created);
    created->list = list;
    created->limits = limits;
    created->handle.fd = -1;
    created->handle_file = NO_FILE;
    /* With no chunk above the longest line, a line over the limit always spans two reads. */
    created->chunk_bytes =
        limits->max_line_bytes < CHUNK_BYTES ? (size_t)limits->max_line_bytes : CHUNK_BYTES;
    if (created->chunk_bytes == 0)
        created->chunk_bytes = 1;
    created->capacity = 2 * created->chunk_bytes;
    created->memory = allocate(created->capacity, failure);
    if (created->memory == NULL) {
        free(created);
        return -1;
    }
    *reader = created;
    return 0;
}

static const char *shown(const struct source_reader *reader)
{
    return reader->zip != NULL ? reader->shown : reader->handle.shown;
}

static void close_file(struct source_reader *reader)
{
    source_zip_close(reader->zip);
    reader->zip = NULL;
    source_handle_close(&reader->handle);
    reader->handle_file = NO_FILE;
}

void source_reader_free(struct source_reader *reader)
{
    if (reader == NULL)
        return;
    close_file(reader);
    source_gzip_free(reader->gzip);
    free(reader->memory);
    free(reader);
}

/* The file stays open from split to split, and an archive with it. */
static int open_file(struct source_reader *reader, size_t index, struct failure *failure)
{
    if (reader->handle_file == index) {
        if (source_handle_check(&reader->handle, failure) == 0)
            return 0;
        close_file(reader);
        return -1;
    }
    close_file(reader);
    const struct source_file *file = &reader->list->files[index];
    if (source_handle_open(&reader->handle, file, failure) != 0)
        return -1;
    reader->handle_file = index;
    if (file->format == SOURCE_ZIP &&
        source_zip_open(&reader->zip, &reader->handle, failure) != 0) {
        close_file(reader);
        return -1;
    }
    return 0;
}

/* What lies between the file and the lines: an archive, gzip, both or neither. */
static int open_text(struct source_reader *reader, uint64_t resume_offset, struct failure *failure)
{
    const struct source_split *split = reader->split;
    if (reader->zip == NULL && split->format == SOURCE_PLAIN) {
        reader->text = (struct source_bytes){source_plain_read, &reader->plain};
        return source_plain_open(&reader->plain, &reader->handle, split->begin, split->end,
                                 resume_offset, failure);
    }

    const char *name = reader->handle.shown;
    reader->handle.position = 0;
    reader->text = (struct source_bytes){source_handle_read, &reader->handle};
    if (reader->zip != NULL) {
        name = reader->shown;
        if (source_zip_show(reader->zip, split->entry, reader->shown, sizeof reader->shown,
                            failure) != 0 ||
            source_zip_enter(reader->zip, split->entry, name, reader->limits->max_ratio, failure) !=
                0)
            return -1;
        reader->text = (struct source_bytes){source_zip_read, reader->zip};
    }
    if (split->format == SOURCE_GZIP) {
        if (reader->gzip == NULL && source_gzip_create(&reader->gzip, failure) != 0)
            return -1;
        source_gzip_open(reader->gzip, reader->text, name, reader->limits->max_ratio);
        reader->text = (struct source_bytes){source_gzip_read, reader->gzip};
    }
    return 0;
}

static uint64_t disk_bytes_so_far(const struct source_reader *reader)
{
    if (reader->zip != NULL)
        return source_zip_consumed(reader->zip);
    if (reader->split->format == SOURCE_GZIP)
        return source_gzip_consumed(reader->gzip);
    return reader->offset;
}

int source_open(struct source_reader *reader, size_t split, uint64_t resume_offset,
                struct failure *failure)
{
    reader->state = READER_CLOSED;
    reader->split = &reader->list->splits[split];
    reader->begin = reader->end = reader->chunk_bytes;
    if (open_file(reader, reader->split->file, failure) != 0 ||
        open_text(reader, resume_offset, failure) != 0)
        return -1;

    bool plain_file = reader->zip == NULL && reader->split->format == SOURCE_PLAIN;
    reader->offset = plain_file ? reader->plain.position : resume_offset;
    reader->drop_bytes = plain_file ? 0 : resume_offset;
    reader->disk_reported = disk_bytes_so_far(reader);
    reader->state = READER_OPEN;
    return 0;
}

/* Make room for one more chunk behind the text. */
static int grow(struct source_reader *reader, struct failure *failure)
{
    if (reader->capacity - reader->end >= reader->chunk_bytes)
        return 0;
    size_t capacity = 2 * reader->capacity;
    char *memory = allocate(capacity, failure);
    if (memory == NULL)
        return -1;
    memcpy(memory + reader->begin, reader->memory + reader->begin, reader->end - reader->begin);
    free(reader->memory);
    reader->memory = memory;
    reader->capacity = capacity;
    return 0;
}

static void give(struct source_reader *reader, size_t end, struct source_block *block)
{
    block->begin = reader->memory + reader->begin;
    block->end = reader->memory + end;
    block->offset = reader->offset;
    reader->offset += end - reader->begin;
    reader->begin = end;
    uint64_t disk_bytes = disk_bytes_so_far(reader);
    block->disk_bytes = disk_bytes - reader->disk_reported;
    reader->disk_reported = disk_bytes;
}

/*
 * Text that can't be sought in is read again up to where a line must begin, a chunk a call. What
 * that takes on disk was told when it was first read.
 */
static int drop_chunk(struct source_reader *reader, struct failure *failure)
{
    (void)FAULT("source.drop");
    char *to = reader->memory + reader->chunk_bytes;
    size_t wanted =
        reader->drop_bytes < reader->chunk_bytes ? (size_t)reader->drop_bytes : reader->chunk_bytes;
    ssize_t got = reader->text.read(reader->text.from, to, wanted, failure);
    if (got < 0)
        return -1;
    reader->drop_bytes -= (uint64_t)got;
    bool is_lost = got == 0;
    if (got > 0 && reader->drop_bytes == 0 && to[got - 1] != '\n') {
        /* Only the end of the text may come there. */
        ssize_t more = reader->text.read(reader->text.from, to, 1, failure);
        if (more < 0)
            return -1;
        is_lost = more > 0;
    }
    if (is_lost)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: no line begins at byte %" PRIu64
                           " of the text, where reading is to be resumed. The checkpoint does "
                           "not belong to this file: use --restart.",
                           shown(reader), reader->offset);
    reader->disk_reported = disk_bytes_so_far(reader);
    return 0;
}

/* The first run of NUL bytes in [begin, end) that shows damage, or NULL. */
static const char *find_hole(const char *begin, const char *end, bool at_end)
{
    const char *from = begin;
    while (from < end && (from = memchr(from, '\0', (size_t)(end - from))) != NULL) {
        const char *to = from;
        while (to < end && *to == '\0')
            to++;
        bool alone = (from == begin || from[-1] == '\n') &&
                     (to < end && (*to == '\n' || (*to == '\r' && to + 1 < end && to[1] == '\n')));
        if (to - from >= HOLE_BYTES || alone || (to == end && at_end))
            return from;
        from = to;
    }
    return NULL;
}

static int fail_hole(const struct source_reader *reader, uint64_t offset, struct failure *failure)
{
    return failure_set(failure, EXIT_SOURCE,
                       "%s: NUL bytes stand at byte %" PRIu64
                       " of the text, where a part of the file was never written. Fetch the file "
                       "again.",
                       shown(reader), offset);
}

int source_check_block(const struct source_reader *reader, const struct source_block *block,
                       struct failure *failure)
{
    bool at_end = block->end > block->begin && block->end[-1] != '\n';
    const char *hole = find_hole(block->begin, block->end, at_end);
    if (hole == NULL)
        return 0;
    return fail_hole(reader, block->offset + (uint64_t)(hole - block->begin), failure);
}

int source_fail_cut(const struct source_reader *reader, uint64_t offset, struct failure *failure)
{
    return failure_set(failure, EXIT_SOURCE,
                       "%s: was cut off: its last line, which begins at byte %" PRIu64
                       " of the text, has no line end and is not whole. Fetch the file again.",
                       shown(reader), offset);
}

static int fail_long_line(const struct source_reader *reader, struct failure *failure)
{
    const char *hole =
        find_hole(reader->memory + reader->begin, reader->memory + reader->end, false);
    if (hole != NULL)
        return fail_hole(
            reader, reader->offset + (uint64_t)(hole - (reader->memory + reader->begin)), failure);
    return failure_set(failure, EXIT_SOURCE,
                       "%s: the line that begins at byte %" PRIu64
                       " of the text is longer than %" PRIu64
                       " bytes. If that is right, raise --max-line-bytes.",
                       shown(reader), reader->offset, reader->limits->max_line_bytes);
}

/* Each layer of a gzip file in an archive holds to the ratio by itself; so must both together. */
static int check_both_layers(const struct source_reader *reader, struct failure *failure)
{
    uint64_t text_bytes = reader->offset + (reader->end - reader->begin);
    uint64_t disk_bytes = reader->split->disk_bytes, ratio = reader->limits->max_ratio;
    if (reader->zip == NULL || reader->split->format != SOURCE_GZIP ||
        text_bytes <= SOURCE_RATIO_FREE_BYTES || text_bytes / ratio <= disk_bytes)
        return 0;
    return failure_set(failure, EXIT_SOURCE,
                       "%s: %" PRIu64 " compressed bytes inflate to more than %" PRIu64
                       ", which is over %" PRIu64
                       " times as much. If the file is to be trusted, raise --max-ratio.",
                       reader->shown, disk_bytes, text_bytes, ratio);
}

/* Read chunks until a line is whole or the text ends. Returns the end of the whole lines. */
static int read_lines(struct source_reader *reader, size_t *lines_end, struct failure *failure)
{
    for (;;) {
        if (grow(reader, failure) != 0)
            return -1;
        char *chunk = reader->memory + reader->end;
        ssize_t got = reader->text.read(reader->text.from, chunk, reader->chunk_bytes, failure);
        if (got < 0)
            return -1;
        if (got == 0) {
            reader->state = READER_AT_END;
            *lines_end = reader->end;
            return 0;
        }

        /* Only the first line can have begun in an earlier chunk, and so be over the limit. */
        size_t carried = reader->end - reader->begin;
        const char *newline = memrchr(chunk, '\n', (size_t)got);
        reader->end += (size_t)got;
        if (check_both_layers(reader, failure) != 0)
            return -1;
        size_t first_bytes = carried + (size_t)got;
        if (newline != NULL && carried > 0)
            first_bytes = carried + (size_t)((char *)memchr(chunk, '\n', (size_t)got) - chunk);
        if ((newline == NULL || carried > 0) && first_bytes > reader->limits->max_line_bytes)
            return fail_long_line(reader, failure);
        if (newline != NULL) {
            *lines_end = (size_t)(newline + 1 - reader->memory);
            return 0;
        }
    }
}

int source_next(struct source_reader *reader, struct source_block *block, struct failure *failure)
{
    *block = (struct source_block){.begin = reader->memory, .end = reader->memory};
    if (reader->state == READER_OPEN && reader->drop_bytes > 0) {
        if (drop_chunk(reader, failure) != 0) {
            reader->state = READER_CLOSED;
            return -1;
        }
        give(reader, reader->begin, block);
        return 1;
    }
    if (reader->state == READER_OPEN) {
        /* Move the unfinished line to just before the place of the next chunk. */
        size_t carried = reader->end - reader->begin;
        size_t begin = reader->chunk_bytes - carried;
        if (carried > 0)
            memmove(reader->memory + begin, reader->memory + reader->begin, carried);
        reader->begin = begin;
        reader->end = reader->chunk_bytes;

        size_t end = begin;
        if (read_lines(reader, &end, failure) != 0) {
            reader->state = READER_CLOSED;
            return -1;
        }
        if (end > reader->begin) {
            give(reader, end, block);
            return 1;
        }
    }
    if (reader->state == READER_ENDED)
        return 0;
    if (reader->state == READER_CLOSED)
        return failure_set(failure, EXIT_BUG,
                           "A split was read that is not open. Please report this.");

    reader->state = READER_CLOSED;
    give(reader, reader->begin, block);
    if (source_handle_check(&reader->handle, failure) != 0)
        return -1;
    reader->state = READER_ENDED;
    return 0;
}
