#include "inspection.h"

#include "course_funnel/calendar.h"
#include "course_funnel/output.h"

#include <inttypes.h>

static double share_done(const struct manifest *manifest)
{
    return manifest->disk_bytes > 0
               ? 100 * (double)manifest->done_bytes / (double)manifest->disk_bytes
               : 100;
}

static void print_entry(FILE *out, const struct inspection_entry *entry)
{
    char name[STORE_NAME_BYTES], written[CALENDAR_TIME_BYTES];
    const struct manifest *manifest = &entry->manifest;
    store_name(entry->name, name);
    fprintf(out, "\n%s: %s\n", name, entry->problem.code == 0 ? "whole" : "cannot be used");
    if (entry->problem.code != 0)
        fprintf(out, "  %s\n", entry->problem.message);
    if (!entry->has_manifest)
        return;
    calendar_format_time(manifest->written_us, written);
    fprintf(out, "  written at %.19s UTC by %" PRIu32 " rank%s of program %s\n", written,
            manifest->ranks, manifest->ranks == 1 ? "" : "s", manifest->version);
    fprintf(out, "  holds %s; %.1f %% of %" PRIu64 " bytes of input read\n",
            manifest->kind == MANIFEST_SUMS ? "the sums of all input, ready to be published"
            : manifest->is_finished != 0    ? "what is known of users, when all was read"
                                            : "what is known of users",
            share_done(manifest), manifest->disk_bytes);
}

static void print_counts(FILE *out, const struct manifest *manifest)
{
    const struct ledger *ledger = &manifest->ledger;
    const struct {
        const char *name;
        uint64_t count;
    } counts[] = {{"lines read", ledger->lines_read},
                  {"records read", ledger->records_read},
                  {"  other", ledger->other},
                  {"  rejected", ledger_rejected(ledger)},
                  {"  kept", ledger->kept},
                  {"    of them duplicates", ledger->duplicates},
                  {"    with time unusable", ledger->time_unusable}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        fprintf(out, "  %-24s %18" PRIu64 "\n", counts[i].name, counts[i].count);
}

static void print_contents(FILE *out, const struct inspection_entry *entry)
{
    const struct generation_contents *contents = &entry->contents;
    const struct manifest *manifest = &entry->manifest;
    fprintf(out, "  %-24s %18" PRIu64 " in %zu files\n", "bytes", contents->bytes,
            manifest->file_count + 1);
    if (manifest->kind == MANIFEST_SUMS) {
        fprintf(out, "  %-24s %18" PRIu64 "\n", "sums", contents->sums);
        return;
    }
    fprintf(out, "  %-24s %18" PRIu64 "\n", "users", contents->users);
    fprintf(out, "  %-24s %18" PRIu64 "\n", "enrolments", contents->enrolments);
    fprintf(out, "  %-24s %18" PRIu64 "\n", "lessons in progress", contents->progress);
    for (size_t i = 0; i < GENERATION_LARGEST && contents->largest[i].users > 0; i++)
        fprintf(out, "  %-24s %18" PRIu32 "  %" PRIu64 " users, %" PRIu64 " bytes\n",
                i == 0 ? "largest key groups" : "", contents->largest[i].group,
                contents->largest[i].users, contents->largest[i].bytes);
}

static void print_resume(FILE *out, const struct inspection *inspection)
{
    const struct inspection_entry *entry = inspection->resume;
    char name[STORE_NAME_BYTES];
    if (inspection->refused != NULL) {
        store_name(inspection->refused->name, name);
        fprintf(out, "\nA run on this folder refuses to go on from %s and stops.\n", name);
        return;
    }
    if (entry == NULL) {
        const struct store_listing *listing = &inspection->listing;
        bool damaged = listing->generation_count + listing->damaged_count + listing->lost_count > 0;
        fprintf(out, "\n%s\n",
                damaged ? "None of the checkpoints can be used. A run on this folder stops; with "
                          "--restart it throws\nthem away and reads all input."
                        : "There is no checkpoint. A run on this folder reads all input.");
        return;
    }
    const struct manifest *manifest = &entry->manifest;
    store_name(entry->name, name);
    fprintf(out, "\nA run on this folder goes on from %s", name);
    if (entry == inspection->base)
        fprintf(out, ":\nit reads the files that are new%s.\n\n",
                inspection->if_recorded != NULL ? ", if the target has no record of the other one"
                                                : "");
    else if (manifest->kind == MANIFEST_SUMS)
        fprintf(out, ":\nit reads nothing and publishes its sums%s.\n\n",
                inspection->base != NULL ? "; with --extend files that are new are read first"
                                         : "");
    else
        fprintf(out,
                ":\n%" PRIu64 " of %" PRIu64 " pieces of the input are done, %zu were begun or "
                "handed out, %" PRIu64 " wait.\n\n",
                manifest->next.splits - manifest->unfinished_count, manifest->split_count,
                manifest->unfinished_count, manifest->split_count - manifest->next.splits);
    print_counts(out, manifest);
    fputc('\n', out);
    print_contents(out, entry);
}

/* The finished state that was published, and what it holds. */
static void print_base(FILE *out, const struct inspection *inspection)
{
    const struct inspection_entry *base = inspection->base, *later = inspection->if_recorded;
    char name[STORE_NAME_BYTES];
    if (inspection->mark.is_damaged)
        fprintf(out, "  the file that names the base is damaged\n");
    if (base != NULL) {
        store_name(base->name, name);
        fprintf(out, "  the base, which was published and --extend goes on from: %s\n", name);
        fprintf(out,
                "    of run %s: %zu files, %" PRIu64 " users, %" PRIu64 " enrolments, %" PRIu64
                " bytes\n",
                base->manifest.run_id, base->manifest.input_count, base->contents.users,
                base->contents.enrolments, base->contents.bytes);
    }
    if (later != NULL) {
        store_name(later->name, name);
        fprintf(out, "  %s if the target has a record of run %s: %s\n",
                base != NULL ? "another one is"
                             : "nothing tells here what was published; the base is",
                later->manifest.run_id, name);
    }
}

int inspection_print(FILE *out, const struct inspection *inspection, struct failure *failure)
{
    const struct store_listing *listing = &inspection->listing;
    fprintf(out, "checkpoint folder %s\n", inspection->store.folder.path);
    if (inspection->has_attempt)
        fprintf(out, "  run %s, attempt %" PRIu32 "\n", inspection->attempt.history_id,
                inspection->attempt.number);
    else if (listing->generation_count + listing->damaged_count > 0)
        fprintf(out, "  the file that names the run and its attempt is missing or damaged\n");
    print_base(out, inspection);
    if (inspection->locked)
        fprintf(out, "  in use by a job that lives: %s\n", inspection->holder);
    for (size_t i = 0; i < listing->generation_count; i++)
        print_entry(out, &inspection->entries[i]);
    for (size_t i = 0; i < listing->damaged_count; i++)
        fprintf(out, "\n%s: was set aside\n", listing->damaged[i].name);
    for (size_t i = 0; i < listing->lost_count; i++) {
        char name[STORE_NAME_BYTES];
        store_name(listing->lost[i], name);
        fprintf(out, "\n%s: was written, and it or its manifest is gone\n", name);
    }
    if (listing->incomplete_count > 0)
        fprintf(out, "\n%zu unfinished, which a run removes\n", listing->incomplete_count);
    for (size_t i = 0; i < listing->other_count; i++)
        fprintf(out, "\n%s: is none of the folder's own, and is left alone\n", listing->others[i]);
    print_resume(out, inspection);
    return output_end(out, failure);
}
