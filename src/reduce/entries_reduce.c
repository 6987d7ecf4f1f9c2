#include "course_funnel/entries.h"

#include "trade.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * Each text of a course, with the users of all its cohorts, is judged as an entry of week 0. The
 * ranks that own texts name their first ENTRIES_MOST + 1 to rank 0, which is enough for it to find
 * the last one that stays.
 */

static bool is_literal(const struct entry *entry)
{
    static const char *const literals[] = {ENTRIES_NONE, ENTRIES_NO_START, ENTRIES_OTHER};
    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++)
        if (entry->bytes == strlen(literals[i]) &&
            memcmp(entry->text, literals[i], entry->bytes) == 0)
            return true;
    return false;
}

static int owner_of(const struct entry *entry, int ranks)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint32_t)entry->course_id;
    for (uint32_t i = 0; i < entry->bytes; i++)
        hash = (hash ^ (unsigned char)entry->text[i]) * UINT64_C(0x100000001b3);
    return (int)((hash ^ hash >> 32) % (uint32_t)ranks);
}

/* By course; then those with most users first, of equal ones that with the lower text. */
static int by_users(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->course_id != y->course_id)
        return x->course_id < y->course_id ? -1 : 1;
    if (x->users_started != y->users_started)
        return x->users_started > y->users_started ? -1 : 1;
    return entries_compare_texts(x, y);
}

/* Entries as bytes that the caller frees. */
static int pack_all(const struct entry *entries, size_t count, unsigned char **bytes,
                    size_t *byte_count, struct failure *failure)
{
    *byte_count = 0;
    for (size_t i = 0; i < count; i++)
        *byte_count += entries_packed_bytes(&entries[i]);
    *bytes = malloc(*byte_count + 1);
    if (*bytes == NULL)
        return failure_memory(failure, "entry points", *byte_count);
    unsigned char *at = *bytes;
    for (size_t i = 0; i < count; i++)
        at = entries_pack(at, &entries[i]);
    return 0;
}

/* The rank's entries by the rank that owns them. The caller frees ${bytes} and ${begins}. */
static int pack_for_owners(int ranks, const struct entries *entries, unsigned char **bytes,
                           size_t **begins, struct failure *failure)
{
    *begins = calloc((size_t)ranks + 2, sizeof **begins);
    if (*begins == NULL)
        return failure_memory(failure, "entry points", (size_t)ranks * sizeof **begins);
    /* First how many bytes each rank gets, two places behind its own; then where they begin. */
    size_t *next = *begins + 1;
    for (size_t i = 0; i < entries->count; i++)
        next[owner_of(&entries->entries[i], ranks) + 1] +=
            entries_packed_bytes(&entries->entries[i]);
    for (int i = 0; i < ranks; i++)
        next[i + 1] += next[i];
    *bytes = malloc(next[ranks] + 1);
    if (*bytes == NULL)
        return failure_memory(failure, "entry points", next[ranks]);
    for (size_t i = 0; i < entries->count; i++) {
        size_t *at = &next[owner_of(&entries->entries[i], ranks)];
        *at += (size_t)(entries_pack(*bytes + *at, &entries->entries[i]) - (*bytes + *at));
    }
    return 0;
}

/* This rank's entries become those that it owns. */
static int trade(struct ranks *ranks, struct entries *entries, struct failure *failure)
{
    struct entries owned = {0};
    unsigned char *bytes = NULL;
    size_t *begins = NULL, byte_count = 0;
    (void)pack_for_owners(ranks_count(ranks), entries, &bytes, &begins, failure);
    entries_clear(entries);
    if (ranks_vote(ranks, failure) == 0 &&
        trade_bytes(ranks, bytes, begins, &owned.bytes, &byte_count, failure) == 0 &&
        entries_unpack(owned.bytes, byte_count, &owned.entries, &owned.count, failure) == 0)
        entries_sort(owned.entries, &owned.count);
    free(bytes);
    free(begins);
    *entries = owned;
    return ranks_vote(ranks, failure);
}

