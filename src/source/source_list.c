#include "source_internal.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Folders that are still to be walked. */
struct folders {
    char **paths;
    size_t count;
    size_t capacity;
};

static int fail_path(const char *path, const char *what, int error, struct failure *failure)
{
    char shown[SOURCE_SHOWN_BYTES];
    source_names_show(path, shown, sizeof shown);
    return failure_set(failure, EXIT_SOURCE, "%s: %s: %s.", shown, what, strerror(error));
}

/* Takes ${path} over, also when it fails. */
static int push_folder(struct folders *folders, char *path, struct failure *failure)
{
    if (folders->count == folders->capacity) {
        size_t wanted = folders->capacity + folders->capacity / 2 + 16;
        char **grown = reallocarray(folders->paths, wanted, sizeof *grown);
        if (grown == NULL) {
            free(path);
            return failure_memory(failure, "the folders to walk", wanted * sizeof *grown);
        }
        folders->paths = grown;
        folders->capacity = wanted;
    }
    folders->paths[folders->count++] = path;
    return 0;
}

/* Read, or left out with a note, by its name. Takes ${path}, a regular file's, over. */
static int take_file(struct source_draft *draft, char *path, const char *base,
                     struct failure *failure)
{
    enum source_note_kind kind;
    const char *left_out = source_names_left_out(base, &kind);
    if (left_out == NULL)
        return source_draft_file(draft, path, failure);
    int result = source_draft_note(draft, kind, path, left_out, failure);
    free(path);
    return result;
}

/* A symbolic link met in a walk: to a file it is followed, to a folder it is not: it may loop. */
static int take_link(struct source_draft *draft, const char *path, const char *base,
                     struct failure *failure)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return fail_path(path, "is a symbolic link that can't be followed", errno, failure);
    if (S_ISDIR(status.st_mode))
        return source_draft_note(draft, SOURCE_NOTE_LEFT_OUT, path,
                                 "symbolic link to a directory, left out: name it to read it",
                                 failure);
    if (!S_ISREG(status.st_mode))
        return source_draft_note(draft, SOURCE_NOTE_LEFT_OUT, path, "not a regular file, left out",
                                 failure);
    char *real = realpath(path, NULL);
    if (real == NULL)
        return fail_path(path, "is a symbolic link that can't be followed", errno, failure);
    return take_file(draft, real, base, failure);
}

static int take_entry(struct source_draft *draft, struct folders *folders, const char *folder,
                      const struct dirent *entry, struct failure *failure)
{
    char *path;
    if (asprintf(&path, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, entry->d_name) < 0)
        return failure_memory(failure, "a path", strlen(folder) + strlen(entry->d_name) + 2);

    unsigned type = entry->d_type;
    struct stat status;
    if (type == DT_UNKNOWN) {
        if (lstat(path, &status) != 0) {
            fail_path(path, "its state can't be read", errno, failure);
            free(path);
            return -1;
        }
        type = IFTODT(status.st_mode);
    }
    if (type == DT_DIR)
        return push_folder(folders, path, failure);
    if (type == DT_REG)
        return take_file(draft, path, entry->d_name, failure);
    int result = type == DT_LNK ? take_link(draft, path, entry->d_name, failure)
                                : source_draft_note(draft, SOURCE_NOTE_LEFT_OUT, path,
                                                    "not a regular file, left out", failure);
    free(path);
    return result;
}

static int walk_folder(struct source_draft *draft, struct folders *folders, const char *folder,
                       struct failure *failure)
{
    if (source_draft_tell(draft, 0, failure) != 0)
        return -1;
    DIR *stream = opendir(folder);
    if (stream == NULL)
        return fail_path(folder, "the directory can't be opened", errno, failure);

    int result = 0;
    while (result == 0) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL) {
            if (errno != 0)
                result = fail_path(folder, "the directory can't be read", errno, failure);
            break;
        }
        if (entry->d_name[0] != '.')
            result = take_entry(draft, folders, folder, entry, failure);
    }
    if (closedir(stream) != 0 && result == 0)
        result = fail_path(folder, "the directory can't be closed", errno, failure);
    return result;
}

/* ${path} is real and is taken over. */
static int walk(struct source_draft *draft, char *path, struct failure *failure)
{
    struct folders folders = {0};
    int result = push_folder(&folders, path, failure);
    while (result == 0 && folders.count > 0) {
        char *folder = folders.paths[--folders.count];
        result = walk_folder(draft, &folders, folder, failure);
        free(folder);
    }
    for (size_t i = 0; i < folders.count; i++)
        free(folders.paths[i]);
    free(folders.paths);
    return result;
}

