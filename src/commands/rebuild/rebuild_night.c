#include "rebuild_gates.h"
#include "rebuild_steps.h"

#include "course_funnel/clock.h"
#include "course_funnel/log.h"

#include <inttypes.h>

#define NS_PER_MINUTE INT64_C(60000000000)

static int ask_target(void *whom, const char *const *run_ids, size_t count, bool *known,
                      char newest[37], struct failure *failure)
{
    const struct job *job = whom;
    return publish_known(&job->target.place, run_ids, count, known, newest, failure);
}

static int list_new(void *whom, struct source_known *known, uint64_t range_bytes,
                    const struct source_list **list, struct failure *failure)
{
    struct job *job = whom;
    source_free(job->input.list);
    job->input.list = NULL;
    ingest_tables_clear(&job->input.tables);
    job->options.limits.range_bytes = range_bytes;
    known->settled_ns =
        job->options.settle_minutes > 0
            ? clock_now_us() * 1000 - NS_PER_MINUTE * (int64_t)job->options.settle_minutes
            : INT64_MAX;
    if (rebuild_plan_list(job, known, failure) != 0)
        return -1;
    *list = job->input.list;
    return 0;
}

static int share_list(void *whom, const struct source_list **list, struct failure *failure)
{
    struct job *job = whom;
    if (rebuild_plan_share_list(job, failure) != 0)
        return -1;
    *list = job->input.list;
    return 0;
}

/* On rank 0: what this run is. */
static void tell(const struct night_report *night)
{
    if (night->waiting > 0)
        log_warning("%" PRIu64 " file%s for the next run", night->waiting,
                    night->waiting == 1 ? " waits" : "s wait");
    if (night->answer == NIGHT_EXTENDS)
        log_info("going on from checkpoint %s, which has read %" PRIu64 " files: %" PRIu64
                 " %s new",
                 night->from, night->known, night->fresh, night->fresh == 1 ? "is" : "are");
    else if (night->answer == NIGHT_HAS_NONE)
        log_info("nothing is new: all %" PRIu64 " files were read before, by checkpoint %s, and "
                 "what came out is published again",
                 night->known, night->from);
}

int rebuild_night(struct job *job, struct failure *failure)
{
    const struct manifest_choices choices = rebuild_job_choices(job);
    const struct night_calls calls = {job, ask_target, list_new, share_list};
    bool looks = job->options.dry_run;
    if (night_open(job->ranks, &job->options.checkpoint, looks, &choices, job->day,
                   job->record.run_id, &calls, &job->checkpoint, &job->night, failure) != 0)
        return -1;
    if (rebuild_job_is_root(job) && !looks)
        tell(&job->night);
    if (job->checkpoint != NULL &&
        night_number_inputs(job->checkpoint, job->input.list, &job->input.numbers, failure) == 0)
        job->input.count = night_input_count(job->checkpoint);
    if (rebuild_job_is_root(job) && job->checkpoint != NULL) {
        job->base_ledger = night_base_ledger(job->checkpoint);
        /* What is kept of no file would never be published, and stand in the way of all nights. */
        if (job->night.answer == NIGHT_BEGINS)
            (void)rebuild_gates_have_files(job, failure);
    }
    return ranks_vote(job->ranks, failure);
}
