#include "publish_folder.h"

#include "course_funnel/durable.h"
#include "course_funnel/fault.h"
#include "publish_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Temporary files are named PREFIX NAME . PROCESS, so that those of dead attempts are known. */
#define TEMPORARY_PREFIX ".course-funnel-tmp."
#define NAME_BYTES 96

static int fail(struct failure *failure, const char *doing, const char *directory, const char *name)
{
    int cause = errno;
    const char *advice = "Check the path and its permissions, then run again.";
    if (cause == ENOSPC || cause == EDQUOT)
        advice = "Make room there, or name another directory, then run again.";
    else if (cause == EROFS)
        advice = "The file system is read-only; name another directory.";
    return failure_set(failure, EXIT_TARGET,
                       "Cannot %s %s%s%s: %s. The published files are as they "
                       "were. %s",
                       doing, directory, name[0] == '\0' ? "" : "/", name, strerror(cause), advice);
}

static void temporary_name(const char *name, char out[NAME_BYTES])
{
    snprintf(out, NAME_BYTES, TEMPORARY_PREFIX "%s.%ld", name, (long)getpid());
}

/* fsync of a directory makes the names in it last. */
static int sync_directory(int fd)
{
    return FAULT("publish.sync") == 0 && durable_sync_names(fd, true) == 0 ? 0 : -1;
}

/* A new directory has to last in its parent, or the files in it go with it. */
static int sync_parent(const char *path, struct failure *failure)
{
    struct durable_folder parent;
    if (durable_open_parent(path, (struct durable_codes){.failed = EXIT_TARGET}, &parent,
                            failure) != 0)
        return -1;
    int status = sync_directory(parent.fd);
    if (status != 0)
        (void)fail(failure, "sync the directory", parent.path, "");
    durable_close(&parent);
    return status;
}

/* mkdir -p; each directory that is made is made to last in its parent. */
static int make_directory(const char *directory, struct failure *failure)
{
    char *path = strdup(directory);
    if (path == NULL)
        return failure_memory(failure, "the path of the target", strlen(directory));
    int status = 0;
    for (char *end = path; status == 0 && *end != '\0';) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char cut = *end;
        *end = '\0';
        if (mkdir(path, 0777) == 0)
            status = sync_parent(path, failure);
        else if (errno != EEXIST)
            status = fail(failure, "make the directory", path, "");
        *end = cut;
    }
    free(path);
    return status;
}

/* Remove what attempts that died have left: under the lock nobody else writes here. */
static void remove_leftovers(int directory_fd)
{
    int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (entries == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    /* What cannot be removed does no harm but to tidiness, so it is no failure. */
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (strncmp(entry->d_name, TEMPORARY_PREFIX, strlen(TEMPORARY_PREFIX)) == 0)
            (void)unlinkat(directory_fd, entry->d_name, 0);
    (void)closedir(entries);
}

/* Keep other publishers out of a folder, and tidy up in it. File systems without locks do. */
static int lock(int fd, const char *directory, const char *name, struct failure *failure)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return failure_set(failure, EXIT_TARGET,
                           "Another run publishes to %s%s%s at this moment. Wait until it is done, "
                           "then run again.",
                           directory, name[0] == '\0' ? "" : "/", name);
    remove_leftovers(fd);
    return 0;
}

int publish_folder_open(const char *directory, int *fd, struct failure *failure)
{
    *fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0 && errno == ENOENT) {
        if (make_directory(directory, failure) != 0)
            return -1;
        *fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (*fd < 0)
        return fail(failure, "open the directory", directory, "");
    if (lock(*fd, directory, "", failure) == 0)
        return 0;
    (void)close(*fd);
    return -1;
}

/*
 * Take the place of ${name}, behind the ${count} that are taken. Its folder is locked too, once:
 * a second lock of this process would be refused as that of another.
 */
static int take_place(int directory_fd, const char *directory, const char *name,
                      struct publish_place *places, size_t count, struct failure *failure)
{
    struct publish_place *place = &places[count];
    if (publish_place_find(directory_fd, name, place) != 0)
        return fail(failure, "find the place of", directory, name);
    if (place->is_there && !S_ISREG(place->mode))
        return failure_set(failure, EXIT_TARGET,
                           "%s/%s is not a regular file, or leads to what is none, and would be "
                           "replaced by one. Remove it, or name another directory.",
                           directory, name);
    int locked = publish_place_is_in(place, directory_fd) ? directory_fd : -1;
    for (size_t i = 0; locked < 0 && i < count; i++)
        if (publish_place_is_in(place, places[i].fd))
            locked = places[i].fd;
    if (locked < 0)
        return lock(place->fd, directory, name, failure);
    if (dup3(locked, place->fd, O_CLOEXEC) < 0)
        return fail(failure, "find the place of", directory, name);
    return 0;
}

