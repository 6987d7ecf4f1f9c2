#include "rebuild_job.h"

#include <stdlib.h>

/* How much longer than a statement may take a rank waits for its server, and some. */
#define SERVER_MORE_S 60

bool rebuild_job_is_root(const struct job *job)
{
    return ranks_rank(job->ranks) == 0;
}

bool rebuild_job_is_read(const struct job *job)
{
    const struct manifest *found = checkpoint_found(job->checkpoint);
    return found != NULL && found->kind == MANIFEST_SUMS;
}

uint32_t rebuild_job_patience_s(const struct job *job)
{
    uint32_t asked = job->options.patience_s;
    uint32_t server = job->options.tables.statement_s + SERVER_MORE_S;
    return job->options.tables.request_count > 0 && server > asked ? server : asked;
}

struct manifest_choices rebuild_job_choices(const struct job *job)
{
    const struct rebuild_options *options = &job->options;
    return (struct manifest_choices){.range_bytes = options->limits.range_bytes,
                                     .columns = options->columns,
                                     .sessions = options->sessions,
                                     .as_of = options->as_of,
                                     .marts_only = options->marts_only,
                                     .leave_out_foreign = options->limits.leave_out_foreign};
}

void rebuild_job_clear(struct job *job)
{
    rebuild_options_clear(&job->options);
    free(job->target.text);
    source_free(job->input.list);
    ingest_tables_clear(&job->input.tables);
    free(job->input.numbers);
    rejects_free(job->rejects.kept);
    free(job->rejects.path);
    free(job->rejects.parts);
    checkpoint_free(job->checkpoint);
    state_free(job->state);
    days_clear(&job->days);
    tally_clear(&job->sums.tally);
    tally_clear(&job->sums.matches);
    entries_clear(&job->sums.entries);
}
