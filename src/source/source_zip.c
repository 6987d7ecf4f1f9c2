#include "source_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

struct source_zip {
    zip_t *archive;
    zip_file_t *entry; /* the one that is read, or NULL */
    const struct source_handle *handle;
    uint64_t position; /* where libzip reads next */
    uint64_t fetched;  /* bytes of the archive that libzip has read so far */
    zip_error_t error;
    struct failure failure; /* of reading the file, to be told instead of what libzip makes of it */
    const char *shown;
    uint64_t entered_at; /* fetched, when the entry was begun */
    uint64_t entry_bytes;
    uint64_t text_bytes; /* as the archive has it */
    uint64_t produced;
    uint64_t max_ratio;
    bool ended;
};

/* libzip's way to the file: all reads go through the handle, which knows what was listed. */
static zip_int64_t serve(void *context, void *data, zip_uint64_t length, zip_source_cmd_t command)
{
    struct source_zip *zip = context;
    switch (command) {
    case ZIP_SOURCE_SUPPORTS:
        return ZIP_SOURCE_SUPPORTS_SEEKABLE;
    case ZIP_SOURCE_OPEN:
        zip->position = 0;
        return 0;
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
        return 0;
    case ZIP_SOURCE_READ: {
        ssize_t got = 0;
        if (zip->position < zip->handle->file->bytes)
            got = source_handle_read_at(zip->handle, zip->position, data, (size_t)length,
                                        &zip->failure);
        if (got < 0) {
            zip_error_set(&zip->error, ZIP_ER_READ, 0);
            return -1;
        }
        zip->position += (uint64_t)got;
        zip->fetched += (uint64_t)got;
        return got;
    }
    case ZIP_SOURCE_SEEK: {
        zip_int64_t position = zip_source_seek_compute_offset(
            zip->position, zip->handle->file->bytes, data, length, &zip->error);
        if (position < 0)
            return -1;
        zip->position = (uint64_t)position;
        return 0;
    }
    case ZIP_SOURCE_TELL:
        return (zip_int64_t)zip->position;
    case ZIP_SOURCE_STAT: {
        zip_stat_t *status = ZIP_SOURCE_GET_ARGS(zip_stat_t, data, length, &zip->error);
        if (status == NULL)
            return -1;
        zip_stat_init(status);
        status->size = zip->handle->file->bytes;
        status->valid = ZIP_STAT_SIZE;
        return sizeof *status;
    }
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&zip->error, data, length);
    default:
        zip_error_set(&zip->error, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
}

/* What went wrong is the file's trouble, where it had one, or else what libzip says. */
static int fail(const struct source_zip *zip, const char *shown, zip_error_t *error,
                const char *what, struct failure *failure)
{
    if (zip->failure.code != 0)
        return failure_set(failure, zip->failure.code, "%s", zip->failure.message);
    if (zip_error_code_zip(error) == ZIP_ER_MEMORY)
        return failure_memory(failure, "reading a zip archive", 0);
    return failure_set(failure, EXIT_SOURCE, "%s: %s (%s). Fetch the file again.", shown, what,
                       zip_error_strerror(error));
}

int source_zip_open(struct source_zip **opened, const struct source_handle *handle,
                    struct failure *failure)
{
    *opened = NULL;
    struct source_zip *zip = calloc(1, sizeof *zip);
    if (zip == NULL)
        return failure_memory(failure, "reading a zip archive", sizeof *zip);
    zip->handle = handle;
    zip_error_init(&zip->error);

    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_function_create(serve, zip, &error);
    if (source != NULL)
        zip->archive = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (zip->archive == NULL) {
        fail(zip, handle->shown, &error, "is not a whole zip archive", failure);
        zip_source_free(source);
        zip_error_fini(&error);
        source_zip_close(zip);
        return -1;
    }
    zip_error_fini(&error);
    *opened = zip;
    return 0;
}

static void leave_entry(struct source_zip *zip)
{
    /* What zip_fclose could tell was told by zip_fread, or is not wanted any more. */
    if (zip->entry != NULL)
        (void)zip_fclose(zip->entry);
    zip->entry = NULL;
}

void source_zip_close(struct source_zip *zip)
{
    if (zip == NULL)
        return;
    leave_entry(zip);
    if (zip->archive != NULL)
        zip_discard(zip->archive);
    zip_error_fini(&zip->error);
    free(zip);
}

uint64_t source_zip_entries(const struct source_zip *zip)
{
    zip_int64_t count = zip_get_num_entries(zip->archive, 0);
    return count > 0 ? (uint64_t)count : 0;
}

int source_zip_show(struct source_zip *zip, uint64_t entry, char *shown, size_t capacity,
                    struct failure *failure)
{
    const char *name = zip_get_name(zip->archive, entry, ZIP_FL_ENC_RAW);
    if (name == NULL)
        return fail(zip, zip->handle->shown, zip_get_error(zip->archive),
                    "an entry's name can't be read", failure);
    source_names_show(zip->handle->path, shown, capacity);
    size_t length = strlen(shown);
    if (length + 1 < capacity) {
        shown[length++] = '!';
        source_names_show(name, shown + length, capacity - length);
    }
    return 0;
}

int source_zip_look(struct source_zip *zip, uint64_t entry, struct source_zip_entry *found,
                    struct failure *failure)
{
    static const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                       ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    zip_stat_t status;
    char shown[SOURCE_SHOWN_BYTES];
    if (source_zip_show(zip, entry, shown, sizeof shown, failure) != 0)
        return -1;
    if (zip_stat_index(zip->archive, entry, ZIP_FL_ENC_RAW, &status) != 0 ||
        (status.valid & needed) != needed)
        return fail(zip, shown, zip_get_error(zip->archive), "the entry can't be read", failure);

    size_t length = strlen(status.name);
    *found = (struct source_zip_entry){
        .name = status.name,
        .disk_bytes = status.comp_size,
        .text_bytes = status.size,
        .directory = length > 0 && status.name[length - 1] == '/',
    };
    if (found->directory && status.size == 0)
        return 0;

    zip_uint8_t system;
    zip_uint32_t attributes;
    bool link =
        zip_file_get_external_attributes(zip->archive, entry, 0, &system, &attributes) == 0 &&
        system == ZIP_OPSYS_UNIX && S_ISLNK((mode_t)(attributes >> 16));
    if (found->directory || link)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: the entry is a %s. Fetch the file again, or make the archive of "
                           "regular files.",
                           shown, link ? "symbolic link" : "directory that holds text");
    if (status.size == 0 && (status.valid & ZIP_STAT_CRC) != 0 && status.crc != 0)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: the entry is damaged: it is empty, but its checksum is not that "
                           "of nothing. Fetch the file again.",
                           shown);
    if (status.encryption_method != ZIP_EM_NONE)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: the entry is encrypted. Make the archive without a password.",
                           shown);
    if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: the entry is compressed by method %d; stored and deflated "
                           "entries are read. Make the archive again with one of these.",
                           shown, (int)status.comp_method);
    return 0;
}

