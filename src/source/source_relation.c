#include "course_funnel/source.h"

#include "course_funnel/digest.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static int add_file(struct source_list *list, const struct source_relation *relation,
                    struct failure *failure)
{
    size_t bytes = (list->file_count + 2) * sizeof *list->files;
    void *files = realloc(list->files, bytes);
    if (files == NULL)
        return failure_memory(failure, "the list of tables", bytes);
    list->files = files;
    char *path = strdup(relation->name);
    if (path == NULL)
        return failure_memory(failure, "the list of tables", strlen(relation->name));
    uint64_t identity = XXH3_64bits(relation->identity, strlen(relation->identity));
    list->files[list->file_count++] = (struct source_file){.path = path,
                                                           .bytes = relation->bytes,
                                                           .identity = (int64_t)(identity >> 1),
                                                           .format = SOURCE_TABLE,
                                                           .changes = relation->changes};
    return 0;
}

static int add_splits(struct source_list *list, const struct source_relation *relation,
                      struct failure *failure)
{
    uint64_t pages = 1, range = 1;
    if (relation->page_bytes > 0) {
        pages = relation->bytes / relation->page_bytes;
        range = relation->range_bytes / relation->page_bytes;
        range = range > 0 ? range : 1;
    }
    size_t added = (size_t)((pages + range - 1) / range);
    size_t bytes = (list->split_count + added + 1) * sizeof *list->splits;
    void *splits = realloc(list->splits, bytes);
    if (splits == NULL)
        return failure_memory(failure, "the list of tables", bytes);
    list->splits = splits;
    for (uint64_t begin = 0; begin < pages; begin += range) {
        uint64_t end = pages - begin > range ? begin + range : pages;
        struct source_split split = {.file = (uint32_t)(list->file_count - 1),
                                     .entry = relation->entry,
                                     .format = SOURCE_TABLE,
                                     .disk_bytes = relation->bytes};
        if (relation->page_bytes > 0) {
            split.begin = begin;
            split.end = end;
            split.disk_bytes = (end - begin) * relation->page_bytes;
        }
        list->disk_bytes += split.disk_bytes;
        list->splits[list->split_count++] = split;
    }
    return 0;
}

/* What the fingerprint was before goes into the new one. */
static int add_to_fingerprint(struct source_list *list, const struct source_relation *relation,
                              struct failure *failure)
{
    struct digest *digest = NULL;
    if (digest_create(NULL, &digest, failure) != 0)
        return -1;
    digest_add(digest, list->fingerprint, sizeof list->fingerprint);
    digest_add(digest, relation->name, strlen(relation->name) + 1);
    digest_add(digest, relation->identity, strlen(relation->identity) + 1);
    digest_text(digest, list->fingerprint);
    digest_free(digest);
    return 0;
}

int source_add_relation(struct source_list *list, const struct source_relation *relation,
                        struct failure *failure)
{
    if (add_file(list, relation, failure) != 0 || add_splits(list, relation, failure) != 0)
        return -1;
    return add_to_fingerprint(list, relation, failure);
}
