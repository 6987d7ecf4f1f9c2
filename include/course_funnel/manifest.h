#ifndef COURSE_FUNNEL_MANIFEST_H
#define COURSE_FUNNEL_MANIFEST_H

#include "course_funnel/days.h"
#include "course_funnel/digest.h"
#include "course_funnel/failure.h"
#include "course_funnel/ledger.h"
#include "course_funnel/schedule.h"
#include "course_funnel/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a generation of a checkpoint is: the run that it belongs to, the input that is done and that
 * is not, the counts so far, and the files with their digests. A JSON text that ends in a
 * digest over all that stands before it. Numbers that may need more than 53 bits are kept as texts,
 * since readers of JSON round them. Pure.
 */

#define MANIFEST_FORMAT_VERSION 7

#define MANIFEST_NAME "manifest.json"
#define MANIFEST_STRETCHES_NAME "rejects.h5"
#define MANIFEST_SUMS_NAME "sums.h5"
#define MANIFEST_NAME_BYTES 32
#define MANIFEST_COLUMNS_BYTES 1024
#define MANIFEST_SESSIONS_BYTES 512

/* What was asked for that a resumed run must be asked for too. Borrowed. */
struct manifest_choices {
    uint64_t range_bytes;   /* as in struct source_limits */
    const char *columns;    /* of tables, as they were named by hand; NULL: none was */
    const char *sessions;   /* the table of sessions, and its column where that was named by hand;
                               NULL: none is read */
    const char *as_of;      /* the day of the run where that was given; NULL: it was not */
    bool marts_only;        /* no further mart is wanted */
    bool leave_out_foreign; /* as in struct source_limits */
};

enum manifest_kind {
    MANIFEST_STATE, /* reading is under way: the state by key groups */
    MANIFEST_SUMS   /* all is read: the merged sums */
};

struct manifest_input {
    char *path;
    uint64_t bytes;
    int64_t identity;              /* as in struct source_file */
    struct source_changes changes; /* of a table; else all zero */
    uint32_t splits;               /* that it was cut in */
    uint32_t is_base;              /* 1: it was read by the run that this one goes on from */
};

/* Another generation of the folder; all zero: none. */
struct manifest_other {
    uint32_t attempt;
    uint32_t generation;
    char digest[DIGEST_BYTES]; /* of its manifest */
};

struct manifest_file {
    uint32_t first_group; /* of a file of key groups; else 0 */
    uint32_t last_group;
    uint64_t bytes;
    uint64_t loaded_bytes; /* what its key groups take in memory; else 0 */
    char digest[DIGEST_BYTES];
};

/* A file that one rank of one attempt kept rejects in, as far as it counts. */
struct manifest_part {
    uint32_t attempt;
    uint32_t rank;
    uint64_t bytes;
    char digest[DIGEST_BYTES];
};

/* What came out of the match with sessions; all zero where there was none. */
struct manifest_match {
    uint64_t is_known;
    uint64_t sessions_read;
    uint64_t users_with_session;
    uint64_t users_without_session;
};

struct manifest {
    enum manifest_kind kind;
    char history_id[37]; /* of all runs that go on from each other; the folder's */
    char run_id[37];
    char version[32]; /* of the program that wrote it */
    uint32_t attempt;
    uint32_t generation;
    uint32_t ranks;
    uint32_t resumes;   /* how often the run was resumed before */
    int64_t started_us; /* the run */
    int64_t planned_us; /* see run_record.h */
    int64_t attempt_us;
    int64_t written_us;   /* this generation */
    uint64_t range_bytes; /* what plain files were cut by */
    char input_fingerprint[33];
    /* Of tables, as they were named by hand. */
    char columns[MANIFEST_COLUMNS_BYTES];
    /* What users are matched with, in sums were; empty: with nothing. */
    char sessions[MANIFEST_SESSIONS_BYTES];
    char as_of[CALENDAR_DATE_BYTES]; /* as it was given; empty: it was not */
    uint64_t marts_only;             /* 1: the state, or the sums, are of the two marts alone */
    uint64_t leave_out_foreign;      /* 1: files that are no export were left out */
    uint64_t disk_bytes;             /* of the input ... */
    uint64_t done_bytes;             /* ... and how many of them are read */
    uint64_t split_count; /* of what this run read; as next, unfinished and the bytes above */
    uint64_t is_finished; /* 1, of MANIFEST_STATE: all is read, and the state is kept for good */
    struct schedule_next next;     /* splits that went out, in the order of a new schedule */
    struct manifest_other base;    /* the finished state that this run goes on from */
    struct manifest_other sums_of; /* of MANIFEST_SUMS: the finished state, where it was kept */
    struct ledger ledger;          /* of the base too */
    struct ledger base_ledger;     /* of the base alone */
    /* Files and entries that were found so when the input was listed, those of the base too. */
    uint64_t listed_empty;
    uint64_t listed_left_out;
    int64_t first_event_us;
    int64_t last_event_us;
    struct days days;
    uint64_t pairs_started; /* of the sums */
    uint64_t pairs_completed;
    struct manifest_match match;
    struct manifest_input *inputs; /* sorted by path */
    size_t input_count;
    struct schedule_item *unfinished; /* of those that went out */
    size_t unfinished_count;
    struct manifest_file *files; /* of key groups, in their order, or the one of sums */
    size_t file_count;
    struct manifest_file stretches; /* of the stretches of rejects */
    struct manifest_part *parts;
    size_t part_count;
};

