#include "rebuild_steps.h"

#include "course_funnel/command.h"
#include "course_funnel/fault.h"
#include "course_funnel/log.h"
#include "course_funnel/output.h"
#include "course_funnel/stop.h"

#include <signal.h>
#include <stdio.h>

/*
 * The job, one call a step. A step that may fail on one rank alone ends in a vote, so that all
 * ranks go on, or leave, together.
 */
static int run(struct job *job, struct failure *failure)
{
    if (rebuild_plan(job, failure) != 0)
        return -1;
    if (job->options.checkpoint.extend && rebuild_night(job, failure) != 0)
        return -1;
    if (job->options.dry_run)
        return rebuild_summary_plan(job, failure);
    if (rebuild_plan_resume(job, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_PLAN);

    if (!rebuild_job_is_read(job) && rebuild_read(job, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_READ);

    if (rebuild_match(job, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_MATCH);

    if (rebuild_sums(job, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_REDUCE);

    if (rebuild_publish(job, failure) != 0)
        return -1;
    phases_end(&job->phases, PHASE_PUBLISH);

    if (rebuild_summary(job, failure) != 0)
        return -1;
    *failure = job->unmarked;
    return ranks_vote(job->ranks, failure);
}

int rebuild_command(int argc, char **argv)
{
    struct failure failure = {0};
    struct job job = {0};
    /* First of all, since a request that comes while the ranks meet would end this one. */
    if (stop_listen(&failure) != 0 || ranks_start(&job.ranks, &failure) != 0) {
        if (failure.message[0] != '\0')
            log_error("%s", failure.message);
        return failure.code;
    }
    phases_start(&job.phases);
    FAULT_RANK(ranks_rank(job.ranks));
    log_open(LOG_TEXT, rebuild_job_is_root(&job));

    /* A closed pipe and a file over its size limit are errors of a write, not ends of the rank. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
        failure_set(&failure, EXIT_BUG, "Signals cannot be set up.");
    if (failure.code == 0)
        (void)rebuild_options_parse(argc, argv, &job.options, &failure);
    /* Also when the command line is wrong further on. */
    log_open(job.options.json_log ? LOG_JSON : LOG_TEXT, rebuild_job_is_root(&job));
    if (ranks_vote(job.ranks, &failure) == 0) {
        if (!job.options.help) {
            (void)run(&job, &failure);
        } else if (rebuild_job_is_root(&job)) {
            (void)output_text(stdout, rebuild_help, &failure);
        }
    }
    if (failure.code == EXIT_STOPPED)
        log_warning("%s", failure.message);
    else if (failure.code != 0)
        log_error("%s", failure.message);
    if (failure.code == EXIT_USAGE)
        log_error("Try `course-funnel rebuild --help`.");

    struct ranks *ranks = job.ranks;
    rebuild_job_clear(&job);
    (void)ranks_end(ranks, &failure);
    return failure.code;
}
