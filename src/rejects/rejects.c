#include "course_funnel/rejects.h"

#include "course_funnel/fault.h"
#include "reject_line.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct rejects {
    struct rejects_place place;
    int rank;
    FILE *part; /* NULL until the first reject */
    char *part_path;
    uint64_t written;
    struct digest *digest; /* of what is written, where the part is to last */
    bool lost;             /* a part that was to last could not be synced */
    struct rejects_stretch *stretches;
    size_t stretch_count, stretch_capacity;
};

static char *part_path(const char *parts, uint32_t attempt, uint32_t rank, struct failure *failure)
{
    char *name = NULL;
    if (asprintf(&name, "%s-%04" PRIu32 "-%" PRIu32, parts, attempt, rank) < 0) {
        failure_memory(failure, "the name of a reject file", strlen(parts));
        return NULL;
    }
    return name;
}

static int write_failure(const char *path, const char *what, struct failure *failure)
{
    return failure_set(failure, EXIT_TARGET,
                       "%s: the rejects cannot be %s: %s. Name another place with --rejects.", path,
                       what, strerror(errno));
}

/* As write_failure, of this rank's part. */
static int part_failure(const struct rejects *rejects, struct failure *failure)
{
    if (!rejects->place.lasting)
        return write_failure(rejects->part_path, "written", failure);
    return failure_set(
        failure, EXIT_CHECKPOINT,
        "%s: the rejects cannot be written: %s. Run again when there is room: the run "
        "goes on from its last checkpoint.",
        rejects->part_path, strerror(errno));
}

int rejects_create(const struct rejects_place *place, int rank, struct rejects **rejects,
                   struct failure *failure)
{
    struct rejects *made = calloc(1, sizeof *made);
    if (made == NULL)
        return failure_memory(failure, "the rejects", sizeof *made);
    *made = (struct rejects){.place = *place, .rank = rank};
    made->part_path = part_path(place->parts, place->attempt, (uint32_t)rank, failure);
    if (made->part_path == NULL ||
        (place->lasting && digest_create(REJECTS_DIGEST_IDENTITY, &made->digest, failure) != 0)) {
        rejects_free(made);
        return -1;
    }
    *rejects = made;
    return 0;
}

void rejects_free(struct rejects *rejects)
{
    if (rejects == NULL)
        return;
    if (rejects->part != NULL) {
        /* What was to be kept has been joined or is of no use: no answer here could change that. */
        (void)fclose(rejects->part);
        if (!rejects->place.lasting)
            (void)unlink(rejects->part_path);
    }
    digest_free(rejects->digest);
    free(rejects->part_path);
    free(rejects->stretches);
    free(rejects);
}

