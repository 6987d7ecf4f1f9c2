#include "rebuild_gates.h"

#include "gate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Room for the lines of all reasons beside the message that they stand in, and for one without its
 * sample. */
#define REASONS_BYTES (FAILURE_MESSAGE_BYTES - 1024)
#define COUNT_BYTES 64

/* Where a reject stands, by the offset that is kept of it. */
static void describe_place(const struct source_list *list, const struct rejects_sample *sample,
                           char *text, size_t size)
{
    for (size_t i = 0; i < list->split_count; i++) {
        const struct source_split *split = &list->splits[i];
        if (split->format != SOURCE_TABLE ||
            strcmp(list->files[split->file].path, sample->source) != 0)
            continue;
        /* What has no pages has one range without an end. */
        if (split->end > 0)
            snprintf(text, size, "ctid '(%" PRIu64 ",%" PRIu64 ")'", sample->offset >> 16,
                     sample->offset & 65535);
        else
            snprintf(text, size, "row %" PRIu64, sample->offset);
        return;
    }
    snprintf(text, size, "byte %" PRIu64, sample->offset);
}

/* Whether a reject is of a file that this run read. */
static bool is_of_list(const void *whom, const char *source)
{
    return source_has_name(whom, source);
}

/*
 * The reasons of the rejects, each in a line: its count, and the first of them as far as it fits;
 * where there is a ${base}, of the new files alone.
 */
static void describe_rejects(const struct job *job, const struct ledger *base,
                             char text[REASONS_BYTES])
{
    uint64_t counts[REJECT_REASONS];
    struct rejects_sample samples[REJECT_REASONS];
    size_t used = 0;
    for (int reason = 0; reason < REJECT_REASONS; reason++)
        counts[reason] =
            job->sums.ledger.rejected[reason] - (base != NULL ? base->rejected[reason] : 0);
    rejects_first(job->rejects.path, counts, base != NULL ? is_of_list : NULL, job->input.list,
                  samples);
    text[0] = '\0';
    for (int reason = 0; reason < REJECT_REASONS; reason++) {
        const struct rejects_sample *sample = &samples[reason];
        char line[REJECTS_SOURCE_BYTES + REJECTS_SAMPLE_BYTES + 160], place[64];
        size_t left = REASONS_BYTES - used - (size_t)(REJECT_REASONS - reason) * COUNT_BYTES;
        if (counts[reason] == 0)
            continue;
        int counted = snprintf(line, sizeof line, "\n  %" PRIu64 " %s", counts[reason],
                               event_reject_name((enum reject_reason)reason));
        int written = counted;
        if (sample->is_there) {
            describe_place(job->input.list, sample, place, sizeof place);
            written += snprintf(line + counted, sizeof line - (size_t)counted,
                                ", the first in %s at %s: %s%s", sample->source, place,
                                sample->text, sample->is_cut ? "..." : "");
        }
        if ((size_t)written >= left)
            written = counted;
        memcpy(text + used, line, (size_t)written);
        used += (size_t)written;
        text[used] = '\0';
    }
}

/* What to do about rejects that are no events at their top level. */
#define NO_EVENT_ADVICE                                                                            \
    "Those that are not_an_event hold events in an envelope or an array, or with keys in another " \
    "case: give files with one event a line, and of a table name a view that has the events in "   \
    "columns, or the column that holds them whole with --column record=COLUMN."

/* What is said of too many rejects; where there is a ${base}, of those of the new files. */
static int refuse_rejects(const struct job *job, const struct ledger *base, struct failure *failure)
{
    struct gate_events events = gate_events(&job->sums.ledger, base);
    bool are_events = job->sums.ledger.rejected[REJECT_NOT_AN_EVENT] > 0;
    char reasons[REASONS_BYTES];
    describe_rejects(job, base, reasons);
    return failure_set(
        failure, EXIT_GATE,
        "%" PRIu64 " of %" PRIu64
        " course events%s were rejected, a share of %.4f over the %g of --max-reject-share. "
        "Nothing was published%s; see %s for which and why.%s%s",
        events.rejected, events.rejected + events.kept, base != NULL ? " of the new files" : "",
        gate_share(events), job->options.max_reject_share,
        base != NULL ? ", and what was published before is gone on from: mend or remove the files, "
                       "and run again"
                     : "",
        job->rejects.path, are_events ? " " NO_EVENT_ADVICE : "", reasons);
}

int rebuild_gates_have_files(const struct job *job, struct failure *failure)
{
    if (job->input.count == 0 && job->options.file_count > 0 && !job->options.allow_empty)
        return failure_set(failure, EXIT_GATE,
                           "There is no file to read in %s%s%s, so the marts would be empty. "
                           "Nothing was published; --allow-empty publishes all the same.",
                           job->options.files[0],
                           job->options.file_count > 1 ? " and all else that --from names" : "",
                           job->input.list->note_count > 0
                               ? ": what is there is left out, as the warnings above say"
                               : "");
    return 0;
}

int rebuild_gates_pass(const struct job *job, struct failure *failure)
{
    const struct ledger *ledger = &job->sums.ledger;
    enum gate_verdict verdict = gate_judge(ledger, job->base_ledger, job->options.max_reject_share,
                                           job->options.allow_empty);
    char reasons[REASONS_BYTES];
    if (verdict == GATE_REJECTS)
        return refuse_rejects(job, NULL, failure);
    if (verdict == GATE_NEW_REJECTS)
        return refuse_rejects(job, job->base_ledger, failure);
    if (rebuild_gates_have_files(job, failure) != 0)
        return -1;
    if (verdict == GATE_NOTHING) {
        describe_rejects(job, NULL, reasons);
        return failure_set(failure, EXIT_GATE,
                           "There is no course event among %" PRIu64
                           " lines%s, so the marts would be empty. Nothing was published; is "
                           "this the right input? --allow-empty publishes all the same.%s",
                           ledger->lines_read,
                           ledger->rejected_weight > 0 ? " but rejected ones" : "", reasons);
    }
    return 0;
}