static void close_places(struct publish_place *places, size_t count)
{
    for (size_t i = 0; i < count; i++)
        publish_place_close(&places[i]);
}

/*
 * Write a file under its temporary name and make it last. A failed fsync or close is never tried
 * again: the kernel may have dropped the data.
 */
static int write_file(const struct publish_place *place, const char *directory,
                      const struct publish_file *file, struct failure *failure)
{
    char name[NAME_BYTES];
    temporary_name(file->name, name);
    int fd = openat(place->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return fail(failure, "make the file", directory, name);
    FILE *out = fdopen(fd, "w");
    if (out == NULL) {
        (void)close(fd);
        return failure_memory(failure, "an output buffer", BUFSIZ);
    }
    int status = 0;
    if (publish_place_keep(place, fd) != 0)
        status = fail(failure, "keep the mode and group of", directory, file->name);
    else if (FAULT("publish.write") != 0 || file->write(out, file) != 0 || fflush(out) != 0 ||
             fsync(fd) != 0)
        status = fail(failure, "write the file", directory, name);
    if (fclose(out) != 0 && status == 0)
        status = fail(failure, "write the file", directory, name);
    return status;
}

static FILE *open_to_read(int directory_fd, const char *name)
{
    int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (fd >= 0 && file == NULL)
        (void)close(fd);
    return file;
}

/* Whether two files hold the same bytes; one that cannot be read holds others. */
static bool are_same(int folder_fd, const char *one_name, const char *other_name)
{
    FILE *one = open_to_read(folder_fd, one_name);
    FILE *other = open_to_read(folder_fd, other_name);
    bool same = one != NULL && other != NULL;
    for (size_t bytes = 1; same && bytes > 0;) {
        char here[4096], there[4096];
        bytes = fread(here, 1, sizeof here, one);
        same = fread(there, 1, sizeof there, other) == bytes && memcmp(here, there, bytes) == 0;
    }
    same = same && ferror(one) == 0 && ferror(other) == 0;
    if (one != NULL)
        (void)fclose(one);
    if (other != NULL)
        (void)fclose(other);
    return same;
}

/* Whether the marts stand there as they were just written under their temporary names. */
static bool is_intact(const struct publish_place *places, const struct publish_file *files,
                      size_t count, size_t stale_count)
{
    bool intact = true;
    for (size_t i = 0; i < stale_count; i++)
        intact = intact && !places[count + i].is_there;
    /* The last is the record, which tells the time too. */
    for (size_t i = 0; intact && i + 1 < count; i++) {
        char name[NAME_BYTES];
        temporary_name(files[i].name, name);
        intact = are_same(places[i].fd, name, places[i].name);
    }
    return intact;
}

/* Make the names in the folders of all places last. */
static int sync_places(const struct publish_place *places, size_t count)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++)
        if (i == 0 || !publish_place_is_in(&places[i], places[i - 1].fd))
            status = sync_directory(places[i].fd);
    return status;
}

