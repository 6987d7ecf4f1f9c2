#include "rebuild_steps.h"

#include "course_funnel/days.h"
#include "course_funnel/fault.h"
#include "course_funnel/fold.h"
#include "course_funnel/log.h"
#include "course_funnel/reduce.h"
#include "course_funnel/stop.h"

#include <inttypes.h>

/* Percentiles and entry points, which need the ranks to trade what they know. Ends the state. */
static int reduce_answers(struct job *job, struct values *values, struct failure *failure)
{
    if (job->state->marts_only)
        return 0;
    (void)fold_entries(job->state, &job->sums.entries, failure);
    if (ranks_vote(job->ranks, failure) != 0 ||
        entries_reduce(job->ranks, &job->sums.entries, failure) != 0)
        return -1;
    state_free(job->state);
    job->state = NULL;
    return values_reduce(job->ranks, values, &job->sums.tally, failure);
}

/* The books of all ranks, which must balance, and their sums. */
static int reduce(struct job *job, struct failure *failure)
{
    struct run_record *record = &job->record;
    struct values values = {0};
    (void)days_merge(&job->days, &job->state->days, failure);
    if (reduce_days(job->ranks, &job->days, failure) == 0 && !rebuild_job_is_root(job))
        days_clear(&job->days);
    record->first_event_us = job->state->first_event_us;
    record->last_event_us = job->state->last_event_us;
    if (reduce_ledger(job->ranks, &job->sums.ledger, &record->first_event_us,
                      &record->last_event_us, failure) == 0)
        (void)fold_sums(job->state, ranks_count(job->ranks), &job->sums.tally,
                        job->state->marts_only ? NULL : &values, failure);
    int result = ranks_vote(job->ranks, failure);
    if (result == 0)
        result = reduce_answers(job, &values, failure);
    values_clear(&values);
    if (result != 0)
        return -1;
    state_free(job->state);
    job->state = NULL;
    (void)FAULT("rebuild.reduce");
    (void)reduce_tallies(job->ranks, &job->sums.tally, failure);
    return ranks_vote(job->ranks, failure);
}

/* The sums that an attempt before left, and its match with sessions. */
static int take_sums(struct job *job, struct failure *failure)
{
    const struct manifest *found = checkpoint_found(job->checkpoint);
    if (rebuild_job_is_root(job))
        (void)days_merge(&job->days, &found->days, failure);
    job->sums.tally = checkpoint_take_tally(job->checkpoint);
    job->sums.entries = checkpoint_take_entries(job->checkpoint);
    job->sums.ledger = found->ledger;
    job->record.first_event_us = found->first_event_us;
    job->record.last_event_us = found->last_event_us;
    /* Not where this attempt was told that there are no sessions. */
    if (job->options.tables.sessions == NULL || found->match.is_known == 0)
        return ranks_vote(job->ranks, failure);
    job->sums.matches = checkpoint_take_matches(job->checkpoint);
    job->record.has_sessions = true;
    job->record.sessions_read = found->match.sessions_read;
    job->record.users_with_session = found->match.users_with_session;
    job->record.users_without_session = found->match.users_without_session;
    return ranks_vote(job->ranks, failure);
}

/* What keeps the job from going on, now that its sums are ${saved}, or could not be. */
static int leave_unmatched(const struct job *job, bool saved, struct failure *failure)
{
    const struct failure *why = &job->unmatched;
    if (saved)
        return failure_set(failure, why->code,
                           "%s All events are read and their sums are kept: the same command "
                           "publishes them, without a match.",
                           why->message);
    return failure_set(failure, why->code == EXIT_STOPPED ? EXIT_CHECKPOINT : why->code,
                       "%s The sums of the events could not be kept: the next run goes on from "
                       "the checkpoint before.",
                       why->message);
}

