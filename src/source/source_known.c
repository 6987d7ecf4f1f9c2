#include "source_internal.h"

#include "course_funnel/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void store_u64(unsigned char to[8], uint64_t value)
{
    for (size_t i = 0; i < 8; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

int source_fingerprint(const struct source_file *files, size_t file_count, char fingerprint[33],
                       struct failure *failure)
{
    struct digest *digest = NULL;
    if (digest_create(NULL, &digest, failure) != 0)
        return -1;
    for (size_t i = 0; i < file_count; i++) {
        const struct source_file *file = &files[i];
        unsigned char numbers[16];
        store_u64(numbers, file->bytes);
        store_u64(numbers + 8, (uint64_t)file->identity);
        /* The NUL behind the path keeps it apart from the numbers. */
        digest_add(digest, file->path, strlen(file->path) + 1);
        digest_add(digest, numbers, sizeof numbers);
    }
    digest_text(digest, fingerprint);
    digest_free(digest);
    return 0;
}

int source_look(const char *path, uint64_t *bytes, int64_t *identity)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return errno;
    *bytes = (uint64_t)status.st_size;
    *identity = source_handle_time_ns(status.st_mtim);
    return 0;
}

bool source_known_holds(const struct source_known *known, const char *path)
{
    char *real = realpath(path, NULL);
    bool holds = false;
    for (size_t i = 0; i < known->count && real != NULL && !holds; i++)
        holds = known->is_read[i] && strcmp(known->paths[i], real) == 0;
    free(real);
    return holds;
}

/* Whether a file that nobody knows stays out of the list. What cannot be looked at is told later.
 */
static bool waits(const struct source_known *known, const char *path)
{
    uint64_t bytes;
    int64_t written_ns = 0;
    if (known->rest_waits)
        return true;
    return known->settled_ns != INT64_MAX && source_look(path, &bytes, &written_ns) == 0 &&
           written_ns > known->settled_ns;
}

void source_draft_leave_known(struct source_draft *draft, struct source_known *known)
{
    struct source_list *list = draft->list;
    size_t kept = 0, at = 0;
    known->waiting = 0;
    for (size_t i = 0; i < list->file_count; i++) {
        struct source_file file = list->files[i];
        while (at < known->count && strcmp(known->paths[at], file.path) < 0)
            at++;
        bool is_known = at < known->count && strcmp(known->paths[at], file.path) == 0;
        bool stays_out = is_known ? known->is_read[at] : waits(known, file.path);
        if (is_known)
            known->is_met[at] = true;
        else
            known->waiting += stays_out;
        if (stays_out)
            free(file.path);
        else
            list->files[kept++] = file;
    }
    list->file_count = kept;
}
