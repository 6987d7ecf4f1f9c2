#include "publish_place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As many as the kernel follows. */
#define MOST_LINKS 40

#define MODE_BITS 07777

/* To what a link in the place's folder holds. */
static int follow(struct publish_place *place, char *target)
{
    char *slash = strrchr(target, '/');
    const char *name = slash != NULL ? slash + 1 : target;
    size_t bytes = strlen(name);
    if (bytes == 0 || bytes >= sizeof place->name) {
        errno = bytes == 0 ? EISDIR : ENAMETOOLONG;
        return -1;
    }
    memcpy(place->name, name, bytes + 1);
    if (slash == NULL)
        return 0;
    /* The slash of the root is its name. */
    slash[slash == target ? 1 : 0] = '\0';
    int fd = openat(place->fd, target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    (void)close(place->fd);
    place->fd = fd;
    return 0;
}

int publish_place_find(int directory_fd, const char *name, struct publish_place *place)
{
    char target[PATH_MAX];
    struct stat status;
    *place = (struct publish_place){0};
    place->fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    place->is_open = place->fd >= 0;
    if (!place->is_open)
        return -1;
    snprintf(place->name, sizeof place->name, "%s", name);
    for (int links = 0;; links++) {
        ssize_t length = readlinkat(place->fd, place->name, target, sizeof target - 1);
        if (length < 0)
            break;
        target[length] = '\0';
        if (links == MOST_LINKS) {
            errno = ELOOP;
            return -1;
        }
        if (follow(place, target) != 0)
            return -1;
    }
    if (errno == ENOENT)
        return 0;
    if (errno != EINVAL || fstatat(place->fd, place->name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    place->is_there = true;
    place->mode = status.st_mode;
    place->group = status.st_gid;
    return 0;
}

void publish_place_close(struct publish_place *place)
{
    if (place->is_open)
        (void)close(place->fd);
    *place = (struct publish_place){0};
}

bool publish_place_is_in(const struct publish_place *place, int directory_fd)
{
    struct stat here, there;
    return fstat(place->fd, &here) == 0 && fstat(directory_fd, &there) == 0 &&
           here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

int publish_place_keep(const struct publish_place *place, int fd)
{
    struct stat status;
    if (!place->is_there)
        return 0;
    if (fstat(fd, &status) != 0 ||
        (status.st_gid != place->group && fchown(fd, (uid_t)-1, place->group) != 0))
        return -1;
    /* A file system without modes has the same one for both, and is not asked. */
    return (status.st_mode & MODE_BITS) == (place->mode & MODE_BITS) ||
                   fchmod(fd, place->mode & MODE_BITS) == 0
               ? 0
               : -1;
}
