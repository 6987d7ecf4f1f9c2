#include "course_funnel/durable.h"

#include "course_funnel/fault.h"
#include "course_funnel/pages.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Large enough to cost nothing, small enough for a signal to be heeded soon. */
#define PIECE_BYTES ((size_t)8 << 20)

static int failed(const struct durable_folder *folder, const char *name, const char *what,
                  struct failure *failure)
{
    bool ours = errno == ENOMEM || errno == EMFILE || errno == ENFILE;
    bool full = errno == ENOSPC || errno == EDQUOT;
    return failure_set(failure, ours ? EXIT_BUG : folder->codes.failed, "%s/%s: %s: %s.%s",
                       folder->path, name, what, strerror(errno), full ? " Make room there." : "");
}

/* Something that should be there to be read cannot be opened: another thing is there, or none. */
static int unopened(const struct durable_folder *folder, const char *name, const char *what,
                    struct failure *failure)
{
    if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
        return failed(folder, name, what, failure);
    return failure_set(failure, folder->codes.damaged, "%s/%s: %s: %s.", folder->path, name, what,
                       strerror(errno));
}

int durable_open(const char *path, struct durable_codes codes, struct durable_folder *folder,
                 struct failure *failure)
{
    folder->codes = codes;
    folder->path = strdup(path);
    if (folder->path == NULL)
        return failure_memory(failure, "the name of a folder", strlen(path));
    folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->fd >= 0)
        return 0;
    failure_set(failure, codes.failed, "%s: the folder cannot be opened: %s.", path,
                strerror(errno));
    free(folder->path);
    *folder = (struct durable_folder){0};
    return -1;
}

int durable_open_parent(const char *path, struct durable_codes codes, struct durable_folder *parent,
                        struct failure *failure)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return failure_memory(failure, "the name of a folder", strlen(path));
    int result = durable_open(dirname(copy), codes, parent, failure);
    free(copy);
    return result;
}

