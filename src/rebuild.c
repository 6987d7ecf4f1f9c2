#include "course_funnel/checkpoint.h"
#include "course_funnel/clock.h"
#include "course_funnel/command.h"
#include "course_funnel/fault.h"
#include "course_funnel/fold.h"
#include "course_funnel/history.h"
#include "course_funnel/log.h"
#include "course_funnel/marts.h"
#include "course_funnel/phases.h"
#include "course_funnel/postgres.h"
#include "course_funnel/progress.h"
#include "course_funnel/publish.h"
#include "course_funnel/ranks.h"
#include "course_funnel/rebuild_options.h"
#include "course_funnel/rebuild_tables.h"
#include "course_funnel/reduce.h"
#include "course_funnel/rejects.h"
#include "course_funnel/run_record.h"
#include "course_funnel/source.h"
#include "course_funnel/stop.h"
#include "course_funnel/summary.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The job: one call a step. Every step that may fail on one rank alone ends in a vote, so that all
 * ranks go on, or leave, together. Rank 0 alone touches the target and prints.
 */
struct job {
    struct ranks *ranks;
    struct rebuild_options options;
    struct phases phases;
    struct publish_target target;
    double checked;     /* when the target's clock was about to be read */
    char *target_text;  /* what kind of target it is, and where; without passwords */
    char *rejects_path; /* on every rank */
    char *parts_path;   /* what paths of parts of rejects begin with, without a checkpoint */
    struct source_list *list;
    struct rebuild_tables tables;
    struct checkpoint *checkpoint; /* NULL without --checkpoint */
    struct rejects_place place;
    const struct rejects_run *earlier_runs; /* on rank 0: rejects of attempts before this one */
    size_t earlier_run_count;
    struct rejects *rejects;
    struct state *state;
    struct ledger ledger; /* of this rank; of all after sum_ledgers */
    struct tally matches; /* see match.h; of this rank, then of all on rank 0 */
    struct tally tally;   /* of this rank; of all, on rank 0, after reduce_tallies */
    struct marts *marts;  /* on rank 0 */
    struct run_record record;
    uint32_t resumes; /* how often the run was resumed */
};

static bool is_root(const struct job *job)
{
    return ranks_rank(job->ranks) == 0;
}

/* A name that was meant for a database may have been taken for a directory: say what it is. */
static int describe_target(struct job *job, struct failure *failure)
{
    char *text = NULL;
    int written = 0;
    if (publish_describe(job->options.to, &text, failure) != 0)
        return -1;
    if (publish_is_postgres(job->options.to))
        written = asprintf(&job->target_text, "the schema %s of PostgreSQL (%s)",
                           job->options.schema, text);
    else
        written = asprintf(&job->target_text, "the directory %s", text);
    free(text);
    if (written < 0) {
        job->target_text = NULL;
        return failure_memory(failure, "the name of the target", strlen(job->options.to));
    }
    return 0;
}

/* On rank 0: what can be checked before any work is. */
static int check_places(struct job *job, struct failure *failure)
{
    const struct rebuild_options *options = &job->options;
    job->record.started_us = clock_now_us();
    job->target = (struct publish_target){.target = options->to, .schema = options->schema};
    job->checked = clock_seconds();
    if (describe_target(job, failure) != 0 ||
        run_record_draw_id(job->record.run_id, failure) != 0 ||
        publish_check(&job->target, &job->record.planned_us, failure) != 0 ||
        rejects_check(job->rejects_path, failure) != 0)
        return -1;
    return 0;
}

/* On rank 0: find the input, and tell what was left out of it. */
static int list_sources(struct job *job, struct failure *failure)
{
    const struct rebuild_options *options = &job->options;
    if (source_list(options->files, options->file_count, &options->limits, &job->list, failure) !=
        0)
        return -1;
    for (size_t i = 0; i < job->list->note_count; i++)
        log_warning("%s: %s", job->list->notes[i].path, job->list->notes[i].what);
    if (rebuild_tables_find(&options->tables, job->list, &job->tables, failure) != 0)
        return -1;
    /* The target's clock is not asked again: it moves on as this one does. */
    job->record.attempt_us =
        job->record.planned_us + 1 + (int64_t)((clock_seconds() - job->checked) * 1e6);
    return 0;
}

