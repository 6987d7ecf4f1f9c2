#include "generate_archive.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

/* Each entry bears this time, so that the archive's bytes do not depend on when it was made. */
#define ENTRY_TIME 1735689600

struct archive {
    char folder[PATH_MAX]; /* DIR/APP */
    char path[PATH_MAX];   /* DIR/APP.zip */
    uint64_t app;
    struct dirent **names;
    int count;
    zip_t *zip;
};

static int is_entry(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

static int zip_failed(struct archive *archive, const char *what, struct failure *failure)
{
    return failure_set(failure, EXIT_TARGET,
                       "Could not %s \"%s\": %s. The hourly files are in "
                       "\"%s\".",
                       what, archive->path, zip_strerror(archive->zip), archive->folder);
}

static int add_entry(struct archive *archive, const char *name, struct failure *failure)
{
    char path[PATH_MAX];
    char entry[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", archive->folder, name);
    int entry_length = snprintf(entry, sizeof entry, "%" PRIu64 "/%s", archive->app, name);
    if (length < 0 || (size_t)length >= sizeof path || entry_length < 0)
        return failure_set(failure, EXIT_TARGET, "The path is too long: \"%s\".", archive->folder);
    zip_source_t *source = zip_source_file(archive->zip, path, 0, -1);
    if (source == NULL)
        return zip_failed(archive, "add a file to", failure);
    zip_int64_t index = zip_file_add(archive->zip, entry, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return zip_failed(archive, "add a file to", failure);
    }
    if (zip_set_file_compression(archive->zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_mtime(archive->zip, (zip_uint64_t)index, ENTRY_TIME, 0) != 0)
        return zip_failed(archive, "add a file to", failure);
    return 0;
}

static int remove_files(const struct archive *archive, struct failure *failure)
{
    for (int i = 0; i < archive->count; i++) {
        char path[PATH_MAX];
        int length =
            snprintf(path, sizeof path, "%s/%s", archive->folder, archive->names[i]->d_name);
        if (length < 0 || (size_t)length >= sizeof path || unlink(path) != 0)
            return failure_set(failure, EXIT_TARGET, "Could not remove \"%s\": %s.", path,
                               strerror(errno));
    }
    if (rmdir(archive->folder) != 0)
        return failure_set(failure, EXIT_TARGET, "Could not remove \"%s\": %s.", archive->folder,
                           strerror(errno));
    return 0;
}

static int write_archive(struct archive *archive, struct failure *failure)
{
    int code = 0;
    archive->zip = zip_open(archive->path, ZIP_CREATE | ZIP_EXCL, &code);
    if (archive->zip == NULL) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        (void)failure_set(failure, EXIT_TARGET, "Could not create \"%s\": %s.", archive->path,
                          zip_error_strerror(&error));
        zip_error_fini(&error);
        return -1;
    }
    int result = 0;
    for (int i = 0; result == 0 && i < archive->count; i++)
        result = add_entry(archive, archive->names[i]->d_name, failure);
    /* All is written when the archive is closed, to a temporary name that libzip renames. */
    if (result == 0 && zip_close(archive->zip) == 0)
        return 0;
    (void)zip_failed(archive, "write", failure);
    zip_discard(archive->zip);
    return -1;
}

int generate_archive(const struct generate_options *options, struct generate_counts *counts,
                     struct failure *failure)
{
    if (options->format != GENERATE_ZIP)
        return 0;
    struct archive archive = {.app = options->app};
    int length =
        snprintf(archive.folder, sizeof archive.folder, "%s/%" PRIu64, options->out, options->app);
    int path_length = snprintf(archive.path, sizeof archive.path, "%s/%" PRIu64 ".zip",
                               options->out, options->app);
    if (length < 0 || path_length < 0 || (size_t)path_length >= sizeof archive.path)
        return failure_set(failure, EXIT_TARGET, "The path is too long: \"%s\".", options->out);
    archive.count = scandir(archive.folder, &archive.names, is_entry, by_name);
    if (archive.count < 0)
        return failure_set(failure, EXIT_TARGET, "Could not read the folder \"%s\": %s.",
                           archive.folder, strerror(errno));
    struct stat status;
    int result = write_archive(&archive, failure);
    if (result == 0 && stat(archive.path, &status) != 0)
        result = failure_set(failure, EXIT_TARGET, "Could not look at \"%s\": %s.", archive.path,
                             strerror(errno));
    if (result == 0) {
        counts->disk_bytes = (uint64_t)status.st_size;
        result = remove_files(&archive, failure);
    }
    for (int i = 0; i < archive.count; i++)
        free(archive.names[i]);
    free(archive.names);
    return result;
}
