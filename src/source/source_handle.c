#include "source_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_regular(struct source_handle *handle, const char *path, struct stat *status,
                        struct failure *failure)
{
    handle->path = path;
    handle->position = 0;
    source_names_show(path, handle->shown, sizeof handle->shown);

    /* O_NONBLOCK: a FIFO put in the file's place must not hold the job for ever. */
    do
        handle->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    while (handle->fd < 0 && errno == EINTR);
    if (handle->fd < 0)
        return failure_set(failure, EXIT_SOURCE, "%s: can't be opened: %s.", handle->shown,
                           strerror(errno));
    if (fstat(handle->fd, status) != 0) {
        failure_set(failure, EXIT_SOURCE, "%s: its state can't be read: %s.", handle->shown,
                    strerror(errno));
        source_handle_close(handle);
        return -1;
    }
    if (!S_ISREG(status->st_mode)) {
        failure_set(failure, EXIT_SOURCE,
                    "%s: is not a regular file. Name files, directories or globs.", handle->shown);
        source_handle_close(handle);
        return -1;
    }
    return 0;
}

int64_t source_handle_time_ns(struct timespec time)
{
    return (int64_t)time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* One sentence on what differs from what was listed. */
static int check_status(const struct source_handle *handle, const struct stat *status,
                        struct failure *failure)
{
    const struct source_file *file = handle->file;
    static const char advice[] = "The input must not change while a run reads it: run again when "
                                 "it is complete.";
    if ((uint64_t)status->st_size < file->bytes)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: was cut off after it was listed: %" PRIu64 " bytes then, %" PRIu64
                           " now. %s",
                           handle->shown, file->bytes, (uint64_t)status->st_size, advice);
    if ((uint64_t)status->st_size > file->bytes)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: grew after it was listed: %" PRIu64 " bytes then, %" PRIu64
                           " now. %s",
                           handle->shown, file->bytes, (uint64_t)status->st_size, advice);
    /* Who writes may put the former back, as rsync and touch do, but never the latter. */
    if (source_handle_time_ns(status->st_mtim) == file->identity &&
        source_handle_time_ns(status->st_ctim) == file->ctime_ns)
        return 0;
    /* By itself the number says nothing: some file systems over a network give new ones. */
    if ((uint64_t)status->st_ino != file->inode)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: was replaced after it was listed (inode %" PRIu64 " then, %" PRIu64
                           " now). %s",
                           handle->shown, file->inode, (uint64_t)status->st_ino, advice);
    return failure_set(failure, EXIT_SOURCE,
                       "%s: was changed after it was listed (its time of change is another). %s",
                       handle->shown, advice);
}

int source_handle_inspect(struct source_handle *handle, const char *path, struct source_file *file,
                          struct failure *failure)
{
    struct stat status;
    handle->file = file;
    if (open_regular(handle, path, &status, failure) != 0)
        return -1;
    file->bytes = (uint64_t)status.st_size;
    file->identity = source_handle_time_ns(status.st_mtim);
    file->ctime_ns = source_handle_time_ns(status.st_ctim);
    file->inode = (uint64_t)status.st_ino;
    return 0;
}

int source_handle_open(struct source_handle *handle, const struct source_file *file,
                       struct failure *failure)
{
    struct stat status;
    handle->file = file;
    if (open_regular(handle, file->path, &status, failure) != 0)
        return -1;
    if (check_status(handle, &status, failure) != 0) {
        source_handle_close(handle);
        return -1;
    }
    /* Advice only: what reads worse without it reads right all the same. */
    (void)posix_fadvise(handle->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return 0;
}

int source_handle_check(const struct source_handle *handle, struct failure *failure)
{
    /* By its path first: a file that is unlinked is changed too, but that is not what to say. */
    struct stat status;
    if (stat(handle->path, &status) != 0)
        return failure_set(failure, EXIT_SOURCE,
                           "%s: was there when it was listed, but is no more: %s. The input must "
                           "not change while a run reads it: run again when it is complete.",
                           handle->shown, strerror(errno));
    if (check_status(handle, &status, failure) != 0)
        return -1;
    if (fstat(handle->fd, &status) != 0)
        return failure_set(failure, EXIT_SOURCE, "%s: its state can't be read: %s.", handle->shown,
                           strerror(errno));
    return check_status(handle, &status, failure);
}

void source_handle_close(struct source_handle *handle)
{
    /* Nothing was written, so that an error of close can lose nothing. */
    if (handle->fd >= 0)
        (void)close(handle->fd);
    handle->fd = -1;
}

static ssize_t read_some(const struct source_handle *handle, uint64_t offset, void *to,
                         size_t capacity, struct failure *failure)
{
    ssize_t got;
    do
        got = pread(handle->fd, to, capacity, (off_t)offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return failure_set(failure, EXIT_SOURCE, "%s: can't be read at byte %" PRIu64 ": %s.",
                           handle->shown, offset, strerror(errno));
    return got;
}

ssize_t source_handle_read_at(const struct source_handle *handle, uint64_t offset, void *to,
                              size_t capacity, struct failure *failure)
{
    uint64_t bytes = handle->file->bytes;
    if (offset >= bytes) {
        char more;
        ssize_t got = read_some(handle, bytes, &more, 1, failure);
        if (got > 0)
            return failure_set(failure, EXIT_SOURCE,
                               "%s: grew after it was listed: it had %" PRIu64
                               " bytes and has more now. The input must not change while a run "
                               "reads it: run again when it is complete.",
                               handle->shown, bytes);
        return got;
    }

    size_t wanted = capacity < bytes - offset ? capacity : (size_t)(bytes - offset);
    size_t read = 0;
    while (read < wanted) {
        ssize_t got = read_some(handle, offset + read, (char *)to + read, wanted - read, failure);
        if (got < 0)
            return -1;
        if (got == 0)
            return failure_set(failure, EXIT_SOURCE,
                               "%s: was cut off after it was listed: it had %" PRIu64
                               " bytes and ends at %" PRIu64
                               " now. The input must not change while a run reads it: run again "
                               "when it is complete.",
                               handle->shown, bytes, offset + read);
        read += (size_t)got;
    }
    return (ssize_t)read;
}

ssize_t source_handle_read(void *handle, void *to, size_t capacity, struct failure *failure)
{
    struct source_handle *from = handle;
    ssize_t got = source_handle_read_at(from, from->position, to, capacity, failure);
    if (got > 0)
        from->position += (uint64_t)got;
    return got;
}
