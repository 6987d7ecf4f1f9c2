#include "course_funnel/entries.h"

#include <stdlib.h>
#include <string.h>

void entries_clear(struct entries *entries)
{
    free(entries->entries);
    free(entries->cuts);
    free(entries->bytes);
    memset(entries, 0, sizeof *entries);
}

int entries_compare_texts(const struct entry *a, const struct entry *b)
{
    int order = memcmp(a->text, b->text, a->bytes < b->bytes ? a->bytes : b->bytes);
    return order != 0 ? order : a->bytes < b->bytes ? -1 : a->bytes > b->bytes;
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->course_id != y->course_id)
        return x->course_id < y->course_id ? -1 : 1;
    if (x->week != y->week)
        return x->week < y->week ? -1 : 1;
    return entries_compare_texts(x, y);
}

void entries_sort(struct entry *entries, size_t *count)
{
    size_t last = 0;
    if (*count == 0)
        return;
    qsort(entries, *count, sizeof *entries, compare);
    for (size_t i = 1; i < *count; i++) {
        if (compare(&entries[last], &entries[i]) == 0) {
            entries[last].users_started += entries[i].users_started;
            entries[last].users_completed += entries[i].users_completed;
        } else {
            entries[++last] = entries[i];
        }
    }
    *count = last + 1;
}

size_t entries_packed_bytes(const struct entry *entry)
{
    return sizeof *entry + (((size_t)entry->bytes + 7) & ~(size_t)7);
}

unsigned char *entries_pack(unsigned char *at, const struct entry *entry)
{
    size_t bytes = entries_packed_bytes(entry);
    struct entry packed = *entry;
    packed.text = NULL;
    memset(at + bytes - 8, 0, 8);
    memcpy(at, &packed, sizeof packed);
    memcpy(at + sizeof packed, entry->text, entry->bytes);
    return at + bytes;
}

int entries_unpack(const unsigned char *bytes, size_t byte_count, struct entry **entries,
                   size_t *count, struct failure *failure)
{
    /* First how many there are. */
    *entries = NULL;
    for (int pass = 0; pass < 2; pass++) {
        *count = 0;
        for (size_t at = 0; at < byte_count; ++*count) {
            struct entry entry;
            if (byte_count - at < sizeof entry)
                return failure_set(failure, EXIT_BUG, "Bytes were received that are no entries.");
            memcpy(&entry, bytes + at, sizeof entry);
            if (entries_packed_bytes(&entry) > byte_count - at)
                return failure_set(failure, EXIT_BUG, "Bytes were received that are no entries.");
            entry.text = (const char *)bytes + at + sizeof entry;
            if (pass > 0)
                (*entries)[*count] = entry;
            at += entries_packed_bytes(&entry);
        }
        if (pass == 0)
            *entries = malloc((*count + 1) * sizeof **entries);
        if (*entries == NULL)
            return failure_memory(failure, "entry points", *count * sizeof **entries);
    }
    return 0;
}
