#include "rebuild_steps.h"

#include "course_funnel/fault.h"
#include "course_funnel/ingest.h"
#include "course_funnel/log.h"
#include "course_funnel/match.h"
#include "course_funnel/reduce.h"

#include <math.h>

/* Sum up what is known of the users' sessions, unless any was lost: ${ledger} is this rank's. */
static int sum_matches(struct job *job, const struct match *match, const struct ledger *ledger,
                       struct failure *failure)
{
    struct ledger all = *ledger;
    uint64_t counts[2] = {0, 0};
    match_count(match, &counts[0], &counts[1]);
    if (ranks_sum(job->ranks, counts, 2, failure) == 0 &&
        ranks_sum(job->ranks, (uint64_t *)&all, LEDGER_COUNTS, failure) == 0)
        (void)ledger_check(&all, failure);
    (void)match_tally(match, &job->sums.matches, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    (void)reduce_tallies(job->ranks, &job->sums.matches, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    job->record.has_sessions = true;
    job->record.sessions_read = all.lines_read;
    job->record.users_with_session = counts[0];
    job->record.users_without_session = counts[1];
    return 0;
}

/* Profile ids go the way of events to the ranks of their users. Ends in a vote. */
static int read_sessions(struct job *job, struct failure *failure)
{
    struct ledger ledger = {0};
    struct match *match = NULL;
    (void)match_create(job->state, &match, failure);
    struct ingest ingest = {.ranks = job->ranks,
                            .list = job->input.tables.session_splits,
                            .limits = &job->options.limits,
                            .tables = &job->input.tables,
                            .table_options = &job->options.tables,
                            .connections = job->options.connections,
                            .state = job->state,
                            .match = match,
                            .ledger = &ledger,
                            .patience_s = rebuild_job_patience_s(job)};
    struct ingest_worker *worker = NULL;
    if (ranks_vote(job->ranks, failure) == 0 && ingest_start(&ingest, &worker, failure) == 0 &&
        ingest_run(worker, INFINITY, failure) == INGEST_STOPPED)
        failure_set(failure, EXIT_STOPPED,
                    "Stopped on request while users were matched with sessions.%s",
                    job->checkpoint != NULL ? ""
                                            : " Nothing is kept: only a run with --checkpoint can "
                                              "be gone on with.");
    ingest_free(worker);
    if (ranks_vote(job->ranks, failure) == 0)
        (void)sum_matches(job, match, &ledger, failure);
    match_free(match);
    return failure->code != 0 ? -1 : 0;
}

/* What a match that failed means to the job; every rank has the same ${trouble}. */
static int judge(struct job *job, const struct failure *trouble, struct failure *failure)
{
    bool is_asked = job->options.tables.sessions_asked;
    if (trouble->code == EXIT_SOURCE && !is_asked) {
        if (rebuild_job_is_root(job))
            log_warning("users are not matched with sessions: %s", trouble->message);
        return 0;
    }
    if ((trouble->code == EXIT_SOURCE || trouble->code == EXIT_STOPPED) &&
        job->checkpoint != NULL) {
        job->unmatched = *trouble;
        return 0;
    }
    return failure_set(failure, trouble->code, "%s", trouble->message);
}

int rebuild_match(struct job *job, struct failure *failure)
{
    struct failure trouble = {0};
    bool wanted = job->input.tables.list != NULL && job->input.tables.list->has_sessions;
    (void)FAULT("rebuild.match");
    if (wanted && rebuild_job_is_read(job)) {
        if (rebuild_job_is_root(job) && checkpoint_found(job->checkpoint)->match.is_known == 0)
            log_warning("users are not matched with sessions: all was read by an attempt before, "
                        "which did not match them");
    } else if (wanted && read_sessions(job, &trouble) != 0) {
        tally_clear(&job->sums.matches);
        (void)judge(job, &trouble, failure);
    }
    ingest_tables_close(&job->input.tables);
    return failure->code != 0 ? -1 : 0;
}
