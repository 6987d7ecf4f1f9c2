#include "course_funnel/manifest.h"

#include "differences.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MOST_NAMED 20

static void compare_input(struct differences *differences, const struct manifest_input *then,
                          const struct manifest_look *now)
{
    if (now->error == MANIFEST_UNMET)
        differences_add(differences, "%s: was read, and is not among the input now", then->path);
    else if (now->error != 0)
        differences_add(differences, "%s: was read, and cannot be looked at now: %s", then->path,
                        strerror(now->error));
    else if (now->bytes != then->bytes)
        differences_add(differences, "%s: had %" PRIu64 " bytes, now has %" PRIu64 "%s", then->path,
                        then->bytes, now->bytes,
                        now->bytes > then->bytes ? " (--settle leaves out files that still grow)"
                                                 : "");
    else if (now->identity != then->identity)
        differences_add(differences, "%s: was changed since (its time of change is another)",
                        then->path);
}

/* What changes the answer; how the input is cut, and by how many ranks it is read, does not. */
static void compare_choices(struct differences *differences, const struct manifest *manifest,
                            const struct manifest_choices *choices)
{
    if ((manifest->marts_only != 0) != choices->marts_only)
        differences_add(differences, "--tables: was %s, now is %s",
                        manifest->marts_only != 0 ? "marts" : "all",
                        choices->marts_only ? "marts" : "all");
    if ((manifest->leave_out_foreign != 0) != choices->leave_out_foreign)
        differences_add(differences, "--leave-out-foreign: was %sgiven, now is %sgiven",
                        manifest->leave_out_foreign != 0 ? "" : "not ",
                        choices->leave_out_foreign ? "" : "not ");
}

int manifest_compare_night(const struct manifest *manifest, const char *path,
                           const struct manifest_choices *choices, bool is_earlier,
                           const struct manifest_look *looks, size_t look_count,
                           struct failure *failure)
{
    struct differences differences = {.most = MOST_NAMED};
    compare_choices(&differences, manifest, choices);
    if (is_earlier)
        differences_add(&differences, "--as-of: was %s, now is %s, which is earlier",
                        manifest->as_of[0] != '\0' ? manifest->as_of : "the day of the run",
                        choices->as_of != NULL ? choices->as_of : "not given");
    for (size_t i = 0; i < look_count; i++)
        compare_input(&differences, &manifest->inputs[looks[i].input], &looks[i]);
    if (differences.found == 0)
        return 0;
    return failure_set(failure, EXIT_STRANGER,
                       "%s holds what was learned from other input or with other options, so this "
                       "run cannot go on from it:%s\nGive the run what it had, name another "
                       "--checkpoint folder, or read all files again with --restart.",
                       path, differences_text(&differences));
}

static int by_path(const void *a, const void *b)
{
    const struct manifest_input *x = a, *y = b;
    return strcmp(x->path, y->path);
}

/* The fingerprint that a list of all files would have. */
static int take_fingerprint(struct manifest *manifest, struct failure *failure)
{
    struct source_file *files = calloc(manifest->input_count + 1, sizeof *files);
    if (files == NULL)
        return failure_memory(failure, "the input", manifest->input_count * sizeof *files);
    for (size_t i = 0; i < manifest->input_count; i++)
        files[i] = (struct source_file){.path = manifest->inputs[i].path,
                                        .bytes = manifest->inputs[i].bytes,
                                        .identity = manifest->inputs[i].identity};
    int result =
        source_fingerprint(files, manifest->input_count, manifest->input_fingerprint, failure);
    free(files);
    return result;
}

int manifest_add_input(struct manifest *base, const struct source_list *list,
                       const struct manifest_choices *choices, uint32_t **places,
                       struct failure *failure)
{
    struct manifest added = {.input_count = 0};
    size_t count = base->input_count + list->file_count;
    struct manifest_input *inputs = calloc(count + 1, sizeof *inputs);
    *places = calloc(base->input_count + 1, sizeof **places);
    int result = inputs == NULL || *places == NULL
                     ? failure_memory(failure, "the manifest", count * sizeof *inputs)
                     : manifest_set_input(&added, list, choices, failure);
    if (result != 0) {
        free(inputs);
        manifest_clear(&added);
        return -1;
    }
    size_t at = 0;
    for (size_t i = 0, j = 0; i < base->input_count || j < added.input_count;) {
        bool old = j == added.input_count ||
                   (i < base->input_count && by_path(&base->inputs[i], &added.inputs[j]) < 0);
        inputs[at] = old ? base->inputs[i] : added.inputs[j];
        inputs[at].is_base = old;
        if (old)
            (*places)[i++] = (uint32_t)at;
        else
            j++;
        at++;
    }
    free(base->inputs);
    free(added.inputs);
    added.inputs = NULL;
    added.input_count = 0;
    base->inputs = inputs;
    base->input_count = at;
    base->range_bytes = choices->range_bytes;
    base->disk_bytes = list->disk_bytes;
    base->split_count = list->split_count;
    base->listed_empty += list->files_empty;
    base->listed_left_out += list->files_left_out;
    manifest_clear(&added);
    return take_fingerprint(base, failure);
}
