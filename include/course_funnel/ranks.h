#ifndef COURSE_FUNNEL_RANKS_H
#define COURSE_FUNNEL_RANKS_H

#include "course_funnel/failure.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The ranks of a job: start, end, vote, and the few collectives that the job itself needs. Every
 * function here is collective (each rank calls it, in the same order), except those marked Local.
 */

struct ranks;

/*
 * Collective. Start MPI, take a communicator of our own and let every rank meet every other, or
 * leave (see meeting.h). Returns 0, or -1 (EXIT_BUG; EXIT_USAGE as of meeting_begin and of
 * alone_judge); then there is nobody to vote with. Without a message, another rank has it.
 * ranks_end frees it and ends MPI; call it on every way out. ranks_end(NULL) does nothing.
 */
int ranks_start(struct ranks **ranks, struct failure *failure);
int ranks_end(struct ranks *ranks, struct failure *failure);

/* Local. */
int ranks_rank(const struct ranks *ranks);
int ranks_count(const struct ranks *ranks);

/* Local. The name of the host of any rank, cut where it is long. */
#define RANKS_HOST_BYTES 64
const char *ranks_host(const struct ranks *ranks, int rank);

/*
 * Collective. Did every rank succeed? Returns 0 when no rank holds a failure. Else every rank is
 * given the failure of the lowest rank that has one, its message naming the rank unless it is 0,
 * and -1 is returned everywhere.
 */
int ranks_vote(struct ranks *ranks, struct failure *failure);

/*
 * Local. End the whole job at once, with the failure's code, after printing its message: only for
 * a failure that the others cannot be told of, as they wait in a call that this rank cannot join.
 */
void ranks_abort(struct ranks *ranks, const struct failure *failure) __attribute__((noreturn));

/* Local. Another rank is about to abort, and tells why: be ended by that. */
void ranks_await_end(int code) __attribute__((noreturn));

/*
 * Collective. Rank 0's ${bytes} to every rank, which gets a buffer to free; on rank 0 ${bytes} and
 * ${byte_count} are what it gives, and stay its own. Returns 0, or -1 (EXIT_BUG) on any rank; a
 * vote must follow.
 */
int ranks_broadcast(struct ranks *ranks, unsigned char **bytes, size_t *byte_count,
                    struct failure *failure);

/*
 * Collective. A vote, and when no rank holds a failure, ranks_broadcast: for what rank 0 packs and
 * the others unpack, which only some of them may do well. Returns 0, or -1 with ${bytes} as they
 * were; a vote must follow.
 */
int ranks_share(struct ranks *ranks, unsigned char **bytes, size_t *byte_count,
                struct failure *failure);

/* Collective. Add up ${counts} over the ranks, for all of them. Returns 0, or -1 (EXIT_BUG). */
int ranks_sum(struct ranks *ranks, uint64_t *counts, size_t count, struct failure *failure);

/* Collective. The lowest of ${values} over the ranks, for all of them. Returns 0, or -1. */
int ranks_lowest(struct ranks *ranks, int64_t *values, size_t count, struct failure *failure);

/*
 * Collective. Every rank's ${byte_count} bytes, in the order of ranks, to rank 0, which gets a
 * buffer to free and its size (NULL and 0 elsewhere). Returns 0, or -1 (EXIT_BUG); a vote must
 * follow.
 */
int ranks_gather(struct ranks *ranks, const void *bytes, size_t byte_count,
                 unsigned char **gathered, size_t *gathered_bytes, struct failure *failure);

#endif
