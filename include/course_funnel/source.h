#ifndef COURSE_FUNNEL_SOURCE_H
#define COURSE_FUNNEL_SOURCE_H

#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Files, directories and globs → a list of splits (bounded, independent pieces of input in a
 * total order) → blocks of whole lines. No MPI: one rank lists, the packed list is handed to the
 * others, and each opens the splits that fall to it.
 *
 * A split is a byte range of a plain file (cut at line ends by the reader), a whole gzip file of
 * any number of members, or one entry of a zip archive (itself plain or gzip). Which it is, is
 * told by magic bytes, never by the name.
 */

/* How a file is stored, and for entries of a zip archive how the entry is. */
enum source_format {
    SOURCE_PLAIN = 0,
    SOURCE_GZIP = 1,
    SOURCE_ZIP = 2,
    SOURCE_TABLE = 3, /* no file but a relation of a database, which table.h reads */
};

struct source_limits {
    uint64_t max_line_bytes; /* a longer line ends the run; '\n' not counted */
    uint64_t max_ratio;      /* inflated / compressed bytes, looked at after the first MiB */
    uint64_t range_bytes;    /* size of the ranges that a plain file is cut in */
    bool leave_out_foreign;  /* files that cannot be exports are left out, not refused */
};

#define SOURCE_DEFAULT_MAX_LINE_BYTES (UINT64_C(64) << 20)
#define SOURCE_DEFAULT_MAX_RATIO UINT64_C(1100)
#define SOURCE_DEFAULT_RANGE_BYTES (UINT64_C(16) << 20)
#define SOURCE_LEAST_RANGE_BYTES UINT64_C(4096) /* each range costs some memory on every rank */

/*
 * What a server counts of a table. The counts may be late or missing. So they decide nothing: they
 * only tell a user why a run cannot be resumed.
 */
struct source_changes {
    uint64_t storage; /* the number of the server's file for it: a rewrite gives a new one. 0: a
                         later run cannot read the same rows again */
    uint64_t columns; /* a hash of what is read of it */
    uint64_t inserted, updated, deleted; /* rows so far */
    uint64_t vacuums;
};

struct source_file {
    char *path; /* absolute, owned by the list */
    /* As they were when the file was listed. It is a failure when one has changed at reading. */
    uint64_t bytes;   /* on disk */
    int64_t identity; /* of a file when it was written last, in ns; of a table a hash that is the
                         same only where each reading gives the same rows */
    int64_t ctime_ns; /* a later run does not compare it, since a chmod changes it too */
    uint64_t inode;   /* shows that another file was put in its place. The device is not kept: nodes
                         of a cluster may give one shared file system different numbers */
    enum source_format format;
    struct source_changes changes; /* of a table; not packed, as notes are not */
};

struct source_split {
    uint32_t file;       /* index in files */
    uint32_t entry;      /* index in the zip archive; 0 for the other formats */
    uint64_t begin;      /* byte range of a plain file; 0 for the other formats */
    uint64_t end;        /* likewise; for the others the inflated size is not known: 0 */
    uint64_t disk_bytes; /* what it takes on disk: the measure of work that is known in advance */
    enum source_format format; /* of the text: for an entry of an archive how the entry is stored */
};

/* What a note is about. */
enum source_note_kind {
    SOURCE_NOTE_REMARK,   /* something to know of what is read */
    SOURCE_NOTE_LEFT_OUT, /* something that may have been meant is not read */
    SOURCE_NOTE_MARKER    /* a marker of a finished hour, of which there are many */
};

/* Something that the walk met and left out, or that the user should know; goes to the log. */
struct source_note {
    enum source_note_kind kind;
    char *path;       /* control characters shown as \xNN */
    const char *what; /* a constant text, such as "marker of a finished hour, left out" */
};

/* An Amplitude project, as the names of its files tell it. */
struct source_project {
    char *number;
    uint64_t files; /* and entries of archives */
};

/*
 * Sorted by path bytes; splits in the order of files, entries and ranges. The same files give the
 * same list whatever the order in which they were named. The numbers of splits, and so resume
 * offsets, hold for one fingerprint and one range_bytes.
 */
struct source_list {
    struct source_file *files;
    size_t file_count;
    struct source_split *splits;
    size_t split_count;
    struct source_note *notes; /* not packed: they belong to the rank that listed */
    size_t note_count;
    struct source_project
        *projects; /* in the order of files; as notes are, so are these not packed */
    size_t project_count;
    uint64_t files_empty;    /* archives without an entry, which have no split; not packed */
    uint64_t files_left_out; /* files and entries that are foreign by their first bytes, likewise */
    uint64_t disk_bytes;     /* of all splits */
    char fingerprint[33];    /* 32 hex digits over path, bytes and identity of each file */
};

