#include "rebuild_gates.h"
#include "rebuild_steps.h"

#include "course_funnel/clock.h"
#include "course_funnel/fault.h"
#include "course_funnel/log.h"
#include "course_funnel/marts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* On rank 0: join the rejects of all attempts. Of this one all ranks' stretches are ${own}. */
static int join_stretches(const struct job *job, const struct rejects_stretch *own,
                          size_t own_count, struct failure *failure)
{
    struct rejects_stretch *all = NULL;
    if (rejects_concatenate(job->rejects.earlier, job->rejects.earlier_count, own, own_count, &all,
                            failure) != 0)
        return -1;
    int result =
        rejects_join(&job->rejects.place, all, job->rejects.earlier_count + own_count, failure);
    free(all);
    return result;
}

/* The rejects of all ranks into one file: before the gates, which send the user there. */
static int publish_rejects(struct job *job, struct failure *failure)
{
    const struct rejects_stretch *stretches = NULL;
    size_t count = 0, gathered_bytes = 0;
    unsigned char *gathered = NULL;
    if (job->rejects.kept != NULL)
        (void)rejects_flush(job->rejects.kept, &stretches, &count, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    (void)ranks_gather(job->ranks, stretches, count * sizeof *stretches, &gathered, &gathered_bytes,
                       failure);
    if (rebuild_job_is_root(job) && failure->code == 0)
        (void)join_stretches(job, (struct rejects_stretch *)gathered,
                             gathered_bytes / sizeof *stretches, failure);
    free(gathered);
    return ranks_vote(job->ranks, failure);
}

/* On rank 0: the marts and the record of the run to the target. */
static int publish_marts(struct job *job, const struct marts *marts, struct failure *failure)
{
    (void)FAULT("rebuild.publish");
    struct run_record *record = &job->record;
    snprintf(record->version, sizeof record->version, "%s", COURSE_FUNNEL_VERSION);
    record->finished_us = clock_now_us();
    record->ranks = ranks_count(job->ranks);
    record->cohort_rows = marts->cohort_count;
    record->lesson_rows = marts->lesson_count;
    job->entry_rows = marts->entry_count;
    memcpy(record->input_fingerprint,
           job->checkpoint != NULL ? checkpoint_fingerprint(job->checkpoint)
                                   : job->input.list->fingerprint,
           sizeof record->input_fingerprint);
    memcpy(record->cohorts_digest, marts->cohorts_digest, sizeof record->cohorts_digest);
    memcpy(record->lessons_digest, marts->lessons_digest, sizeof record->lessons_digest);
    record->has_further = job->target.place.further;
    memcpy(record->steps_digest, marts->steps_digest, sizeof record->steps_digest);
    memcpy(record->completion_digest, marts->completions_digest, sizeof record->completion_digest);
    memcpy(record->entry_points_digest, marts->entries_digest, sizeof record->entry_points_digest);
    if (publish(&job->target.place, marts, record, failure) != 0)
        return -1;
    /* In a database it is unknown only of a run that was published before, and stays as it was. */
    if (record->has_further && !record->has_cells && !publish_is_postgres(job->options.to))
        log_warning("The marts that stood in %s are not those of their record, so it is not known "
                    "what this run changed in them: course_funnel_changes is empty.",
                    job->target.text);
    return 0;
}

int rebuild_publish(struct job *job, struct failure *failure)
{
    struct marts *marts = NULL;
    const struct marts_answers answers = {.has_as_of = job->record.has_as_of,
                                          .as_of_us = job->record.as_of_us,
                                          .entries = &job->sums.entries};
    if (publish_rejects(job, failure) != 0)
        return -1;
    if (rebuild_job_is_root(job))
        ingest_tables_warn(&job->input.tables, &job->sums.ledger);
    if (rebuild_job_is_root(job) && rebuild_gates_pass(job, failure) == 0 &&
        marts_build(&job->sums.tally, job->options.marts_only ? NULL : &answers, &marts, failure) ==
            0 &&
        marts_set_matches(&job->sums.matches, marts, failure) == 0 &&
        (job->checkpoint == NULL || checkpoint_check(job->checkpoint, failure) == 0) &&
        publish_marts(job, marts, failure) == 0 && job->checkpoint != NULL)
        (void)checkpoint_mark(job->checkpoint, &job->unmarked);
    marts_free(marts);
    return ranks_vote(job->ranks, failure);
}
