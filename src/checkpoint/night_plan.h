#ifndef NIGHT_PLAN_H
#define NIGHT_PLAN_H

#include "course_funnel/store_mark.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What a night does, by what it finds in the folder, among the files and at the target. The files
 * are the truth and the folder a cache of them: only what was published is gone on from, and what
 * is in doubt is read again. Pure.
 */

enum night_kind { NIGHT_PARTIAL, NIGHT_FINISHED, NIGHT_SUMS };

/* A generation that is whole, as far as its manifest tells. */
struct night_generation {
    struct store_generation name;
    enum night_kind kind;
    const char *run_id;
    struct store_generation base;    /* what its run goes on from; attempt 0: it is a first run's */
    bool is_base_there;              /* just as its manifest names it */
    struct store_generation sums_of; /* of NIGHT_SUMS: the finished state; attempt 0: none */
    bool is_published;               /* the target has a record of its run */
};

/* Of the generations; all are borrowed, or NULL. */
struct night_found {
    const struct night_generation *base;      /* the newest finished state that was published */
    const struct night_generation *top;       /* the newest state of a run that was not */
    const struct night_generation *base_sums; /* its newest, of whatever run */
    const struct night_generation *top_sums;  /* of its own run */
    bool has_rest;   /* something stands on the base that is neither it nor its sums */
    bool is_marked;  /* the mark names the base */
    bool has_before; /* the finished state before the base */
    struct store_generation before;
};

/* Local. ${generations} are the newest first; ${mark} is NULL where there is none. */
void night_find(const struct night_generation *generations, size_t count,
                const struct store_mark *mark, struct night_found *found);

/* Local. Whether a generation stands on the base: it is later, and not its sums. */
bool night_is_rest(const struct night_found *found, const struct night_generation *generation);

/* The day that is asked for, to that of a generation. */
enum night_as_of { NIGHT_AS_OF_SAME, NIGHT_AS_OF_LATER, NIGHT_AS_OF_EARLIER };

struct night_facts {
    bool had_any;           /* there was something, which may be damaged or gone */
    bool differs;           /* inputs or options, from the base or where there is none the top */
    bool top_changed;       /* an input of the top is not as it was, or gone */
    enum night_as_of as_of; /* to the base, or where there is none the top */
    enum night_as_of top_as_of;
    bool has_new_files; /* that the base has not read */
    bool is_newest;     /* the base's run is the newest at the target, or there is none */
    bool sums_fit;      /* likewise that of the base's sums, and they are of the day asked for */
};

enum night_action {
    NIGHT_READ_ALL,  /* nothing was there */
    NIGHT_RESUME,    /* from the top's state; files that it did not list wait */
    NIGHT_PUBLISH,   /* the top's sums */
    NIGHT_DROP,      /* what stands on the base goes; then it is looked again */
    NIGHT_EXTEND,    /* from the base's state, with the new files */
    NIGHT_AGAIN,     /* nothing is new: the base's sums, and their run */
    NIGHT_SUM_AGAIN, /* likewise, from its state */
    NIGHT_REFUSE,    /* 3: the differences are told */
    NIGHT_GIVE_UP    /* 6: what was there cannot be gone on from */
};

struct night_plan {
    enum night_action action;
    bool is_new_run; /* it gets an id of its own, though it reads nothing or was begun before */
};

/* Local. The one decision. */
struct night_plan night_decide(const struct night_found *found, const struct night_facts *facts);

#endif
