#include "history.h"

#include <math.h>
#include <stdlib.h>

/* Keep what is read and folded so far. */
static int keep(const struct ingest *ingest, const struct ingest_worker *worker,
                struct checkpoint *checkpoint, bool *saved, struct failure *failure)
{
    struct schedule_item *unfinished = NULL;
    struct checkpoint_content content = {.kind = MANIFEST_STATE,
                                         .state = ingest->state,
                                         .rejects = ingest->rejects,
                                         .ledger = *ingest->ledger,
                                         .first_event_us = ingest->state->first_event_us,
                                         .last_event_us = ingest->state->last_event_us};
    (void)ingest_leave(worker, &unfinished, &content.unfinished_count, &content.next,
                       &content.done_bytes, failure);
    content.unfinished = unfinished;
    if (ranks_vote(ingest->ranks, failure) == 0)
        (void)checkpoint_save(checkpoint, &content, saved, failure);
    free(unfinished);
    return failure->code != 0 ? -1 : 0;
}

/* What the end on request is called, alike on every rank. */
static int stopped(const struct checkpoint *checkpoint, bool saved, struct failure *failure)
{
    if (checkpoint == NULL)
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

/* Read until all is done; a pause now and then. */
static int read_all(const struct ingest *ingest, struct ingest_worker *worker,
                    struct checkpoint *checkpoint, struct failure *failure)
{
    for (;;) {
        bool saved = false;
        double due = checkpoint != NULL ? checkpoint_due(checkpoint) : INFINITY;
        int result = ingest_run(worker, due, failure);
        if (ranks_vote(ingest->ranks, failure) != 0)
            return -1;
        if (result == INGEST_DONE)
            return 0;
        if (checkpoint != NULL && keep(ingest, worker, checkpoint, &saved, failure) != 0)
            return -1;
        if (result == INGEST_STOPPED)
            return stopped(checkpoint, saved, failure);
    }
}

int history_read(const struct ingest *ingest, struct checkpoint *checkpoint,
                 struct failure *failure)
{
    struct ingest from = *ingest;
    struct ingest_worker *worker = NULL;
    const struct manifest *found = checkpoint_found(checkpoint);
    if (found != NULL) {
        from.unfinished = found->unfinished;
        from.unfinished_count = found->unfinished_count;
        from.next = found->next;
    }
    if (ingest_start(&from, &worker, failure) != 0)
        return -1;
    int result = read_all(&from, worker, checkpoint, failure);
    ingest_free(worker);
    return result;
}
