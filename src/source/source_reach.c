#include "source_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct reach {
    char *place; /* as the system has it, without links */
    char *found; /* a name of a directory that is walked to the place, or NULL */
};

/* Cut the last part off a path; one that has no other becomes the folder that it is in. */
static void cut_last(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        path[0] = '\0';
    else
        slash[slash == path && slash[1] != '\0' ? 1 : 0] = '\0';
}

/*
 * The real path of ${place}, or where it is not there yet of the folder that it would be made in.
 * Returns 0, and NULL where it would have a hidden name there, or -1 (EXIT_BUG).
 */
static int find_real(const char *place, char **real, struct failure *failure)
{
    char *path = strdup(place);
    if (path == NULL)
        return failure_memory(failure, "a path", strlen(place));
    while ((*real = realpath(path[0] != '\0' ? path : ".", NULL)) == NULL && path[0] != '\0') {
        if (source_names_hidden(source_names_base(path)))
            break;
        cut_last(path);
    }
    free(path);
    return 0;
}

/* Whether a walk through ${folder} comes to ${place}, a real path. */
static int leads_to(const struct stat *folder, const char *place, bool *leads,
                    struct failure *failure)
{
    char *at = strdup(place);
    *leads = false;
    if (at == NULL)
        return failure_memory(failure, "a path", strlen(place));
    while (!*leads) {
        struct stat status;
        *leads = stat(at, &status) == 0 && status.st_dev == folder->st_dev &&
                 status.st_ino == folder->st_ino;
        /* No walk goes by a hidden name; "/" is the last that may be walked. */
        if (strcmp(at, "/") == 0 || strrchr(at, '/')[1] == '.')
            break;
        cut_last(at);
    }
    free(at);
    return 0;
}

static int visit(void *whom, const char *name, bool matched, struct failure *failure)
{
    struct reach *reach = whom;
    struct stat status;
    bool leads = false;
    (void)matched;
    /* What cannot be read is for the listing to tell. */
    if (reach->found != NULL || stat(name, &status) != 0 || !S_ISDIR(status.st_mode))
        return 0;
    if (leads_to(&status, reach->place, &leads, failure) != 0)
        return -1;
    if (leads && (reach->found = strdup(name)) == NULL)
        return failure_memory(failure, "a path", strlen(name));
    return 0;
}

int source_reaches(const char *const *from, size_t from_count, const char *place, char **walked,
                   struct failure *failure)
{
    struct reach reach = {0};
    int result = find_real(place, &reach.place, failure);
    for (size_t i = 0; i < from_count && reach.place != NULL && result == 0; i++)
        result = source_list_visit(from[i], visit, &reach, failure);
    free(reach.place);
    if (result != 0) {
        free(reach.found);
        reach.found = NULL;
    }
    *walked = reach.found;
    return result;
}

bool source_holds(const struct source_list *list, const char *path)
{
    struct stat status, listed;
    if (stat(path, &status) != 0)
        return false;
    for (size_t i = 0; i < list->file_count; i++)
        if (list->files[i].format != SOURCE_TABLE &&
            list->files[i].inode == (uint64_t)status.st_ino &&
            stat(list->files[i].path, &listed) == 0 && listed.st_dev == status.st_dev &&
            listed.st_ino == status.st_ino)
            return true;
    return false;
}
