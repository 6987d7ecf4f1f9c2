#ifndef COURSE_FUNNEL_SCHEDULE_H
#define COURSE_FUNNEL_SCHEDULE_H

#include "course_funnel/failure.h"
#include "course_funnel/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which splits go to which rank. No rank is in charge: every rank keeps the same schedule and
 * moves it on by what all ranks told in a round, so that all come to the same answer without
 * another message. Splits of tables go first, so that what is held at a server can end early; who
 * reads no tables begins with files. Big splits go before small ones, so that the end is even.
 * Pure.
 */

/* A split, or what is left of it. */
struct schedule_item {
    uint32_t split;
    uint64_t offset; /* where to go on, 0 for the whole split; see source_open */
};

/* How many splits have gone out: the first of the tables' and the first of the files'. */
struct schedule_next {
    uint64_t splits; /* in all */
    uint64_t tables; /* of these, splits of tables */
};

struct schedule_lane {
    struct schedule_item *items; /* in the order in which they go out */
    size_t count;
    size_t next; /* the first that has not gone out */
    /* After a resume items begins with what was left unfinished, and goes on with this one of a
     * new schedule. */
    size_t resumed_count;
    size_t resumed_next;
};

enum schedule_kind { SCHEDULE_TABLES, SCHEDULE_FILES, SCHEDULE_LANES };

struct schedule {
    struct schedule_lane lanes[SCHEDULE_LANES];
    uint64_t left_bytes; /* on disk, of those that have not gone out */
    const struct source_list *list;
    const bool *no_tables; /* by rank: is given no split of SOURCE_TABLE; NULL: nobody. Borrowed;
                              the same on every rank, set after schedule_create */
    /* This rank's share that it has not opened, oldest first. */
    struct schedule_item *mine;
    size_t mine_begin, mine_end, mine_capacity;
    uint64_t mine_bytes; /* on disk */
};

/*
 * Local. A schedule of every split of ${list}, which must outlive it. Returns 0, or -1 (EXIT_BUG).
 */
int schedule_create(const struct source_list *list, struct schedule *schedule,
                    struct failure *failure);

/*
 * Local. As schedule_create, of what an earlier schedule left: first ${unfinished}, then the items
 * from ${next} on. It is an EXIT_BUG when next is beyond the end, or an unfinished split stands
 * there twice or is not among the items before next.
 */
int schedule_resume(const struct source_list *list, const struct schedule_item *unfinished,
                    size_t unfinished_count, struct schedule_next next, struct schedule *schedule,
                    struct failure *failure);

/*
 * Local. What schedule_resume needs to go on from here. ${unfinished}, which the caller frees, are
 * ${open} (NULL: none) and the items that wait in this rank's queue; with ${all} also those
 * unfinished ones that have not gone out again, which are the same on every rank. ${next} is the
 * same on every rank. Returns 0, or -1 (EXIT_BUG).
 */
int schedule_leave(const struct schedule *schedule, bool all, const struct schedule_item *open,
                   struct schedule_item **unfinished, size_t *unfinished_count,
                   struct schedule_next *next, struct failure *failure);

/* Local. Frees what it holds. */
void schedule_clear(struct schedule *schedule);

/*
 * Local, with the same ${wanted_bytes} on every rank: rank i asks for wanted_bytes[i] bytes on
 * disk. Splits go out one to each asking rank in turn, until each has what it asked for or none is
 * left. What falls to ${rank} is queued there. Returns 0, or -1 (EXIT_BUG).
 */
int schedule_assign(struct schedule *schedule, const uint64_t *wanted_bytes, int ranks, int rank,
                    struct failure *failure);

/* Local. Take the oldest of this rank's queue. Returns false when it is empty. */
bool schedule_take(struct schedule *schedule, struct schedule_item *item);

/* Local. The number, from 1, of the split that schedule_take would give; 0: of none. */
uint64_t schedule_peek(const struct schedule *schedule);

/*
 * Local. The number, from 1, of the split that ${rank} was given when each rank in turn was given
 * its first; 0: of none.
 */
uint64_t schedule_first(const struct schedule *schedule, int rank);

/* Local. Whether all splits have gone out; whether all those of tables have. */
bool schedule_is_out(const struct schedule *schedule);
bool schedule_tables_are_out(const struct schedule *schedule);

#endif