int source_zip_enter(struct source_zip *zip, uint64_t entry, const char *shown, uint64_t max_ratio,
                     struct failure *failure)
{
    leave_entry(zip);
    zip->failure.code = 0;
    zip->shown = shown;
    zip->max_ratio = max_ratio;
    zip->entered_at = zip->fetched;
    zip->produced = 0;
    zip->ended = false;

    zip_stat_t status;
    if (zip_stat_index(zip->archive, entry, 0, &status) == 0) {
        zip->entry_bytes = status.comp_size;
        zip->text_bytes = status.size;
        zip->entry = zip_fopen_index(zip->archive, entry, 0);
    }
    if (zip->entry == NULL)
        return fail(zip, shown, zip_get_error(zip->archive), "the entry can't be read", failure);
    return 0;
}

ssize_t source_zip_read(void *from, void *to, size_t capacity, struct failure *failure)
{
    struct source_zip *zip = from;
    if (zip->ended)
        return 0;
    zip_int64_t got = zip_fread(zip->entry, to, capacity);
    if (got < 0)
        return fail(zip, zip->shown, zip_file_get_error(zip->entry),
                    "the entry is cut off or damaged", failure);
    zip->ended = got == 0;
    zip->produced += (uint64_t)got;
    /* libzip takes an entry of no compressed bytes for empty, whatever else is said of it. */
    if (zip->ended && zip->produced != zip->text_bytes)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: the entry is cut off or damaged (%" PRIu64
                           " bytes where the archive promises %" PRIu64 "). Fetch the file again.",
                           zip->shown, zip->produced, zip->text_bytes);
    if (zip->produced > SOURCE_RATIO_FREE_BYTES &&
        zip->produced / zip->max_ratio > zip->entry_bytes)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: %" PRIu64 " compressed bytes inflate to more than %" PRIu64
                           ", which is over %" PRIu64
                           " times as much. If the file is to be trusted, raise --max-ratio.",
                           zip->shown, zip->entry_bytes, zip->produced, zip->max_ratio);
    return (ssize_t)got;
}

uint64_t source_zip_consumed(const struct source_zip *zip)
{
    return zip->fetched - zip->entered_at;
}
