#include "learners_read.h"

#include "course_funnel/array.h"
#include "course_funnel/fold.h"

#include <stdlib.h>
#include <string.h>

/* What the lessons of a group say of its users in the course; the rest of the facts is not set. */
static int look_at_lessons(const struct learners_wish *wish, const struct state_group *group,
                           struct learners_facts *facts, struct learners_there *there,
                           struct failure *failure)
{
    for (uint32_t i = 0; i < group->progress_count; i++) {
        const struct state_progress *progress = &group->progress[i];
        const struct state_enrolment *enrolment = &group->enrolments[progress->enrolment];
        struct learners_facts *fact = &facts[progress->enrolment];
        if (enrolment->course_id != wish->course_id)
            continue;
        if (progress->lesson_id > fact->furthest)
            fact->furthest = progress->lesson_id;
        int32_t week = fold_cohort_week(enrolment);
        if ((!wish->has_cohort || week == wish->cohort_week) &&
            learners_set_add(&there->lessons, progress->lesson_id, failure) != 0)
            return -1;
        if (!wish->has_lesson || progress->lesson_id != wish->lesson_id)
            continue;
        fact->started_lesson = (progress->flags & STATE_STARTED) != 0;
        fact->completed_lesson = (progress->flags & STATE_COMPLETED) != 0;
        if (learners_set_add(&there->with_lesson, week, failure) != 0)
            return -1;
    }
    return 0;
}

static int add_row(struct learners_list *list, const struct state *state,
                   const struct state_group *group, const struct state_enrolment *enrolment,
                   const struct learners_facts *facts, struct failure *failure)
{
    const struct state_user *user = &group->users[enrolment->user];
    struct learners_row row = {.facts = *facts, .user_bytes = user->bytes};
    if (enrolment->entry_point != 0) {
        uint32_t bytes = 0;
        const char *text = state_texts_get(&state->entry_points, enrolment->entry_point, &bytes);
        row.entry_point = state_texts_take(&list->entry_points, text, bytes, failure);
        if (row.entry_point == 0)
            return -1;
    }
    if (array_extend(&list->rows, list->count, sizeof row, "the list of learners", failure) != 0)
        return -1;
    row.user = malloc(user->bytes);
    if (row.user == NULL)
        return failure_memory(failure, "the list of learners", user->bytes);
    memcpy(row.user, group->texts + user->text, user->bytes);
    list->rows[list->count++] = row;
    return 0;
}

int learners_take_group(struct learners_list *list, const struct learners_wish *wish,
                        const struct state *state, const struct state_group *group,
                        struct failure *failure)
{
    struct learners_facts *facts = calloc((size_t)group->enrolment_count + 1, sizeof *facts);
    if (facts == NULL)
        return failure_memory(failure, "learners", group->enrolment_count * sizeof *facts);
    for (uint32_t i = 0; i < group->enrolment_count; i++)
        facts[i].furthest = LEARNERS_NO_LESSON;
    int result = look_at_lessons(wish, group, facts, &list->there, failure);
    for (uint32_t i = 0; result == 0 && i < group->enrolment_count; i++) {
        const struct state_enrolment *enrolment = &group->enrolments[i];
        result = learners_set_add(&list->there.courses, enrolment->course_id, failure);
        if (result != 0 || enrolment->course_id != wish->course_id)
            continue;
        facts[i].first_start_us = enrolment->first_start_us;
        facts[i].last_event_us = enrolment->last_event_us;
        facts[i].completed_us = enrolment->first_completion_us;
        facts[i].cohort_week = fold_cohort_week(enrolment);
        result = learners_set_add(&list->there.cohorts, facts[i].cohort_week, failure);
        if (result == 0 && learners_is_meant(wish, &facts[i]) &&
            learners_idle(wish, list->as_of_us, &facts[i]) != LEARNERS_BUSY)
            result = add_row(list, state, group, enrolment, &facts[i], failure);
    }
    free(facts);
    return result;
}

void learners_finish(struct learners_list *list, const struct learners_wish *wish)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct learners_row *row = &list->rows[i];
        bool counts = wish->who != LEARNERS_REACHED ||
                      learners_set_has(&list->there.with_lesson, row->facts.cohort_week);
        bool is_known = learners_idle(wish, list->as_of_us, &row->facts) != LEARNERS_UNKNOWN;
        list->of_unknown_idleness += counts && !is_known;
        if (counts && is_known)
            list->rows[kept++] = *row;
        else
            free(row->user);
    }
    list->count = kept;
    if (kept > 0)
        qsort(list->rows, kept, sizeof *list->rows, learners_compare);
}
