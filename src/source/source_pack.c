#include "source_internal.h"

#include <stdlib.h>
#include <string.h>

/*
 * The packed list: a header, the files, the splits, then the paths in the order of the files,
 * each with its NUL. Plain structs of this machine: it lives no longer than the job.
 */
#define PACK_MAGIC UINT64_C(0x315453494C464343)

struct packed_header {
    uint64_t magic;
    uint64_t file_count;
    uint64_t split_count;
    uint64_t path_bytes;
    uint64_t disk_bytes;
    char fingerprint[40];
};

struct packed_file {
    uint64_t bytes;
    int64_t identity;
    int64_t ctime_ns;
    uint64_t inode;
    uint64_t format;
};

int source_pack(const struct source_list *list, unsigned char **bytes, size_t *byte_count,
                struct failure *failure)
{
    struct packed_header header = {
        .magic = PACK_MAGIC,
        .file_count = list->file_count,
        .split_count = list->split_count,
        .disk_bytes = list->disk_bytes,
    };
    memcpy(header.fingerprint, list->fingerprint, sizeof list->fingerprint);
    for (size_t i = 0; i < list->file_count; i++)
        header.path_bytes += strlen(list->files[i].path) + 1;

    *byte_count = sizeof header + list->file_count * sizeof(struct packed_file) +
                  list->split_count * sizeof(struct source_split) + (size_t)header.path_bytes;
    *bytes = malloc(*byte_count);
    if (*bytes == NULL)
        return failure_memory(failure, "the packed list of files", *byte_count);

    unsigned char *to = *bytes;
    memcpy(to, &header, sizeof header);
    to += sizeof header;
    for (size_t i = 0; i < list->file_count; i++) {
        const struct source_file *file = &list->files[i];
        struct packed_file packed = {file->bytes, file->identity, file->ctime_ns, file->inode,
                                     (uint64_t)file->format};
        memcpy(to, &packed, sizeof packed);
        to += sizeof packed;
    }
    if (list->split_count > 0)
        memcpy(to, list->splits, list->split_count * sizeof *list->splits);
    to += list->split_count * sizeof *list->splits;
    for (size_t i = 0; i < list->file_count; i++) {
        size_t length = strlen(list->files[i].path) + 1;
        memcpy(to, list->files[i].path, length);
        to += length;
    }
    return 0;
}

static int fail_packed(struct failure *failure)
{
    return failure_set(failure, EXIT_BUG,
                       "The list of files came damaged from another rank. Please report this.");
}

/* Whether the counts of the header add up to exactly ${byte_count} bytes. */
static bool header_fits(const struct packed_header *header, size_t byte_count)
{
    uint64_t left = byte_count - sizeof *header;
    if (header->magic != PACK_MAGIC || header->file_count > left / sizeof(struct packed_file))
        return false;
    left -= header->file_count * sizeof(struct packed_file);
    if (header->split_count > left / sizeof(struct source_split))
        return false;
    left -= header->split_count * sizeof(struct source_split);
    return header->path_bytes == left && header->file_count <= left &&
           header->fingerprint[sizeof((struct source_list *)NULL)->fingerprint - 1] == '\0';
}

static int unpack_files(struct source_list *list, size_t file_count, const unsigned char *files,
                        const unsigned char *paths, size_t path_bytes, struct failure *failure)
{
    for (size_t i = 0; i < file_count; i++) {
        struct packed_file packed;
        memcpy(&packed, files + i * sizeof packed, sizeof packed);
        const unsigned char *end = memchr(paths, '\0', path_bytes);
        if (end == NULL || packed.format > SOURCE_TABLE)
            return fail_packed(failure);
        size_t length = (size_t)(end - paths) + 1;
        char *path = malloc(length);
        if (path == NULL)
            return failure_memory(failure, "the list of files", length);
        memcpy(path, paths, length);
        paths += length;
        path_bytes -= length;
        list->files[list->file_count++] = (struct source_file){
            .path = path,
            .bytes = packed.bytes,
            .identity = packed.identity,
            .ctime_ns = packed.ctime_ns,
            .inode = packed.inode,
            .format = (enum source_format)packed.format,
        };
    }
    return path_bytes == 0 ? 0 : fail_packed(failure);
}

int source_unpack(const unsigned char *bytes, size_t byte_count, struct source_list **list,
                  struct failure *failure)
{
    *list = NULL;
    struct packed_header header;
    if (byte_count < sizeof header)
        return fail_packed(failure);
    memcpy(&header, bytes, sizeof header);
    if (!header_fits(&header, byte_count))
        return fail_packed(failure);

    size_t file_count = (size_t)header.file_count;
    size_t split_count = (size_t)header.split_count;
    const unsigned char *files = bytes + sizeof header;
    const unsigned char *splits = files + file_count * sizeof(struct packed_file);
    const unsigned char *paths = splits + split_count * sizeof(struct source_split);

    struct source_list *unpacked = calloc(1, sizeof *unpacked);
    if (unpacked == NULL)
        return failure_memory(failure, "the list of files", sizeof *unpacked);
    unpacked->disk_bytes = header.disk_bytes;
    memcpy(unpacked->fingerprint, header.fingerprint, sizeof unpacked->fingerprint);
    unpacked->files = calloc(file_count + 1, sizeof *unpacked->files);
    unpacked->splits = calloc(split_count + 1, sizeof *unpacked->splits);
    if (unpacked->files == NULL || unpacked->splits == NULL) {
        failure_memory(failure, "the list of files", byte_count);
        goto discard;
    }
    if (unpack_files(unpacked, file_count, files, paths, (size_t)header.path_bytes, failure) != 0)
        goto discard;
    memcpy(unpacked->splits, splits, split_count * sizeof *unpacked->splits);
    unpacked->split_count = split_count;
    for (size_t i = 0; i < split_count; i++)
        if (unpacked->splits[i].file >= file_count) {
            fail_packed(failure);
            goto discard;
        }
    *list = unpacked;
    return 0;

discard:
    source_free(unpacked);
    return -1;
}
