#include "rebuild_internal.h"

#include "course_funnel/clock.h"
#include "course_funnel/fault.h"
#include "course_funnel/log.h"
#include "course_funnel/match.h"
#include "course_funnel/output.h"
#include "course_funnel/postgres.h"
#include "summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* On rank 0: the stretches of rejects of all attempts, all ranks' of this one being ${own}. */
static int join_stretches(const struct job *job, const struct rejects_stretch *own,
                          size_t own_count, struct failure *failure)
{
    size_t count = job->earlier_stretch_count + own_count;
    struct rejects_stretch *stretches = malloc((count + 1) * sizeof *stretches);
    if (stretches == NULL)
        return failure_memory(failure, "the rejects", count * sizeof *stretches);
    if (job->earlier_stretch_count > 0)
        memcpy(stretches, job->earlier_stretches, job->earlier_stretch_count * sizeof *stretches);
    if (own_count > 0)
        memcpy(stretches + job->earlier_stretch_count, own, own_count * sizeof *stretches);
    int result = rejects_join(&job->place, stretches, count, failure);
    free(stretches);
    return result;
}

int rebuild_publish_rejects(struct job *job, struct failure *failure)
{
    const struct rejects_stretch *stretches = NULL;
    size_t stretch_count = 0, gathered_bytes = 0;
    unsigned char *gathered = NULL;
    if (job->rejects != NULL)
        (void)rejects_flush(job->rejects, &stretches, &stretch_count, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    (void)ranks_gather(job->ranks, stretches, stretch_count * sizeof *stretches, &gathered,
                       &gathered_bytes, failure);
    if (rebuild_is_root(job) && failure->code == 0)
        (void)join_stretches(job, (struct rejects_stretch *)gathered,
                             gathered_bytes / sizeof *stretches, failure);
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
    if (job->list->file_count == 0 && job->options.file_count > 0 && !job->options.allow_empty)
        return failure_set(failure, EXIT_GATE,
                           "There is no file to read in %s%s%s, so the marts would be empty. "
                           "Nothing was published; --allow-empty publishes all the same.",
                           job->options.files[0],
                           job->options.file_count > 1 ? " and all else that --from names" : "",
                           job->list->note_count > 0
                               ? ": what is there is left out, as the warnings above say"
                               : "");
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

int rebuild_publish(struct job *job, struct failure *failure)
{
    if (pass_gates(job, failure) != 0 || marts_build(&job->tally, &job->marts, failure) != 0 ||
        marts_set_matches(&job->matches, job->marts, failure) != 0 ||
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
    const struct manifest *found = rebuild_is_read(job) ? checkpoint_found(job->checkpoint) : NULL;
    memcpy(record->input_fingerprint,
           found != NULL ? found->input_fingerprint : job->list->fingerprint,
           sizeof record->input_fingerprint);
    memcpy(record->cohorts_digest, job->marts->cohorts_digest, sizeof record->cohorts_digest);
    memcpy(record->lessons_digest, job->marts->lessons_digest, sizeof record->lessons_digest);
    return publish(&job->target, job->marts, record, failure);
}

int rebuild_publish_summary(struct job *job, struct failure *failure)
{
    struct phase_spread spreads[PHASES] = {0};
    (void)phases_spread(job->ranks, &job->phases, spreads, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    if (!rebuild_is_root(job))
        return 0;
    const struct manifest *found = checkpoint_found(job->checkpoint);
    struct summary summary = {.record = &job->record,
                              .phases = spreads,
                              .list = job->list,
                              .target = job->target_text,
                              .rejects = job->rejects_path,
                              .resumes = job->resumes,
                              .earlier_lines = found != NULL ? found->ledger.lines_read : 0,
                              .earlier_bytes = found != NULL ? found->ledger.bytes_read : 0};
    summary_print(stdout, &summary);
    /* What was published stays published. */
    struct failure trouble = {0};
    if (output_end(stdout, &trouble) != 0)
        log_warning("The marts are published, but standard output cannot be written.");
    return 0;
}
