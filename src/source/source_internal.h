#ifndef SOURCE_INTERNAL_H
#define SOURCE_INTERNAL_H

#include "course_funnel/failure.h"
#include "course_funnel/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* What the files of the source stage share; nobody else includes it. All functions are Local. */

/*
 * A sequence of bytes. read gives up to ${capacity} of them: above 0 how many, 0 at the end (again
 * and again), or -1 (EXIT_SOURCE). A count below ${capacity} does not mean that the end is near.
 */
struct source_bytes {
    ssize_t (*read)(void *from, void *to, size_t capacity, struct failure *failure);
    void *from;
};

/* source_names.c: names, as they may be shown and as Amplitude gives them */

/* Below this much text a ratio says nothing: a few bytes may well stand for a long run of blanks.
 */
#define SOURCE_RATIO_FREE_BYTES (UINT64_C(1) << 20)

#define SOURCE_SHOWN_BYTES 1024 /* of a name in a message, which must leave room for the reason */

/*
 * Write ${name} with control characters and malformed UTF-8 as \xNN, cut to ${capacity} - 1 bytes
 * and terminated. 4 * strlen(name) + 1 bytes are always enough.
 */
void source_names_show(const char *name, char *shown, size_t capacity);

/* The part behind the last '/' (or '\\', as some archives have it). */
const char *source_names_base(const char *path);

/* Whether a part of the path begins with a dot, "." and ".." aside. */
bool source_names_hidden(const char *path);

/* Why a file of this name is left out, or NULL when it is read. */
const char *source_names_left_out(const char *base, enum source_note_kind *kind);

/*
 * How many bytes of ${base} are the number of an Amplitude project: the digits before
 * `_yyyy-MM-dd_H…`. 0: the name is of another form.
 */
size_t source_names_project_bytes(const char *base);

/* source_magic.c: formats by their first bytes */

#define SOURCE_MAGIC_BYTES 512 /* a tar file shows itself at byte 257 */

/*
 * The format of a file or entry of ${total} bytes that begins with ${head} (SOURCE_MAGIC_BYTES, or
 * all there are). ${unsupported} is NULL, or the name of a format that can't be read.
 */
enum source_format source_magic_format(const unsigned char *head, size_t head_bytes, uint64_t total,
                                       const char **unsupported);

/* source_handle.c: an open file, held to what was listed */

struct source_handle {
    int fd; /* -1 when closed */
    const char *path;
    const struct source_file *file; /* as it was listed */
    uint64_t position;              /* of source_handle_read */
    char shown[SOURCE_SHOWN_BYTES]; /* the path, for messages */
};

/* Open ${path}, which must be a regular file, and fill in all of ${file} but path and format. */
int source_handle_inspect(struct source_handle *handle, const char *path, struct source_file *file,
                          struct failure *failure);

/* A file's time as its identity has it. */
int64_t source_handle_time_ns(struct timespec time);

/* Open ${file} and check that it is the one that was listed. */
int source_handle_open(struct source_handle *handle, const struct source_file *file,
                       struct failure *failure);

/* Check that the open file, and what its path names now, are still as listed. */
int source_handle_check(const struct source_handle *handle, struct failure *failure);

void source_handle_close(struct source_handle *handle);

/*
 * Read ${capacity} bytes at ${offset}, or all up to the listed size. Returns the count, 0 at the
 * listed size (after a look that the file really ends there), or -1.
 */
ssize_t source_handle_read_at(const struct source_handle *handle, uint64_t offset, void *to,
                              size_t capacity, struct failure *failure);

/* The same from handle->position on; as source_bytes wants it. */
ssize_t source_handle_read(void *handle, void *to, size_t capacity, struct failure *failure);

/* source_plain.c: the lines of a byte range of a plain file */

struct source_plain {
    const struct source_handle *handle;
    uint64_t position; /* of the next byte to read */
    uint64_t end;      /* of the range: no line that begins here or later is given */
    bool ended;
};

/* Go to the first line of [begin, end), or to ${resume_offset} when that is above 0. */
int source_plain_open(struct source_plain *plain, const struct source_handle *handle,
                      uint64_t begin, uint64_t end, uint64_t resume_offset,
                      struct failure *failure);

/* The text from there to the end of the range's last line; as source_bytes wants it. */
ssize_t source_plain_read(void *plain, void *to, size_t capacity, struct failure *failure);

/* source_gzip.c: members of gzip, inflated */

struct source_gzip;

int source_gzip_create(struct source_gzip **gzip, struct failure *failure);
void source_gzip_free(struct source_gzip *gzip);

/* Begin to inflate ${input}, which is borrowed, as is ${shown}, the name in messages. */
void source_gzip_open(struct source_gzip *gzip, struct source_bytes input, const char *shown,
                      uint64_t max_ratio);