/* Take what exists by the name ${name}; ${matched}: a pattern matched it, nobody named it. */
static int take_name(void *draft, const char *name, bool matched, struct failure *failure)
{
    struct stat status;
    if (stat(name, &status) != 0)
        return fail_path(name, "can't be read", errno, failure);
    bool folder = S_ISDIR(status.st_mode);
    if (!folder && !S_ISREG(status.st_mode)) {
        if (matched)
            return source_draft_note(draft, SOURCE_NOTE_LEFT_OUT, name,
                                     "not a regular file, left out", failure);
        char shown[SOURCE_SHOWN_BYTES];
        source_names_show(name, shown, sizeof shown);
        return failure_set(failure, EXIT_SOURCE,
                           "%s: is not a regular file. Files are read in parts and more than once, "
                           "which a pipe or a device does not allow: write what it gives to a file "
                           "and name that.",
                           shown);
    }
    char *real = realpath(name, NULL);
    if (real == NULL)
        return fail_path(name, "can't be read", errno, failure);
    if (folder)
        return walk(draft, real, failure);
    /* Also where it was named: a shell names all that its pattern matches. */
    return take_file(draft, real, source_names_base(name), failure);
}

/* What glob meets on its way: a folder that is not there is no trouble, one that is locked is. */
static int is_trouble(const char *path, int error)
{
    (void)path;
    return error != ENOENT && error != ENOTDIR;
}

/* glob takes the ** of other tools, any folders below, for one *, and would miss most files. */
static bool has_deep_star(const char *pattern)
{
    for (const char *at = pattern; (at = strstr(at, "**")) != NULL; at += 2)
        if ((at == pattern || at[-1] == '/') && (at[2] == '/' || at[2] == '\0'))
            return true;
    return false;
}

/* Whether ${name} begins as an address does: a word, then "://". */
static bool is_address(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t letter_bytes = strspn(name, letters);
    size_t bytes = letter_bytes + strspn(name + letter_bytes, "0123456789+-.");
    return letter_bytes > 0 && strncmp(name + bytes, "://", 3) == 0;
}

/* There is nothing by a name that is no pattern for files either: say what to do instead. */
static int refuse_name(const char *name, const char *shown, struct failure *failure)
{
    if (strcmp(name, "-") == 0)
        return failure_set(failure, EXIT_SOURCE,
                           "-: standard input is not read: files are read in parts and more than "
                           "once. Write what comes there to a file and name that.");
    return failure_set(failure, EXIT_SOURCE,
                       "%s: is an address, and only files are read. Fetch what is there first (aws "
                       "s3 sync, gsutil rsync, curl -O), or mount it, and name the folder.",
                       shown);
}

static int visit_matches(const char *pattern, source_visit *visit, void *whom,
                         struct failure *failure)
{
    char shown[SOURCE_SHOWN_BYTES];
    source_names_show(pattern, shown, sizeof shown);

    if (strcmp(pattern, "-") == 0 || is_address(pattern))
        return refuse_name(pattern, shown, failure);
    if (has_deep_star(pattern))
        return failure_set(failure, EXIT_SOURCE,
                           "%s: ** does not stand for folders below. Name the folder itself, which "
                           "is walked with all that is in it.",
                           shown);
    glob_t matches;
    int result = 0;
    switch (glob(pattern, GLOB_NOSORT, is_trouble, &matches)) {
    case 0:
        for (size_t i = 0; i < matches.gl_pathc && result == 0; i++)
            result = visit(whom, matches.gl_pathv[i], true, failure);
        break;
    case GLOB_NOMATCH:
        result =
            failure_set(failure, EXIT_SOURCE,
                        "%s: nothing matches. Name files, directories or globs that exist.", shown);
        break;
    case GLOB_NOSPACE:
        result = failure_memory(failure, "the matches of a pattern", 0);
        break;
    default:
        result = failure_set(failure, EXIT_SOURCE,
                             "%s: a directory that the pattern leads to can't be read. See to its "
                             "permissions.",
                             shown);
    }
    globfree(&matches);
    return result;
}

int source_list_visit(const char *from, source_visit *visit, void *whom, struct failure *failure)
{
    struct stat status;
    if (lstat(from, &status) == 0)
        return visit(whom, from, false, failure);
    if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)
        return visit_matches(from, visit, whom, failure);
    return fail_path(from, "can't be read", errno, failure);
}