/*
 * Whom source_list tells how far it is: before each folder that is walked, after each file that was
 * found, and after each file (and entry of an archive) that was looked at. told returns 0 to go on,
 * or -1 with a failure of its own, which ends the listing.
 */
struct source_watch {
    int (*told)(void *whom, uint64_t looked_at, uint64_t found, struct failure *failure);
    void *whom;
};

/*
 * Local. List what ${from} names: files, directories (walked, hidden names left out) and globs.
 * Amplitude's `_complete` markers and merged-identity files (`-ORG_yyyy-MM-dd_H…`) are noted
 * and left out, named or met, as are symbolic links to directories, FIFOs and the like that are
 * met; a hidden file that is named is read; a file named twice is read once and noted; empty files
 * are fine. What holds another format by its first bytes is refused, or with leave_out_foreign
 * noted and left out. A name that exists is taken as it is, even where it could be read as a
 * pattern.
 * ${watch} may be NULL. Returns 0 and a list that the caller frees with source_free, or -1 with
 * EXIT_SOURCE: nothing matches a name, a path can't be read, a file named directly is not a regular
 * file, or one is packed in a way that is not supported (zstd, xz, bzip2, tar, an encrypted zip
 * entry, a zip inside a zip); or with what ${watch} ended it by.
 */
int source_list(const char *const *from, size_t from_count, const struct source_limits *limits,
                const struct source_watch *watch, struct source_list **list,
                struct failure *failure);

/* Files that are known before they are listed, so that they need not be opened. */
struct source_known {
    size_t count;
    char **paths;       /* sorted by bytes; borrowed, as the rest */
    bool *is_read;      /* of each: it stays out of the list */
    bool *is_met;       /* of each, filled in: the files that were named are, or hold, this one */
    bool rest_waits;    /* all other files stay out of the list */
    int64_t settled_ns; /* so do those that were written later than this; INT64_MAX: none */
    uint64_t waiting;   /* filled in: how many of the others stay out */
};

/* Local. Whether ${path} leads to a file that is known and stays out of the list. */
bool source_known_holds(const struct source_known *known, const char *path);

/* Local. As source_list, but for what ${known} keeps out of the list. */
int source_list_new(const char *const *from, size_t from_count, const struct source_limits *limits,
                    const struct source_watch *watch, struct source_known *known,
                    struct source_list **list, struct failure *failure);

/*
 * Local. The size and the identity of a file, by a look that does not open it. Returns 0, or the
 * errno of why it cannot be had.
 */
int source_look(const char *path, uint64_t *bytes, int64_t *identity);

/* Local. The fingerprint of a list that has these files, of which path, bytes and identity count.
 */
int source_fingerprint(const struct source_file *files, size_t file_count, char fingerprint[33],
                       struct failure *failure);

/* Local. Whether there is something that ${from} names, or that matches it as a pattern. */
bool source_matches(const char *from);

/*
 * Local. Whether a walk of the directories among ${from} comes to ${place}, a file or a directory
 * that need not be there yet: it is one of them or lies in one, and not under a hidden name.
 * Returns 0 and in ${walked} the name of such a directory, which the caller frees, or NULL; or -1
 * (EXIT_SOURCE: there is nothing of a name in ${from}; EXIT_BUG).
 */
int source_reaches(const char *const *from, size_t from_count, const char *place, char **walked,
                   struct failure *failure);

/* Local. Whether ${path} is a file of the list, by whatever name. */
bool source_holds(const struct source_list *list, const char *path);

/* A relation of a database, to stand behind the files of a list. */
struct source_relation {
    const char *name;     /* as messages and rejects show it */
    const char *identity; /* the same only where each reading gives the same rows; goes into the
                             fingerprint and the identity of the file */
    uint32_t entry;       /* of its splits */
    uint32_t page_bytes;  /* 0: it is read in one piece */
    uint64_t bytes;       /* on disk, or an estimate */
    uint64_t range_bytes; /* size of the ranges of pages that it is cut in */
    struct source_changes changes;
};

/*
 * Local. Append a relation as a file of SOURCE_TABLE, and its splits: ranges of pages in begin and
 * end, or one for all of it. No reader of this header opens them. Returns 0, or -1 (EXIT_BUG).
 */
int source_add_relation(struct source_list *list, const struct source_relation *relation,
                        struct failure *failure);

/*
 * Local. Append a note on ${path}, a name as source_name gives it, which is taken over, also when
 * it fails. Returns 0, or -1 (EXIT_BUG).
 */
