#ifndef HISTORY_H
#define HISTORY_H

#include "course_funnel/checkpoint.h"
#include "course_funnel/failure.h"
#include "course_funnel/ingest.h"

/*
 * Collective. Read the whole history (ingest.h), from where ${checkpoint} (NULL: there is none)
 * found it left, with a checkpoint whenever one is due and when a rank is asked to stop. Returns 0,
 * or -1 with the same failure on every rank: that of the rank which failed first; EXIT_STOPPED when
 * it was asked to stop; EXIT_CHECKPOINT when it was, and what was read could not be kept.
 */
int history_read(const struct ingest *ingest, struct checkpoint *checkpoint,
                 struct failure *failure);

#endif