static int find(void *whom, const char *name, bool matched, struct failure *failure)
{
    (void)whom;
    (void)name;
    (void)matched;
    (void)failure;
    return 0;
}

bool source_matches(const char *from)
{
    struct failure nothing = {0};
    return source_list_visit(from, find, NULL, &nothing) == 0;
}

int source_list(const char *const *from, size_t from_count, const struct source_limits *limits,
                const struct source_watch *watch, struct source_list **list,
                struct failure *failure)
{
    return source_list_new(from, from_count, limits, watch, NULL, list, failure);
}

int source_list_new(const char *const *from, size_t from_count, const struct source_limits *limits,
                    const struct source_watch *watch, struct source_known *known,
                    struct source_list **list, struct failure *failure)
{
    *list = NULL;
    struct source_draft draft = {
        .limits = limits, .watch = watch, .list = calloc(1, sizeof(struct source_list))};
    if (draft.list == NULL)
        return failure_memory(failure, "the list of files", sizeof *draft.list);

    int result = 0;
    for (size_t i = 0; i < from_count && result == 0; i++)
        result = source_list_visit(from[i], take_name, &draft, failure);
    if (result == 0)
        result = source_draft_sort_files(&draft, failure);
    if (result == 0 && known != NULL)
        source_draft_leave_known(&draft, known);
    if (result == 0)
        result = source_split_files(&draft, failure);
    if (result == 0)
        result = source_draft_finish(&draft, failure);
    if (result != 0) {
        source_free(draft.list);
        return -1;
    }
    *list = draft.list;
    return 0;
}

void source_free(struct source_list *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; i < list->file_count; i++)
        free(list->files[i].path);
    for (size_t i = 0; i < list->note_count; i++)
        free(list->notes[i].path);
    for (size_t i = 0; i < list->project_count; i++)
        free(list->projects[i].number);
    free(list->projects);
    free(list->files);
    free(list->splits);
    free(list->notes);
    free(list);
}

int source_name(const struct source_list *list, size_t split, char **name, struct failure *failure)
{
    *name = NULL;
    const struct source_file *file = &list->files[list->splits[split].file];
    /* As a zip archive keeps the length of a name in 16 bits, this is enough for any of them. */
    size_t capacity = 4 * (strlen(file->path) + UINT16_MAX) + 2;
    char *shown = malloc(file->format == SOURCE_ZIP ? capacity : 4 * strlen(file->path) + 1);
    if (shown == NULL)
        return failure_memory(failure, "a name", capacity);
    if (file->format != SOURCE_ZIP) {
        source_names_show(file->path, shown, 4 * strlen(file->path) + 1);
        *name = shown;
        return 0;
    }

    struct source_handle handle;
    struct source_zip *zip = NULL;
    int result = source_handle_open(&handle, file, failure);
    if (result == 0) {
        result = source_zip_open(&zip, &handle, failure);
        if (result == 0)
            result = source_zip_show(zip, list->splits[split].entry, shown, capacity, failure);
        source_zip_close(zip);
        source_handle_close(&handle);
    }
    if (result != 0) {
        free(shown);
        return -1;
    }
    *name = shown;
    return 0;
}

size_t source_first_split(const struct source_list *list, size_t split)
{
    const struct source_split *splits = list->splits;
    /* All ranges of a file but the last are of one size. */
    if (splits[split].begin == 0 || splits[split].format != SOURCE_PLAIN)
        return split;
    return split -
           (size_t)(splits[split].begin / (splits[split - 1].end - splits[split - 1].begin));
}

uint32_t source_split_of_file(const struct source_list *list, size_t split)
{
    /* Splits come in the order of files: find the first of this one. */
    size_t low = 0, high = split;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->splits[middle].file < list->splits[split].file)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)(split - low);
}

/* Whether a file has the first ${bytes} of a name as its path. */
static bool has_path(const struct source_list *list, const char *name, size_t bytes)
{
    size_t low = 0, high = list->file_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *path = list->files[middle].path;
        int order = strncmp(path, name, bytes);
        if (order == 0 && path[bytes] == '\0')
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool source_has_name(const struct source_list *list, const char *name)
{
    /* An entry stands behind a '!', which may stand in paths too. */
    for (size_t bytes = strlen(name); bytes > 0; bytes--)
        if ((name[bytes] == '\0' || name[bytes] == '!') && has_path(list, name, bytes))
            return true;
    return false;
}
