#ifndef COURSE_FUNNEL_STORE_CHOICE_H
#define COURSE_FUNNEL_STORE_CHOICE_H

#include "course_funnel/manifest.h"
#include "course_funnel/store.h"

/*
 * Which generation a run goes on from: the newest that is its own, and whole. What a resume does is
 * decided here, so that who only looks can tell it beforehand. Pure.
 */

/* Whose a manifest is that was found in a generation's folder. */
enum store_owner {
    STORE_OWN,
    STORE_OF_ANOTHER_GENERATION, /* it was moved or copied there */
    STORE_OF_ANOTHER_RUN
};

/* Local. ${history_id} is the folder's, or NULL where that is not known. */
enum store_owner store_whose(const struct manifest *manifest, struct store_generation generation,
                             const char *history_id);

/* What becomes of a generation in a resume. */
enum store_choice {
    STORE_TAKEN,       /* the run goes on from it, and looks no further */
    STORE_SET_ASIDE,   /* it will never be of use: it is renamed, and the one before is tried */
    STORE_PASSED_OVER, /* it may be of use later: it stays, and the one before is tried */
    STORE_REFUSED      /* the run ends */
};

/* Local. By the code of the failure to read all of it, 0 where it is whole. */
enum store_choice store_choose(int code);

/* Local. Whether --restart has thrown a generation away, which a dead attempt did not remove. */
bool store_is_thrown_away(const struct store_attempt *attempt, struct store_generation generation);

#endif
