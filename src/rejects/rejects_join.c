#include "course_funnel/rejects.h"

#include "course_funnel/fault.h"
#include "rejects_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int rejects_concatenate(const struct rejects_stretch *earlier, size_t earlier_count,
                        const struct rejects_stretch *own, size_t own_count,
                        struct rejects_stretch **all, struct failure *failure)
{
    *all = malloc((earlier_count + own_count + 1) * sizeof **all);
    if (*all == NULL)
        return failure_memory(failure, "the rejects", (earlier_count + own_count) * sizeof **all);
    if (earlier_count > 0)
        memcpy(*all, earlier, earlier_count * sizeof **all);
    if (own_count > 0)
        memcpy(*all + earlier_count, own, own_count * sizeof **all);
    return 0;
}

static int compare_stretches(const void *a, const void *b)
{
    const struct rejects_stretch *x = a, *y = b;
    if (x->input != y->input)
        return x->input < y->input ? -1 : 1;
    if (x->split != y->split)
        return x->split < y->split ? -1 : 1;
    /* A split that one attempt left unfinished was gone on with by a later one. */
    if (x->attempt != y->attempt)
        return x->attempt < y->attempt ? -1 : 1;
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* Where stretches are copied to. */
struct joined {
    FILE *out;
    const char *path;
    struct digest *digest; /* of what is copied; NULL: none is wanted */
    int code;              /* where it cannot be written */
};

/* Append [begin, end) of a part to the joined file. */
static int copy_stretch(const struct joined *joined, int part, const char *part_name,
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
        if (fwrite(buffer, 1, (size_t)got, joined->out) != (size_t)got)
            return rejects_write_failure(joined->path, "written", joined->code, failure);
        if (joined->digest != NULL)
            digest_add(joined->digest, buffer, (size_t)got);
        at += (uint64_t)got;
    }
    return 0;
}

/* The part that was copied from last; those in the order of one run are mostly of the same one. */
struct part {
    int fd; /* -1: none is open */
    char *name;
    uint32_t attempt;
    uint32_t rank;
};

static void close_part(struct part *part)
{
    if (part->fd >= 0)
        (void)close(part->fd);
    free(part->name);
    *part = (struct part){.fd = -1};
}

static int open_part(const struct rejects_place *place, const struct rejects_stretch *stretch,
                     struct part *part, struct failure *failure)
{
    if (part->fd >= 0 && part->attempt == stretch->attempt && part->rank == stretch->rank)
        return 0;
    close_part(part);
    part->name = rejects_part_path(place->parts, stretch->attempt, stretch->rank, failure);
    if (part->name == NULL)
        return -1;
    part->attempt = stretch->attempt;
    part->rank = stretch->rank;
    part->fd = open(part->name, O_RDONLY | O_CLOEXEC);
    if (part->fd < 0)
        return failure_set(failure, EXIT_TARGET,
                           "%s: rank %" PRIu32 " wrote rejects there that rank 0 cannot read: %s. "
                           "Name a place that all hosts share with --rejects.",
                           part->name, stretch->rank, strerror(errno));
    return 0;
}

/* All stretches in their order, and the file made to last. */
static int copy_all(const struct joined *joined, const struct rejects_place *place,
                    struct rejects_stretch *stretches, size_t stretch_count,
                    struct failure *failure)
{
    struct part part = {.fd = -1};
    int result = 0;
    if (stretch_count > 0)
        qsort(stretches, stretch_count, sizeof *stretches, compare_stretches);
    for (size_t i = 0; i < stretch_count && result == 0; i++) {
        result = open_part(place, &stretches[i], &part, failure);
        if (result == 0)
            result = copy_stretch(joined, part.fd, part.name, &stretches[i], failure);
    }
    close_part(&part);
    if (result != 0)
        return -1;
    if (fflush(joined->out) != 0 || fsync(fileno(joined->out)) != 0)
        return rejects_write_failure(joined->path, "written", joined->code, failure);
    return 0;
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
    const struct joined joined = {fd >= 0 ? fdopen(fd, "w") : NULL, temporary, NULL, EXIT_TARGET};
    if (joined.out == NULL) {
        rejects_write_failure(temporary, "written", EXIT_TARGET, failure);
        if (fd >= 0)
            (void)close(fd);
        goto free_name;
    }

    result = copy_all(&joined, place, stretches, stretch_count, failure);
    if (fclose(joined.out) != 0 && result == 0)
        result = rejects_write_failure(temporary, "written", EXIT_TARGET, failure);
    if (result == 0 && rename(temporary, path) != 0)
        result = rejects_write_failure(path, "put in place", EXIT_TARGET, failure);
    if (result == 0)
        result = FAULT("rejects.sync_folder") != 0
                     ? rejects_write_failure(path, "made to last", EXIT_TARGET, failure)
                     : rejects_sync_name(path, failure);
    else
        (void)unlink(temporary);
free_name:
    free(temporary);
    return result;
}

void rejects_renumber(struct rejects_stretch *stretches, size_t stretch_count,
                      const uint32_t *numbers)
{
    for (size_t i = 0; i < stretch_count; i++)
        stretches[i].input = numbers[stretches[i].input];
}

int rejects_join_part(const struct rejects_place *place, struct rejects_stretch *stretches,
                      size_t stretch_count, uint64_t *byte_count, char digest[DIGEST_BYTES],
                      struct failure *failure)
{
    struct joined joined = {.code = place->code};
    char *path = rejects_part_path(place->parts, place->attempt, REJECTS_JOINED_RANK, failure);
    if (path == NULL || digest_create(REJECTS_DIGEST_IDENTITY, &joined.digest, failure) != 0) {
        free(path);
        return -1;
    }
    int fd = FAULT("rejects.join_part") != 0
                 ? -1
                 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    joined.path = path;
    joined.out = fd >= 0 ? fdopen(fd, "w") : NULL;
    int result = joined.out != NULL ? copy_all(&joined, place, stretches, stretch_count, failure)
                                    : rejects_write_failure(path, "written", place->code, failure);
    if (joined.out != NULL && fclose(joined.out) != 0 && result == 0)
        result = rejects_write_failure(path, "written", place->code, failure);
    else if (joined.out == NULL && fd >= 0)
        (void)close(fd);
    if (result != 0 && fd >= 0)
        (void)unlink(path); /* What failed is told already. */
    digest_text(joined.digest, digest);
    digest_free(joined.digest);
    free(path);
    if (result != 0)
        return -1;
    *byte_count = 0;
    for (size_t i = 0; i < stretch_count; i++) {
        uint64_t bytes = stretches[i].end - stretches[i].begin;
        stretches[i].rank = REJECTS_JOINED_RANK;
        stretches[i].attempt = place->attempt;
        stretches[i].begin = *byte_count;
        stretches[i].end = *byte_count += bytes;
    }
    return 0;
}
