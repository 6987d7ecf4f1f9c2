#include "fold_sums.h"

#include "course_funnel/fold.h"
#include "course_funnel/pages.h"

#include <stdbool.h>
#include <stdlib.h>

/* Memory that the sums take beside the tally. */
struct scratch {
    struct fold_places places; /* of all groups, or where values are not wanted, of one */
    int64_t *furthest;         /* of one group */
    fold_wide *rest;           /* likewise */
};

static void free_scratch(struct scratch *scratch)
{
    free(scratch->places.cohorts);
    free(scratch->places.lessons);
    free(scratch->furthest);
    free(scratch->rest);
}

static int make_scratch(const struct state *state, bool keep, struct scratch *scratch,
                        struct failure *failure)
{
    size_t enrolments = 0, progress = 0, most_enrolments = 0, most_progress = 0;
    for (uint32_t i = 0; i < state->group_count; i++) {
        const struct state_group *group = &state->groups[i];
        enrolments += group->enrolment_count;
        progress += group->progress_count;
        if (group->enrolment_count > most_enrolments)
            most_enrolments = group->enrolment_count;
        if (group->progress_count > most_progress)
            most_progress = group->progress_count;
    }
    if (!keep) {
        enrolments = most_enrolments;
        progress = most_progress;
    }
    struct fold_places *places = &scratch->places;
    places->cohorts = pages_resize(NULL, 0, (enrolments + 1) * sizeof *places->cohorts);
    places->lessons = pages_resize(NULL, 0, (progress + 1) * sizeof *places->lessons);
    scratch->furthest = malloc((most_enrolments + 1) * sizeof *scratch->furthest);
    scratch->rest = malloc((most_progress + 1) * sizeof *scratch->rest);
    return places->cohorts != NULL && places->lessons != NULL && scratch->furthest != NULL &&
                   scratch->rest != NULL
               ? 0
               : failure_memory(failure, "the sums of cohorts", progress * sizeof *places->lessons);
}

static void pass(struct fold_places *places, const struct state_group *group)
{
    places->cohorts += group->enrolment_count;
    places->lessons += group->progress_count;
}

static int count(const struct state *state, bool keep, const struct scratch *scratch,
                 struct tally *tally, struct failure *failure)
{
    struct fold_counter counter = {.tally = tally};
    struct fold_places places = scratch->places;
    int result = 0;
    for (uint32_t i = 0; i < state->group_count && result == 0; i++) {
        const struct state_group *group = &state->groups[i];
        result = fold_counter_place(&counter, group, &places, failure);
        if (result == 0)
            fold_tally_group(tally, group, &places, state->marts_only ? NULL : scratch->furthest);
        if (keep)
            pass(&places, group);
    }
    fold_counter_end(&counter);
    return result;
}

static int collect(const struct state *state, const struct scratch *scratch, struct values *values,
                   struct failure *failure)
{
    struct fold_places places = scratch->places;
    int result = 0;
    for (uint32_t i = 0; i < state->group_count && result == 0; i++) {
        const struct state_group *group = &state->groups[i];
        result = fold_values_group(group, &places, scratch->rest, values, failure);
        pass(&places, group);
    }
    return result;
}

int fold_sums(const struct state *state, int ranks, struct tally *tally, struct values *values,
              struct failure *failure)
{
    struct scratch scratch = {0};
    bool keep = values != NULL;
    int result = make_scratch(state, keep, &scratch, failure);
    if (result == 0)
        result = count(state, keep, &scratch, tally, failure);
    /* How many values a record has is known only now. */
    if (result == 0 && keep)
        result = values_begin(ranks, tally, values, failure);
    if (result == 0 && keep)
        result = collect(state, &scratch, values, failure);
    free_scratch(&scratch);
    if (result == 0)
        tally_sort(tally);
    return result;
}