int source_add_note(struct source_list *list, enum source_note_kind kind, char *path,
                    const char *what, struct failure *failure);

/* Local. source_free(NULL) does nothing. */
void source_free(struct source_list *list);

/*
 * Local. The list (notes left out) as bytes that another process on the same kind of machine can
 * unpack. Returns 0 and a buffer that the caller frees, or -1 with EXIT_BUG.
 */
int source_pack(const struct source_list *list, unsigned char **bytes, size_t *byte_count,
                struct failure *failure);
int source_unpack(const unsigned char *bytes, size_t byte_count, struct source_list **list,
                  struct failure *failure);

/*
 * Local. The name of a split's text for logs and rejects: the path, and for an entry of an
 * archive `path!entry`, control characters shown as \xNN. Opens the archive: keep the name for as
 * long as the split is read. Returns 0 and a string that the caller frees, or -1 (EXIT_SOURCE,
 * EXIT_BUG).
 */
int source_name(const struct source_list *list, size_t split, char **name, struct failure *failure);

/* Local. Whether such a name is of a file of the list, or of an entry of one. */
bool source_has_name(const struct source_list *list, const char *name);

/*
 * Local. What a text that begins with ${head} and is no export looks like, and what to do: words
 * that follow "looks like", without the point at the end. Some hundred bytes are enough.
 */
const char *source_guess(const void *head, size_t head_bytes);

/* Whole lines, or none: each ends with '\n', but the last of a file may lack it. */
struct source_block {
    const char *begin;   /* borrowed from the reader until its next call */
    const char *end;     /* SOURCE_PADDING bytes behind it may be read (their value is any) */
    uint64_t offset;     /* of ${begin} in the file, inflated where it is compressed */
    uint64_t disk_bytes; /* bytes on disk that were read since the last block, for progress */
};

#define SOURCE_PADDING 128

struct source_reader; /* reads one split at a time; keeps its buffers from split to split */

/* Local. ${list} and ${limits} must outlive the reader. Returns 0, or -1 with EXIT_BUG. */
int source_reader_create(const struct source_list *list, const struct source_limits *limits,
                         struct source_reader **reader, struct failure *failure);

/* Local. Closes what is open. source_reader_free(NULL) does nothing. */
void source_reader_free(struct source_reader *reader);

/*
 * Local. Open ${split}. With ${resume_offset} above 0 the first line given is the one that begins
 * at that offset of the (inflated) file: an offset that an earlier reader of this split stopped
 * at, between two lines. Compressed text has to be inflated again up to there, which source_next
 * does. A split that is open is left. Returns 0, or -1 with EXIT_SOURCE: the file is gone, can't be
 * read, is not the one that was listed, or is plain and has no line that begins at
 * ${resume_offset}; or EXIT_BUG (no memory).
 */
int source_open(struct source_reader *reader, size_t split, uint64_t resume_offset,
                struct failure *failure);

/*
 * Local. Give the next block of the open split: some hundred KiB, or one long line. While
 * compressed text is inflated again, some hundred KiB a call, the blocks are empty: their offset is
 * the ${resume_offset}, and disk_bytes 0, as they were counted when they were read first. So a
 * caller can leave the split meanwhile, and others need not wait for that. Returns 1 and a block; 0
 * at the end of the split (the block is empty then, but for disk_bytes), after it was checked that
 * the file is still as it was listed and that the compressed data is whole; or -1 with EXIT_SOURCE
 * naming the file: cut off, corrupt, changed while it was read, over a limit (the message names the
 * option that raises it), a read error, or no line that begins at the
 * ${resume_offset} of compressed text; EXIT_BUG when there is no memory. A
 * file that shrinks under the reader is an error, never a crash.
 */
int source_next(struct source_reader *reader, struct source_block *block, struct failure *failure);

/*
 * Local. Look for NUL bytes in ${block}, the reader's last one: 16 or more in a row, a line of
 * nothing else, or the last bytes of the text show a file that was not written whole. Returns 0, or
 * -1 with EXIT_SOURCE, naming the file and the place.
 */
int source_check_block(const struct source_reader *reader, const struct source_block *block,
                       struct failure *failure);

/*
 * Local. Fail since the last line of the open split, which begins at ${offset} of the text, has no
 * line end and is not whole. Returns -1 with EXIT_SOURCE, naming the file.
 */
int source_fail_cut(const struct source_reader *reader, uint64_t offset, struct failure *failure);

/* Local. The first of the splits that the text of ${split}, a file or an entry, was cut in. */
size_t source_first_split(const struct source_list *list, size_t split);

/* Local. The number of a split among those of its file, from 0. */
uint32_t source_split_of_file(const struct source_list *list, size_t split);

#endif