static int open_part(struct rejects *rejects, struct failure *failure)
{
    int fd = open(rejects->part_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        rejects->part = fdopen(fd, "w");
    if (rejects->part == NULL) {
        part_failure(rejects, failure);
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    return 0;
}

/* The stretch that a reject of ${split} goes to: the last one, or a new one. */
static struct rejects_stretch *stretch_of(struct rejects *rejects, uint32_t split,
                                          struct failure *failure)
{
    if (rejects->stretch_count > 0 && rejects->stretches[rejects->stretch_count - 1].split == split)
        return &rejects->stretches[rejects->stretch_count - 1];
    if (rejects->stretch_count == rejects->stretch_capacity) {
        size_t capacity = rejects->stretch_capacity > 0 ? 2 * rejects->stretch_capacity : 64;
        void *grown = realloc(rejects->stretches, capacity * sizeof *rejects->stretches);
        if (grown == NULL) {
            failure_memory(failure, "the rejects", capacity * sizeof *rejects->stretches);
            return NULL;
        }
        rejects->stretches = grown;
        rejects->stretch_capacity = capacity;
    }
    struct rejects_stretch *stretch = &rejects->stretches[rejects->stretch_count++];
    *stretch = (struct rejects_stretch){.split = split,
                                        .rank = (uint32_t)rejects->rank,
                                        .attempt = rejects->place.attempt,
                                        .begin = rejects->written,
                                        .end = rejects->written};
    return stretch;
}

int rejects_add(struct rejects *rejects, uint32_t split, const char *source, uint64_t offset,
                enum reject_reason reason, const char *text, size_t bytes, struct failure *failure)
{
    if (rejects->part == NULL && open_part(rejects, failure) != 0)
        return -1;
    struct rejects_stretch *stretch = stretch_of(rejects, split, failure);
    if (stretch == NULL)
        return -1;
    char *line = NULL;
    if (reject_line_format(source, offset, reason, text, bytes, &line, failure) != 0)
        return -1;
    size_t length = strlen(line);
    line[length] = '\n';
    size_t written = fwrite(line, 1, length + 1, rejects->part);
    if (rejects->digest != NULL)
        digest_add(rejects->digest, line, length + 1);
    free(line);
    if (written != length + 1)
        return part_failure(rejects, failure);
    rejects->written += written;
    stretch->end = rejects->written;
    return 0;
}

/* Whether a part that could not be synced still holds what was written to it. */
static int read_back(const struct rejects *rejects, struct failure *failure)
{
    char buffer[65536], due[DIGEST_BYTES], found[DIGEST_BYTES];
    struct digest *digest = NULL;
    if (digest_create(REJECTS_DIGEST_IDENTITY, &digest, failure) != 0)
        return -1;
    int fd = open(rejects->part_path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? 1 : -1;
    while (got > 0) {
        got = read(fd, buffer, sizeof buffer);
        if (got > 0)
            digest_add(digest, buffer, (size_t)got);
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    if (fd >= 0)
        (void)close(fd);
    digest_text(digest, found);
    digest_text(rejects->digest, due);
    digest_free(digest);
    if (got == 0 && strcmp(found, due) == 0)
        return 0;
    return failure_set(failure, EXIT_CHECKPOINT,
                       "%s: its storage failed, and the rejects in it are not all there any more. "
                       "Run again: the run goes on from its last checkpoint.",
                       rejects->part_path);
}

int rejects_flush(struct rejects *rejects, const struct rejects_stretch **stretches,
                  size_t *stretch_count, struct failure *failure)
{
    *stretches = rejects->stretches;
    *stretch_count = rejects->stretch_count;
    if (rejects->part != NULL && fflush(rejects->part) != 0)
        return part_failure(rejects, failure);
    return rejects->lost ? read_back(rejects, failure) : 0;
}

int rejects_sync(struct rejects *rejects, uint64_t *byte_count, char digest[DIGEST_BYTES],
                 struct failure *failure)
{
    *byte_count = rejects->written;
    digest_text(rejects->digest, digest);
    if (rejects->part == NULL)
        return 0;
    /* A failed fsync may succeed when it is repeated, although what it was for is lost. */
    if (!rejects->lost && FAULT("rejects.fsync") == 0 && fsync(fileno(rejects->part)) == 0)
        return 0;
    int error = rejects->lost ? EIO : errno;
    rejects->lost = true;
    return failure_set(failure, EXIT_CHECKPOINT, "%s: the rejects cannot be kept: %s.",
                       rejects->part_path, strerror(error));
}

int rejects_check(const char *path, struct failure *failure)
{
    struct stat status;
    char *name = NULL;
    if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return failure_set(
            failure, EXIT_USAGE,
            "--rejects %s: is not a regular file, and would be replaced by one. Name "
            "a file or a directory.",
            path);
    if (asprintf(&name, "%s.check-%d", path, (int)getpid()) < 0)
        return failure_memory(failure, "the name of a reject file", strlen(path));
    int result = 0;
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || close(fd) != 0 || unlink(name) != 0)
        result = write_failure(path, "written", failure);
    free(name);
    return result;
}

static int compare_stretches(const void *a, const void *b)
{
    const struct rejects_stretch *x = a, *y = b;
    if (x->split != y->split)
        return x->split < y->split ? -1 : 1;
    /* A split that one attempt left unfinished was gone on with by a later one. */
    if (x->attempt != y->attempt)
        return x->attempt < y->attempt ? -1 : 1;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* Append [begin, end) of a part to the joined file. */
static int copy_stretch(FILE *joined, const char *joined_path, int part, const char *part_name,
                        const struct rejects_stretch *stretch, struct failure *failure)
{
    char buffer[65536];
    uint64_t at = stretch->begin;
    while (at < stretch->end) {
        size_t wanted =
            stretch->end - at < sizeof buffer ? (size_t)(stretch->end - at) : sizeof buffer;
        ssize_t got = pread(part, buffer, wanted, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return failure_set(failure, EXIT_TARGET,
                               "%s: the rejects cannot be read back: %s. Was the file changed?",
                               part_name, got == 0 ? "it is too short" : strerror(errno));
        if (fwrite(buffer, 1, (size_t)got, joined) != (size_t)got)
            return write_failure(joined_path, "written", failure);
        at += (uint64_t)got;
    }
    return 0;
}

static int open_and_copy(FILE *joined, const struct rejects_place *place,
                         const struct rejects_stretch *stretch, struct failure *failure)
{
    char *name = part_path(place->parts, stretch->attempt, stretch->rank, failure);
    if (name == NULL)
        return -1;
    int result = -1;
    int part = open(name, O_RDONLY | O_CLOEXEC);
    if (part < 0) {
        failure_set(failure, EXIT_TARGET,
                    "%s: rank %" PRIu32 " wrote rejects there that rank 0 cannot read: %s. Name a "
                    "place that all hosts share with --rejects.",
                    name, stretch->rank, strerror(errno));
    } else {
        result = copy_stretch(joined, place->path, part, name, stretch, failure);
        (void)close(part);
    }
    free(name);
    return result;
}

/* Make the name ${path} last in its folder. */
static int sync_folder(const char *path, struct failure *failure)
{
    char *folder = strdup(path);
    if (folder == NULL)
        return failure_memory(failure, "the name of a reject file", strlen(path));
    int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    /* EINVAL: the file system has no such thing. */
    bool synced =
        fd >= 0 && FAULT("rejects.sync_folder") == 0 && (fsync(fd) == 0 || errno == EINVAL);
    int result = synced ? 0 : write_failure(path, "made to last", failure);
    if (fd >= 0)
        (void)close(fd);
    return result;
}

int rejects_join(const struct rejects_place *place, struct rejects_stretch *stretches,
                 size_t stretch_count, struct failure *failure)
{
    const char *path = place->path;
    char *temporary = NULL;
    if (asprintf(&temporary, "%s.joined-%s", path, place->run_id) < 0)
        return failure_memory(failure, "the name of a reject file", strlen(path));

    int result = -1, fd = -1;
    /* An attempt of the same run may have left its own. */
    if (unlink(temporary) == 0 || errno == ENOENT)
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    FILE *joined = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (joined == NULL) {
        write_failure(temporary, "written", failure);
        if (fd >= 0)
            (void)close(fd);
        goto free_name;
    }

    if (stretch_count > 0)
        qsort(stretches, stretch_count, sizeof *stretches, compare_stretches);
    for (size_t i = 0; i < stretch_count; i++)
        if (open_and_copy(joined, place, &stretches[i], failure) != 0)
            goto close_joined;
    if (fflush(joined) != 0 || fsync(fileno(joined)) != 0) {
        write_failure(temporary, "written", failure);
        goto close_joined;
    }
    result = 0;

close_joined:
    if (fclose(joined) != 0 && result == 0)
        result = write_failure(temporary, "written", failure);
    if (result == 0 && rename(temporary, path) != 0)
        result = write_failure(path, "put in place", failure);
    if (result == 0)
        result = sync_folder(path, failure);
    else
        (void)unlink(temporary);
free_name:
    free(temporary);
    return result;
}