/* Inflated bytes; as source_bytes wants it. */
ssize_t source_gzip_read(void *gzip, void *to, size_t capacity, struct failure *failure);

/* Compressed bytes used up since source_gzip_open. */
uint64_t source_gzip_consumed(const struct source_gzip *gzip);

/*
 * source_gzip_header.c: the header of a gzip member, a byte at a time. ISA-L 2.30 takes good
 * headers for bad ones where a call of isal_inflate ends within them, so it is not given them. The
 * header's own CRC is passed over: nothing of what it covers is used.
 */
struct source_gzip_header {
    unsigned step;
    unsigned flags;
    uint32_t left; /* bytes of this step; of a text that ends with NUL: whether it goes on */
    uint32_t extra;
};

void source_gzip_header_begin(struct source_gzip_header *header);

/* Take the next byte. Returns 1 when the header is whole, 0 when it goes on, -1 when it is bad. */
int source_gzip_header_take(struct source_gzip_header *header, unsigned char byte);

/* source_zip.c: entries of a zip archive */

struct source_zip;

/* Read the central directory of the open file, which is borrowed. */
int source_zip_open(struct source_zip **zip, const struct source_handle *handle,
                    struct failure *failure);
void source_zip_close(struct source_zip *zip);

uint64_t source_zip_entries(const struct source_zip *zip);

/* What the listing must know of an entry. */
struct source_zip_entry {
    const char *name; /* borrowed from the archive */
    uint64_t disk_bytes;
    uint64_t text_bytes; /* as the archive has it */
    bool directory;
};

/* Look an entry up. Encrypted ones, unknown methods, links and the like are refused. */
int source_zip_look(struct source_zip *zip, uint64_t entry, struct source_zip_entry *found,
                    struct failure *failure);

/* Begin to read an entry; ${shown} is its name in messages, borrowed. Leaves the one before. */
int source_zip_enter(struct source_zip *zip, uint64_t entry, const char *shown, uint64_t max_ratio,
                     struct failure *failure);

/* The entry's bytes, as source_bytes wants it; the end is told after its CRC was found right. */
ssize_t source_zip_read(void *zip, void *to, size_t capacity, struct failure *failure);

/* Bytes of the archive read since source_zip_enter. */
uint64_t source_zip_consumed(const struct source_zip *zip);

/* Write `archive!entry` for messages. */
int source_zip_show(struct source_zip *zip, uint64_t entry, char *shown, size_t capacity,
                    struct failure *failure);

/*
 * source_zip_layout.c: whether every byte of the open archive belongs to an entry, a header or the
 * directory. Returns 0, or -1 (EXIT_SOURCE, EXIT_BUG).
 */
int source_zip_check(const struct source_handle *handle, struct failure *failure);

/* source_draft.c: a list that grows */

struct source_draft {
    struct source_list *list;
    const struct source_limits *limits;
    const struct source_watch *watch; /* may be NULL */
    size_t file_capacity;
    size_t split_capacity;
    size_t note_capacity;
    size_t project_capacity;
};

/*
 * Tell the watch that ${looked_at} files were looked at, of those found so far. Returns 0, or -1
 * with what it ends the listing by.
 */
int source_draft_tell(const struct source_draft *draft, size_t looked_at, struct failure *failure);

/* Append a file of which only the path is known; takes ${path} over, also when it fails. */
int source_draft_file(struct source_draft *draft, char *path, struct failure *failure);
int source_draft_split(struct source_draft *draft, const struct source_split *split,
                       struct failure *failure);
int source_draft_note(struct source_draft *draft, enum source_note_kind kind, const char *path,
                      const char *what, struct failure *failure);

/* Count a file or entry whose name ends in ${base} for the project that the name tells. */
int source_draft_project(struct source_draft *draft, const char *base, struct failure *failure);

/* Bring the files in order and note those that were named twice. */
int source_draft_sort_files(struct source_draft *draft, struct failure *failure);

/* Bring the notes in order, each once, and take the fingerprint. */
int source_draft_finish(struct source_draft *draft, struct failure *failure);

/* source_known.c: what is known keeps files out of a sorted draft. */
void source_draft_leave_known(struct source_draft *draft, struct source_known *known);

/* source_list.c: what is named */

/* Is given what exists by a name; ${matched}: a pattern matched it, nobody named it. */
typedef int source_visit(void *whom, const char *name, bool matched, struct failure *failure);

/*
 * Visit what ${from} names: what exists by that name, or all that matches it as a pattern. Returns
 * 0, or -1: the visit failed, or EXIT_SOURCE, there is nothing of that name.
 */
int source_list_visit(const char *from, source_visit *visit, void *whom, struct failure *failure);

/* source_split.c: files, cut in splits */

/* Look into each file of the draft, tell its format and cut it. */
int source_split_files(struct source_draft *draft, struct failure *failure);

#endif
