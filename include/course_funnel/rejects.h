#ifndef COURSE_FUNNEL_REJECTS_H
#define COURSE_FUNNEL_REJECTS_H

#include "course_funnel/event.h"
#include "course_funnel/failure.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Rejected course events, kept so that nothing is lost: one JSON object a line with `source`,
 * `offset` (of the line in its file, inflated), `reason` and `text` (`text_base64` where the text
 * is not valid UTF-8 or holds a NUL). Each rank writes a part beside the final file; in the end
 * rank 0 joins them in the order of splits, so that the file is the same for any number of ranks.
 * No MPI.
 */

struct rejects;

/* A stretch of one rank's part that comes from one split. Plain data: ranks send it. */
struct rejects_run {
    uint32_t split;
    uint32_t rank;
    uint32_t attempt;
    uint32_t unused; /* 0 */
    uint64_t begin; /* in the part file */
    uint64_t end;
};

/*
 * Local. Parts will be files beside ${path}, named after it, ${attempt} and ${rank}; one is made
 * when the first reject comes. Nothing is copied: both texts must outlive the rejects. Returns 0,
 * or -1 (EXIT_BUG).
 */
int rejects_create(const char *path, const char *attempt, int rank, struct rejects **rejects,
                   struct failure *failure);

/* Local. Removes the rank's part, joined or not. rejects_free(NULL) does nothing. */
void rejects_free(struct rejects *rejects);

/*
 * Local. Keep a rejected line of ${split}, whose name is ${source}. Within one split lines come in
 * the order of their offsets. Returns 0, or -1 (EXIT_TARGET: the part can't be written).
 */
int rejects_add(struct rejects *rejects, uint32_t split, const char *source, uint64_t offset,
                enum reject_reason reason, const char *text, size_t bytes, struct failure *failure);

/*
 * Local. Write out what is buffered. Then the stretches of this rank's part are in ${runs}
 * (${run_count}), which stay the rejects' own. Returns 0, or -1 (EXIT_TARGET).
 */
int rejects_flush(struct rejects *rejects, const struct rejects_run **runs, size_t *run_count,
                  struct failure *failure);

/*
 * Local. Check before any work that ${path} can be written. Returns 0, or -1
 * (EXIT_TARGET).
 */
int rejects_check(const char *path, struct failure *failure);

/*
 * Local, on rank 0 when all parts are flushed. Join the stretches of all parts, given in any order,
 * into ${path} by temporary name and rename; an empty file says that there was none. Returns 0, or
 * -1 (EXIT_TARGET: among others when a part can't be found, as when ranks on other hosts do not
 * see the same folder).
 */
int rejects_join(const char *path, const char *attempt, struct rejects_run *runs, size_t run_count,
                 struct failure *failure);

#endif
