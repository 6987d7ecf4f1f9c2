#include "rebuild_steps.h"

#include "course_funnel/calendar.h"
#include "course_funnel/clock.h"
#include "course_funnel/days.h"
#include "course_funnel/fault.h"
#include "course_funnel/key_group.h"
#include "course_funnel/log.h"
#include "course_funnel/postgres.h"
#include "course_funnel/progress.h"
#include "course_funnel/proof.h"
#include "course_funnel/stop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A name that was meant for a database may have been taken for a directory: say what it is. */
static int describe_target(struct job *job, struct failure *failure)
{
    char *text = NULL;
    int written = 0;
    if (publish_describe(job->options.to, &text, failure) != 0)
        return -1;
    if (publish_is_postgres(job->options.to))
        written = asprintf(&job->target.text, "the schema %s of PostgreSQL (%s)",
                           job->options.schema, text);
    else
        written = asprintf(&job->target.text, "the directory %s", text);
    free(text);
    if (written < 0) {
        job->target.text = NULL;
        return failure_memory(failure, "the name of the target", strlen(job->options.to));
    }
    return 0;
}

/* What is written to ${place} must not be read as input by the next run. */
static int check_apart(const struct job *job, const char *option, const char *place,
                       struct failure *failure)
{
    char *walked = NULL;
    if (source_reaches(job->options.files, job->options.file_count, place, &walked, failure) != 0)
        return -1;
    if (walked != NULL)
        failure_set(failure, EXIT_USAGE,
                    "%s %s: lies in %s, which --from walks, so that the next run would read as "
                    "input what this one writes there. Name a place outside of it, or one with a "
                    "hidden name (.NAME), which is not walked.",
                    option, place, walked);
    free(walked);
    return failure->code != 0 ? -1 : 0;
}

