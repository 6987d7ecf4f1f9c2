#include "source_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What holds a format that is not read is refused, or left out where that was asked for. */
static int refuse_format(struct source_draft *draft, const char *shown, const char *format,
                         struct failure *failure)
{
    if (draft->limits->leave_out_foreign) {
        draft->list->files_left_out++;
        return source_draft_note(draft, SOURCE_NOTE_LEFT_OUT, shown,
                                 "holds another format than JSON lines, left out", failure);
    }
    return failure_set(failure, EXIT_SOURCE,
                       "%s: holds %s, which is not read. Unpack it, or compress it with gzip.",
                       shown, format);
}

static int cut_plain(struct source_draft *draft, size_t index, struct failure *failure)
{
    uint64_t bytes = draft->list->files[index].bytes;
    uint64_t range = draft->limits->range_bytes > 0 ? draft->limits->range_bytes : 1;
    struct source_split split = {.file = (uint32_t)index, .format = SOURCE_PLAIN};
    /* An empty file gets a split too, so that it is noticed when it grows. */
    do {
        split.begin = split.end;
        split.end = bytes - split.begin > range ? split.begin + range : bytes;
        split.disk_bytes = split.end - split.begin;
        if (source_draft_split(draft, &split, failure) != 0)
            return -1;
    } while (split.end < bytes);
    return 0;
}

/* The first bytes of the entry that was entered last; returns how many. */
static ssize_t read_head(struct source_zip *zip, unsigned char head[SOURCE_MAGIC_BYTES],
                         struct failure *failure)
{
    size_t bytes = 0;
    while (bytes < SOURCE_MAGIC_BYTES) {
        ssize_t got = source_zip_read(zip, head + bytes, SOURCE_MAGIC_BYTES - bytes, failure);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        bytes += (size_t)got;
    }
    return (ssize_t)bytes;
}

/* Why an entry of this name is left out, or NULL when it is read. */
static const char *left_out(const struct source_zip_entry *entry, enum source_note_kind *kind)
{
    *kind = SOURCE_NOTE_LEFT_OUT;
    if (source_names_hidden(entry->name))
        return "hidden name in an archive, left out";
    return source_names_left_out(source_names_base(entry->name), kind);
}

static int cut_entry(struct source_draft *draft, size_t index, struct source_zip *zip,
                     uint64_t number, const struct source_zip_entry *entry, struct failure *failure)
{
    char shown[SOURCE_SHOWN_BYTES];
    unsigned char head[SOURCE_MAGIC_BYTES];
    if (source_zip_show(zip, number, shown, sizeof shown, failure) != 0 ||
        source_zip_enter(zip, number, shown, draft->limits->max_ratio, failure) != 0)
        return -1;
    ssize_t head_bytes = read_head(zip, head, failure);
    if (head_bytes < 0)
        return -1;

    const char *unsupported;
    enum source_format format =
        source_magic_format(head, (size_t)head_bytes, entry->text_bytes, &unsupported);
    if (unsupported == NULL && format == SOURCE_ZIP)
        unsupported = "a zip archive inside a zip archive";
    if (unsupported != NULL)
        return refuse_format(draft, shown, unsupported, failure);
    if (source_draft_project(draft, source_names_base(entry->name), failure) != 0)
        return -1;

    struct source_split split = {
        .file = (uint32_t)index,
        .entry = (uint32_t)number,
        .disk_bytes = entry->disk_bytes,
        .format = format,
    };
    return source_draft_split(draft, &split, failure);
}

static int compare_names(const void *left, const void *right)
{
    const char *const *a = left, *const *b = right;
    return strcmp(*a, *b);
}

/* A name that comes twice is most likely one file packed twice. */
static int check_names(const struct source_handle *handle, const char **names, size_t count,
                       struct failure *failure)
{
    if (count > 0)
        qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(names[i - 1], names[i]) != 0)
            continue;
        char shown[SOURCE_SHOWN_BYTES / 2];
        source_names_show(names[i], shown, sizeof shown);
        return failure_set(failure, EXIT_SOURCE,
                           "%s: two entries have the name %s. Make the archive again, each file "
                           "once.",
                           handle->shown, shown);
    }
    return 0;
}

