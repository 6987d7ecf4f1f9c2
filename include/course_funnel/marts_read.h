#ifndef COURSE_FUNNEL_MARTS_READ_H
#define COURSE_FUNNEL_MARTS_READ_H

#include "course_funnel/failure.h"
#include "course_funnel/marts.h"
#include "course_funnel/publish.h"
#include "course_funnel/run_record.h"

#include <stdbool.h>

/* Published marts → struct marts, out of CSV files or PostgreSQL. No MPI. */

struct marts_origin {
    bool known;               /* false when there is no record of a run beside the marts */
    bool has_further;         /* the further marts are there too, as the record says */
    bool matches;             /* the rows are those that the record describes, by their digests */
    struct run_record record; /* as run_record_parse fills it */
};

/*
 * Local. Read the marts of one publication, further ones where they are there, in the order of
 * their keys, with the digests of what was read. Files that change while they are read are read
 * again. Returns 0 and marts that the caller frees with marts_free, or -1: EXIT_USAGE (target as in
 * publish_describe), EXIT_TARGET (no marts there, not readable, or not rows of these marts; names
 * the file and line), EXIT_BUG.
 */
int marts_read(const struct publish_target *from, struct marts **marts, struct marts_origin *origin,
               struct failure *failure);

#endif
