#include "rebuild_steps.h"

#include "course_funnel/calendar.h"
#include "course_funnel/log.h"
#include "course_funnel/output.h"

#include <inttypes.h>
#include <stdio.h>

#define GROUPED_BYTES 32

/* A count with a comma between thousands, which long counts cannot be read without. */
static const char *grouped(uint64_t count, char text[GROUPED_BYTES])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    char *at = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
    return text;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_count(FILE *out, const char *name, uint64_t count, const char *remark)
{
    char text[GROUPED_BYTES];
    fprintf(out, "  %-24s %18s%s%s\n", name, grouped(count, text), remark[0] != '\0' ? "  " : "",
            remark);
}

static void print_input(FILE *out, const struct source_list *list)
{
    char files[GROUPED_BYTES], splits[GROUPED_BYTES], bytes[GROUPED_BYTES], tables[GROUPED_BYTES];
    uint64_t table_count = 0;
    for (size_t i = 0; i < list->file_count; i++)
        table_count += list->files[i].format == SOURCE_TABLE ? 1 : 0;
    uint64_t file_count = list->file_count - table_count;
    if (file_count > 0 || table_count == 0)
        fprintf(out, "  %s file%s ", grouped(file_count, files), plural(file_count));
    if (table_count > 0)
        fprintf(out, "%s%s table%s or partition%s ", file_count > 0 ? "and " : "  ",
                grouped(table_count, tables), plural(table_count), plural(table_count));
    fprintf(out, "in %s split%s, %s bytes on disk\n", grouped(list->split_count, splits),
            plural(list->split_count), grouped(list->disk_bytes, bytes));
}

#define NOTES_SHOWN 10

/* What was left out of the input: how many, and the first of them by name. */
static void print_left_out(FILE *out, const struct source_list *list, const struct ledger *ledger)
{
    char text[GROUPED_BYTES];
    uint64_t left_out = 0, markers = 0;
    for (size_t i = 0; i < list->note_count; i++) {
        left_out += list->notes[i].kind == SOURCE_NOTE_LEFT_OUT;
        markers += list->notes[i].kind == SOURCE_NOTE_MARKER;
    }
    if (ledger->files_empty > 0)
        print_count(out, "files empty", ledger->files_empty, "");
    if (ledger->files_left_out > 0)
        print_count(out, "files left out", ledger->files_left_out, "foreign, not read");
    if (markers > 0)
        print_count(out, "markers left out", markers, "of finished hours");
    if (left_out == 0)
        return;
    fprintf(out, "  left out, %s in all:\n", grouped(left_out, text));
    uint64_t shown = 0;
    for (size_t i = 0; i < list->note_count && shown < NOTES_SHOWN; i++)
        if (list->notes[i].kind == SOURCE_NOTE_LEFT_OUT) {
            fprintf(out, "    %s: %s\n", list->notes[i].path, list->notes[i].what);
            shown++;
        }
    if (left_out > shown)
        fprintf(out, "    and %s more\n", grouped(left_out - shown, text));
}

static void print_ledger(FILE *out, const struct ledger *ledger, const char *rejects)
{
    uint64_t rejected = ledger_rejected(ledger);
    print_count(out, "lines read", ledger->lines_read, "");
    print_count(out, "records read", ledger->records_read, "= other + rejected + kept");
    print_count(out, "  other", ledger->other, "not course events");
    char text[GROUPED_BYTES];
    fprintf(out, "  %-24s %18s%s%s\n", "  rejected", grouped(rejected, text),
            rejected > 0 ? "  kept in " : "", rejected > 0 ? rejects : "");
    for (int reason = 0; reason < REJECT_REASONS; reason++)
        if (ledger->rejected[reason] > 0) {
            char name[40];
            snprintf(name, sizeof name, "    %s", event_reject_name((enum reject_reason)reason));
            print_count(out, name, ledger->rejected[reason], "");
        }
    print_count(out, "  kept", ledger->kept, "= sent = received = folded");
    print_count(out, "    of them duplicates", ledger->duplicates,
                "completions that were delivered again");
    print_count(out, "    with time unusable", ledger->time_unusable,
                "completions left out of the average time");
}

