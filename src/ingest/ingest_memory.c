#include "ingest_memory.h"

#include "course_funnel/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int ingest_memory_create(const struct ingest *in, struct ingest_memory *memory,
                         struct failure *failure)
{
    size_t count = (size_t)ranks_count(in->ranks);
    if (in->room == NULL || in->state == NULL)
        return 0;
    memory->held = calloc(2 * count, sizeof *memory->held);
    if (memory->held == NULL)
        return failure_memory(failure, "limits of memory", 2 * count * sizeof *memory->held);
    memory->needed = memory->held + count;
    return 0;
}

void ingest_memory_clear(struct ingest_memory *memory)
{
    free(memory->held);
    *memory = (struct ingest_memory){0};
}

void ingest_memory_tell(const struct ingest *in, struct exchange_word *word)
{
    if (in->room == NULL || in->state == NULL)
        return;
    word->held_bytes = room_held_bytes(in->room);
    word->state_bytes = state_record_bytes(in->state);
}

/* What each rank needs if all states together grow by so much: each by its share. */
static void ask(const struct ingest *in, const struct ingest_memory *memory,
                const struct exchange_word *words, uint64_t state_bytes, uint64_t more_bytes,
                struct room_answer *answer)
{
    int count = ranks_count(in->ranks);
    double share = state_bytes > 0 ? (double)more_bytes / (double)state_bytes : 0;
    for (int i = 0; i < count; i++) {
        memory->held[i] = words[i].held_bytes;
        memory->needed[i] = words[i].held_bytes + (uint64_t)(share * (double)words[i].state_bytes);
    }
    room_ask(in->room, memory->held, memory->needed, answer);
}

int ingest_memory_judge(const struct ingest *in, struct ingest_memory *memory,
                        const struct exchange_word *words, uint64_t read_bytes, uint64_t left_bytes,
                        struct failure *failure)
{
    struct room_answer answer;
    uint64_t state_bytes = 0;
    if (memory->held == NULL)
        return 0;
    for (int i = 0; i < ranks_count(in->ranks); i++)
        state_bytes += words[i].state_bytes;
    forecast_note(&memory->forecast, read_bytes, state_bytes);
    uint64_t likely_bytes = forecast_likely_bytes(&memory->forecast, left_bytes);
    if (likely_bytes == 0)
        return 0;
    double percent = 100.0 * (double)left_bytes / (double)(read_bytes + left_bytes);
    ask(in, memory, words, state_bytes, likely_bytes, &answer);
    if (answer.needed_bytes <= answer.allowed_bytes)
        return 0;
    if (!memory->is_warned)
        log_warning("Memory will not suffice if the rest of the input (%.0f %%) is like what was "
                    "read: about %" PRIu64 " MB are needed on %s, and %" PRIu64
                    " MB are allowed there (%s). The run goes on until that is sure.",
                    percent, answer.needed_bytes / 1000000,
                    ranks_host(in->ranks, ranks_rank(in->ranks)), answer.allowed_bytes / 1000000,
                    answer.where);
    memory->is_warned = true;
    ask(in, memory, words, state_bytes, forecast_sure_bytes(&memory->forecast, left_bytes),
        &answer);
    if (answer.needed_bytes <= answer.allowed_bytes)
        return 0;
    char what[64];
    snprintf(what, sizeof what, "The rest of the input (%.0f %%)", percent);
    return room_refuse(in->room, what, &answer, failure);
}