/* Keep the sums, so that a target that is lost costs no second reading. */
static int keep_sums(struct job *job, struct failure *failure)
{
    bool saved = false;
    struct checkpoint_content content = {
        .kind = MANIFEST_SUMS,
        .tally = rebuild_job_is_root(job) ? &job->sums.tally : NULL,
        .matches = rebuild_job_is_root(job) ? &job->sums.matches : NULL,
        .entries = rebuild_job_is_root(job) ? &job->sums.entries : NULL,
        .rejects = job->rejects.kept,
        .first_event_us = job->record.first_event_us,
        .last_event_us = job->record.last_event_us,
        .days = &job->days,
        .next = {.splits = job->input.list->split_count}};
    if (rebuild_job_is_root(job))
        content.ledger = job->sums.ledger;
    if (job->record.has_sessions)
        content.match =
            (struct manifest_match){1, job->record.sessions_read, job->record.users_with_session,
                                    job->record.users_without_session};
    if (checkpoint_save(job->checkpoint, &content, &saved, failure) != 0)
        return -1;
    if (job->unmatched.code != 0)
        return leave_unmatched(job, saved, failure);
    uint64_t stop = stop_is_wanted();
    (void)ranks_sum(job->ranks, &stop, 1, failure);
    if (stop > 0 && saved)
        failure_set(failure, EXIT_STOPPED, "Stopped on request; all is read%s",
                    job->base_ledger != NULL
                        ? ", but not published. The same command reads what was new again."
                        : " and its sums are kept. The same command publishes them.");
    return ranks_vote(job->ranks, failure);
}

/* A last day that stands far behind the others is hardly the day that the history ends on. */
#define WARN_OF_DAYS 28

/* On rank 0: up to when the cohorts were watched. */
static void record_days(struct job *job)
{
    struct run_record *record = &job->record;
    const struct days *days = &job->days;
    char last[CALENDAR_DATE_BYTES], before[CALENDAR_DATE_BYTES];
    record->has_as_of = days->last_us != DAYS_NONE;
    record->as_of_us = record->has_as_of ? days->last_us : 0;
    record->events_in_the_future = days_in_the_future(days);
    if (days_gap(days) < WARN_OF_DAYS)
        return;
    calendar_format_date((int32_t)days_of(days->last_us), last);
    calendar_format_date((int32_t)days_of(days->before_us), before);
    log_warning("the last day with events, %s, stands %" PRId64 " days behind the one before it, "
                "%s: if a clock was wrong, name the day after the true last one with --as-of",
                last, days_gap(days), before);
}

/* On rank 0: of which courses so many entry points came that not all have a row. */
static void record_cuts(struct job *job)
{
    const struct entries *entries = &job->sums.entries;
    for (size_t i = 0; i < entries->cut_count && !job->options.marts_only; i++) {
        const struct entries_cut *cut = &entries->cuts[i];
        job->record.entry_points_in_other += cut->texts;
        job->record.users_in_other += cut->users;
        log_warning("course %" PRId32 " has %" PRIu64 " more entry points than the %d that have "
                    "rows of their own; they are counted as " ENTRIES_OTHER ", %" PRIu64
                    " users. Ids or addresses may have got into entry_point",
                    cut->course_id, cut->texts, ENTRIES_MOST, cut->users);
    }
}

int rebuild_sums(struct job *job, struct failure *failure)
{
    days_begin(&job->days, job->day);
    if (rebuild_job_is_read(job) ? take_sums(job, failure) != 0 : reduce(job, failure) != 0)
        return -1;
    if (rebuild_job_is_root(job)) {
        record_days(job);
        record_cuts(job);
    }
    if (!rebuild_job_is_read(job) && job->checkpoint != NULL && keep_sums(job, failure) != 0)
        return -1;
    job->record.ledger = job->sums.ledger;
    uint64_t empty = job->input.list->files_empty, left_out = job->input.list->files_left_out;
    if (job->checkpoint != NULL)
        checkpoint_listed(job->checkpoint, &empty, &left_out);
    job->record.ledger.files_empty += empty;
    job->record.ledger.files_left_out += left_out;
    job->record.has_event_times = job->sums.ledger.folded > 0;
    return 0;
}