int durable_open_in(const struct durable_folder *parent, const char *name,
                    struct durable_folder *folder, struct failure *failure)
{
    *folder = (struct durable_folder){0};
    int fd = FAULT("durable.open_folder") != 0
                 ? -1
                 : openat(parent->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return unopened(parent, name, "the folder cannot be opened", failure);
    if (asprintf(&folder->path, "%s/%s", parent->path, name) < 0) {
        (void)close(fd);
        *folder = (struct durable_folder){0};
        return failure_memory(failure, "the name of a folder", strlen(name));
    }
    folder->fd = fd;
    folder->codes = parent->codes;
    return 0;
}

void durable_close(struct durable_folder *folder)
{
    /* A folder that was only read has nothing to lose. */
    if (folder->path != NULL)
        (void)close(folder->fd);
    free(folder->path);
    *folder = (struct durable_folder){0};
}

int durable_make_folder(const struct durable_folder *parent, const char *name,
                        struct failure *failure)
{
    if (FAULT("durable.make_folder") != 0 ||
        (mkdirat(parent->fd, name, 0700) != 0 && errno != EEXIST))
        return failed(parent, name, "the folder cannot be made", failure);
    return 0;
}

int durable_each_name(const struct durable_folder *folder,
                      int (*take)(void *context, const char *name, struct failure *failure),
                      void *context, struct failure *failure)
{
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 && FAULT("durable.list") == 0 ? fdopendir(fd) : NULL;
    if (directory == NULL) {
        failure_set(failure, folder->codes.failed, "%s: cannot be listed: %s.", folder->path,
                    strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    int result = 0;
    while (result == 0) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (entry == NULL && errno != 0)
            result = failure_set(failure, folder->codes.failed, "%s: cannot be listed: %s.",
                                 folder->path, strerror(errno));
        if (entry == NULL)
            break;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = take(context, entry->d_name, failure);
    }
    (void)closedir(directory);
    return result;
}

static int write_all(int fd, const unsigned char *bytes, size_t byte_count)
{
    while (byte_count > 0) {
        size_t piece = (size_t)FAULT_NUMBER("durable.piece_bytes", PIECE_BYTES);
        ssize_t written = FAULT("durable.write") != 0
                              ? -1
                              : write(fd, bytes, byte_count < piece ? byte_count : piece);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            if (written == 0)
                errno = EIO;
            return -1;
        }
        bytes += written;
        byte_count -= (size_t)written;
    }
    return 0;
}

/* Read ${byte_count} bytes at the begin of a file; 1 when there are fewer. */
static int read_all(int fd, unsigned char *bytes, size_t byte_count)
{
    for (size_t at = 0; at < byte_count;) {
        size_t left = byte_count - at;
        ssize_t got =
            FAULT("durable.read") != 0
                ? -1
                : pread(fd, bytes + at, left < PIECE_BYTES ? left : PIECE_BYTES, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -1 : 1;
        at += (size_t)got;
    }
    return 0;
}

/* Whether the file of that name holds these bytes, by a descriptor that did not write them. */
static int compare(const struct durable_folder *folder, const char *name,
                   const unsigned char *bytes, size_t byte_count, struct failure *failure)
{
    unsigned char buffer[65536];
    struct failure trouble = {0};
    uint64_t found = 0;
    int fd = durable_open_file(folder, name, &found, &trouble);
    if (fd < 0)
        return failure_set(failure, folder->codes.failed, "%s", trouble.message);
    int result = found == byte_count ? 0 : 1;
    for (size_t at = 0; result == 0 && at < byte_count;) {
        size_t left = byte_count - at;
        ssize_t got = pread(fd, buffer, left < sizeof buffer ? left : sizeof buffer, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            result = failed(folder, name, "cannot be read back", failure);
        else if (got == 0 || memcmp(buffer, bytes + at, (size_t)got) != 0)
            result = 1;
        else
            at += (size_t)got;
    }
    (void)close(fd);
    if (result == 1)
        return failure_set(failure, folder->codes.failed,
                           "%s/%s: reads back other bytes than were written. Is the storage sound?",
                           folder->path, name);
    return result;
}

static int write_temporary(const struct durable_folder *folder, const char *temporary,
                           const void *bytes, size_t byte_count, struct failure *failure)
{
    int fd = FAULT("durable.open") != 0
                 ? -1
                 : openat(folder->fd, temporary,
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return failed(folder, temporary, "cannot be made", failure);
    int result = 0;
    if (write_all(fd, bytes, byte_count) != 0)
        result = failed(folder, temporary, "cannot be written", failure);
    else if (FAULT("durable.fsync") != 0 || fsync(fd) != 0)
        result = failed(folder, temporary, "fsync failed", failure);
    bool unclosed = FAULT("durable.close") != 0;
    unclosed = close(fd) != 0 || unclosed;
    if (unclosed && result == 0)
        result = failed(folder, temporary, "cannot be closed", failure);
    if (result == 0)
        result = compare(folder, temporary, bytes, byte_count, failure);
    return result;
}

int durable_write(const struct durable_folder *folder, const char *name, const void *bytes,
                  size_t byte_count, struct failure *failure)
{
    char temporary[256];
    int length = snprintf(temporary, sizeof temporary, "%s" DURABLE_TEMPORARY, name);
    if (length < 0 || (size_t)length >= sizeof temporary)
        return failure_set(failure, EXIT_BUG, "The name %s is too long.", name);
    int result = write_temporary(folder, temporary, bytes, byte_count, failure);
    if (result == 0 &&
        (FAULT("durable.rename") != 0 || renameat(folder->fd, temporary, folder->fd, name) != 0))
        result = failed(folder, name, "cannot be put in place", failure);
    if (result != 0)
        (void)unlinkat(folder->fd, temporary, 0);
    return result;
}

int durable_sync_names(int fd, bool is_optional)
{
    return fsync(fd) == 0 || (is_optional && errno == EINVAL) ? 0 : -1;
}

int durable_sync(const struct durable_folder *folder, struct failure *failure)
{
    if (FAULT("durable.sync") != 0 || durable_sync_names(folder->fd, false) != 0)
        return failed(folder, ".", "fsync of the folder failed", failure);
    return 0;
}

void durable_bytes_free(struct durable_bytes *bytes)
{
    free(bytes->bytes);
    *bytes = (struct durable_bytes){0};
}

bool durable_exists(const struct durable_folder *folder, const char *name)
{
    struct stat status;
    return fstatat(folder->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

int durable_open_file(const struct durable_folder *folder, const char *name, uint64_t *byte_count,
                      struct failure *failure)
{
    /* O_NONBLOCK: a FIFO in the file's place must not hold the job for ever. */
    struct stat status;
    int fd = FAULT("durable.open_to_read") != 0
                 ? -1
                 : openat(folder->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return unopened(folder, name, "cannot be opened", failure);
    int result = 0;
    if (fstat(fd, &status) != 0)
        result = failed(folder, name, "its state cannot be read", failure);
    else if (!S_ISREG(status.st_mode) || status.st_nlink != 1)
        result =
            failure_set(failure, folder->codes.damaged,
                        "%s/%s: is not a regular file with this one name.", folder->path, name);
    else if (status.st_uid != geteuid())
        result = failure_set(failure, folder->codes.damaged, "%s/%s: belongs to another user.",
                             folder->path, name);
    if (result != 0) {
        (void)close(fd);
        return -1;
    }
    *byte_count = (uint64_t)status.st_size;
    return fd;
}

int durable_read(const struct durable_folder *folder, const char *name, uint64_t most,
                 struct durable_bytes *bytes, struct failure *failure)
{
    uint64_t found = 0;
    int fd = durable_open_file(folder, name, &found, failure);
    if (fd < 0)
        return -1;
    int result = -1;
    if (found > most) {
        failure_set(failure, folder->codes.damaged,
                    "%s/%s: is %" PRIu64 " bytes long, where at most %" PRIu64 " were due.",
                    folder->path, name, found, most);
        goto close_file;
    }
    if (found + 1 > bytes->capacity) {
        unsigned char *grown = pages_resize(bytes->bytes, 0, found + 1);
        if (grown == NULL) {
            failure_memory(failure, "a file of the checkpoint", found);
            goto close_file;
        }
        bytes->bytes = grown;
        bytes->capacity = found + 1;
    }
    result = read_all(fd, bytes->bytes, found);
    if (result < 0)
        failed(folder, name, "cannot be read", failure);
    else if (result > 0)
        result = failure_set(failure, folder->codes.damaged,
                             "%s/%s: got shorter while it was read.", folder->path, name);
    bytes->bytes[found] = '\0';
    bytes->byte_count = found;
close_file:
    (void)close(fd);
    return result;
}
