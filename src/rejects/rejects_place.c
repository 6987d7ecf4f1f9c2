#include "course_funnel/durable.h"
#include "rejects_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int rejects_write_failure(const char *path, const char *what, int code, struct failure *failure)
{
    return failure_set(failure, code,
                       "%s: the rejects cannot be %s: %s. Name another place with --rejects.", path,
                       what, strerror(errno));
}

int rejects_sync_name(const char *path, struct failure *failure)
{
    struct durable_folder folder = {0};
    struct failure ignored = {0};
    bool synced = durable_open_parent(path, (struct durable_codes){0}, &folder, &ignored) == 0 &&
                  durable_sync_names(folder.fd, true) == 0;
    int result = synced ? 0 : rejects_write_failure(path, "made to last", EXIT_TARGET, failure);
    durable_close(&folder);
    return result;
}

/* Whether a file of another user is there, in a folder that lets nobody replace those of others. */
static bool is_kept_by_another(const char *path, const struct stat *file, struct failure *failure)
{
    struct durable_folder folder;
    struct stat status;
    if (durable_open_parent(path, (struct durable_codes){.failed = EXIT_TARGET}, &folder,
                            failure) != 0)
        return true;
    uid_t user = geteuid();
    bool is_kept = fstat(folder.fd, &status) == 0 && (status.st_mode & S_ISVTX) != 0 && user != 0 &&
                   user != file->st_uid && user != status.st_uid;
    durable_close(&folder);
    if (is_kept) {
        errno = EPERM;
        (void)rejects_write_failure(path, "put in place of another user's", EXIT_TARGET, failure);
    }
    return is_kept;
}

/* Write ${name}, make it last, and rename it ${renamed}, as is done with the rejects. */
static int try_names(const char *path, const char *name, const char *renamed,
                     struct failure *failure)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    /* An attempt of the same process id that was killed has left it. */
    if (fd < 0 && errno == EEXIST && unlink(name) == 0)
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return rejects_write_failure(path, "written", EXIT_TARGET, failure);
    ssize_t written = write(fd, "check\n", 6);
    /* A write that stops short sets no errno. */
    if (written >= 0)
        errno = EIO;
    if (written != 6 || fsync(fd) != 0)
        (void)rejects_write_failure(path, "written", EXIT_TARGET, failure);
    if (close(fd) != 0 && failure->code == 0)
        (void)rejects_write_failure(path, "written", EXIT_TARGET, failure);
    if (failure->code == 0 && rename(name, renamed) != 0)
        (void)rejects_write_failure(path, "put in place", EXIT_TARGET, failure);
    if (failure->code == 0)
        (void)rejects_sync_name(path, failure);
    (void)unlink(name);
    (void)unlink(renamed);
    return failure->code == 0 ? 0 : -1;
}

int rejects_check(const char *path, struct failure *failure)
{
    struct stat status;
    char *name = NULL, *renamed = NULL;
    bool is_there = lstat(path, &status) == 0;
    if (is_there && !S_ISREG(status.st_mode))
        return failure_set(
            failure, EXIT_USAGE,
            "--rejects %s: is not a regular file, and would be replaced by one. Name "
            "a file or a directory.",
            path);
    if (is_there && is_kept_by_another(path, &status, failure))
        return -1;
    if (asprintf(&name, "%s.check-%d", path, (int)getpid()) < 0)
        return failure_memory(failure, "the name of a reject file", strlen(path));
    if (asprintf(&renamed, "%s.checked-%d", path, (int)getpid()) < 0) {
        free(name);
        return failure_memory(failure, "the name of a reject file", strlen(path));
    }
    int result = try_names(path, name, renamed, failure);
    free(renamed);
    free(name);
    return result;
}