static void print_phases(FILE *out, const struct phase_spread *phases, int ranks)
{
    fprintf(
        out,
        "\n  seconds             took  work: least      mean      most   slowest of %d rank%s\n",
        ranks, plural((uint64_t)ranks));
    for (int phase = 0; phase < PHASES; phase++)
        fprintf(out, "  %-12s %11.3f %12.3f %9.3f %9.3f   rank %d\n",
                phases_name((enum phase)phase), phases[phase].seconds, phases[phase].least,
                phases[phase].mean, phases[phase].most, phases[phase].slowest);
}

static void print_table(FILE *out, const char *name, uint64_t rows, const char *digest)
{
    char count[GROUPED_BYTES];
    fprintf(out, "  mart_course_funnel_%-12s %12s rows  %s\n", name, grouped(rows, count), digest);
}

/* What was published; a step a lesson, a completion a cohort. */
static void print_tables(FILE *out, const struct job *job)
{
    const struct run_record *record = &job->record;
    char added[GROUPED_BYTES], changed[GROUPED_BYTES], removed[GROUPED_BYTES];
    print_table(out, "cohorts", record->cohort_rows, record->cohorts_digest);
    print_table(out, "lessons", record->lesson_rows, record->lessons_digest);
    if (record->has_further) {
        print_table(out, "steps", record->lesson_rows, record->steps_digest);
        print_table(out, "completion", record->cohort_rows, record->completion_digest);
        print_table(out, "entry_points", job->entry_rows, record->entry_points_digest);
    }
    if (record->has_cells)
        fprintf(out, "  course_funnel_changes: %s cells added, %s changed, %s removed\n",
                grouped(record->cells_added, added), grouped(record->cells_changed, changed),
                grouped(record->cells_removed, removed));
}

/* Counts that balance, times, what was published and where. */
static void print_done(FILE *out, const struct job *job, const struct phase_spread *phases)
{
    const struct run_record *record = &job->record;
    const struct manifest *found = checkpoint_found(job->checkpoint);
    double seconds = (double)(record->finished_us - record->started_us) / 1e6;

    fprintf(out, "course-funnel %s, run %s\n\n", record->version, record->run_id);
    print_input(out, job->input.list);
    if (job->options.checkpoint.extend && job->night.known > 0)
        print_count(out, "files read before", job->night.known, "unchanged, not opened");
    if (job->night.waiting > 0)
        print_count(out, "files that wait", job->night.waiting, "for the next run");
    uint32_t resumes = checkpoint_resumes(job->checkpoint);
    if (resumes > 0)
        fprintf(out, "  resumed from a checkpoint %u time%s\n", resumes, plural(resumes));
    print_left_out(out, job->input.list, &record->ledger);
    fputc('\n', out);
    print_ledger(out, &record->ledger, job->rejects.path);
    if (record->has_event_times) {
        char first[CALENDAR_TIME_BYTES], last[CALENDAR_TIME_BYTES];
        calendar_format_time(record->first_event_us, first);
        calendar_format_time(record->last_event_us, last);
        fprintf(out, "  course events from %.19s to %.19s UTC\n", first, last);
    }
    if (record->has_as_of) {
        char as_of[CALENDAR_TIME_BYTES];
        calendar_format_time(record->as_of_us, as_of);
        fprintf(out, "  cohorts watched up to %.19s UTC\n", as_of);
    }
    if (record->events_in_the_future > 0)
        print_count(out, "in the future", record->events_in_the_future, "of those kept");
    if (record->has_sessions) {
        print_count(out, "sessions read", record->sessions_read, "");
        print_count(out, "  users with a session", record->users_with_session,
                    "of those with course events");
        print_count(out, "  users without", record->users_without_session, "");
    }
    print_phases(out, phases, record->ranks);

    double read = phases[PHASE_READ].seconds;
    uint64_t lines = record->ledger.lines_read - (found != NULL ? found->ledger.lines_read : 0);
    uint64_t bytes = record->ledger.bytes_read - (found != NULL ? found->ledger.bytes_read : 0);
    if (read > 0 && lines > 0)
        fprintf(out, "  %.0f lines/s, %.1f MB/s of text while reading\n", (double)lines / read,
                (double)bytes / read / 1e6);
    fprintf(out, "\nPublished to %s in %.1f s%s:\n", job->target.text, seconds,
            resumes > 0 ? " from the start of the first attempt" : "");
    print_tables(out, job);
}

