#include "course_funnel/match.h"

#include "course_funnel/fault.h"
#include "course_funnel/key_group.h"
#include "course_funnel/parcel.h"

#include <stdbool.h>
#include <stdlib.h>

/* A byte for each user of each key group: 1 when a session of theirs was seen. */
struct match {
    const struct state *state;
    unsigned char **seen;
};

/* Enrolments are added up by course whenever so many have come, and twice as many as are left. */
#define TALLY_RECORDS ((size_t)1 << 16)

int match_create(const struct state *state, struct match **match, struct failure *failure)
{
    struct match *made = calloc(1, sizeof *made);
    if (made == NULL)
        return failure_memory(failure, "the match with sessions", sizeof *made);
    made->state = state;
    made->seen = calloc(state->group_count + 1, sizeof *made->seen);
    if (made->seen == NULL) {
        free(made);
        return failure_memory(failure, "the match with sessions", state->group_count);
    }
    for (uint32_t i = 0; i < state->group_count; i++) {
        made->seen[i] = calloc((size_t)state->groups[i].user_count + 1, 1);
        if (made->seen[i] == NULL) {
            match_free(made);
            return failure_memory(failure, "the match with sessions", state->groups[i].user_count);
        }
    }
    *match = made;
    return 0;
}

void match_free(struct match *match)
{
    if (match == NULL)
        return;
    for (uint32_t i = 0; i < match->state->group_count; i++)
        free(match->seen[i]);
    free(match->seen);
    free(match);
}

int match_take(struct match *match, const unsigned char *bytes, size_t byte_count,
               struct ledger *ledger, struct failure *failure)
{
    const struct state *state = match->state;
    const unsigned char *at = bytes, *end = bytes + byte_count;
    while (at < end) {
        const struct parcel_event *event = (const struct parcel_event *)at;
        size_t left = (size_t)(end - at);
        if (left < sizeof *event || parcel_event_bytes(event) > left ||
            key_group_of(event->user_hash) - state->first_group >= state->group_count)
            return failure_set(failure, EXIT_BUG,
                               "%zu bytes were received that are no profile ids of this rank. "
                               "Nothing was published; please report this.",
                               left);
        at += parcel_event_bytes(event);
        /* Tests lose one, to see that it is noticed. */
        if (FAULT("match.lose") != 0)
            continue;
        ledger->received++;
        uint32_t group = key_group_of(event->user_hash) - state->first_group;
        uint32_t user = state_look_up_user(&state->groups[group], event->user_hash,
                                           parcel_user(event), event->user_bytes);
        if (user != UINT32_MAX)
            match->seen[group][user] = 1;
        ledger->folded++;
    }
    return 0;
}

void match_count(const struct match *match, uint64_t *with, uint64_t *without)
{
    *with = *without = 0;
    for (uint32_t i = 0; i < match->state->group_count; i++)
        for (uint32_t user = 0; user < match->state->groups[i].user_count; user++)
            (*(match->seen[i][user] != 0 ? with : without))++;
}

int match_tally(const struct match *match, struct tally *tally, struct failure *failure)
{
    size_t sort_at = TALLY_RECORDS;
    for (uint32_t i = 0; i < match->state->group_count; i++) {
        const struct state_group *group = &match->state->groups[i];
        for (uint32_t j = 0; j < group->enrolment_count; j++) {
            const struct state_enrolment *enrolment = &group->enrolments[j];
            bool seen = match->seen[i][enrolment->user] != 0;
            struct tally_record record = {.course_id = enrolment->course_id,
                                          .kind = TALLY_COHORT,
                                          .users_without_session = seen ? 0 : 1,
                                          .users_with_session = seen ? 1 : 0};
            if (tally_append(tally, &record, failure) != 0)
                return -1;
            if (tally->count < sort_at)
                continue;
            tally_sort(tally);
            sort_at = 2 * tally->count + TALLY_RECORDS;
        }
    }
    tally_sort(tally);
    return 0;
}
