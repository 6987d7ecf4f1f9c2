#include "course_funnel/generation.h"

#include "generation_internal.h"
#include "record_image.h"
#include "state_image.h"

#include "course_funnel/array.h"
#include "course_funnel/fault.h"
#include "course_funnel/pages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int generation_read_manifest(const struct store *store, struct store_generation generation,
                             struct durable_bytes *text, struct manifest *manifest,
                             struct failure *failure)
{
    struct failure trouble = {0};
    char name[STORE_NAME_BYTES];
    if (store_read_manifest(store, generation, text, failure) != 0)
        return -1;
    if (manifest_parse((char *)text->bytes, text->byte_count, manifest, &trouble) == 0)
        return 0;
    store_name(generation, name);
    return failure_set(failure, trouble.code, "%s/%s/" MANIFEST_NAME ": %s.", store->folder.path,
                       name, trouble.message);
}

int generation_open(const struct store *store, const struct manifest *manifest,
                    struct generation *generation, struct failure *failure)
{
    struct store_generation name = {.attempt = manifest->attempt, .number = manifest->generation};
    *generation = (struct generation){.manifest = manifest};
    return store_open_generation(store, name, &generation->folder, failure);
}

void generation_close(struct generation *generation)
{
    durable_close(&generation->folder);
    *generation = (struct generation){0};
}

static int write_image(const struct generation *generation, const char *name,
                       const struct image *image, struct manifest_file *file,
                       struct failure *failure)
{
    char identity[MANIFEST_IDENTITY_BYTES];
    manifest_identity(generation->manifest, name, identity);
    file->bytes = image->byte_count;
    digest_bytes(identity, image->bytes, image->byte_count, file->digest);
    return durable_write(&generation->folder, name, image->bytes, image->byte_count, failure);
}

/* How many groups from ${first} (of the rank's own) on go into one file. */
static uint32_t groups_of_file(const struct state *state, uint32_t first)
{
    uint64_t most = FAULT_NUMBER("generation.file_bytes", GENERATION_FILE_BYTES);
    uint64_t bytes = state_image_bytes(&state->groups[first]);
    uint32_t count = 1;
    while (first + count < state->group_count) {
        bytes += state_image_bytes(&state->groups[first + count]);
        if (bytes > most)
            break;
        count++;
    }
    return count;
}

/* Which files there will be, without sizes and digests. */
static int plan_files(const struct state *state, struct manifest_file **files, size_t *file_count,
                      struct failure *failure)
{
    *files = NULL;
    *file_count = 0;
    for (uint32_t at = 0; at < state->group_count;) {
        uint32_t count = groups_of_file(state, at);
        if (array_extend(files, *file_count, sizeof **files, "a list of files", failure) != 0)
            return -1;
        (*files)[(*file_count)++] =
            (struct manifest_file){.first_group = state->first_group + at,
                                   .last_group = state->first_group + at + count - 1};
        at += count;
    }
    return 0;
}

int generation_write_state(const struct generation *generation, const struct state *state,
                           struct manifest_file **files, size_t *file_count,
                           struct failure *failure)
{
    struct image image = {0};
    int result = plan_files(state, files, file_count, failure);
    for (size_t i = 0; result == 0 && i < *file_count; i++) {
        struct manifest_file *file = &(*files)[i];
        char name[MANIFEST_NAME_BYTES];
        manifest_file_name(file, name);
        for (uint32_t group = file->first_group; group <= file->last_group; group++)
            file->loaded_bytes += state_loaded_bytes(&state->groups[group - state->first_group]);
        file->loaded_bytes = pages_bytes(file->loaded_bytes);
        result = state_image_create(state, file->first_group,
                                    file->last_group - file->first_group + 1, &image, failure);
        if (result == 0)
            result = write_image(generation, name, &image, file, failure);
    }
    image_clear(&image);
    return result;
}

int generation_write_sums(const struct generation *generation, const struct tally *tally,
                          const struct tally *matches, const struct entries *entries,
                          struct manifest_file *file, struct failure *failure)
{
    struct image image = {0};
    *file = (struct manifest_file){0};
    int result = record_image_create_sums(tally, matches, entries, &image, failure);
    if (result == 0)
        result = write_image(generation, MANIFEST_SUMS_NAME, &image, file, failure);
    image_clear(&image);
    return result;
}

