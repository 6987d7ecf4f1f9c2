#ifndef COURSE_FUNNEL_INGEST_H
#define COURSE_FUNNEL_INGEST_H

#include "course_funnel/failure.h"
#include "course_funnel/ingest_tables.h"
#include "course_funnel/ledger.h"
#include "course_funnel/match.h"
#include "course_funnel/progress.h"
#include "course_funnel/ranks.h"
#include "course_funnel/rejects.h"
#include "course_funnel/room.h"
#include "course_funnel/schedule.h"
#include "course_funnel/source.h"
#include "course_funnel/state.h"

/*
 * The reading of the history: source → decode → exchange → fold, in rounds, until every split is
 * read and every event is folded. A round is over when a rank has collected its share of events,
 * has read INGEST_ROUND_BYTES of text (more while others are late), or INGEST_ROUND_SECONDS have
 * passed; so the point where nothing is on its way between ranks is never far. At such a point the
 * reading can pause, and another job can resume it.
 */

/*
 * Ranks wait for each other at the end of rounds, which took a twentieth of the time on busy
 * machines with rounds of 16 MiB. A rank that would have to wait keeps reading, up to
 * INGEST_STRETCH times the bytes of a round.
 */
#define INGEST_ROUND_BYTES ((uint64_t)64 << 20)
#define INGEST_STRETCH 4
#define INGEST_ROUND_SECONDS 0.5

struct ingest {
    struct ranks *ranks;
    const struct source_list *list;
    const struct source_limits *limits;
    struct ingest_tables *tables; /* for splits of SOURCE_TABLE; see ingest_tables_end */
    bool keeps_tables;            /* more of them is to be read by another worker */
    const struct table_options *table_options;
    uint32_t connections; /* see ingest_tables_reads */
    struct rejects *rejects;
    /* Of each file of the list its number among all inputs, for places of rejects; NULL: its own.
     */
    const uint32_t *numbers;
    struct match *match;       /* NULL: events are read; else profile ids, to be matched by it */
    struct state *state;       /* is folded into */
    struct ledger *ledger;     /* of this rank, is added to */
    struct progress *progress; /* on rank 0, else NULL */
    struct room *room;         /* what the state must fit into; NULL: that is not looked at */
    uint32_t patience_s;       /* longest wait for a round; 0: for ever */
    /* What an earlier job left, see schedule_resume; all zero for the whole list. */
    const struct schedule_item *unfinished;
    size_t unfinished_count;
    struct schedule_next next;
};

struct ingest_worker;

/*
 * Collective. Get ready to read. ${ingest} must outlive the worker. Returns 0, or -1 on every rank.
 * ingest_free is local; ingest_free(NULL) does nothing.
 */
int ingest_start(const struct ingest *ingest, struct ingest_worker **worker,
                 struct failure *failure);
void ingest_free(struct ingest_worker *worker);

enum ingest_result {
    INGEST_DONE,   /* all splits are read and all events folded */
    INGEST_PAUSED, /* nothing is on its way: all that was read is folded */
    INGEST_STOPPED /* as paused, and a rank was asked to stop (stop.h) */
};

/*
 * Where the state will not fit into memory (forecast.h says when that is sure) the reading fails
 * with EXIT_BUG; when it is likely rank 0 warns.
 *
 * Collective. Read on until all is done, a rank was asked to stop, or on some rank clock_seconds()
 * is past its ${pause_at}; it may be called again then. Returns an ingest_result, the same on every
 * rank that did its part; -1 on those that hold a failure, and on all when it was told in time. A
 * vote must follow. As soon as no rank has a table left to read, the tables are ended.
 */
int ingest_run(struct ingest_worker *worker, double pause_at, struct failure *failure);

/* A file or entry that was found empty, or was left out as foreign. Plain data: ranks send it. */
struct ingest_remark {
    uint32_t split; /* its first */
    uint32_t left_out;
};

/*
 * Collective, while paused or done. What all ranks have found since the last call, on rank 0 (else
 * NULL and 0), which frees ${remarks}. Returns 0, or -1 (EXIT_BUG); a vote must follow.
 */
int ingest_remarks(struct ingest_worker *worker, struct ingest_remark **remarks, size_t *count,
                   struct failure *failure);

/*
 * Local, while paused. What is left to read: what another job gives to struct ingest, of all ranks
 * together. The caller frees ${unfinished}; ${next} is the same on every rank. ${done_bytes} on
 * disk were read by this worker. Returns 0, or -1 (EXIT_BUG).
 */
int ingest_leave(const struct ingest_worker *worker, struct schedule_item **unfinished,
                 size_t *unfinished_count, struct schedule_next *next, uint64_t *done_bytes,
                 struct failure *failure);

#endif
