#include "generate_file.h"

#include <errno.h>
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES (UINT32_C(1) << 20)
#define PACKED_BYTES (UINT32_C(1) << 18)

struct generate_file {
    bool packs;
    int descriptor; /* -1 when no file is open */
    uint32_t level;
    uint64_t disk_bytes;
    size_t text_bytes;
    char *text;
    uint8_t *packed;
    uint8_t *level_buffer;
    uint32_t level_bytes;
    struct isal_zstream stream;
    char path[PATH_MAX];
    char temporary[PATH_MAX];
};

int generate_file_create(const struct generate_options *options, struct generate_file **result,
                         struct failure *failure)
{
    static const uint32_t level_bytes[] = {0, ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL2_DEFAULT,
                                           ISAL_DEF_LVL3_DEFAULT};
    struct generate_file *file = calloc(1, sizeof *file);
    if (file == NULL)
        return failure_memory(failure, "an output file", sizeof *file);
    file->descriptor = -1;
    file->packs = options->format != GENERATE_PLAIN;
    file->level = (uint32_t)options->level;
    file->level_bytes = level_bytes[options->level];
    file->text = malloc(TEXT_BYTES);
    file->packed = malloc(PACKED_BYTES);
    file->level_buffer = malloc(file->level_bytes + 1);
    if (file->text == NULL || file->packed == NULL || file->level_buffer == NULL) {
        generate_file_free(file);
        return failure_memory(failure, "an output file", TEXT_BYTES);
    }
    *result = file;
    return 0;
}

static int failed(struct generate_file *file, const char *what, struct failure *failure)
{
    return failure_set(failure, EXIT_TARGET,
                       "Could not %s \"%s\": %s. Make room or name another --out, and remove what "
                       "is in this one.",
                       what, file->temporary, strerror(errno));
}

int generate_file_open(struct generate_file *file, const char *path, struct failure *failure)
{
    int length = snprintf(file->path, sizeof file->path, "%s", path);
    int more = snprintf(file->temporary, sizeof file->temporary, "%s.tmp", path);
    if (length < 0 || more < 0 || (size_t)more >= sizeof file->temporary)
        return failure_set(failure, EXIT_TARGET, "The path is too long: \"%s\".", path);
    file->descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file->descriptor < 0)
        return failed(file, "create", failure);
    file->disk_bytes = 0;
    file->text_bytes = 0;
    if (file->packs) {
        isal_deflate_init(&file->stream);
        file->stream.gzip_flag = IGZIP_GZIP;
        file->stream.level = file->level;
        file->stream.level_buf = file->level_buffer;
        file->stream.level_buf_size = file->level_bytes;
    }
    return 0;
}

static int write_all(struct generate_file *file, const void *bytes, size_t count,
                     struct failure *failure)
{
    const char *at = bytes;
    while (count > 0) {
        ssize_t written = write(file->descriptor, at, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return failed(file, "write to", failure);
        at += written;
        count -= (size_t)written;
        file->disk_bytes += (uint64_t)written;
    }
    return 0;
}

static int pack(struct generate_file *file, bool last, struct failure *failure)
{
    struct isal_zstream *stream = &file->stream;
    stream->next_in = (uint8_t *)file->text;
    stream->avail_in = (uint32_t)file->text_bytes;
    stream->end_of_stream = last;
    do {
        stream->next_out = file->packed;
        stream->avail_out = PACKED_BYTES;
        int result = isal_deflate(stream);
        if (result != COMP_OK)
            return failure_set(failure, EXIT_BUG, "ISA-L could not compress \"%s\": code %d.",
                               file->path, result);
        if (write_all(file, file->packed, PACKED_BYTES - stream->avail_out, failure) != 0)
            return -1;
    } while (stream->avail_out == 0);
    return 0;
}

static int flush(struct generate_file *file, bool last, struct failure *failure)
{
    int result = file->packs ? pack(file, last, failure)
                             : write_all(file, file->text, file->text_bytes, failure);
    file->text_bytes = 0;
    return result;
}

char *generate_file_room(struct generate_file *file, size_t bytes, struct failure *failure)
{
    if (TEXT_BYTES - file->text_bytes < bytes && flush(file, false, failure) != 0)
        return NULL;
    return file->text + file->text_bytes;
}

void generate_file_advance(struct generate_file *file, const char *end)
{
    file->text_bytes = (size_t)(end - file->text);
}

int generate_file_close(struct generate_file *file, uint64_t *disk_bytes, struct failure *failure)
{
    if (flush(file, true, failure) != 0)
        return -1;
    int closed = close(file->descriptor);
    file->descriptor = -1;
    if (closed != 0 || rename(file->temporary, file->path) != 0)
        return failed(file, "finish", failure);
    *disk_bytes = file->disk_bytes;
    return 0;
}

void generate_file_free(struct generate_file *file)
{
    if (file == NULL)
        return;
    /* What is left open here was given up for a failure that is already told. */
    if (file->descriptor >= 0) {
        (void)close(file->descriptor);
        (void)unlink(file->temporary);
    }
    free(file->text);
    free(file->packed);
    free(file->level_buffer);
    free(file);
}