/* What of the input was read before, what is new, and what waits. */
static void print_night(FILE *out, const struct night_report *night)
{
    char text[GROUPED_BYTES];
    if (night->dropped)
        fprintf(out, "  throw away a night that was begun and not published\n");
    if (night->answer == NIGHT_BEGINS)
        fprintf(out, "  begin a history: nothing was read before\n");
    else
        fprintf(out, "  go on from checkpoint %s, of %s bytes, which each run loads whole%s\n",
                night->from, grouped(night->state_bytes, text),
                night->answer == NIGHT_GOES_ON    ? ": the run was begun before"
                : night->answer == NIGHT_HAS_NONE ? ": nothing is new"
                                                  : "");
    if (night->loaded_bytes > 0)
        print_count(out, "memory for it", night->loaded_bytes, "bytes, on all ranks together");
    print_count(out, "files read before", night->known, "unchanged, not opened");
    print_count(out, "files to read", night->fresh, "");
    print_count(out, "files that wait", night->waiting, "for the next run");
}

/* What a run would do. */
static void print_plan(FILE *out, const struct job *job)
{
    const struct source_list *list = job->input.list;
    int ranks = ranks_count(job->ranks);
    static const char *const formats[] = {[SOURCE_PLAIN] = "plain",
                                          [SOURCE_GZIP] = "gzip",
                                          [SOURCE_ZIP] = "zip",
                                          [SOURCE_TABLE] = "table"};
    uint64_t files[4] = {0}, bytes[4] = {0};
    for (size_t i = 0; i < list->file_count; i++) {
        files[list->files[i].format]++;
        bytes[list->files[i].format] += list->files[i].bytes;
    }

    fprintf(out,
            "Dry run: all checks passed; the first line of each file was looked at, no more was "
            "read, nothing was published. A run would\n");
    if (job->options.checkpoint.extend)
        print_night(out, &job->night);
    fprintf(out, "  read on %d rank%s\n", ranks, plural((uint64_t)ranks));
    print_input(out, list);
    const struct ledger none = {0};
    print_left_out(out, list, &none);
    for (int format = 0; format < 4; format++)
        if (files[format] > 0) {
            char count[GROUPED_BYTES], size[GROUPED_BYTES];
            fprintf(out, "    %-6s %12s %s%s %18s bytes\n", formats[format],
                    grouped(files[format], count), format == SOURCE_TABLE ? "part" : "file",
                    plural(files[format]), grouped(bytes[format], size));
        }
    if (list->file_count > 0)
        fprintf(out, "    from %s\n      to %s\n", list->files[0].path,
                list->files[list->file_count - 1].path);
    fprintf(out, "  keep rejects in %s\n  publish to %s\n  input fingerprint %s\n",
            job->rejects.path, job->target.text, list->fingerprint);
}

int rebuild_summary_plan(struct job *job, struct failure *failure)
{
    if (rebuild_job_is_root(job)) {
        print_plan(stdout, job);
        (void)output_end(stdout, failure);
    }
    return ranks_vote(job->ranks, failure);
}

int rebuild_summary(struct job *job, struct failure *failure)
{
    struct phase_spread spreads[PHASES] = {0};
    (void)phases_spread(job->ranks, &job->phases, spreads, failure);
    if (ranks_vote(job->ranks, failure) != 0)
        return -1;
    if (!rebuild_job_is_root(job))
        return 0;
    print_done(stdout, job, spreads);
    /* What was published stays published. */
    struct failure trouble = {0};
    if (output_end(stdout, &trouble) != 0)
        log_warning("The marts are published, but standard output cannot be written.");
    return 0;
}
