#ifndef COURSE_FUNNEL_STATE_H
#define COURSE_FUNNEL_STATE_H

#include "course_funnel/days.h"
#include "course_funnel/failure.h"
#include "course_funnel/key_group.h"
#include "course_funnel/state_texts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a rank knows of its users: users, enrolments (user, course) and lesson progress (user,
 * course, lesson), kept by key group. Each group stands alone, with its records in plain arrays
 * that refer to each other by index, so that it can be written, read back and moved as it is.
 * Pure.
 */

/* No start, or no event, was seen yet. */
#define STATE_NO_TIME INT64_MAX

struct state_user {
    uint64_t hash;
    uint32_t text;  /* where its bytes begin in the group's texts */
    uint32_t bytes; /* at least 1 */
};

struct state_enrolment {
    int64_t first_start_us;      /* earliest lesson start in the course, or STATE_NO_TIME */
    int64_t first_event_us;      /* earliest course event of any kind */
    int64_t last_event_us;       /* the latest one */
    int64_t first_completion_us; /* earliest completion of the course, or STATE_NO_TIME */
    uint32_t user;               /* index in the group's users */
    int32_t course_id;
    uint32_t entry_point; /* of the first start: its number in the state's texts; 0: none */
    uint32_t unused;      /* 0 */
};

enum state_progress_flags { STATE_STARTED = 1, STATE_COMPLETED = 2 };

struct state_progress {
    uint32_t enrolment; /* index in the group's enrolments */
    int32_t lesson_id;
    uint64_t time_low_us;       /* sum of usable times: low 64 bits ... */
    uint32_t time_high_us;      /* ... and high 32 */
    uint32_t timed_completions; /* how many times are in the sum */
    union {
        uint64_t fingerprint;   /* of the only completion with an id, when there is one ... */
        uint64_t *fingerprints; /* ... or a table of them, open addressing, 0 is free */
    };
    uint32_t fingerprint_count;
    uint8_t fingerprint_log2; /* of the table's size; 0 when there is no table */
    uint8_t flags;            /* enum state_progress_flags */
    uint16_t unused;          /* 0 */
};

#define STATE_LONG_TIME UINT32_MAX

/* Open addressing from a hash's lower bits to an index; a free slot is all zero. */
struct state_slot {
    uint32_t tag;   /* upper half of the key's hash */
    uint32_t index; /* of the record, plus 1 */
};

struct state_table {
    struct state_slot *slots;
    uint32_t size; /* a power of two, or 0 */
};

struct state_group {
    struct state_user *users;
    struct state_enrolment *enrolments;
    struct state_progress *progress;
    char *texts; /* the bytes of all users, one behind the other */
    uint32_t user_count, user_capacity;
    uint32_t enrolment_count, enrolment_capacity;
    uint32_t progress_count, progress_capacity;
    uint32_t text_bytes, text_capacity;
    /*
     * What a lesson's further completions took, but for the first whose time is usable: that is the
     * sum of all without these. In each the upper half is the index of the progress and the lower
     * one the time in microseconds; STATE_LONG_TIME there: the time is all of the next.
     */
    uint64_t *times;
    uint32_t time_count, time_capacity;
    uint64_t fingerprints_in_tables; /* all but those that stand in a progress itself */
    struct state_table user_table, enrolment_table, progress_table;
    /* The piece of a block that state_reserve gave to arrays; those that grew lie elsewhere. */
    char *room;
    size_t room_bytes;
};

struct state {
    uint32_t first_group; /* of those that this rank owns */
    uint32_t group_count;
    struct state_group *groups; /* group_count of them */
    int64_t first_event_us;     /* earliest event folded, or STATE_NO_TIME */
    int64_t last_event_us;      /* latest event folded, or INT64_MIN */
    struct state_texts entry_points;
    struct days days; /* of the events folded; without a day of its own until it is set */
    /* Neither times of completions nor entry points are kept: no further mart is wanted. */
    bool marts_only;
    void **rooms; /* the blocks of state_reserve */
    size_t room_count;
};

/* Local. An empty state for the key groups of ${rank} of ${ranks}. Returns 0, or -1 (EXIT_BUG). */
int state_create(int rank, int ranks, struct state **state, struct failure *failure);

