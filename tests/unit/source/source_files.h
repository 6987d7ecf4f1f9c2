#ifndef TESTS_SOURCE_FILES_H
#define TESTS_SOURCE_FILES_H

#include "course_funnel/source.h"
#include "unit/unit.h"

#include <stdint.h>
#include <zip.h>
#include <zlib.h>

/*
 * Files for the tests of the source stage, in a folder that is made for one test and removed at
 * its end, and a reader that puts a split's blocks together again and holds them to the contract.
 */

/* The folder, from files_begin to files_end. */
extern char files_folder[4096];

/* Bytes of a file or of a text. */
struct files_bytes {
    unsigned char *at;
    size_t count;
};

void files_begin(void);
void files_end(void);

/* The path of ${name} in the folder; four of them live at a time. */
const char *files_path(const char *name);

/* Make a file of these bytes, of a text, or a folder. */
void files_write(const char *name, const void *bytes, size_t count);
void files_text(const char *name, const char *text);
void files_folder_make(const char *name);

/* Append a gzip member to ${to}; ${header} may be NULL. */
void files_gzip_with(struct files_bytes *to, const void *text, size_t count, gz_header *header,
                     int level);

void files_gzip(struct files_bytes *to, const void *text, size_t count);

/* An entry of a zip archive to be made. */
struct files_entry {
    const char *name;
    const void *bytes;
    size_t count;
    int method; /* ZIP_CM_STORE or ZIP_CM_DEFLATE, or another one */
    bool encrypted;
    bool link;
};

/* Make a zip archive. */
void files_zip(const char *name, const struct files_entry *entries, size_t count);

/* A whole file, which the caller frees. */
struct files_bytes files_read(const char *name);

/* The limits that are usual. */
struct source_limits files_limits(void);

/* List one name in the folder; must work. */
struct source_list *files_list(const char *name, const struct source_limits *limits);

/* Whether a note on a path that ends in ${name} says ${part}. */
bool files_has_note(const struct source_list *list, const char *name, const char *part);

bool files_has_file(const struct source_list *list, const char *name);

/*
 * Read a split from ${resume_offset} and append its text to ${text}. Checks that blocks follow
 * each other, hold whole lines, and that the bytes behind them may be read; and that blocks are
 * empty only before the first line, where they stand for nothing.
 */
int files_read_split(struct source_reader *reader, size_t split, uint64_t resume_offset,
                     struct files_bytes *text, uint64_t *disk_bytes, struct failure *failure);

/* Read all splits of a list in order. */
int files_read_list(const struct source_list *list, const struct source_limits *limits,
                    struct files_bytes *text, struct failure *failure);

/* List and read ${name}; the text must be ${expected}. */
void files_expect(const char *name, const struct source_limits *limits, const void *expected,
                  size_t count);

/* List and read ${name}; one of both must fail with ${code} and ${part} in its message. */
void files_expect_failure(const char *name, const struct source_limits *limits, int code,
                          const char *part);

#endif
