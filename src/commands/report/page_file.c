#include "page_file.h"

#include "course_funnel/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(const char *path, struct failure *failure)
{
    return failure_set(failure, EXIT_TARGET, "--html %s: cannot be written: %s.", path,
                       strerror(errno));
}

bool page_file_is_folder(const char *path)
{
    struct stat found;
    size_t length = strlen(path);
    return (length > 0 && path[length - 1] == '/') ||
           (stat(path, &found) == 0 && S_ISDIR(found.st_mode));
}

int page_file_make_folder(const char *path, struct failure *failure)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST ? 0 : failed(path, failure);
}

static int write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        bytes += written;
        count -= (size_t)written;
    }
    return fsync(fd);
}

static int replace(const char *path, const char *bytes, size_t count, struct failure *failure)
{
    static const struct durable_codes codes = {EXIT_TARGET, EXIT_TARGET};
    struct durable_folder folder;
    char *temporary = NULL;
    if (asprintf(&temporary, "%s.tmp-%ld", path, (long)getpid()) < 0)
        return failure_memory(failure, "a path", strlen(path));
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    int status = fd < 0 ? failed(path, failure) : 0;
    struct stat before; /* Who could not read the page before cannot read the new one. */
    if (status == 0 && stat(path, &before) == 0 && fchmod(fd, before.st_mode & 0777) != 0)
        status = failed(path, failure);
    if (status == 0 && write_all(fd, bytes, count) != 0)
        status = failed(path, failure);
    if (fd >= 0 && close(fd) != 0 && status == 0)
        status = failed(path, failure);
    if (status == 0 && rename(temporary, path) != 0)
        status = failed(path, failure);
    if (status != 0 && fd >= 0)
        (void)unlink(temporary); /* What failed is told already. */
    free(temporary);
    if (status != 0 || durable_open_parent(path, codes, &folder, failure) != 0)
        return -1;
    status = durable_sync(&folder, failure);
    durable_close(&folder);
    return status;
}

int page_file_write(const char *path, const char *bytes, size_t count, struct failure *failure)
{
    struct stat found;
    if (stat(path, &found) == 0 && !S_ISREG(found.st_mode))
        return failure_set(failure, EXIT_TARGET,
                           "--html %s: is no regular file, and would be lost: name another.", path);
    /* A link stays, and leads to the new page. */
    char *real = realpath(path, NULL);
    int status = replace(real != NULL ? real : path, bytes, count, failure);
    free(real);
    return status;
}