/* What each text of a course has in all cohorts; literals are not judged. The caller frees it. */
static int add_up(const struct entries *entries, struct entry **texts, size_t *count,
                  struct failure *failure)
{
    *count = 0;
    *texts = malloc((entries->count + 1) * sizeof **texts);
    if (*texts == NULL)
        return failure_memory(failure, "entry points", entries->count * sizeof **texts);
    for (size_t i = 0; i < entries->count; i++) {
        struct entry text = entries->entries[i];
        text.week = 0;
        if (!is_literal(&text))
            (*texts)[(*count)++] = text;
    }
    entries_sort(*texts, count);
    qsort(*texts, *count, sizeof **texts, by_users);
    return 0;
}

/* Of each course the first ${most}, of texts that are in order. */
static void keep_first(struct entry *texts, size_t *count, size_t most)
{
    size_t kept = 0, of_course = 0;
    for (size_t i = 0; i < *count; i++) {
        of_course = i > 0 && texts[i].course_id == texts[i - 1].course_id ? of_course + 1 : 0;
        if (of_course < most)
            texts[kept++] = texts[i];
    }
    *count = kept;
}

/* Of each course with too many texts, the last that stays, out of those that all ranks named. */
static int find_last(const unsigned char *named, size_t named_bytes, unsigned char **last,
                     size_t *last_bytes, struct failure *failure)
{
    struct entry *texts = NULL;
    size_t count = 0, found = 0, of_course = 0;
    if (entries_unpack(named, named_bytes, &texts, &count, failure) != 0) {
        free(texts);
        return -1;
    }
    qsort(texts, count, sizeof *texts, by_users);
    for (size_t i = 0; i < count; i++) {
        of_course = i > 0 && texts[i].course_id == texts[i - 1].course_id ? of_course + 1 : 0;
        /* The one before is the last that stays, as there is one too many. */
        if (of_course == ENTRIES_MOST)
            texts[found++] = texts[i - 1];
    }
    int result = pack_all(texts, found, last, last_bytes, failure);
    free(texts);
    return result;
}

/* The last text that stays of each course with too many, on every rank. */
static int agree(struct ranks *ranks, struct entry *texts, size_t count, unsigned char **last,
                 size_t *last_bytes, struct failure *failure)
{
    unsigned char *own = NULL, *named = NULL;
    size_t own_bytes = 0, named_bytes = 0;
    *last = NULL;
    *last_bytes = 0;
    keep_first(texts, &count, ENTRIES_MOST + 1);
    (void)pack_all(texts, count, &own, &own_bytes, failure);
    if (ranks_vote(ranks, failure) == 0)
        (void)ranks_gather(ranks, own, own_bytes, &named, &named_bytes, failure);
    else
        goto free_all;
    if (ranks_rank(ranks) == 0 && failure->code == 0)
        (void)find_last(named, named_bytes, last, last_bytes, failure);
    (void)ranks_share(ranks, last, last_bytes, failure);
    (void)ranks_vote(ranks, failure);
free_all:
    free(own);
    free(named);
    return failure->code != 0 ? -1 : 0;
}

/* The last text that stays of a course, or NULL: all stay. */
static const struct entry *last_of(const struct entry *last, size_t count, int32_t course_id)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (last[middle].course_id < course_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && last[low].course_id == course_id ? &last[low] : NULL;
}

static int by_text(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->course_id != y->course_id)
        return x->course_id < y->course_id ? -1 : 1;
    return entries_compare_texts(x, y);
}

/* Count the texts that do not stay, and leave of ${texts} only them, in the order of by_text. */
static int cut_texts(struct entries *entries, struct entry *texts, size_t *count,
                     const struct entry *last, size_t last_count, struct failure *failure)
{
    size_t cut = 0;
    entries->cuts = calloc(last_count + 1, sizeof *entries->cuts);
    if (entries->cuts == NULL)
        return failure_memory(failure, "entry points", last_count * sizeof *entries->cuts);
    entries->cut_count = last_count;
    for (size_t i = 0; i < last_count; i++)
        entries->cuts[i].course_id = last[i].course_id;
    for (size_t i = 0; i < *count; i++) {
        const struct entry *stays = last_of(last, last_count, texts[i].course_id);
        if (stays == NULL || by_users(&texts[i], stays) <= 0)
            continue;
        entries->cuts[stays - last].texts++;
        entries->cuts[stays - last].users += texts[i].users_started;
        texts[cut++] = texts[i];
    }
    *count = cut;
    qsort(texts, cut, sizeof *texts, by_text);
    return 0;
}

