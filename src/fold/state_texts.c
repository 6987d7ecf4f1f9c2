#include "course_funnel/state_texts.h"

#include "course_funnel/key_group.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Fewer idle texts than this are never worth the work. */
#define LEAST_IDLE 4096

struct state_text_slot {
    uint32_t tag;    /* upper half of the text's hash */
    uint32_t number; /* 0: the slot is free */
};

static uint64_t hash_of(const struct state_texts *texts, uint32_t number)
{
    const struct state_text *text = &texts->texts[number - 1];
    return key_group_hash(texts->bytes + text->begin, text->bytes);
}

static void place(struct state_texts *texts, uint64_t hash, uint32_t number)
{
    uint32_t at = (uint32_t)hash & (texts->size - 1);
    while (texts->slots[at].number != 0)
        at = (at + 1) & (texts->size - 1);
    texts->slots[at] = (struct state_text_slot){(uint32_t)(hash >> 32), number};
}

static void place_all(struct state_texts *texts)
{
    memset(texts->slots, 0, texts->size * sizeof *texts->slots);
    for (uint32_t number = 1; number <= texts->count; number++)
        if (texts->texts[number - 1].bytes > 0)
            place(texts, hash_of(texts, number), number);
}

/* Let idle texts go: their bytes and slots are used anew, and their numbers too. */
static void sweep(struct state_texts *texts)
{
    char *kept = malloc(texts->used_bytes);
    uint64_t kept_bytes = 0;
    /* Without memory they stay, which costs no more than they did before. */
    if (kept == NULL)
        return;
    for (uint32_t i = 0; i < texts->count; i++) {
        struct state_text *text = &texts->texts[i];
        if (text->uses == 0)
            text->bytes = 0;
        if (text->bytes > 0)
            memcpy(kept + kept_bytes, texts->bytes + text->begin, text->bytes);
        text->begin = kept_bytes;
        kept_bytes += text->bytes;
    }
    free(texts->bytes);
    texts->bytes = kept;
    texts->capacity_bytes = texts->used_bytes;
    texts->used_bytes = kept_bytes;
    texts->idle = 0;
    texts->first_free = 0;
    for (uint32_t i = texts->count; i > 0; i--)
        if (texts->texts[i - 1].bytes == 0) {
            texts->texts[i - 1].begin = texts->first_free;
            texts->first_free = i;
        }
    place_all(texts);
}

/* Room for one more text of ${bytes}. */
static int reserve(struct state_texts *texts, uint32_t bytes, struct failure *failure)
{
    if (texts->first_free == 0 && texts->count == texts->capacity) {
        uint64_t wanted = (uint64_t)texts->capacity + texts->capacity / 2 + 64;
        if (wanted > UINT32_MAX)
            return failure_set(failure, EXIT_BUG,
                               "There are over 2 billion entry points, which is the limit: "
                               "use more ranks.");
        void *grown = realloc(texts->texts, wanted * sizeof *texts->texts);
        if (grown == NULL)
            return failure_memory(failure, "entry points", wanted * sizeof *texts->texts);
        texts->texts = grown;
        texts->capacity = (uint32_t)wanted;
    }
    if (texts->used_bytes + bytes > texts->capacity_bytes) {
        uint64_t wanted = texts->used_bytes + texts->used_bytes / 2 + bytes + 4096;
        char *grown = realloc(texts->bytes, wanted);
        if (grown == NULL)
            return failure_memory(failure, "entry points", wanted);
        texts->bytes = grown;
        texts->capacity_bytes = wanted;
    }
    if ((uint64_t)texts->count * 4 >= (uint64_t)texts->size * 3) {
        uint32_t size = texts->size > 0 ? 2 * texts->size : 256;
        struct state_text_slot *slots =
            texts->size <= UINT32_MAX / 4 ? calloc(size, sizeof *slots) : NULL;
        if (slots == NULL)
            return failure_memory(failure, "entry points", size * sizeof *slots);
        free(texts->slots);
        texts->slots = slots;
        texts->size = size;
        place_all(texts);
    }
    return 0;
}

static uint32_t find(const struct state_texts *texts, uint64_t hash, const char *text,
                     uint32_t bytes)
{
    if (texts->size == 0)
        return 0;
    uint32_t at = (uint32_t)hash & (texts->size - 1);
    for (; texts->slots[at].number != 0; at = (at + 1) & (texts->size - 1)) {
        const struct state_text_slot *slot = &texts->slots[at];
        const struct state_text *found = &texts->texts[slot->number - 1];
        if (slot->tag == (uint32_t)(hash >> 32) && found->bytes == bytes &&
            memcmp(texts->bytes + found->begin, text, bytes) == 0)
            return slot->number;
    }
    return 0;
}

uint32_t state_texts_take(struct state_texts *texts, const char *text, uint32_t bytes,
                          struct failure *failure)
{
    uint64_t hash = key_group_hash(text, bytes);
    uint32_t number = find(texts, hash, text, bytes);
    if (number != 0) {
        texts->idle -= texts->texts[number - 1].uses == 0;
        texts->texts[number - 1].uses++;
        return number;
    }
    if (reserve(texts, bytes, failure) != 0)
        return 0;
    number = texts->first_free;
    if (number != 0)
        texts->first_free = (uint32_t)texts->texts[number - 1].begin;
    else
        number = ++texts->count;
    texts->texts[number - 1] =
        (struct state_text){.begin = texts->used_bytes, .bytes = bytes, .uses = 1};
    memcpy(texts->bytes + texts->used_bytes, text, bytes);
    texts->used_bytes += bytes;
    place(texts, hash, number);
    return number;
}

void state_texts_drop(struct state_texts *texts, uint32_t number)
{
    if (--texts->texts[number - 1].uses > 0)
        return;
    texts->idle++;
    if (texts->idle >= LEAST_IDLE && texts->idle > texts->count / 2)
        sweep(texts);
}

const char *state_texts_get(const struct state_texts *texts, uint32_t number, uint32_t *bytes)
{
    *bytes = texts->texts[number - 1].bytes;
    return texts->bytes + texts->texts[number - 1].begin;
}

void state_texts_clear(struct state_texts *texts)
{
    free(texts->texts);
    free(texts->bytes);
    free(texts->slots);
    memset(texts, 0, sizeof *texts);
}