static int cut_entries(struct source_draft *draft, size_t index, const struct source_handle *handle,
                       struct source_zip *zip, const char **names, struct failure *failure)
{
    size_t count = 0;
    uint64_t left = handle->file->bytes;
    for (uint64_t number = 0; number < source_zip_entries(zip); number++) {
        struct source_zip_entry entry;
        if (source_zip_look(zip, number, &entry, failure) != 0)
            return -1;
        if (entry.directory)
            continue;
        enum source_note_kind kind;
        const char *reason = left_out(&entry, &kind);
        if (reason != NULL) {
            char shown[SOURCE_SHOWN_BYTES];
            if (source_zip_show(zip, number, shown, sizeof shown, failure) != 0 ||
                source_draft_note(draft, kind, shown, reason, failure) != 0)
                return -1;
            continue;
        }
        if (entry.disk_bytes > left)
            return failure_set(failure, EXIT_SOURCE,
                               "%s: its entries overlap: together they claim more than the "
                               "archive's %" PRIu64 " bytes. Fetch the file again.",
                               handle->shown, handle->file->bytes);
        left -= entry.disk_bytes;
        names[count++] = entry.name;
        if (cut_entry(draft, index, zip, number, &entry, failure) != 0 ||
            source_draft_tell(draft, index, failure) != 0)
            return -1;
    }
    return check_names(handle, names, count, failure);
}

static int cut_zip(struct source_draft *draft, size_t index, const struct source_handle *handle,
                   struct failure *failure)
{
    struct source_zip *zip;
    if (source_zip_open(&zip, handle, failure) != 0)
        return -1;
    int result = -1;
    uint64_t count = source_zip_entries(zip);
    const char **names = calloc((size_t)count + 1, sizeof *names);
    if (names == NULL)
        failure_memory(failure, "the entries of an archive", (size_t)count * sizeof *names);
    else if (count > UINT32_MAX)
        failure_set(failure, EXIT_SOURCE, "%s: has more than %" PRIu32 " entries.", handle->shown,
                    UINT32_MAX);
    else
        result = cut_entries(draft, index, handle, zip, names, failure);
    if (result == 0)
        result = source_zip_check(handle, failure);
    if (result == 0 && count == 0) {
        draft->list->files_empty++;
        result = source_draft_note(draft, SOURCE_NOTE_REMARK, handle->path,
                                   "is an archive without an entry", failure);
    }
    free(names);
    source_zip_close(zip);
    return result;
}

static int cut_opened(struct source_draft *draft, size_t index, const struct source_handle *handle,
                      struct failure *failure)
{
    struct source_file *file = &draft->list->files[index];
    unsigned char head[SOURCE_MAGIC_BYTES];
    ssize_t head_bytes = 0;
    if (file->bytes > 0)
        head_bytes = source_handle_read_at(handle, 0, head, sizeof head, failure);
    if (head_bytes < 0)
        return -1;

    const char *unsupported;
    file->format = source_magic_format(head, (size_t)head_bytes, file->bytes, &unsupported);
    if (unsupported != NULL)
        return refuse_format(draft, handle->shown, unsupported, failure);
    if (file->format == SOURCE_ZIP)
        return cut_zip(draft, index, handle, failure);
    if (source_draft_project(draft, source_names_base(file->path), failure) != 0)
        return -1;
    if (file->format == SOURCE_GZIP) {
        struct source_split split = {
            .file = (uint32_t)index,
            .disk_bytes = file->bytes,
            .format = SOURCE_GZIP,
        };
        return source_draft_split(draft, &split, failure);
    }
    return cut_plain(draft, index, failure);
}

int source_split_files(struct source_draft *draft, struct failure *failure)
{
    struct source_list *list = draft->list;
    if (list->file_count > UINT32_MAX)
        return failure_set(failure, EXIT_SOURCE,
                           "There are more than %" PRIu32 " files. Read them in several runs.",
                           UINT32_MAX);
    for (size_t i = 0; i < list->file_count; i++) {
        struct source_file *file = &list->files[i];
        struct source_handle handle;
        if (source_handle_inspect(&handle, file->path, file, failure) != 0)
            return -1;
        int result = cut_opened(draft, i, &handle, failure);
        source_handle_close(&handle);
        if (result != 0 || source_draft_tell(draft, i + 1, failure) != 0)
            return -1;
    }
    return 0;
}
