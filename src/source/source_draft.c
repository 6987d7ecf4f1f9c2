#include "source_internal.h"

#include <stdlib.h>
#include <string.h>

/* Make room for one more element of ${bytes}. */
static int grow(void **elements, size_t count, size_t *capacity, size_t bytes, const char *what,
                struct failure *failure)
{
    if (count < *capacity)
        return 0;
    size_t wanted = *capacity < 64 ? 64 : *capacity + *capacity / 2;
    void *grown = reallocarray(*elements, wanted, bytes);
    if (grown == NULL)
        return failure_memory(failure, what, wanted * bytes);
    *elements = grown;
    *capacity = wanted;
    return 0;
}

int source_draft_tell(const struct source_draft *draft, size_t looked_at, struct failure *failure)
{
    if (draft->watch == NULL)
        return 0;
    return draft->watch->told(draft->watch->whom, looked_at, draft->list->file_count, failure);
}

int source_draft_file(struct source_draft *draft, char *path, struct failure *failure)
{
    struct source_list *list = draft->list;
    void *files = list->files;
    if (grow(&files, list->file_count, &draft->file_capacity, sizeof *list->files,
             "the list of files", failure) != 0) {
        free(path);
        return -1;
    }
    list->files = files;
    list->files[list->file_count++] = (struct source_file){.path = path};
    return source_draft_tell(draft, 0, failure);
}

int source_draft_split(struct source_draft *draft, const struct source_split *split,
                       struct failure *failure)
{
    struct source_list *list = draft->list;
    void *splits = list->splits;
    if (grow(&splits, list->split_count, &draft->split_capacity, sizeof *list->splits,
             "the list of splits", failure) != 0)
        return -1;
    list->splits = splits;
    list->splits[list->split_count++] = *split;
    list->disk_bytes += split->disk_bytes;
    return 0;
}

int source_draft_note(struct source_draft *draft, enum source_note_kind kind, const char *path,
                      const char *what, struct failure *failure)
{
    struct source_list *list = draft->list;
    void *notes = list->notes;
    if (grow(&notes, list->note_count, &draft->note_capacity, sizeof *list->notes,
             "the notes on files", failure) != 0)
        return -1;
    list->notes = notes;

    size_t capacity = 4 * strlen(path) + 1;
    char *shown = malloc(capacity);
    if (shown == NULL)
        return failure_memory(failure, "the notes on files", capacity);
    source_names_show(path, shown, capacity);
    list->notes[list->note_count++] =
        (struct source_note){.kind = kind, .path = shown, .what = what};
    return 0;
}

int source_draft_project(struct source_draft *draft, const char *base, struct failure *failure)
{
    struct source_list *list = draft->list;
    void *projects = list->projects;
    size_t bytes = source_names_project_bytes(base);
    if (bytes == 0)
        return 0;
    /* There are few of them, and files in the order of names come project by project. */
    for (size_t i = list->project_count; i > 0; i--)
        if (strlen(list->projects[i - 1].number) == bytes &&
            memcmp(list->projects[i - 1].number, base, bytes) == 0) {
            list->projects[i - 1].files++;
            return 0;
        }
    if (grow(&projects, list->project_count, &draft->project_capacity, sizeof *list->projects,
             "the projects of files", failure) != 0)
        return -1;
    list->projects = projects;
    char *number = strndup(base, bytes);
    if (number == NULL)
        return failure_memory(failure, "the projects of files", bytes);
    list->projects[list->project_count++] = (struct source_project){.number = number, .files = 1};
    return 0;
}

static int compare_files(const void *left, const void *right)
{
    const struct source_file *a = left, *b = right;
    return strcmp(a->path, b->path);
}

int source_draft_sort_files(struct source_draft *draft, struct failure *failure)
{
    struct source_list *list = draft->list;
    if (list->file_count == 0)
        return 0;
    qsort(list->files, list->file_count, sizeof *list->files, compare_files);

    size_t kept = 1;
    int result = 0;
    for (size_t i = 1; i < list->file_count; i++) {
        if (strcmp(list->files[i].path, list->files[kept - 1].path) != 0) {
            list->files[kept++] = list->files[i];
            continue;
        }
        if (result == 0)
            result = source_draft_note(draft, SOURCE_NOTE_REMARK, list->files[i].path,
                                       "named more than once, read once", failure);
        free(list->files[i].path);
    }
    list->file_count = kept;
    return result;
}

static int compare_notes(const void *left, const void *right)
{
    const struct source_note *a = left, *b = right;
    int order = strcmp(a->path, b->path);
    return order != 0 ? order : strcmp(a->what, b->what);
}

static void sort_notes(struct source_list *list)
{
    if (list->note_count == 0)
        return;
    qsort(list->notes, list->note_count, sizeof *list->notes, compare_notes);
    size_t kept = 1;
    for (size_t i = 1; i < list->note_count; i++) {
        if (compare_notes(&list->notes[i], &list->notes[kept - 1]) != 0)
            list->notes[kept++] = list->notes[i];
        else
            free(list->notes[i].path);
    }
    list->note_count = kept;
}

int source_draft_finish(struct source_draft *draft, struct failure *failure)
{
    sort_notes(draft->list);
    return source_fingerprint(draft->list->files, draft->list->file_count, draft->list->fingerprint,
                              failure);
}

int source_add_note(struct source_list *list, enum source_note_kind kind, char *path,
                    const char *what, struct failure *failure)
{
    struct source_note *notes = reallocarray(list->notes, list->note_count + 1, sizeof *notes);
    if (notes == NULL) {
        free(path);
        return failure_memory(failure, "the notes on files", sizeof *notes);
    }
    list->notes = notes;
    notes[list->note_count++] = (struct source_note){.kind = kind, .path = path, .what = what};
    return 0;
}