/* Write the files to their places, and remove what is in the ${stale_count} places behind them. */
static int write_all(const char *directory, const struct publish_file *files,
                     const struct publish_place *places, size_t count, size_t stale_count,
                     bool published, struct failure *failure)
{
    int status = -1;
    size_t renamed = 0;
    char name[NAME_BYTES];
    for (size_t i = 0; i < count; i++)
        if (write_file(&places[i], directory, &files[i], failure) != 0)
            goto remove_temporaries;
    if (published && is_intact(places, files, count, stale_count)) {
        status = 0;
        goto remove_temporaries;
    }
    /* From here on only names change. The record is the last, so that it vouches for the rest. */
    for (; renamed < count; renamed++) {
        const struct publish_place *place = &places[renamed];
        temporary_name(files[renamed].name, name);
        if (FAULT("publish.rename") != 0 ||
            renameat(place->fd, name, place->fd, place->name) != 0 ||
            (renamed + 2 == count && sync_places(places, count) != 0)) {
            failure_set(failure, EXIT_TARGET,
                        "Cannot put %s in its place in %s: %s. The files there may be of two runs "
                        "until the next publication; run again.",
                        files[renamed].name, directory, strerror(errno));
            goto remove_temporaries;
        }
    }
    /* No record speaks of these any more: a reader that looks now misses none. */
    for (size_t i = 0; i < stale_count; i++) {
        const struct publish_place *stale = &places[count + i];
        if (unlinkat(stale->fd, stale->name, 0) != 0 && errno != ENOENT)
            return failure_set(failure, EXIT_TARGET,
                               "Cannot remove %s in %s: %s. It is of an earlier run; all other "
                               "files there are of this one. Run again.",
                               stale->name, directory, strerror(errno));
    }
    if (sync_places(places, count + stale_count) == 0)
        return 0;
    return failure_set(
        failure, EXIT_TARGET,
        "The files in %s are in their places, but may be gone after a power cut: %s. "
        "Run again.",
        directory, strerror(errno));
remove_temporaries:
    for (size_t i = renamed; i < count; i++) {
        temporary_name(files[i].name, name);
        (void)unlinkat(places[i].fd, name, 0);
    }
    return status;
}

int publish_folder_write(int directory_fd, const char *directory, const struct publish_file *files,
                         size_t count, const char *const *stale, size_t stale_count, bool published,
                         struct failure *failure)
{
    struct publish_place places[PUBLISH_FILES + 1] = {0};
    size_t taken = 0;
    int status = 0;
    for (; status == 0 && taken < count; taken++)
        status = take_place(directory_fd, directory, files[taken].name, places, taken, failure);
    for (size_t i = 0; status == 0 && i < stale_count; i++)
        status = take_place(directory_fd, directory, stale[i], places, taken++, failure);
    if (status == 0)
        status = write_all(directory, files, places, count, stale_count, published, failure);
    close_places(places, taken);
    return status;
}

/*
 * Try what a publication does in the folder of one place, with the modes and groups of all there.
 * The first place is the directory itself, those behind it are the ${names}.
 */
static int try_place(const struct publish_place *places, size_t count, size_t which,
                     const char *directory, const char *const *names, int64_t *time_us,
                     struct failure *failure)
{
    static const char before[] = TEMPORARY_PREFIX "check";
    static const char after[] = TEMPORARY_PREFIX "checked";
    const char *name = which > 0 ? names[which - 1] : "";
    int folder = places[which].fd, status = 0;
    struct stat seen = {0};
    int fd = openat(folder, before, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return fail(failure, "make a file in", directory, name);
    ssize_t written = write(fd, "check\n", 6);
    /* A write that stops short sets no errno. */
    if (written >= 0)
        errno = EIO;
    if (written != 6 || fsync(fd) != 0 || fstat(fd, &seen) != 0)
        status = fail(failure, "write a file in", directory, name);
    for (size_t i = 1; status == 0 && i < count; i++)
        if (publish_place_is_in(&places[i], folder) && publish_place_keep(&places[i], fd) != 0)
            status = fail(failure, "keep the mode and group of", directory, names[i - 1]);
    bool closed = close(fd) == 0;
    if (status == 0 &&
        (!closed || renameat(folder, before, folder, after) != 0 || sync_directory(folder) != 0))
        status = fail(failure, "rename a file in", directory, name);
    (void)unlinkat(folder, before, 0);
    (void)unlinkat(folder, after, 0);
    /* The file's time is the file server's clock, which all machines that publish here share. */
    *time_us = (int64_t)seen.st_mtim.tv_sec * 1000000 + seen.st_mtim.tv_nsec / 1000;
    return status;
}

int publish_folder_try(int directory_fd, const char *directory, const char *const *names,
                       size_t count, int64_t *time_us, struct failure *failure)
{
    struct publish_place places[PUBLISH_FILES + 1] = {0};
    int64_t linked_us = 0;
    size_t taken = 1;
    if (publish_place_find(directory_fd, TEMPORARY_PREFIX "check", &places[0]) != 0)
        return fail(failure, "open the directory", directory, "");
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++)
        status = take_place(directory_fd, directory, names[i], places, taken++, failure);
    if (status == 0)
        status = try_place(places, taken, 0, directory, names, time_us, failure);
    for (size_t i = 1; status == 0 && i < taken; i++)
        if (!publish_place_is_in(&places[i], directory_fd))
            status = try_place(places, taken, i, directory, names, &linked_us, failure);
    close_places(places, taken);
    return status;
}
