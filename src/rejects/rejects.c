#include "course_funnel/rejects.h"

#include "course_funnel/array.h"
#include "course_funnel/fault.h"
#include "reject_line.h"
#include "rejects_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rejects {
    struct rejects_place place;
    int rank;
    FILE *part; /* NULL until the first reject */
    char *part_path;
    uint64_t written;
    struct digest *digest; /* of what is written, where the part is to last */
    bool lost;             /* a part that was to last could not be synced */
    bool is_handed_over;   /* another part has what was kept */
    struct rejects_stretch *stretches;
    size_t stretch_count;
};

static int part_failure(const struct rejects *rejects, struct failure *failure)
{
    if (!rejects->place.lasting)
        return rejects_write_failure(rejects->part_path, "written", rejects->place.code, failure);
    return failure_set(
        failure, rejects->place.code,
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
    made->part_path = rejects_part_path(place->parts, place->attempt, (uint32_t)rank, failure);
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

/* The stretch that a reject goes to: the last one, or a new one. */
static struct rejects_stretch *stretch_of(struct rejects *rejects, uint32_t input, uint32_t split,
                                          struct failure *failure)
{
    struct rejects_stretch *last = rejects->stretches + rejects->stretch_count;
    if (rejects->stretch_count > 0 && last[-1].input == input && last[-1].split == split)
        return last - 1;
    if (array_extend(&rejects->stretches, rejects->stretch_count, sizeof *rejects->stretches,
                     "the rejects", failure) != 0)
        return NULL;
    struct rejects_stretch *stretch = &rejects->stretches[rejects->stretch_count++];
    *stretch = (struct rejects_stretch){.input = input,
                                        .split = split,
                                        .rank = (uint32_t)rejects->rank,
                                        .attempt = rejects->place.attempt,
                                        .begin = rejects->written,
                                        .end = rejects->written};
    return stretch;
}

int rejects_add(struct rejects *rejects, uint32_t input, uint32_t split, const char *source,
                uint64_t offset, enum reject_reason reason, const char *text, size_t bytes,
                struct failure *failure)
{
    if (rejects->part == NULL && open_part(rejects, failure) != 0)
        return -1;
    struct rejects_stretch *stretch = stretch_of(rejects, input, split, failure);
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
    return failure_set(failure, rejects->place.code,
                       "%s: its storage failed, and the rejects in it are not all there any more. "
                       "Run again: the run goes on from its last checkpoint.",
                       rejects->part_path);
}

int rejects_flush(struct rejects *rejects, const struct rejects_stretch **stretches,
                  size_t *stretch_count, struct failure *failure)
{
    *stretches = rejects->stretches;
    *stretch_count = rejects->is_handed_over ? 0 : rejects->stretch_count;
    if (rejects->is_handed_over)
        return 0;
    if (rejects->part != NULL && fflush(rejects->part) != 0)
        return part_failure(rejects, failure);
    return rejects->lost ? read_back(rejects, failure) : 0;
}

int rejects_sync(struct rejects *rejects, uint64_t *byte_count, char digest[DIGEST_BYTES],
                 struct failure *failure)
{
    *byte_count = rejects->is_handed_over ? 0 : rejects->written;
    digest_text(rejects->digest, digest);
    if (rejects->part == NULL || rejects->is_handed_over)
        return 0;
    /* A failed fsync may succeed when it is repeated, although what it was for is lost. */
    if (!rejects->lost && FAULT("rejects.fsync") == 0 && fsync(fileno(rejects->part)) == 0)
        return 0;
    int error = rejects->lost ? EIO : errno;
    rejects->lost = true;
    return failure_set(failure, rejects->place.code, "%s: the rejects cannot be kept: %s.",
                       rejects->part_path, strerror(error));
}

void rejects_hand_over(struct rejects *rejects)
{
    rejects->is_handed_over = true;
}
