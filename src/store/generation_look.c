#include "course_funnel/generation.h"

#include "generation_internal.h"
#include "state_image.h"

#include <stdlib.h>
#include <string.h>

/* Insert a group where it belongs among the largest. */
static void rank_group(struct generation_contents *contents, const struct state_image_group *group)
{
    uint64_t bytes = state_image_group_bytes(group);
    size_t at = GENERATION_LARGEST;
    while (at > 0 &&
           (contents->largest[at - 1].users == 0 || contents->largest[at - 1].bytes < bytes))
        at--;
    if (at == GENERATION_LARGEST || group->users == 0)
        return;
    memmove(&contents->largest[at + 1], &contents->largest[at],
            (GENERATION_LARGEST - 1 - at) * sizeof contents->largest[0]);
    contents->largest[at].group = group->group;
    contents->largest[at].users = group->users;
    contents->largest[at].bytes = bytes;
}

static int look_at_groups(const struct generation *generation, const struct manifest_file *file,
                          struct durable_bytes *bytes, struct generation_contents *contents,
                          struct failure *failure)
{
    struct failure trouble = {0};
    char name[MANIFEST_NAME_BYTES];
    uint32_t count = file->last_group - file->first_group + 1;
    manifest_file_name(file, name);
    if (generation_read(generation, name, file, bytes, failure) != 0)
        return -1;
    struct state_image_group *groups = calloc(count, sizeof *groups);
    if (groups == NULL)
        return failure_memory(failure, "key groups", count * sizeof *groups);
    int result = state_image_look(bytes->bytes, bytes->byte_count, file->first_group,
                                  file->last_group, groups, &trouble);
    if (result != 0)
        generation_name_failure(generation, name, &trouble, failure);
    for (uint32_t i = 0; result == 0 && i < count; i++) {
        contents->users += groups[i].users;
        contents->enrolments += groups[i].enrolments;
        contents->progress += groups[i].progress;
        rank_group(contents, &groups[i]);
    }
    free(groups);
    return result;
}

static int look_at_sums(const struct generation *generation, struct generation_contents *contents,
                        struct failure *failure)
{
    struct tally tally = {0}, matches = {0};
    struct entries entries = {0};
    int result = generation_load_sums(generation, &tally, &matches, &entries, failure);
    contents->sums = tally.count;
    tally_clear(&tally);
    tally_clear(&matches);
    entries_clear(&entries);
    return result;
}

int generation_look(const struct store *store, const struct generation *generation,
                    struct generation_contents *contents, struct failure *failure)
{
    const struct manifest *manifest = generation->manifest;
    struct durable_bytes bytes = {0};
    struct rejects_stretch *stretches = NULL;
    size_t stretch_count = 0;
    *contents = (struct generation_contents){.bytes = manifest->stretches.bytes};
    for (size_t i = 0; i < manifest->file_count; i++)
        contents->bytes += manifest->files[i].bytes;
    int result = generation_check_names(generation, failure);
    if (result == 0 && manifest->kind == MANIFEST_SUMS)
        result = look_at_sums(generation, contents, failure);
    for (size_t i = 0; manifest->kind == MANIFEST_STATE && result == 0 && i < manifest->file_count;
         i++)
        result = look_at_groups(generation, &manifest->files[i], &bytes, contents, failure);
    durable_bytes_free(&bytes);
    if (result == 0)
        result = generation_load_stretches(generation, &stretches, &stretch_count, failure);
    free(stretches);
    if (result == 0)
        result = generation_check_parts(store, manifest, failure);
    return result;
}
