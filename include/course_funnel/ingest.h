#ifndef COURSE_FUNNEL_INGEST_H
#define COURSE_FUNNEL_INGEST_H

#include "course_funnel/failure.h"
#include "course_funnel/ledger.h"
#include "course_funnel/match.h"
#include "course_funnel/progress.h"
#include "course_funnel/ranks.h"
#include "course_funnel/rebuild_tables.h"
#include "course_funnel/rejects.h"
#include "course_funnel/source.h"
#include "course_funnel/state.h"

/*
 * The reading of the history: source → decode → exchange → fold, in rounds, until every split is
 * read and every event is folded. A round is over when a rank has collected its share of events,
 * has read INGEST_ROUND_BYTES of text, or INGEST_ROUND_SECONDS have passed; so the point where
 * nothing is on its way between ranks is never far.
 */

#define INGEST_ROUND_BYTES ((uint64_t)16 << 20)
#define INGEST_ROUND_SECONDS 0.5

struct ingest {
    struct ranks *ranks;
    const struct source_list *list;
    const struct source_limits *limits;
    const struct rebuild_tables *tables; /* for splits of SOURCE_TABLE */
    const struct table_options *table_options;
    uint32_t connections; /* see rebuild_tables_reads */
    struct rejects *rejects;
    struct match *match;       /* NULL: events are read; else profile ids, to be matched by it */
    struct state *state;       /* is folded into */
    struct ledger *ledger;     /* of this rank, is added to */
    struct progress *progress; /* on rank 0, else NULL */
};

/*
 * Collective. Read all splits. Returns 0 when every rank did its part; else -1 on every rank, with
 * a failure on those that have one: a vote must follow.
 */
int ingest_run(const struct ingest *ingest, struct failure *failure);

#endif