/* Rank 0's list of the input and id of the run, to all. */
static int share_plan(struct job *job, struct failure *failure)
{
    unsigned char *bytes = NULL;
    size_t byte_count = 0;
    unsigned char *run_id = (unsigned char *)job->record.run_id;
    size_t run_id_bytes = sizeof job->record.run_id;

    if (is_root(job) && source_pack(job->list, &bytes, &byte_count, failure) != 0)
        bytes = NULL;
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    (void)ranks_broadcast(job->ranks, &bytes, &byte_count, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        goto free_bytes;
    (void)ranks_broadcast(job->ranks, &run_id, &run_id_bytes, failure);
    if (!is_root(job) && failure->code == 0) {
        memcpy(job->record.run_id, run_id, sizeof job->record.run_id);
        free(run_id);
        (void)source_unpack(bytes, byte_count, &job->list, failure);
    }
    (void)ranks_vote(job->ranks, failure);
free_bytes:
    free(bytes);
    return failure->code != 0 ? -1 : 0;
}

static int plan(struct job *job, struct failure *failure)
{
    if (ranks_count(job->ranks) > KEY_GROUPS)
        failure_set(failure, EXIT_USAGE, "%d ranks are more than the %d key groups of users.",
                    ranks_count(job->ranks), KEY_GROUPS);
    else if (rebuild_options_rejects_path(&job->options, &job->rejects_path, failure) == 0 &&
             is_root(job) && check_places(job, failure) == 0)
        (void)list_sources(job, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    if (share_plan(job, failure) != 0)
        return -1;
    return rebuild_tables_share(job->ranks, &job->options.tables, job->options.connections,
                                !job->options.dry_run, &job->tables, failure);
}

/* Take the checkpoint folder, and the run up from what is found there. */
static int resume(struct job *job, struct failure *failure)
{
    const struct rebuild_options *options = &job->options;
    const struct manifest *found = NULL;
    job->place.path = job->rejects_path;
    if (options->checkpoint.path == NULL) {
        job->place.attempt = 1;
        job->place.run_id = job->record.run_id;
        if (asprintf(&job->parts_path, "%s.part-%s", job->rejects_path, job->record.run_id) < 0)
            failure_memory(failure, "the name of a reject file", strlen(job->rejects_path));
        job->place.parts = job->parts_path;
        return ranks_vote(job->ranks, failure);
    }
    if (checkpoint_open(job->ranks, &options->checkpoint, job->list, &options->limits,
                        job->record.run_id, &job->checkpoint, failure) != 0)
        return -1;
    memcpy(job->record.run_id, checkpoint_run_id(job->checkpoint), sizeof job->record.run_id);
    checkpoint_rejects(job->checkpoint, &job->place, &job->earlier_runs, &job->earlier_run_count);
    found = checkpoint_found(job->checkpoint);
    if (found != NULL) {
        job->record.started_us = found->started_us;
        job->record.planned_us = found->planned_us;
        job->record.attempt_us = found->attempt_us;
        job->resumes = found->resumes + 1;
        /* The counts so far are rank 0's, so that the sum over the ranks goes on from them. */
        if (is_root(job))
            job->ledger = found->ledger;
    } else {
        checkpoint_set_times(job->checkpoint, job->record.planned_us, job->record.attempt_us);
    }
    return 0;
}

/* Whether all was read by an attempt before, so that only the rest is left to do. */
static bool is_read(const struct job *job)
{
    const struct manifest *found =
        job->checkpoint != NULL ? checkpoint_found(job->checkpoint) : NULL;
    return found != NULL && found->kind == MANIFEST_SUMS;
}

/* How much of the input earlier attempts read, in bytes on disk. */
static uint64_t done_before(const struct job *job)
{
    const struct manifest *found =
        job->checkpoint != NULL ? checkpoint_found(job->checkpoint) : NULL;
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
    if (is_root(job)) {
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

/* Sum up what is known of the users' sessions. */
static int sum_matches(struct job *job, const struct match *match, uint64_t sessions_read,
                       struct failure *failure)
{
    uint64_t counts[3] = {sessions_read, 0, 0};
    match_count(match, &counts[1], &counts[2]);
    (void)ranks_sum(job->ranks, counts, 3, failure);
    (void)match_tally(match, &job->matches, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    (void)reduce_tallies(job->ranks, &job->matches, failure);
    job->record.has_sessions = true;
    job->record.sessions_read = counts[0];
    job->record.users_with_session = counts[1];
    job->record.users_without_session = counts[2];
    return ranks_vote(job->ranks, failure);
}

/*
 * Match users with sessions, where there is a table of them: profile ids go the way of events to
 * the ranks of their users. After that no table is needed any more.
 */
static int match_sessions(struct job *job, struct failure *failure)
{
    struct ledger ledger = {0};
    struct match *match = NULL;
    if (job->tables.list != NULL && job->tables.list->has_sessions) {
        (void)match_create(job->state, &match, failure);
        struct ingest ingest = {.ranks = job->ranks,
                                .list = job->tables.session_splits,
                                .limits = &job->options.limits,
                                .tables = &job->tables,
                                .table_options = &job->options.tables,
                                .connections = job->options.connections,
                                .state = job->state,
                                .match = match,
                                .ledger = &ledger};
        struct ingest_worker *worker = NULL;
        /* Too short to be interrupted: who wants to stop is heard when the sums are kept. */
        if (ranks_vote(job->ranks, failure) == 0 && ingest_start(&ingest, &worker, failure) == 0)
            while (ingest_run(worker, INFINITY, failure) > INGEST_DONE)
                continue;
        ingest_free(worker);
        if (ranks_vote(job->ranks, failure) == 0)
            (void)sum_matches(job, match, ledger.lines_read, failure);
    }
    match_free(match);
    rebuild_tables_close(&job->tables);
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

/* The sums that an attempt before left. */
static void take_sums(struct job *job)
{
    const struct manifest *found = checkpoint_found(job->checkpoint);
    job->tally = checkpoint_take_tally(job->checkpoint);
    job->ledger = found->ledger;
    job->record.first_event_us = found->first_event_us;
    job->record.last_event_us = found->last_event_us;
}

/* Keep the sums, so that a target that is lost costs no second reading. */
static int keep_sums(struct job *job, struct failure *failure)
{
    bool saved = false;
    struct checkpoint_content content = {.kind = MANIFEST_SUMS,
                                         .tally = is_root(job) ? &job->tally : NULL,
                                         .rejects = job->rejects,
                                         .first_event_us = job->record.first_event_us,
                                         .last_event_us = job->record.last_event_us,
                                         .next = job->list->split_count};
    if (is_root(job))
        content.ledger = job->ledger;
    if (checkpoint_save(job->checkpoint, &content, &saved, failure) != 0)
        return -1;
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
    if (is_read(job))
        take_sums(job);
    else if (reduce(job, failure) != 0 || (job->checkpoint != NULL && keep_sums(job, failure) != 0))
        return -1;
    job->record.ledger = job->ledger;
    job->record.has_event_times = job->ledger.folded > 0;
    return 0;
}

/* On rank 0: the stretches of rejects of all attempts, all ranks' of this one being ${own}. */
static int join_runs(const struct job *job, const struct rejects_run *own, size_t own_count,
                     struct failure *failure)
{
    size_t count = job->earlier_run_count + own_count;
    struct rejects_run *runs = malloc((count + 1) * sizeof *runs);
    if (runs == NULL)
        return failure_memory(failure, "the rejects", count * sizeof *runs);
    if (job->earlier_run_count > 0)
        memcpy(runs, job->earlier_runs, job->earlier_run_count * sizeof *runs);
    if (own_count > 0)
        memcpy(runs + job->earlier_run_count, own, own_count * sizeof *runs);
    int result = rejects_join(&job->place, runs, count, failure);
    free(runs);
    return result;
}

/* The rejects of all ranks into one file: before the gates, which send the user there. */
static int join_rejects(struct job *job, struct failure *failure)
{
    const struct rejects_run *runs = NULL;
    size_t run_count = 0, gathered_bytes = 0;
    unsigned char *gathered = NULL;
    if (job->rejects != NULL)
        (void)rejects_flush(job->rejects, &runs, &run_count, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    (void)ranks_gather(job->ranks, runs, run_count * sizeof *runs, &gathered, &gathered_bytes,
                       failure);
    if (is_root(job) && failure->code == 0)
        (void)join_runs(job, (struct rejects_run *)gathered, gathered_bytes / sizeof *runs,
                        failure);
    free(gathered);
    return ranks_vote(job->ranks, failure);
}

/* What must hold before anything is published. */
static int pass_gates(const struct job *job, struct failure *failure)
{
    const struct ledger *ledger = &job->ledger;
    uint64_t rejected = ledger_rejected(ledger);
    double share = (double)rejected / (double)(rejected + ledger->kept);
    if (rejected > 0 && share > job->options.max_reject_share)
        return failure_set(failure, EXIT_GATE,
                           "%" PRIu64 " of %" PRIu64
                           " course events were rejected, a share of %.4f over the %g of "
                           "--max-reject-share. Nothing was published; see %s for which and why.",
                           rejected, rejected + ledger->kept, share, job->options.max_reject_share,
                           job->rejects_path);
    if (ledger->kept == 0 && !job->options.allow_empty)
        return failure_set(failure, EXIT_GATE,
                           "There is no course event among %" PRIu64
                           " lines, so the marts would be empty. Nothing was published; is "
                           "this the right input? --allow-empty publishes all the same.",
                           ledger->lines_read);
    return 0;
}

/* Add a word to the sources of the record; one that does not fit is left out. */
static void add_source(struct job *job, const char *text, const char *more)
{
    size_t used = strlen(job->record.source);
    size_t left = sizeof job->record.source - used;
    char *at = job->record.source + used;
    int written = snprintf(at, left, "%s%s%s", used > 0 ? " " : "", text, more);
    if (written < 0 || (size_t)written >= left)
        *at = '\0';
}

/* The sources as they were named, for the run's record; connections without their secrets. */
static int describe_sources(struct job *job, struct failure *failure)
{
    for (size_t i = 0; i < job->options.file_count; i++)
        add_source(job, job->options.files[i], "");
    for (size_t i = 0; i < job->options.tables.request_count; i++) {
        const struct table_request *request = &job->options.tables.requests[i];
        char *text = NULL;
        if (i == 0 || request->target != request[-1].target) {
            if (postgres_describe(request->target, &text, failure) != 0)
                return -1;
            add_source(job, text, ":");
            free(text);
        }
        add_source(job, request->table, "");
    }
    return 0;
}

/* On rank 0. */
static int publish_marts(struct job *job, struct failure *failure)
{
    if (pass_gates(job, failure) != 0 || marts_build(&job->tally, &job->marts, failure) != 0 ||
        match_rows(&job->matches, job->marts, failure) != 0 ||
        (job->checkpoint != NULL && checkpoint_check(job->checkpoint, failure) != 0))
        return -1;
    (void)FAULT("rebuild.publish");
    struct run_record *record = &job->record;
    snprintf(record->version, sizeof record->version, "%s", COURSE_FUNNEL_VERSION);
    record->finished_us = clock_now_us();
    record->ranks = ranks_count(job->ranks);
    record->cohort_rows = job->marts->cohort_count;
    record->lesson_rows = job->marts->lesson_count;
    if (describe_sources(job, failure) != 0)
        return -1;
    const struct manifest *found = is_read(job) ? checkpoint_found(job->checkpoint) : NULL;
    memcpy(record->input_fingerprint,
           found != NULL ? found->input_fingerprint : job->list->fingerprint,
           sizeof record->input_fingerprint);
    memcpy(record->cohorts_digest, job->marts->cohorts_digest, sizeof record->cohorts_digest);
    memcpy(record->lessons_digest, job->marts->lessons_digest, sizeof record->lessons_digest);
    return publish(&job->target, job->marts, record, failure);
}

static int print_summary(struct job *job, struct failure *failure)
{
    struct phase_spread spreads[PHASES] = {0};
    (void)phases_spread(job->ranks, &job->phases, spreads, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    if (!is_root(job))
        return 0;
    struct summary summary = {.record = &job->record,
                              .phases = spreads,
                              .list = job->list,
                              .target = job->target_text,
                              .rejects = job->rejects_path,
                              .resumes = job->resumes};
    summary_print(stdout, &summary);
    /* What was published stays published. */
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        log_warning("The marts are published, but standard output cannot be written.");
    return 0;
}

static int run(struct job *job, struct failure *failure)
{
    if (plan(job, failure) != 0)
        return -1;
    if (job->options.dry_run) {
        if (is_root(job))
            summary_print_plan(stdout, job->list, ranks_count(job->ranks), job->target_text,
                               job->rejects_path);
        return 0;
    }
    if (resume(job, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_PLAN);

    if (!is_read(job) && read_history(job, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_READ);

    if (is_read(job))
        rebuild_tables_close(&job->tables);
    else if (match_sessions(job, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_MATCH);

    if (sum_up(job, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_REDUCE);

    if (join_rejects(job, failure) != 0)
        return -1;
    if (is_root(job))
        (void)publish_marts(job, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_PUBLISH);

    return print_summary(job, failure);
}

static void clear_job(struct job *job)
{
    rebuild_options_clear(&job->options);
    free(job->target_text);
    free(job->rejects_path);
    free(job->parts_path);
    source_free(job->list);
    rebuild_tables_clear(&job->tables);
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
    log_open(LOG_TEXT, is_root(&job));

    /* A closed pipe and a file over its size limit are errors of a write, not ends of the rank. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
        failure_set(&failure, EXIT_BUG, "Signals cannot be set up.");
    if (failure.code == 0)
        (void)rebuild_options_parse(argc, argv, &job.options, &failure);
    if (ranks_vote(job.ranks, &failure) == 0) {
        log_open(job.options.json_log ? LOG_JSON : LOG_TEXT, is_root(&job));
        if (!job.options.help)
            (void)run(&job, &failure);
        else if (is_root(&job) && fputs(rebuild_options_help, stdout) < 0)
            failure_set(&failure, EXIT_BUG, "Standard output cannot be written.");
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
