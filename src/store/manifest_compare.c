#include "course_funnel/manifest.h"

#include "differences.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* More would not help, and would not fit a message. */
#define MOST_NAMED 8

/* What became of a table, by what its server counts; ${text} begins in the midst of a sentence. */
static void describe_changes(const struct source_changes *then, const struct source_changes *now,
                             char *text, size_t size)
{
    static const char written[] =
        "be read in another snapshot, for this server was written to since";
    if (now->storage == 0 || then->storage == 0)
        snprintf(text, size,
                 "be read in another snapshot, for it is a view or a foreign table, or on a "
                 "standby, whose snapshots cannot be had again");
    else if (then->columns != now->columns)
        snprintf(text, size, "be read from other columns (see --column)");
    else if (then->storage != now->storage)
        snprintf(text, size, "be read in another snapshot, for the table was rewritten since");
    else if (now->inserted < then->inserted || now->updated < then->updated ||
             now->deleted < then->deleted || now->vacuums < then->vacuums)
        snprintf(text, size,
                 "%s, or is another one (its statistics begin anew, so they do not tell what)",
                 written);
    else if (memcmp(then, now, sizeof *then) == 0)
        snprintf(text, size, "%s (in other tables, as far as its statistics tell)", written);
    else
        snprintf(text, size,
                 "%s (rows inserted: %" PRIu64 ", updated: %" PRIu64 ", deleted: %" PRIu64
                 "; vacuums: %" PRIu64 ")",
                 written, now->inserted - then->inserted, now->updated - then->updated,
                 now->deleted - then->deleted, now->vacuums - then->vacuums);
}

/*
 * A table's identity holds the snapshot that it was read in, which ended with its job. When all was
 * read in that one, the next does not matter any more.
 */
static void compare_file(struct differences *differences, const struct manifest_input *then,
                         const struct source_file *now, bool all_is_read)
{
    if (now->format == SOURCE_TABLE) {
        char why[256];
        if (all_is_read || (then->bytes == now->bytes && then->identity == now->identity))
            return;
        describe_changes(&then->changes, &now->changes, why, sizeof why);
        differences_add(differences, "%s: the rest would %s", now->path, why);
    } else if (then->bytes != now->bytes)
        differences_add(differences, "%s: had %" PRIu64 " bytes, now has %" PRIu64, now->path,
                        then->bytes, now->bytes);
    else if (then->identity != now->identity)
        differences_add(differences, "%s: was changed since (its time of change is another)",
                        now->path);
}

/*
 * What is handed out counts by its pieces. Sums are of all, and a table that has grown since is cut
 * into more of them; a run that only summed up again had none.
 */
static bool has_pieces(const struct manifest *manifest, const struct source_list *list)
{
    if (manifest->kind != MANIFEST_SUMS)
        return true;
    for (size_t i = 0; i < list->file_count; i++)
        if (list->files[i].format == SOURCE_TABLE)
            return false;
    return manifest->split_count > 0;
}

/* Both lists have the same order: files sorted by path, then tables as they were named. */
static void compare_inputs(struct differences *differences, const struct manifest *manifest,
                           const struct source_list *list)
{
    size_t i = 0, j = 0;
    while (i < manifest->input_count || j < list->file_count) {
        int order = i == manifest->input_count ? 1
                    : j == list->file_count    ? -1
                                            : strcmp(manifest->inputs[i].path, list->files[j].path);
        if (order < 0)
            differences_add(differences, "%s: was read, and is not among the input now",
                            manifest->inputs[i].path);
        else if (order > 0)
            differences_add(differences, "%s: is new", list->files[j].path);
        else
            compare_file(differences, &manifest->inputs[i], &list->files[j],
                         manifest->kind == MANIFEST_SUMS);
        i += order <= 0;
        j += order >= 0;
    }
}

/*
 * The match with sessions is kept with the sums: whoever wants another has to read again. Who wants
 * none leaves it out.
 */
static void compare_sessions(struct differences *differences, const struct manifest *manifest,
                             const struct manifest_choices *choices)
{
    const char *now = choices->sessions;
    if (manifest->match.is_known == 0 || now == NULL ||
        strncmp(manifest->sessions, now, sizeof manifest->sessions - 1) == 0)
        return;
    differences_add(
        differences,
        "--sessions-table: users were matched with %.150s, now are to be with %.150s (\"none\" "
        "leaves the match out)",
        manifest->sessions, now);
}

int manifest_compare(const struct manifest *manifest, const char *path,
                     const struct source_list *list, const struct manifest_choices *choices,
                     struct failure *failure)
{
    struct differences differences = {.most = MOST_NAMED};
    if (manifest->range_bytes != choices->range_bytes)
        differences_add(&differences, "--range-bytes: was %" PRIu64 ", now is %" PRIu64,
                        manifest->range_bytes, choices->range_bytes);
    const char *columns = choices->columns != NULL ? choices->columns : "";
    if (strncmp(manifest->columns, columns, sizeof manifest->columns - 1) != 0)
        differences_add(&differences, "--column: was %.90s, now is %.90s",
                        manifest->columns[0] != '\0' ? manifest->columns : "not given",
                        columns[0] != '\0' ? columns : "not given");
    compare_sessions(&differences, manifest, choices);
    const char *as_of = choices->as_of != NULL ? choices->as_of : "";
    if (strcmp(manifest->as_of, as_of) != 0)
        differences_add(&differences, "--as-of: was %s, now is %s",
                        manifest->as_of[0] != '\0' ? manifest->as_of : "not given",
                        as_of[0] != '\0' ? as_of : "not given");
    if (manifest->marts_only != 0 && !choices->marts_only)
        differences_add(&differences, "--tables: was marts, now is all");
    if (manifest_has(&manifest->base))
        differences_add(&differences, "--extend: was given, now is not");
    compare_inputs(&differences, manifest, list);
    if (differences.found == 0 && has_pieces(manifest, list) &&
        (manifest->split_count != list->split_count || manifest->disk_bytes != list->disk_bytes))
        differences_add(&differences, "the input: was cut in %" PRIu64 " pieces, now is in %zu",
                        manifest->split_count, list->split_count);
    if (differences.found == 0)
        return 0;
    return failure_set(failure, EXIT_STRANGER,
                       "%s holds the checkpoint of another run, so this one cannot go on from it:"
                       "%s\nGive the run what it had, name another --checkpoint folder, or throw "
                       "away what is there with --restart.",
                       path, differences_text(&differences));
}