/* Local. Frees what it holds and leaves it all zero. */
void manifest_clear(struct manifest *manifest);

/* Local. Fill in the input's part. Returns 0, or -1 (EXIT_BUG). */
int manifest_set_input(struct manifest *manifest, const struct source_list *list,
                       const struct manifest_choices *choices, struct failure *failure);

/*
 * Local. The digest that a manifest's text ends in, as others name it by. The text is whole.
 */
void manifest_digest(const char *text, size_t byte_count, char digest[DIGEST_BYTES]);

/* Local. Whether there is another generation; and which that is. */
bool manifest_has(const struct manifest_other *other);

/* Local. Fill in what users are to be matched with; until all is read a resume may change it. */
void manifest_set_sessions(struct manifest *manifest, const struct manifest_choices *choices);

/* Local. The name of a file of key groups; whether a name is that of any file of a generation. */
void manifest_file_name(const struct manifest_file *file, char name[MANIFEST_NAME_BYTES]);
bool manifest_is_file_name(const char *name);

/*
 * Local. What the digests of a generation's files belong to besides their bytes, so that the file
 * of another run, generation or range is not taken for this one.
 */
#define MANIFEST_IDENTITY_BYTES 128
void manifest_identity(const struct manifest *manifest, const char *name,
                       char identity[MANIFEST_IDENTITY_BYTES]);

/* Local. The text, which the caller frees. Returns 0, or -1 (EXIT_BUG). */
int manifest_print(const struct manifest *manifest, char **text, size_t *byte_count,
                   struct failure *failure);

/*
 * Local. Read a text, behind which a NUL stands. Returns 0, or -1: STORE_DAMAGED and what is
 * wrong with it, EXIT_STRANGER when it is of another version of the format, EXIT_BUG.
 */
int manifest_parse(const char *text, size_t byte_count, struct manifest *manifest,
                   struct failure *failure);

/*
 * Local. Whether a run with this input and these choices may go on from the manifest. Returns 0, or
 * -1 with EXIT_STRANGER and each difference (the first few by name), ${path} being the
 * checkpoint's.
 */
int manifest_compare(const struct manifest *manifest, const char *path,
                     const struct source_list *list, const struct manifest_choices *choices,
                     struct failure *failure);

/* An input that is not as it was. */
struct manifest_look {
    uint32_t input;
    int32_t error; /* 0: it has what follows now; else the errno of why it cannot be looked at */
    uint64_t bytes;
    int64_t identity;
};

/* As an error: the files that were named do not hold it. */
#define MANIFEST_UNMET (-1)

/*
 * Local. As manifest_compare, for a run that goes on from a finished state: its options count as
 * far as they change the answer, and of its inputs those that are not as they were, which ${looks}
 * tells. ${is_earlier}: its --as-of lies before that of the manifest.
 */
int manifest_compare_night(const struct manifest *manifest, const char *path,
                           const struct manifest_choices *choices, bool is_earlier,
                           const struct manifest_look *looks, size_t look_count,
                           struct failure *failure);

/*
 * Local. Make the input's part that of the base ${base} and of the files of ${list}, none of which
 * it has; what is said of reading is of these alone. ${places}, which the caller frees, tells of
 * each input where it stands now. Returns 0, or -1 (EXIT_BUG).
 */
int manifest_add_input(struct manifest *base, const struct source_list *list,
                       const struct manifest_choices *choices, uint32_t **places,
                       struct failure *failure);

#endif