static int check_all_apart(const struct job *job, struct failure *failure)
{
    const struct rebuild_options *options = &job->options;
    const char *checkpoint = options->checkpoint.path;
    if ((!publish_is_postgres(options->to) &&
         check_apart(job, "--to", options->to, failure) != 0) ||
        check_apart(job, "--rejects", job->rejects.path, failure) != 0 ||
        (checkpoint != NULL && check_apart(job, "--checkpoint", checkpoint, failure) != 0))
        return -1;
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

/* On rank 0: what can be checked before any work is. */
static int check_places(struct job *job, struct failure *failure)
{
    const struct rebuild_options *options = &job->options;
    job->record.started_us = clock_now_us();
    job->day = options->as_of != NULL ? options->as_of_day : days_of(job->record.started_us);
    job->target.place = (struct publish_target){
        .target = options->to, .schema = options->schema, .further = !options->marts_only};
    if (describe_target(job, failure) != 0 || check_all_apart(job, failure) != 0 ||
        run_record_draw_id(job->record.run_id, failure) != 0 ||
        describe_sources(job, failure) != 0 ||
        publish_check(&job->target.place, &job->record, &job->record.planned_us, failure) != 0 ||
        rejects_check(job->rejects.path, failure) != 0)
        return -1;
    return 0;
}

static int tell_files(void *whom, uint64_t looked_at, uint64_t found, struct failure *failure)
{
    (void)FAULT("rebuild.look");
    progress_files(whom, looked_at, found);
    if (stop_is_wanted())
        return failure_set(failure, EXIT_STOPPED,
                           "Stopped on request while the input was looked at; nothing of it had "
                           "been read by this attempt. Run it again.");
    return 0;
}

/* Each note by its name; but markers, of which a year of hours has 8,760, by one. */
static void tell_notes(const struct source_list *list)
{
    size_t markers = 0;
    for (size_t i = 0; i < list->note_count; i++)
        if (list->notes[i].kind != SOURCE_NOTE_MARKER)
            log_warning("%s: %s", list->notes[i].path, list->notes[i].what);
        else if (markers++ == 0)
            log_warning("%s: %s; so are all others like it", list->notes[i].path,
                        list->notes[i].what);
}

/* The same learner may have another id in each project, and most histories are of one. */
static void tell_projects(const struct source_list *list)
{
    if (list->project_count < 2)
        return;
    log_warning("files of %zu Amplitude projects are read as one history: %" PRIu64
                " files of %s, %" PRIu64 " of %s%s; to read one alone, name its files by a glob "
                "such as '%s_*'",
                list->project_count, list->projects[0].files, list->projects[0].number,
                list->projects[1].files, list->projects[1].number,
                list->project_count > 2 ? ", and more" : "", list->projects[0].number);
}

/* A dry run looks at the first line of each file and entry, and reads no further. */
static int look_at_first(const struct job *job, struct failure *failure)
{
    const struct source_list *list = job->input.list;
    struct proof *proof = NULL;
    int result = proof_create(list, &job->options.limits, &proof, failure);
    for (size_t i = 0; i < list->split_count && result == 0; i++) {
        enum proof_verdict verdict = PROOF_UNKNOWN;
        char *name = NULL;
        if (list->splits[i].format == SOURCE_TABLE || source_first_split(list, i) != i)
            continue;
        result = proof_first(proof, i, &verdict, failure);
        if (result != 0 || verdict == PROOF_EVENT)
            continue;
        result = source_name(list, i, &name, failure);
        if (result == 0 && verdict == PROOF_EMPTY)
            log_warning("%s: is empty", name);
        else if (result == 0)
            log_warning("%s: its first line is no event; it looks like %s. A run looks further, "
                        "and ends with 4 where no line is",
                        name, proof_guess(proof));
        free(name);
    }
    proof_free(proof);
    return result;
}

int rebuild_plan_list(struct job *job, struct source_known *known, struct failure *failure)
{
    const struct rebuild_options *options = &job->options;
    struct progress *progress = progress_start(0, 0);
    const struct source_watch watch = {tell_files, progress};
    int status = source_list_new(options->files, options->file_count, &options->limits, &watch,
                                 known, &job->input.list, failure);
    progress_end(progress);
    if (status != 0)
        return -1;
    if (source_holds(job->input.list, job->rejects.path) ||
        (known != NULL && source_known_holds(known, job->rejects.path)))
        return failure_set(failure, EXIT_USAGE,
                           "--rejects %s: is one of the files that are read, and would be "
                           "replaced. Name another place.",
                           job->rejects.path);
    tell_notes(job->input.list);
    tell_projects(job->input.list);
    if (options->dry_run && look_at_first(job, failure) != 0)
        return -1;
    if (ingest_tables_find(&options->tables, job->input.list, &job->input.tables, failure) != 0)
        return -1;
    return 0;
}

/* On rank 0: what the others then get from it. */
static int plan_alone(struct job *job, struct failure *failure)
{
    job->checked_s = clock_seconds();
    if (check_places(job, failure) != 0)
        return -1;
    /* With --extend it is asked first what is known of the input already. */
    return job->options.checkpoint.extend ? 0 : rebuild_plan_list(job, NULL, failure);
}

/* Rank 0's bytes of a thing that all have room for, to all. */
static void share(struct job *job, void *thing, size_t bytes, struct failure *failure)
{
    unsigned char *shared = thing;
    size_t shared_bytes = bytes;
    if (ranks_share(job->ranks, &shared, &shared_bytes, failure) != 0 || rebuild_job_is_root(job))
        return;
    memcpy(thing, shared, bytes);
    free(shared);
}

int rebuild_plan_share_list(struct job *job, struct failure *failure)
{
    unsigned char *list = NULL;
    size_t list_bytes = 0;
    bool is_root = rebuild_job_is_root(job);
    if (is_root) {
        /* The target's clock is not asked again: it moves on as this one does. */
        job->record.attempt_us =
            job->record.planned_us + 1 + (int64_t)((clock_seconds() - job->checked_s) * 1e6);
        (void)source_pack(job->input.list, &list, &list_bytes, failure);
    }
    if (ranks_share(job->ranks, &list, &list_bytes, failure) == 0 && !is_root)
        (void)source_unpack(list, list_bytes, &job->input.list, failure);
    free(list);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    job->input.count = job->input.list->file_count;
    return ingest_tables_share(job->ranks, &job->options.tables, job->options.connections,
                               !job->options.dry_run, &job->input.tables, failure);
}

int rebuild_plan(struct job *job, struct failure *failure)
{
    if (ranks_count(job->ranks) > KEY_GROUPS)
        failure_set(failure, EXIT_USAGE, "%d ranks are more than the %d key groups of users.",
                    ranks_count(job->ranks), KEY_GROUPS);
    else if (rebuild_options_rejects_path(&job->options, &job->rejects.path, failure) == 0 &&
             rebuild_job_is_root(job))
        (void)plan_alone(job, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    share(job, job->record.run_id, sizeof job->record.run_id, failure);
    share(job, &job->day, sizeof job->day, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    if (job->options.checkpoint.extend)
        return 0;
    return rebuild_plan_share_list(job, failure);
}

/* Changed files are refused as another input. Tables are not compared, and may have changed. */
static void warn_of_age(const struct job *job, const struct manifest *found)
{
    char seen[CALENDAR_TIME_BYTES];
    if (found->kind != MANIFEST_SUMS || job->input.tables.list == NULL || !rebuild_job_is_root(job))
        return;
    calendar_format_time(found->attempt_us, seen);
    log_warning("tables are published as they were at %.19s UTC, when they were read; --restart "
                "reads them anew",
                seen);
}

int rebuild_plan_resume(struct job *job, struct failure *failure)
{
    const struct rebuild_options *options = &job->options;
    const struct manifest *found = NULL;
    job->rejects.place.path = job->rejects.path;
    job->rejects.place.code = EXIT_TARGET;
    if (options->checkpoint.path == NULL) {
        job->rejects.place.attempt = 1;
        job->rejects.place.run_id = job->record.run_id;
        if (asprintf(&job->rejects.parts, "%s.part-%s", job->rejects.path, job->record.run_id) <
            0) {
            job->rejects.parts = NULL;
            failure_memory(failure, "the name of a reject file", strlen(job->rejects.path));
        }
        job->rejects.place.parts = job->rejects.parts;
        return ranks_vote(job->ranks, failure);
    }
    const struct manifest_choices choices = rebuild_job_choices(job);
    if (job->checkpoint == NULL &&
        checkpoint_open(job->ranks, &options->checkpoint, job->input.list, &choices,
                        job->record.run_id, &job->checkpoint, failure) != 0)
        return -1;
    memcpy(job->record.run_id, checkpoint_run_id(job->checkpoint), sizeof job->record.run_id);
    checkpoint_rejects(job->checkpoint, &job->rejects.place, &job->rejects.earlier,
                       &job->rejects.earlier_count);
    found = checkpoint_found(job->checkpoint);
    if (found != NULL) {
        job->record.started_us = found->started_us;
        job->day = found->days.day;
        warn_of_age(job, found);
        /* One rank takes the counts so far, so that the sum over all ranks has them once. */
        if (rebuild_job_is_root(job))
            job->sums.ledger = found->ledger;
    }
    /* With --extend the input was found unchanged just now, by this attempt. */
    if (found != NULL && !options->checkpoint.extend) {
        job->record.planned_us = found->planned_us;
        job->record.attempt_us = found->attempt_us;
    } else {
        if (found != NULL && job->record.planned_us <= found->attempt_us)
            job->record.planned_us = found->attempt_us + 1;
        if (job->record.attempt_us <= job->record.planned_us)
            job->record.attempt_us = job->record.planned_us + 1;
        checkpoint_set_times(job->checkpoint, job->record.planned_us, job->record.attempt_us);
    }
    return 0;
}