/* Let the entries of the texts that do not stay become those of ENTRIES_OTHER. */
static void rename_cut(struct entries *entries, const struct entry *cut, size_t cut_count)
{
    static const char other[] = ENTRIES_OTHER;
    for (size_t i = 0; i < entries->count && cut_count > 0; i++) {
        struct entry *entry = &entries->entries[i];
        if (is_literal(entry) || bsearch(entry, cut, cut_count, sizeof *cut, by_text) == NULL)
            continue;
        entry->text = other;
        entry->bytes = sizeof other - 1;
    }
    entries_sort(entries->entries, &entries->count);
}

/* The cuts of all ranks, which are of the same courses on each. */
static int sum_cuts(struct ranks *ranks, struct entries *entries, struct failure *failure)
{
    uint64_t *sums = calloc(2 * entries->cut_count + 1, sizeof *sums);
    if (sums == NULL)
        failure_memory(failure, "entry points", 2 * entries->cut_count * sizeof *sums);
    if (ranks_vote(ranks, failure) == 0) {
        for (size_t i = 0; i < entries->cut_count; i++) {
            sums[2 * i] = entries->cuts[i].texts;
            sums[2 * i + 1] = entries->cuts[i].users;
        }
        (void)ranks_sum(ranks, sums, 2 * entries->cut_count, failure);
        for (size_t i = 0; i < entries->cut_count; i++) {
            entries->cuts[i].texts = sums[2 * i];
            entries->cuts[i].users = sums[2 * i + 1];
        }
    }
    free(sums);
    return failure->code != 0 ? -1 : 0;
}

/* The entries of all ranks, on rank 0, with the sums of their cuts. */
static int gather(struct ranks *ranks, struct entries *entries, struct failure *failure)
{
    struct entries all = {0};
    unsigned char *bytes = NULL;
    size_t byte_count = 0, gathered_bytes = 0;
    (void)pack_all(entries->entries, entries->count, &bytes, &byte_count, failure);
    if (ranks_vote(ranks, failure) == 0 && sum_cuts(ranks, entries, failure) == 0) {
        (void)ranks_gather(ranks, bytes, byte_count, &all.bytes, &gathered_bytes, failure);
        if (ranks_rank(ranks) == 0 && failure->code == 0 &&
            entries_unpack(all.bytes, gathered_bytes, &all.entries, &all.count, failure) == 0) {
            entries_sort(all.entries, &all.count);
            all.cuts = entries->cuts;
            all.cut_count = entries->cut_count;
            entries->cuts = NULL;
        }
    }
    free(bytes);
    entries_clear(entries);
    *entries = all;
    return ranks_vote(ranks, failure);
}

int entries_reduce(struct ranks *ranks, struct entries *entries, struct failure *failure)
{
    struct entry *texts = NULL, *last = NULL;
    unsigned char *last_packed = NULL;
    size_t count = 0, last_count = 0, last_bytes = 0;
    if (trade(ranks, entries, failure) != 0)
        return -1;
    (void)add_up(entries, &texts, &count, failure);
    if (ranks_vote(ranks, failure) == 0) {
        /* What is named to rank 0 is a copy, as the texts are looked through again. */
        struct entry *named = malloc((count + 1) * sizeof *named);
        if (named == NULL)
            failure_memory(failure, "entry points", count * sizeof *named);
        else if (count > 0)
            memcpy(named, texts, count * sizeof *named);
        if (ranks_vote(ranks, failure) == 0 &&
            agree(ranks, named, count, &last_packed, &last_bytes, failure) == 0 &&
            entries_unpack(last_packed, last_bytes, &last, &last_count, failure) == 0 &&
            cut_texts(entries, texts, &count, last, last_count, failure) == 0)
            rename_cut(entries, texts, count);
        free(named);
    }
    int result = ranks_vote(ranks, failure) == 0 ? gather(ranks, entries, failure) : -1;
    free(texts);
    free(last);
    free(last_packed);
    return result;
}
