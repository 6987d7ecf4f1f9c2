#include "course_funnel/source.h"

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
                                                           .mtime_ns = (int64_t)(identity >> 1),
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
static void add_to_fingerprint(struct source_list *list, const struct source_relation *relation)
{
    static const char hex[] = "0123456789abcdef";
    XXH128_canonical_t canonical;
    XXH128_hash_t hash = XXH3_128bits(list->fingerprint, sizeof list->fingerprint);
    hash = XXH3_128bits_withSeed(relation->name, strlen(relation->name), hash.low64 ^ hash.high64);
    hash = XXH3_128bits_withSeed(relation->identity, strlen(relation->identity),
                                 hash.low64 ^ hash.high64);
    XXH128_canonicalFromHash(&canonical, hash);
    for (size_t i = 0; i < sizeof canonical.digest; i++) {
        list->fingerprint[2 * i] = hex[canonical.digest[i] >> 4];
        list->fingerprint[2 * i + 1] = hex[canonical.digest[i] & 15];
    }
}

int source_add_relation(struct source_list *list, const struct source_relation *relation,
                        struct failure *failure)
{
    if (add_file(list, relation, failure) != 0 || add_splits(list, relation, failure) != 0)
        return -1;
    add_to_fingerprint(list, relation);
    return 0;
}
