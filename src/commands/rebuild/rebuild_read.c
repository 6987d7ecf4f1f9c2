#include "rebuild_steps.h"

#include "course_funnel/ingest.h"
#include "course_funnel/log.h"
#include "course_funnel/progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Keep what is read and folded so far; ${is_finished} when that is all. */
static int keep(const struct job *job, const struct ingest_worker *worker, bool is_finished,
                bool *saved, struct failure *failure)
{
    struct schedule_item *unfinished = NULL;
    struct checkpoint_content content = {.kind = MANIFEST_STATE,
                                         .state = job->state,
                                         .is_finished = is_finished,
                                         .rejects = job->rejects.kept,
                                         .ledger = job->sums.ledger,
                                         .first_event_us = job->state->first_event_us,
                                         .last_event_us = job->state->last_event_us,
                                         .days = &job->state->days};
    (void)ingest_leave(worker, &unfinished, &content.unfinished_count, &content.next,
                       &content.done_bytes, failure);
    content.unfinished = unfinished;
    if (ranks_vote(job->ranks, failure) == 0)
        (void)checkpoint_save(job->checkpoint, &content, saved, failure);
    free(unfinished);
    return failure->code != 0 ? -1 : 0;
}

/* What the end on request is called, alike on every rank. */
static int stopped(const struct job *job, bool saved, struct failure *failure)
{
    if (job->checkpoint == NULL)
        return failure_set(failure, EXIT_STOPPED,
                           "Stopped on request. Nothing is kept: only a run with --checkpoint can "
                           "be gone on with.");
    if (!saved)
        return failure_set(failure, EXIT_CHECKPOINT,
                           "Stopped on request, but what was read could not be kept. The next run "
                           "goes on from the checkpoint before.");
    return failure_set(failure, EXIT_STOPPED,
                       "Stopped on request; all that was read is kept. The same command goes on "
                       "from there.");
}

/* On rank 0: tell which files all ranks found empty or left out. */
static int tell_remarks(const struct job *job, struct ingest_worker *worker,
                        struct failure *failure)
{
    struct ingest_remark *remarks = NULL;
    size_t count = 0;
    (void)ingest_remarks(worker, &remarks, &count, failure);
    for (size_t i = 0; i < count && failure->code == 0; i++) {
        bool left_out = remarks[i].left_out != 0;
        const char *what = left_out ? "is no export of events, left out" : "is empty";
        char *name = NULL;
        if (source_name(job->input.list, remarks[i].split, &name, failure) != 0)
            break;
        log_warning("%s: %s", name, what);
        (void)source_add_note(job->input.list, left_out ? SOURCE_NOTE_LEFT_OUT : SOURCE_NOTE_REMARK,
                              name, what, failure);
    }
    free(remarks);
    return ranks_vote(job->ranks, failure);
}

/* Whether the learners are kept when all is read, and were not already. */
static bool is_kept(const struct job *job)
{
    const struct manifest *found = checkpoint_found(job->checkpoint);
    return checkpoint_keeps_learners(job->checkpoint) && (found == NULL || found->is_finished == 0);
}

/* All is read: what is known of learners is kept, with all rejects in one part. */
static int keep_learners(struct job *job, const struct ingest_worker *worker,
                         struct failure *failure)
{
    bool saved = false;
    if (checkpoint_join_rejects(job->checkpoint, job->rejects.kept, failure) != 0)
        return -1;
    checkpoint_rejects(job->checkpoint, &job->rejects.place, &job->rejects.earlier,
                       &job->rejects.earlier_count);
    return keep(job, worker, true, &saved, failure);
}

/* Read until all is done; a pause now and then. */
static int read_all(struct job *job, struct ingest_worker *worker, struct failure *failure)
{
    for (;;) {
        bool saved = false;
        double due = job->checkpoint != NULL ? checkpoint_due(job->checkpoint) : INFINITY;
        int result = ingest_run(worker, due, failure);
        if (ranks_vote(job->ranks, failure) != 0 || tell_remarks(job, worker, failure) != 0)
            return -1;
        if (result == INGEST_DONE)
            return is_kept(job) ? keep_learners(job, worker, failure) : 0;
        if (job->checkpoint != NULL && keep(job, worker, false, &saved, failure) != 0)
            return -1;
        if (result == INGEST_STOPPED)
            return stopped(job, saved, failure);
    }
}

/* On rank 0: tell what is about to be read, and from now on how far that is. */
static struct progress *tell(const struct job *job, uint64_t done_bytes)
{
    const struct source_list *list = job->input.list;
    bool has_tables = job->input.tables.list != NULL;
    int ranks = ranks_count(job->ranks);
    log_info("reading %zu file%s%s, %" PRIu64 " bytes on disk, on %d rank%s, for %s",
             list->file_count, !has_tables && list->file_count == 1 ? "" : "s",
             has_tables ? " and tables" : "", list->disk_bytes, ranks, ranks == 1 ? "" : "s",
             publish_is_postgres(job->options.to) ? "PostgreSQL" : "CSV files");
    return progress_start(list->disk_bytes, done_bytes);
}

int rebuild_read(struct job *job, struct failure *failure)
{
    int rank = ranks_rank(job->ranks), ranks = ranks_count(job->ranks);
    const struct manifest *found = checkpoint_found(job->checkpoint);
    struct ingest_worker *worker = NULL;
    struct progress *progress = NULL;
    struct room *room = NULL;
    if (rebuild_job_is_root(job))
        progress = tell(job, found != NULL ? found->done_bytes : 0);
    if (job->checkpoint != NULL)
        job->state = checkpoint_take_state(job->checkpoint);
    if (job->state != NULL || state_create(rank, ranks, &job->state, failure) == 0) {
        job->state->marts_only = found != NULL ? found->marts_only != 0 : job->options.marts_only;
        days_begin(&job->state->days, job->day);
        /* One rank takes the days so far, as it takes the counts. */
        if (found != NULL && rebuild_job_is_root(job))
            (void)days_merge(&job->state->days, &found->days, failure);
        (void)rejects_create(&job->rejects.place, rank, &job->rejects.kept, failure);
    }
    struct ingest ingest = {.ranks = job->ranks,
                            .list = job->input.list,
                            .limits = &job->options.limits,
                            .tables = &job->input.tables,
                            .keeps_tables = job->input.tables.list != NULL &&
                                            job->input.tables.list->has_sessions,
                            .table_options = &job->options.tables,
                            .connections = job->options.connections,
                            .rejects = job->rejects.kept,
                            .numbers = job->input.numbers,
                            .state = job->state,
                            .ledger = &job->sums.ledger,
                            .progress = progress,
                            .patience_s = rebuild_job_patience_s(job)};
    if (found != NULL) {
        ingest.unfinished = found->unfinished;
        ingest.unfinished_count = found->unfinished_count;
        ingest.next = found->next;
    }
    if (room_create(job->ranks, "", &room, failure) == 0) {
        ingest.room = room;
        if (ingest_start(&ingest, &worker, failure) == 0)
            (void)read_all(job, worker, failure);
    }
    ingest_free(worker);
    room_free(room);
    progress_end(progress);
    return failure->code != 0 ? -1 : 0;
}