int generation_write_stretches(const struct generation *generation,
                               const struct rejects_stretch *stretches, size_t stretch_count,
                               struct manifest_file *file, struct failure *failure)
{
    struct image image = {0};
    *file = (struct manifest_file){0};
    int result = record_image_create_stretches(stretches, stretch_count, &image, failure);
    if (result == 0)
        result = write_image(generation, MANIFEST_STRETCHES_NAME, &image, file, failure);
    image_clear(&image);
    return result;
}

int generation_read(const struct generation *generation, const char *name,
                    const struct manifest_file *file, struct durable_bytes *bytes,
                    struct failure *failure)
{
    char identity[MANIFEST_IDENTITY_BYTES], digest[DIGEST_BYTES];
    const char *path = generation->folder.path;
    if (durable_read(&generation->folder, name, file->bytes, bytes, failure) != 0)
        return -1;
    if (bytes->byte_count != file->bytes)
        return failure_set(failure, STORE_DAMAGED,
                           "%s/%s: is %zu bytes long, where %" PRIu64 " were written.", path, name,
                           bytes->byte_count, file->bytes);
    manifest_identity(generation->manifest, name, identity);
    digest_bytes(identity, bytes->bytes, bytes->byte_count, digest);
    /* Tests take this out to see that they would notice. */
    if (strcmp(digest, file->digest) != 0 && FAULT_NUMBER("generation.trust", 0) == 0)
        return failure_set(failure, STORE_DAMAGED, "%s/%s: its digest is %s, where %s was written.",
                           path, name, digest, file->digest);
    return FAULT("generation.verified") != 0
               ? failure_set(failure, EXIT_CHECKPOINT, "%s/%s: %s.", path, name, strerror(errno))
               : 0;
}

int generation_name_failure(const struct generation *generation, const char *name,
                            const struct failure *trouble, struct failure *failure)
{
    return failure_set(failure, trouble->code, "%s/%s: %s.", generation->folder.path, name,
                       trouble->message);
}

int generation_load_state(const struct generation *generation, struct state *state,
                          struct failure *failure)
{
    const struct manifest *manifest = generation->manifest;
    struct durable_bytes bytes = {0};
    int result = 0;
    /* What must hold of the records depends on it. */
    state->marts_only = manifest->marts_only != 0;
    for (size_t i = 0; result == 0 && i < manifest->file_count; i++) {
        const struct manifest_file *file = &manifest->files[i];
        struct failure trouble = {0};
        char name[MANIFEST_NAME_BYTES];
        if (file->last_group < state->first_group ||
            file->first_group >= state->first_group + state->group_count)
            continue;
        manifest_file_name(file, name);
        result = generation_read(generation, name, file, &bytes, failure);
        if (result == 0 && state_image_load(bytes.bytes, bytes.byte_count, file->first_group,
                                            file->last_group, state, &trouble) != 0)
            result = generation_name_failure(generation, name, &trouble, failure);
    }
    durable_bytes_free(&bytes);
    struct failure trouble = {0};
    if (result == 0 && state_validate_shared(state, &trouble) != 0)
        result = failure_set(failure, STORE_DAMAGED, "%s: %s.", generation->folder.path,
                             trouble.message);
    /* The days are of all ranks together; who adds up their shares gives them to one. */
    state->first_event_us = manifest->first_event_us;
    state->last_event_us = manifest->last_event_us;
    return result;
}

int generation_load_sums(const struct generation *generation, struct tally *tally,
                         struct tally *matches, struct entries *entries, struct failure *failure)
{
    struct durable_bytes bytes = {0};
    struct failure trouble = {0};
    int result = generation_read(generation, MANIFEST_SUMS_NAME, &generation->manifest->files[0],
                                 &bytes, failure);
    if (result == 0 && record_image_load_sums(bytes.bytes, bytes.byte_count, tally, matches,
                                              entries, &trouble) != 0)
        result = generation_name_failure(generation, MANIFEST_SUMS_NAME, &trouble, failure);
    durable_bytes_free(&bytes);
    tally->pairs_started = generation->manifest->pairs_started;
    tally->pairs_completed = generation->manifest->pairs_completed;
    return result;
}

