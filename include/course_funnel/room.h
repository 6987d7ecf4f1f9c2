#ifndef COURSE_FUNNEL_ROOM_H
#define COURSE_FUNNEL_ROOM_H

#include "course_funnel/failure.h"
#include "course_funnel/ranks.h"

#include <stdint.h>

/*
 * Whether what all ranks need fits where they are: each in its cgroup and on its host, which it may
 * share with others. Memory that is taken by others there is counted for the host alone.
 */

struct room;

/*
 * Collective. See where each rank is; ${root} as in memory.h, "" for this machine. Returns 0, or
 * -1 on every rank. room_free is local; room_free(NULL) does nothing.
 */
int room_create(struct ranks *ranks, const char *root, struct room **room, struct failure *failure);
void room_free(struct room *room);

/* Local. What this rank holds now. */
uint64_t room_held_bytes(const struct room *room);

struct room_answer {
    uint64_t needed_bytes;
    uint64_t allowed_bytes; /* or MEMORY_NO_LIMIT */
    int ranks;              /* that share the limit */
    const char *where;      /* what limits them; lives as long as the room */
};

/*
 * Local. Of each rank ${held_bytes} is what it holds now, and ${needed_bytes} what it needs, those
 * included. The answer is about this rank and those that share a limit with it: that of its cgroup,
 * or that of its host where only the host is too small.
 */
void room_ask(struct room *room, const uint64_t *held_bytes, const uint64_t *needed_bytes,
              struct room_answer *answer);

/* Local. Record that ${what} ("The reading") does not fit (EXIT_BUG). Returns -1. */
int room_refuse(const struct room *room, const char *what, const struct room_answer *answer,
                struct failure *failure);

/*
 * Collective. Whether each rank may have ${more_bytes} more, for ${what}. Returns 0, or -1 on every
 * rank (EXIT_BUG): it does not fit, both numbers and what to do are in the message.
 */
int room_fits(struct ranks *ranks, uint64_t more_bytes, const char *what, struct failure *failure);

#endif
