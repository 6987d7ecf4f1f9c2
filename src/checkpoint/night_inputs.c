#include "night_internal.h"

#include "course_funnel/array.h"
#include "course_funnel/fault.h"

#include <stdlib.h>
#include <string.h>

int night_list(struct night *night, struct failure *failure)
{
    struct source_known *known = &night->known;
    const struct manifest *manifest = night->followed != NULL ? &night->followed->manifest : NULL;
    size_t count = manifest != NULL ? manifest->input_count : 0;
    bool from_base = night->followed == night_entry_of(night, night->found.base);
    free(known->paths);
    free(known->is_read);
    free(known->is_met);
    known->count = count;
    known->paths = calloc(count + 1, sizeof *known->paths);
    known->is_read = calloc(count + 1, sizeof *known->is_read);
    known->is_met = calloc(count + 1, sizeof *known->is_met);
    if (known->paths == NULL || known->is_read == NULL || known->is_met == NULL)
        return failure_memory(failure, "the files that are known", count * sizeof *known->paths);
    for (size_t i = 0; i < count; i++) {
        known->paths[i] = manifest->inputs[i].path;
        known->is_read[i] = from_base || manifest->inputs[i].is_base != 0;
    }
    /* A run that was begun keeps its files, and its pieces of them. */
    known->rest_waits = manifest != NULL && !from_base;
    uint64_t range_bytes = known->rest_waits ? manifest->range_bytes : night->choices->range_bytes;
    return night->calls->list(night->calls->job, known, range_bytes, &night->list, failure);
}

static int add_look(struct manifest_look **looks, size_t *count, struct manifest_look look,
                    struct failure *failure)
{
    if (array_extend(looks, *count, sizeof look, "the files that changed", failure) != 0)
        return -1;
    (*looks)[(*count)++] = look;
    return 0;
}

/* What all ranks are told of a file that was read before; its path follows. */
struct packed {
    uint32_t input;
    uint32_t path_bytes; /* with the NUL */
    uint64_t bytes;
    int64_t identity;
};

static int pack(const struct night *night, unsigned char **bytes, size_t *byte_count,
                struct failure *failure)
{
    const struct manifest_input *inputs =
        night->followed != NULL ? night->followed->manifest.inputs : NULL;
    size_t used = 0;
    *byte_count = 0;
    for (size_t i = 0; i < night->known.count; i++)
        *byte_count += sizeof(struct packed) + strlen(inputs[i].path) + 1;
    *bytes = malloc(*byte_count + 1);
    if (*bytes == NULL)
        return failure_memory(failure, "the files that are known", *byte_count);
    for (size_t i = 0; i < night->known.count; i++) {
        struct packed file = {(uint32_t)i, (uint32_t)strlen(inputs[i].path) + 1, inputs[i].bytes,
                              inputs[i].identity};
        if (!night->known.is_read[i] || !night->known.is_met[i])
            continue;
        memcpy(*bytes + used, &file, sizeof file);
        memcpy(*bytes + used + sizeof file, inputs[i].path, file.path_bytes);
        used += sizeof file + file.path_bytes;
    }
    *byte_count = used;
    return 0;
}

/* This rank's share: every so manieth file. */
static int look(struct ranks *ranks, const unsigned char *bytes, size_t byte_count,
                struct manifest_look **looks, size_t *count, struct failure *failure)
{
    int turn = 0;
    (void)FAULT("night.look");
    for (size_t at = 0; at < byte_count; turn++) {
        struct packed file;
        memcpy(&file, bytes + at, sizeof file);
        const char *path = (const char *)bytes + at + sizeof file;
        at += sizeof file + file.path_bytes;
        if (turn % ranks_count(ranks) != ranks_rank(ranks))
            continue;
        struct manifest_look now = {.input = file.input};
        now.error = source_look(path, &now.bytes, &now.identity);
        if (now.error == 0 && now.bytes == file.bytes && now.identity == file.identity)
            continue;
        if (add_look(looks, count, now, failure) != 0)
            return -1;
    }
    return 0;
}

static int by_input(const void *a, const void *b)
{
    const struct manifest_look *x = a, *y = b;
    return x->input < y->input ? -1 : x->input > y->input;
}

/* On rank 0: those that the listing did not meet, and of those that it lists what they are now. */
static int add_listed(const struct night *night, struct manifest_look **looks, size_t *count,
                      struct failure *failure)
{
    const struct source_list *list = night->list;
    size_t at = 0;
    for (size_t i = 0; i < night->known.count; i++) {
        const struct manifest_input *input = &night->followed->manifest.inputs[i];
        struct manifest_look now = {.input = (uint32_t)i, .error = MANIFEST_UNMET};
        if (night->known.is_met[i] && night->known.is_read[i])
            continue;
        while (at < list->file_count && strcmp(list->files[at].path, input->path) < 0)
            at++;
        if (night->known.is_met[i] && at < list->file_count) {
            now.error = 0;
            now.bytes = list->files[at].bytes;
            now.identity = list->files[at].identity;
        }
        if ((now.error != 0 || now.bytes != input->bytes || now.identity != input->identity) &&
            add_look(looks, count, now, failure) != 0)
            return -1;
    }
    if (*count > 0)
        qsort(*looks, *count, sizeof **looks, by_input);
    return 0;
}

int night_look(struct night *night, struct ranks *ranks, struct manifest_look **looks,
               size_t *look_count, struct failure *failure)
{
    bool is_root = ranks_rank(ranks) == 0;
    unsigned char *bytes = NULL, *gathered = NULL;
    size_t byte_count = 0, gathered_bytes = 0, own_count = 0;
    struct manifest_look *own = NULL;
    *looks = NULL;
    *look_count = 0;
    if (is_root && failure->code == 0)
        (void)pack(night, &bytes, &byte_count, failure);
    if (ranks_share(ranks, &bytes, &byte_count, failure) == 0)
        (void)look(ranks, bytes, byte_count, &own, &own_count, failure);
    free(bytes);
    if (ranks_vote(ranks, failure) == 0) {
        (void)ranks_gather(ranks, own, own_count * sizeof *own, &gathered, &gathered_bytes,
                           failure);
        size_t count = gathered_bytes / sizeof **looks;
        for (size_t i = 0; i < count && failure->code == 0; i++) {
            struct manifest_look now;
            memcpy(&now, gathered + i * sizeof now, sizeof now);
            (void)add_look(looks, look_count, now, failure);
        }
        if (is_root && failure->code == 0)
            (void)add_listed(night, looks, look_count, failure);
    }
    free(gathered);
    free(own);
    return ranks_vote(ranks, failure);
}

int night_number_inputs(const struct checkpoint *checkpoint, const struct source_list *list,
                        uint32_t **numbers, struct failure *failure)
{
    const struct manifest *start = &checkpoint->start;
    size_t at = 0;
    *numbers = calloc(list->file_count + 1, sizeof **numbers);
    if (*numbers == NULL)
        return failure_memory(failure, "the numbers of files", list->file_count);
    for (size_t i = 0; i < list->file_count; i++) {
        while (at < start->input_count && strcmp(start->inputs[at].path, list->files[i].path) != 0)
            at++;
        if (at == start->input_count)
            return failure_set(failure, EXIT_BUG, "%s: is no input of this run.",
                               list->files[i].path);
        (*numbers)[i] = (uint32_t)at;
    }
    return 0;
}

size_t night_input_count(const struct checkpoint *checkpoint)
{
    return checkpoint->start.input_count;
}
