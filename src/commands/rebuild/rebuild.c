#include "rebuild_internal.h"

#include "course_funnel/command.h"
#include "course_funnel/fault.h"
#include "course_funnel/fold.h"
#include "course_funnel/ingest.h"
#include "course_funnel/log.h"
#include "course_funnel/output.h"
#include "course_funnel/progress.h"
#include "course_funnel/reduce.h"
#include "course_funnel/stop.h"
#include "history.h"
#include "summary.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

bool rebuild_is_root(const struct job *job)
{
    return ranks_rank(job->ranks) == 0;
}

bool rebuild_is_read(const struct job *job)
{
    const struct manifest *found = checkpoint_found(job->checkpoint);
    return found != NULL && found->kind == MANIFEST_SUMS;
}

/* How much of the input earlier attempts read, in bytes on disk. */
static uint64_t done_before(const struct job *job)
{
    const struct manifest *found = checkpoint_found(job->checkpoint);
    return found != NULL ? found->done_bytes : 0;
}

static int read_history(struct job *job, struct failure *failure)
{
    struct ingest ingest = {.ranks = job->ranks,
                            .list = job->list,
                            .limits = &job->options.limits,
                            .tables = &job->tables,
                            .table_options = &job->options.tables,
                            .connections = job->options.connections,
                            .ledger = &job->ledger};
    if (rebuild_is_root(job)) {
        bool one = job->tables.list == NULL && job->list->file_count == 1;
        log_info("reading %zu file%s%s, %" PRIu64 " bytes on disk, on %d rank%s, for %s",
                 job->list->file_count, one ? "" : "s",
                 job->tables.list != NULL ? " and tables" : "", job->list->disk_bytes,
                 ranks_count(job->ranks), ranks_count(job->ranks) == 1 ? "" : "s",
                 publish_is_postgres(job->options.to) ? "PostgreSQL" : "CSV files");
        ingest.progress = progress_start(job->list->disk_bytes, done_before(job));
    }
    if (job->checkpoint != NULL)
        job->state = checkpoint_take_state(job->checkpoint);
    if (job->state != NULL ||
        state_create(ranks_rank(job->ranks), ranks_count(job->ranks), &job->state, failure) == 0)
        (void)rejects_create(&job->place, ranks_rank(job->ranks), &job->rejects, failure);
    ingest.state = job->state;
    ingest.rejects = job->rejects;
    if (ranks_vote(job->ranks, failure) == 0)
        (void)history_read(&ingest, job->checkpoint, failure);
    progress_end(ingest.progress);
    return failure->code != 0 ? -1 : 0;
}

/* The books of all ranks, which must balance, and the time that the events span. */
static int sum_ledgers(struct job *job, struct failure *failure)
{
    /* The latest time as the lowest of the negatives; no time lies near the limits of int64_t. */
    int64_t bounds[2] = {job->state->first_event_us, -(job->state->last_event_us + 1)};
    if (ranks_sum(job->ranks, (uint64_t *)&job->ledger, LEDGER_COUNTS, failure) != 0 ||
        ranks_lowest(job->ranks, bounds, 2, failure) != 0)
        return -1;
    job->record.first_event_us = bounds[0];
    job->record.last_event_us = -bounds[1] - 1;
    return ledger_check(&job->ledger, failure);
}