/* Each stretch lies within a part that the manifest names, and is of a split that there is. */
static int check_stretches(const struct manifest *manifest, const struct rejects_stretch *stretches,
                           size_t stretch_count, struct failure *failure)
{
    for (size_t i = 0; i < stretch_count; i++) {
        bool found = false;
        for (size_t j = 0; !found && j < manifest->part_count; j++)
            found = manifest->parts[j].attempt == stretches[i].attempt &&
                    manifest->parts[j].rank == stretches[i].rank &&
                    stretches[i].end <= manifest->parts[j].bytes;
        if (!found || stretches[i].input >= manifest->input_count ||
            stretches[i].split >= manifest->inputs[stretches[i].input].splits)
            return failure_set(failure, STORE_DAMAGED, "a stretch of rejects is of no part");
    }
    return 0;
}

int generation_load_stretches(const struct generation *generation,
                              struct rejects_stretch **stretches, size_t *stretch_count,
                              struct failure *failure)
{
    struct durable_bytes bytes = {0};
    struct failure trouble = {0};
    *stretches = NULL;
    *stretch_count = 0;
    int result = generation_read(generation, MANIFEST_STRETCHES_NAME,
                                 &generation->manifest->stretches, &bytes, failure);
    if (result == 0 &&
        (record_image_load_stretches(bytes.bytes, bytes.byte_count, stretches, stretch_count,
                                     &trouble) != 0 ||
         check_stretches(generation->manifest, *stretches, *stretch_count, &trouble) != 0))
        result = generation_name_failure(generation, MANIFEST_STRETCHES_NAME, &trouble, failure);
    durable_bytes_free(&bytes);
    if (result != 0) {
        free(*stretches);
        *stretches = NULL;
    }
    return result;
}

static bool is_named(const struct manifest *manifest, const char *name)
{
    char due[MANIFEST_NAME_BYTES];
    if (strcmp(name, MANIFEST_NAME) == 0 || strcmp(name, MANIFEST_STRETCHES_NAME) == 0)
        return true;
    if (manifest->kind == MANIFEST_SUMS)
        return strcmp(name, MANIFEST_SUMS_NAME) == 0;
    for (size_t i = 0; i < manifest->file_count; i++) {
        manifest_file_name(&manifest->files[i], due);
        if (strcmp(name, due) == 0)
            return true;
    }
    return false;
}

static int check_name(void *context, const char *name, struct failure *failure)
{
    const struct generation *generation = context;
    /* NFS gives such names to files that are removed while they are open. */
    if (strncmp(name, ".nfs", 4) == 0 || is_named(generation->manifest, name))
        return 0;
    return failure_set(failure, STORE_DAMAGED, "%s/%s: was not written there by this program.",
                       generation->folder.path, name);
}

int generation_check_names(const struct generation *generation, struct failure *failure)
{
    struct generation at = *generation;
    return durable_each_name(&generation->folder, check_name, &at, failure);
}

static int check_part(const struct durable_folder *folder, const struct manifest_part *part,
                      struct failure *failure)
{
    char name[STORE_NAME_BYTES], digest_found[DIGEST_BYTES];
    unsigned char buffer[65536];
    uint64_t found = 0;
    struct digest *digest = NULL;
    store_part_name(part, name);
    int fd = durable_open_file(folder, name, &found, failure);
    if (fd < 0)
        return -1;
    int result = digest_create(REJECTS_DIGEST_IDENTITY, &digest, failure);
    for (uint64_t at = 0; result == 0 && at < part->bytes;) {
        uint64_t left = part->bytes - at;
        ssize_t got =
            pread(fd, buffer, left < sizeof buffer ? (size_t)left : sizeof buffer, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            result = failure_set(failure, got < 0 ? EXIT_CHECKPOINT : STORE_DAMAGED,
                                 "%s/%s: cannot be read whole: %s.", folder->path, name,
                                 got < 0 ? strerror(errno) : "it is too short");
            break;
        }
        digest_add(digest, buffer, (size_t)got);
        at += (uint64_t)got;
    }
    if (result == 0) {
        digest_text(digest, digest_found);
        if (strcmp(digest_found, part->digest) != 0)
            result = failure_set(failure, STORE_DAMAGED,
                                 "%s/%s: its digest is %s, where %s was written.", folder->path,
                                 name, digest_found, part->digest);
    }
    digest_free(digest);
    (void)close(fd);
    return result;
}

int generation_check_parts(const struct store *store, const struct manifest *manifest,
                           struct failure *failure)
{
    struct durable_folder folder;
    if (store_open_rejects(store, &folder, failure) != 0)
        return -1;
    int result = 0;
    for (size_t i = 0; result == 0 && i < manifest->part_count; i++)
        result = check_part(&folder, &manifest->parts[i], failure);
    durable_close(&folder);
    return result;
}