/* Local. The same for ${count} key groups from number ${first} on. */
int state_create_groups(uint32_t first, uint32_t count, struct state **state,
                        struct failure *failure);

/* Local. state_free(NULL) does nothing. */
void state_free(struct state *state);

/* How much a key group holds of each kind. */
struct state_counts {
    uint32_t users, enrolments, progress, text_bytes, times;
};

/*
 * Local. Give ${count} empty groups from number ${first} on room for as much as ${counts} says, and
 * some more, in one block: their arrays, which the caller fills in and counts, and their tables,
 * which are not to be looked up in before state_index_*. Returns 0, or -1 (EXIT_BUG: no memory, or
 * a group too large).
 */
int state_reserve(struct state *state, uint32_t first, uint32_t count,
                  const struct state_counts *counts, struct failure *failure);

/* Local. What a key group takes in memory when it is loaded: room as above, and fingerprints. */
uint64_t state_loaded_bytes(const struct state_group *group);

/*
 * Local. Enter all records of one kind, which were filled in after state_reserve, into their table.
 * Returns false where one stands twice.
 */
bool state_index_users(struct state_group *group);
bool state_index_enrolments(struct state_group *group);
bool state_index_progress(struct state_group *group);

/*
 * Local. Find a record of a group, or add an empty one. Returns its index, or UINT32_MAX when
 * there is no memory or the group is full (EXIT_BUG). An added enrolment has no times; an added
 * progress is all zero but for its key. Pointers into the group's arrays end with the next call.
 */
uint32_t state_find_user(struct state_group *group, uint64_t hash, const char *text, uint32_t bytes,
                         struct failure *failure);
uint32_t state_find_enrolment(struct state_group *group, uint32_t user, int32_t course_id,
                              struct failure *failure);
uint32_t state_find_progress(struct state_group *group, uint32_t enrolment, int32_t lesson_id,
                             struct failure *failure);

/* Local. The index of a user that is there already, or UINT32_MAX. Adds nothing. */
uint32_t state_look_up_user(const struct state_group *group, uint64_t hash, const char *text,
                            uint32_t bytes);

/*
 * Local. Note a fingerprint of a completion of the progress at ${index}. Returns 1 when it is new,
 * 0 when it was there, or -1 (EXIT_BUG: no memory).
 */
int state_add_fingerprint(struct state_group *group, uint32_t index, uint64_t fingerprint,
                          struct failure *failure);

/* Local. Add a time to those of a progress. Returns 0, or -1 (EXIT_BUG: no memory, or too many). */
int state_add_time(struct state_group *group, uint32_t progress, uint64_t time_us,
                   struct failure *failure);

/*
 * Local. The time at ${*at} of the group's times, and which progress it is of; ${*at} is that of
 * the next then. Returns false where there is none.
 */
static inline bool state_next_time(const struct state_group *group, uint32_t *at,
                                   uint32_t *progress, uint64_t *time_us)
{
    if (*at >= group->time_count)
        return false;
    *progress = (uint32_t)(group->times[*at] >> 32);
    *time_us = (uint32_t)group->times[(*at)++];
    if (*time_us == STATE_LONG_TIME && *at < group->time_count)
        *time_us = group->times[(*at)++];
    return true;
}

/* Local. The least that the state takes: its records and their tables, without room to grow. */
uint64_t state_record_bytes(const struct state *state);

/*
 * Local. Check all that must hold of the records of the group ${number} by themselves: indices in
 * range, flags and sums that agree. ${counts} has room for a number a progress. Returns 0, or -1
 * with EXIT_BUG and what does not hold. Takes time linear in the records.
 */
int state_validate_group(const struct state *state, uint32_t number, uint32_t *counts,
                         struct failure *failure);

/* Local. Check what groups share: entry points. Returns 0, or -1 (EXIT_BUG). */
int state_validate_shared(const struct state *state, struct failure *failure);

/* Local. All of it; for tests. Returns 0, or -1 (EXIT_BUG, also where there is no memory). */
int state_validate(const struct state *state, struct failure *failure);

#endif