static int reduce(struct job *job, struct failure *failure)
{
    if (sum_ledgers(job, failure) == 0)
        (void)fold_tally(job->state, &job->tally, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    state_free(job->state);
    job->state = NULL;
    (void)FAULT("rebuild.reduce");
    (void)reduce_tallies(job->ranks, &job->tally, failure);
    return ranks_vote(job->ranks, failure);
}

/* The sums that an attempt before left, and its match with sessions. */
static void take_sums(struct job *job)
{
    const struct manifest *found = checkpoint_found(job->checkpoint);
    job->tally = checkpoint_take_tally(job->checkpoint);
    job->ledger = found->ledger;
    job->record.first_event_us = found->first_event_us;
    job->record.last_event_us = found->last_event_us;
    /* Not where this attempt was told that there are no sessions. */
    if (job->options.tables.sessions == NULL || found->match.is_known == 0)
        return;
    job->matches = checkpoint_take_matches(job->checkpoint);
    job->record.has_sessions = true;
    job->record.sessions_read = found->match.sessions_read;
    job->record.users_with_session = found->match.users_with_session;
    job->record.users_without_session = found->match.users_without_session;
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
    struct checkpoint_content content = {.kind = MANIFEST_SUMS,
                                         .tally = rebuild_is_root(job) ? &job->tally : NULL,
                                         .matches = rebuild_is_root(job) ? &job->matches : NULL,
                                         .rejects = job->rejects,
                                         .first_event_us = job->record.first_event_us,
                                         .last_event_us = job->record.last_event_us,
                                         .next = job->list->split_count};
    if (rebuild_is_root(job))
        content.ledger = job->ledger;
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
        failure_set(failure, EXIT_STOPPED,
                    "Stopped on request; all is read and its sums are kept. The same command "
                    "publishes them.");
    return ranks_vote(job->ranks, failure);
}

/* All that was read, as sums on rank 0. */
static int sum_up(struct job *job, struct failure *failure)
{
    if (rebuild_is_read(job))
        take_sums(job);
    else if (reduce(job, failure) != 0 || (job->checkpoint != NULL && keep_sums(job, failure) != 0))
        return -1;
    job->record.ledger = job->ledger;
    job->record.has_event_times = job->ledger.folded > 0;
    return 0;
}

static int run(struct job *job, struct failure *failure)
{
    if (rebuild_plan(job, failure) != 0)
        return -1;
    if (job->options.dry_run) {
        if (rebuild_is_root(job)) {
            summary_print_plan(stdout, job->list, ranks_count(job->ranks), job->target_text,
                               job->rejects_path);
            (void)output_end(stdout, failure);
        }
        return ranks_vote(job->ranks, failure);
    }
    if (rebuild_plan_resume(job, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_PLAN);

    if (!rebuild_is_read(job) && read_history(job, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_READ);

    if (rebuild_match(job, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_MATCH);

    if (sum_up(job, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_REDUCE);

    if (rebuild_publish_rejects(job, failure) != 0)
        return -1;
    if (rebuild_is_root(job))
        (void)rebuild_publish(job, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_PUBLISH);

    return rebuild_publish_summary(job, failure);
}

static void clear_job(struct job *job)
{
    rebuild_options_clear(&job->options);
    free(job->target_text);
    free(job->rejects_path);
    free(job->parts_path);
    source_free(job->list);
    ingest_tables_clear(&job->tables);
    rejects_free(job->rejects);
    checkpoint_free(job->checkpoint);
    state_free(job->state);
    tally_clear(&job->matches);
    tally_clear(&job->tally);
    marts_free(job->marts);
}

int rebuild_command(int argc, char **argv)
{
    struct failure failure = {0};
    struct job job = {0};
    /* First of all, since a request that comes while the ranks meet would end this one. */
    if (stop_listen(&failure) != 0 || ranks_start(&job.ranks, &failure) != 0) {
        log_error("%s", failure.message);
        return failure.code;
    }
    phases_start(&job.phases);
    FAULT_RANK(ranks_rank(job.ranks));
    log_open(LOG_TEXT, rebuild_is_root(&job));

    /* A closed pipe and a file over its size limit are errors of a write, not ends of the rank. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
        failure_set(&failure, EXIT_BUG, "Signals cannot be set up.");
    if (failure.code == 0)
        (void)rebuild_options_parse(argc, argv, &job.options, &failure);
    /* Also when the command line is wrong further on. */
    log_open(job.options.json_log ? LOG_JSON : LOG_TEXT, rebuild_is_root(&job));
    if (ranks_vote(job.ranks, &failure) == 0) {
        if (!job.options.help) {
            (void)run(&job, &failure);
        } else if (rebuild_is_root(&job)) {
            fputs(rebuild_options_help, stdout);
            (void)output_end(stdout, &failure);
        }
    }
    if (failure.code == EXIT_STOPPED)
        log_warning("%s", failure.message);
    else if (failure.code != 0)
        log_error("%s", failure.message);
    if (failure.code == EXIT_USAGE)
        log_error("Try `course-funnel rebuild --help`.");

    struct ranks *ranks = job.ranks;
    clear_job(&job);
    (void)ranks_end(ranks, &failure);
    return failure.code;
}
