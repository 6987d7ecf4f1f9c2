#include "store_internal.h"

#include "course_funnel/fault.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the holder wrote, as far as it may be shown. */
static void read_holder(int fd, char holder[256])
{
    ssize_t bytes = pread(fd, holder, 255, 0);
    holder[bytes > 0 ? bytes : 0] = '\0';
    for (char *at = holder; *at != '\0'; at++)
        if (!isprint((unsigned char)*at))
            *at = at[1] == '\0' ? '\0' : '?';
    if (holder[0] == '\0')
        snprintf(holder, 256, "a process that has not told its name");
}

/* Locks of open file descriptions: dropped by the system when the process ends, however it does. */
int store_take_lock(struct store *store, struct failure *failure)
{
    const char *path = store->folder.path;
    struct stat status;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    store->lock = openat(store->folder.fd, STORE_LOCK_NAME,
                         O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (store->lock < 0)
        return failure_set(failure, EXIT_CHECKPOINT,
                           "%s/" STORE_LOCK_NAME ": cannot be opened: %s.", path, strerror(errno));
    if (fstat(store->lock, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1)
        return failure_set(failure, EXIT_CHECKPOINT,
                           "%s/" STORE_LOCK_NAME ": is not a regular file with this one name.",
                           path);
    if (FAULT("store.lock") == 0 && fcntl(store->lock, F_OFD_SETLK, &lock) == 0)
        return 0;
    if (errno != EAGAIN && errno != EACCES)
        return failure_set(failure, EXIT_CHECKPOINT,
                           "%s/" STORE_LOCK_NAME
                           ": cannot be locked: %s. Name a folder on storage that knows "
                           "fcntl locks.",
                           path, strerror(errno));
    char holder[256];
    read_holder(store->lock, holder);
    return failure_set(failure, EXIT_CHECKPOINT,
                       "%s is in use by another job that lives: %s. Wait for it, stop it, or name "
                       "another --checkpoint folder.",
                       path, holder);
}

int store_sign_lock(const struct store *store, struct failure *failure)
{
    char host[128] = "unknown host", text[256];
    /* The name may be cut; then it is still the best that is known. */
    (void)gethostname(host, sizeof host - 1);
    int bytes = snprintf(text, sizeof text, "host %s, process %d, attempt %" PRIu32 "\n", host,
                         (int)getpid(), store->attempt.number);
    ssize_t written =
        ftruncate(store->lock, 0) == 0 ? pwrite(store->lock, text, (size_t)bytes, 0) : -1;
    /* A write that stops short sets no errno. */
    if (written >= 0)
        errno = EIO;
    if (written != bytes)
        return failure_set(failure, EXIT_CHECKPOINT,
                           "%s/" STORE_LOCK_NAME ": cannot be written: %s.", store->folder.path,
                           strerror(errno));
    return 0;
}

bool store_is_locked(const struct store *store, char holder[256])
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd =
        openat(store->folder.fd, STORE_LOCK_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool locked = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (locked)
        read_holder(fd, holder);
    (void)close(fd);
    return locked;
}
