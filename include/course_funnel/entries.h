#ifndef COURSE_FUNNEL_ENTRIES_H
#define COURSE_FUNNEL_ENTRIES_H

#include "course_funnel/failure.h"
#include "course_funnel/ranks.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Users by the entry point that they began from (src/rules.md, "Answers"). Each rank counts its
 * users; those of a course and a text meet on the rank that owns the two, and of each course the
 * texts with most users stay.
 */

/* So many texts of a course stay, beside these three. */
#define ENTRIES_MOST 1000
#define ENTRIES_NONE "(none)"         /* started, without a text */
#define ENTRIES_NO_START "(no start)" /* never started */
#define ENTRIES_OTHER "(other)"       /* of all texts that do not stay */

struct entry {
    int32_t course_id;
    int32_t week; /* the cohort's Monday, days since 1970-01-01 */
    uint64_t users_started;
    uint64_t users_completed; /* the course */
    const char *text;         /* not terminated */
    uint32_t bytes;
    uint32_t unused; /* 0 */
};

/* What of a course went to ENTRIES_OTHER: a text that reads like that is none of it. */
struct entries_cut {
    int32_t course_id;
    uint32_t unused; /* 0 */
    uint64_t texts;
    uint64_t users;
};

/* In the order of course, week and the text's bytes, each once; cuts in that of course. */
struct entries {
    struct entry *entries;
    size_t count;
    struct entries_cut *cuts;
    size_t cut_count;
    unsigned char *bytes; /* what holds the texts; NULL: somebody else does */
};

/* Local. Frees what it holds and leaves it all zero. */
void entries_clear(struct entries *entries);

/* Local. The order of two texts, by their bytes: below, equal to or above 0. */
int entries_compare_texts(const struct entry *a, const struct entry *b);

/* Local. Bring them in order, and add up those of the same course, week and text. */
void entries_sort(struct entry *entries, size_t *count);

/*
 * Local. Entries with their texts, one behind the other, at a multiple of 8 bytes each: how many
 * bytes one takes, and where the next goes when it is written.
 */
size_t entries_packed_bytes(const struct entry *entry);
unsigned char *entries_pack(unsigned char *at, const struct entry *entry);

/*
 * Local. The entries in packed bytes, whose texts they point to. The caller frees ${entries}.
 * Returns 0, or -1 (EXIT_BUG: no memory, or bytes that are no entries).
 */
int entries_unpack(const unsigned char *bytes, size_t byte_count, struct entry **entries,
                   size_t *count, struct failure *failure);

/*
 * Collective. ${entries}, this rank's in any order, become those of all on rank 0, with the cuts;
 * on other ranks they become none. Returns 0, or -1 (EXIT_BUG) on every rank.
 */
int entries_reduce(struct ranks *ranks, struct entries *entries, struct failure *failure);

#endif
