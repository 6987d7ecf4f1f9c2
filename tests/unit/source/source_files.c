#include "unit/source/source_files.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Sum of what stood behind blocks: only there so that it is really read. */
static unsigned files_padding_seen;

char files_folder[4096];

void files_begin(void)
{
    const char *base = getenv("TMPDIR");
    char made[1024];
    snprintf(made, sizeof made, "%s/source-test-XXXXXX", base != NULL ? base : "/tmp");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(made));
    CU_ASSERT_PTR_NOT_NULL_FATAL(realpath(made, files_folder));
}

static int files_remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void files_end(void)
{
    CU_ASSERT_EQUAL(nftw(files_folder, files_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *files_path(const char *name)
{
    static char paths[4][8192];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s%s%s", files_folder, name[0] == '\0' ? "" : "/", name);
    return path;
}

void files_write(const char *name, const void *bytes, size_t count)
{
    int fd = open(files_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    for (size_t done = 0; done < count;) {
        ssize_t wrote = write(fd, (const char *)bytes + done, count - done);
        CU_ASSERT_TRUE_FATAL(wrote > 0);
        done += (size_t)wrote;
    }
    CU_ASSERT_EQUAL(close(fd), 0);
}

void files_text(const char *name, const char *text)
{
    files_write(name, text, strlen(text));
}

void files_folder_make(const char *name)
{
    CU_ASSERT_EQUAL_FATAL(mkdir(files_path(name), 0700), 0);
}

void files_gzip_with(struct files_bytes *to, const void *text, size_t count, gz_header *header,
                     int level)
{
    z_stream stream = {0};
    CU_ASSERT_EQUAL_FATAL(deflateInit2(&stream, level, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY),
                          Z_OK);
    if (header != NULL)
        CU_ASSERT_EQUAL_FATAL(deflateSetHeader(&stream, header), Z_OK);
    size_t room = deflateBound(&stream, (uLong)count) + 70000;
    to->at = realloc(to->at, to->count + room);
    CU_ASSERT_PTR_NOT_NULL_FATAL(to->at);
    stream.next_in = (Bytef *)(uintptr_t)text;
    stream.avail_in = (uInt)count;
    stream.next_out = to->at + to->count;
    stream.avail_out = (uInt)room;
    CU_ASSERT_EQUAL_FATAL(deflate(&stream, Z_FINISH), Z_STREAM_END);
    to->count += stream.total_out;
    CU_ASSERT_EQUAL(deflateEnd(&stream), Z_OK);
}

void files_gzip(struct files_bytes *to, const void *text, size_t count)
{
    files_gzip_with(to, text, count, NULL, 6);
}

void files_zip(const char *name, const struct files_entry *entries, size_t count)
{
    int error = 0;
    zip_t *archive = zip_open(files_path(name), ZIP_CREATE | ZIP_TRUNCATE, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(archive);
    for (size_t i = 0; i < count; i++) {
        const struct files_entry *entry = &entries[i];
        size_t length = strlen(entry->name);
        if (length > 0 && entry->name[length - 1] == '/') {
            CU_ASSERT_TRUE_FATAL(zip_dir_add(archive, entry->name, 0) >= 0);
            continue;
        }
        zip_source_t *source = zip_source_buffer(archive, entry->bytes, entry->count, 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(source);
        zip_int64_t index = zip_file_add(archive, entry->name, source, ZIP_FL_ENC_GUESS);
        CU_ASSERT_TRUE_FATAL(index >= 0);
        CU_ASSERT_EQUAL_FATAL(
            zip_set_file_compression(archive, (zip_uint64_t)index, entry->method, 0), 0);
        if (entry->encrypted)
            CU_ASSERT_EQUAL_FATAL(
                zip_file_set_encryption(archive, (zip_uint64_t)index, ZIP_EM_AES_128, "opensesame"),
                0);
        if (entry->link)
            CU_ASSERT_EQUAL_FATAL(
                zip_file_set_external_attributes(archive, (zip_uint64_t)index, 0, ZIP_OPSYS_UNIX,
                                                 (zip_uint32_t)(S_IFLNK | 0777) << 16),
                0);
    }
    CU_ASSERT_EQUAL_FATAL(zip_close(archive), 0);
}

struct files_bytes files_read(const char *name)
{
    struct files_bytes bytes = {0};
    struct stat status;
    CU_ASSERT_EQUAL_FATAL(stat(files_path(name), &status), 0);
    bytes.count = (size_t)status.st_size;
    bytes.at = malloc(bytes.count + 1);
    int fd = open(files_path(name), O_RDONLY);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(read(fd, bytes.at, bytes.count), (ssize_t)bytes.count);
    CU_ASSERT_EQUAL(close(fd), 0);
    return bytes;
}

struct source_limits files_limits(void)
{
    return (struct source_limits){.max_line_bytes = SOURCE_DEFAULT_MAX_LINE_BYTES,
                                  .max_ratio = SOURCE_DEFAULT_MAX_RATIO,
                                  .range_bytes = SOURCE_DEFAULT_RANGE_BYTES};
}

struct source_list *files_list(const char *name, const struct source_limits *limits)
{
    const char *from[] = {files_path(name)};
    struct source_list *list = NULL;
    struct failure failure = {0};
    int result = source_list(from, 1, limits, NULL, &list, &failure);
    if (result != 0)
        printf("\n    %s\n", failure.message);
    CU_ASSERT_EQUAL_FATAL(result, 0);
    return list;
}

bool files_has_note(const struct source_list *list, const char *name, const char *part)
{
    for (size_t i = 0; i < list->note_count; i++) {
        const char *path = list->notes[i].path;
        size_t length = strlen(path), tail = strlen(name);
        if (length >= tail && strcmp(path + length - tail, name) == 0 &&
            strstr(list->notes[i].what, part) != NULL)
            return true;
    }
    return false;
}

bool files_has_file(const struct source_list *list, const char *name)
{
    for (size_t i = 0; i < list->file_count; i++)
        if (strcmp(list->files[i].path, files_path(name)) == 0)
            return true;
    return false;
}

int files_read_split(struct source_reader *reader, size_t split, uint64_t resume_offset,
                     struct files_bytes *text, uint64_t *disk_bytes, struct failure *failure)
{
    if (source_open(reader, split, resume_offset, failure) != 0)
        return -1;
    struct source_block block;
    uint64_t expected = resume_offset;
    bool first = true, cut = false;
    for (;;) {
        int result = source_next(reader, &block, failure);
        if (result < 0)
            return -1;
        *disk_bytes += block.disk_bytes;
        size_t count = (size_t)(block.end - block.begin);
        if (result == 0) {
            CU_ASSERT_EQUAL(count, 0);
            CU_ASSERT_EQUAL(source_next(reader, &block, failure), 0);
            return 0;
        }
        if (count == 0) {
            CU_ASSERT_TRUE(first && resume_offset > 0);
            CU_ASSERT_EQUAL(block.offset, resume_offset);
            CU_ASSERT_EQUAL(block.disk_bytes, 0);
            continue;
        }
        CU_ASSERT_FALSE(cut);
        if (!first || resume_offset > 0)
            CU_ASSERT_EQUAL(block.offset, expected);
        first = false;
        cut = block.end[-1] != '\n';
        for (size_t i = 0; i < SOURCE_PADDING; i++)
            files_padding_seen += (unsigned char)block.end[i];
        expected = block.offset + count;
        text->at = realloc(text->at, text->count + count);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text->at);
        memcpy(text->at + text->count, block.begin, count);
        text->count += count;
    }
}

int files_read_list(const struct source_list *list, const struct source_limits *limits,
                    struct files_bytes *text, struct failure *failure)
{
    struct source_reader *reader;
    uint64_t disk_bytes = 0;
    CU_ASSERT_EQUAL_FATAL(source_reader_create(list, limits, &reader, failure), 0);
    int result = 0;
    for (size_t i = 0; i < list->split_count && result == 0; i++)
        result = files_read_split(reader, i, 0, text, &disk_bytes, failure);
    source_reader_free(reader);
    return result;
}

void files_expect(const char *name, const struct source_limits *limits, const void *expected,
                  size_t count)
{
    struct source_list *list = files_list(name, limits);
    struct files_bytes text = {0};
    struct failure failure = {0};
    int result = files_read_list(list, limits, &text, &failure);
    if (result != 0)
        printf("\n    %s: %s\n", name, failure.message);
    CU_ASSERT_EQUAL(result, 0);
    CU_ASSERT_EQUAL(text.count, count);
    CU_ASSERT_TRUE(text.count == count && (count == 0 || memcmp(text.at, expected, count) == 0));
    free(text.at);
    source_free(list);
}

void files_expect_failure(const char *name, const struct source_limits *limits, int code,
                          const char *part)
{
    const char *from[] = {files_path(name)};
    struct source_list *list = NULL;
    struct files_bytes text = {0};
    struct failure failure = {0};
    int result = source_list(from, 1, limits, NULL, &list, &failure);
    if (result == 0)
        result = files_read_list(list, limits, &text, &failure);
    else
        CU_ASSERT_PTR_NULL(list);
    CU_ASSERT_EQUAL(result, -1);
    CU_ASSERT_EQUAL(failure.code, code);
    bool named = strstr(failure.message, part) != NULL;
    if (result != -1 || !named)
        printf("\n    %s: expected \"%s\", got \"%s\"\n", name, part, failure.message);
    CU_ASSERT_TRUE(named);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, files_folder));
    free(text.at);
    source_free(list);
}
