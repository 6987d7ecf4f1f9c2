#ifndef COURSE_FUNNEL_RUN_RECORD_H
#define COURSE_FUNNEL_RUN_RECORD_H

#include "course_funnel/failure.h"
#include "course_funnel/ledger.h"

#include <stdbool.h>
#include <stdint.h>

/* What a run did: the row of course_funnel_runs, and course_funnel_run.json beside CSV files. */
struct run_record {
    char run_id[37];    /* a random UUID */
    char version[32];   /* of the program */
    int64_t planned_us; /* before the sources were looked at, by the target's clock; not recorded */
    int64_t attempt_us; /* after that, by the same clock: what was read is no newer */
    int64_t started_us; /* since 1970-01-01 UTC */
    int64_t finished_us;
    int32_t ranks;
    char source[1024]; /* what --from named, without passwords */
    char input_fingerprint[33];
    struct ledger ledger;
    uint64_t cohort_rows;
    uint64_t lesson_rows;
    bool has_event_times; /* false when there were no course events */
    int64_t first_event_us;
    int64_t last_event_us;
    char cohorts_digest[33]; /* of the marts' CSV texts, see marts.h */
    char lessons_digest[33];
    bool has_sessions;           /* a table of sessions was read; else the next three are NULL */
    uint64_t sessions_read;      /* rows with a profile id */
    uint64_t users_with_session; /* of those with course events */
    uint64_t users_without_session;
    bool has_as_of; /* false: no event before the day that the run was asked for */
    int64_t as_of_us;
    uint64_t events_in_the_future;
    uint64_t entry_points_in_other;
    uint64_t users_in_other;
    bool has_further;      /* false: two marts are all, and what is of further ones is NULL */
    char steps_digest[33]; /* this and the next two: as cohorts_digest */
    char completion_digest[33];
    char entry_points_digest[33];
    bool has_cells; /* false: not compared with the marts before; the next are NULL */
    uint64_t cells_added, cells_removed, cells_changed;
};

/* Local. Fill ${run_id} with a new random UUID. Returns 0, or -1 (EXIT_BUG). */
int run_record_draw_id(char run_id[37], struct failure *failure);

/*
 * The record as named texts, in the order of the columns of course_funnel_runs. Bytes of the source
 * that are not UTF-8 are shown as `?`: JSON and PostgreSQL take no others.
 */
#define RUN_RECORD_FIELDS 47
#define RUN_RECORD_TEXT_BYTES 1024

enum run_record_kind {
    RUN_RECORD_TEXT,
    RUN_RECORD_COUNT, /* a decimal number */
    RUN_RECORD_TIME,  /* YYYY-MM-DD HH:MM:SS.ffffffZ */
    RUN_RECORD_NULL
};

struct run_record_field {
    char name[32];
    enum run_record_kind kind;
    char text[RUN_RECORD_TEXT_BYTES]; /* empty for RUN_RECORD_NULL */
};

/* Local. Fill ${fields}. */
void run_record_fields(const struct run_record *record,
                       struct run_record_field fields[RUN_RECORD_FIELDS]);

/* Local. The record as JSON text, which the caller frees. Returns 0, or -1 (EXIT_BUG). */
int run_record_json(const struct run_record *record, char **json, struct failure *failure);

/*
 * Local. Read what run_record_json wrote back, as far as it tells a publication from another:
 * run_id, attempt_us, finished_us, the event times, row counts and digests, and what is of the
 * further marts; and where they are there, for people: version, source, lines, duplicates and
 * rejects. The rest is zero.
 * Returns 0, or -1 when ${json} is no such text (no failure is recorded: the caller knows the
 * place).
 */
int run_record_parse(const char *json, struct run_record *record);

#endif
