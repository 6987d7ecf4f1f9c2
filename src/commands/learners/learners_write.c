#include "learners_write.h"

#include "course_funnel/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(const char *path, struct failure *failure)
{
    if (errno == EEXIST)
        return failure_set(failure, EXIT_TARGET,
                           "--out %s: is there already, and is not written over: name another, or "
                           "remove it.",
                           path);
    return failure_set(failure, EXIT_TARGET, "--out %s: cannot be written: %s.", path,
                       strerror(errno));
}

int learners_write_check(const char *path, struct failure *failure)
{
    struct stat status;
    if (lstat(path, &status) == 0)
        errno = EEXIST;
    else if (errno == ENOENT)
        return 0;
    return failed(path, failure);
}

static void print_list(FILE *out, const struct learners_list *list)
{
    fputs(LEARNERS_HEADER, out);
    for (size_t i = 0; i < list->count && ferror(out) == 0; i++) {
        const struct learners_row *row = &list->rows[i];
        uint32_t bytes = 0;
        const char *entry_point =
            row->entry_point != 0 ? state_texts_get(&list->entry_points, row->entry_point, &bytes)
                                  : NULL;
        learners_row_print(out, row, entry_point, bytes);
    }
}

/* All of the list into a new file, which lasts. */
static int write_file(int fd, const struct learners_list *list)
{
    FILE *out = fdopen(fd, "w");
    if (out == NULL) {
        (void)close(fd);
        return -1;
    }
    print_list(out, list);
    bool written = ferror(out) == 0 && fflush(out) == 0 && fsync(fd) == 0;
    int error = errno;
    bool closed = fclose(out) == 0;
    errno = written ? errno : error;
    return written && closed ? 0 : -1;
}

int learners_write(const char *path, const struct learners_list *list, struct failure *failure)
{
    char *temporary = NULL;
    if (path == NULL) {
        print_list(stdout, list);
        return output_end(stdout, failure);
    }
    if (asprintf(&temporary, "%s.tmp-%ld", path, (long)getpid()) < 0)
        return failure_memory(failure, "a path", strlen(path));
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int result = fd < 0 ? failed(temporary, failure) : 0;
    /* A link, unlike a renaming, never replaces what has the name. */
    if (result == 0 && (write_file(fd, list) != 0 || link(temporary, path) != 0))
        result = failed(path, failure);
    if (fd >= 0 && unlink(temporary) != 0 && result == 0)
        result = failed(temporary, failure);
    free(temporary);
    return result;
}
