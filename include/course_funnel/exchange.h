#ifndef COURSE_FUNNEL_EXCHANGE_H
#define COURSE_FUNNEL_EXCHANGE_H

#include "course_funnel/event.h"
#include "course_funnel/failure.h"
#include "course_funnel/ranks.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Events → the rank that owns their user, in rounds. While a rank collects the events of one
 * round, those of the round before are on their way. In every round each rank also tells all
 * others a few words about itself (struct exchange_word), so that all take the same decisions from
 * the same knowledge: which splits go to whom, whether to stop, whether somebody failed.
 */

/* What a rank tells in a round. Plain data. */
struct exchange_word {
    uint32_t failed;       /* 1: this rank holds a failure; all leave together */
    uint32_t idle;         /* 1: it has no work left, and sends no events in this round */
    uint32_t stop;         /* 1: it was asked to stop */
    uint32_t pause;        /* 1: it wants a pause */
    uint64_t wanted_bytes; /* size of the splits that it asks for; 0: none */
    uint64_t reading;      /* what it reads next: the split's number, from 1; 0: nothing */
    uint64_t done_bytes;   /* bytes on disk that it has read so far ... */
    uint64_t done_lines;   /* ... and lines */
    uint64_t held_bytes;   /* memory that it has ... */
    uint64_t state_bytes;  /* ... and the least of it that its state takes */
};

/* Of all ranks together a round carries at most this many bytes, plus one event a rank. */
#define EXCHANGE_BUDGET_BYTES ((size_t)4 << 20)

struct exchange;

/* Collective. Returns 0, or -1 (EXIT_BUG); a vote must follow. */
int exchange_create(struct ranks *ranks, struct exchange **exchange, struct failure *failure);

/* Local. No round may be on its way but after a failure. exchange_free(NULL) does nothing. */
void exchange_free(struct exchange *exchange);

/* Local. Add an event to the round that is being collected. Returns 0, or -1 (EXIT_BUG). */
int exchange_add(struct exchange *exchange, const struct event *event, struct failure *failure);

/* Local. Whether the round holds as many events as it should. */
bool exchange_is_full(const struct exchange *exchange);

/* Local. Whether the round before is still on its way, as far as exchange_progress has seen. */
bool exchange_is_under_way(const struct exchange *exchange);

/*
 * Collective. Send off the round that was collected, and tell ${word}; the round before must have
 * been finished. Adds what it sends to ${sent}. Returns 0, or -1 (EXIT_BUG).
 */
int exchange_start(struct exchange *exchange, const struct exchange_word *word, uint64_t *sent,
                   struct failure *failure);

/* Local. Let a round that is on its way get on. Cheap; call it now and then. Returns 0 or -1. */
int exchange_progress(struct exchange *exchange, struct failure *failure);

/*
 * Collective. Wait for the round that is on its way. Then exchange_received gives its events and
 * exchange_words what each rank told, until the next exchange_start. Returns 0, or -1 (EXIT_BUG),
 * or 1 where ranks are late: then nothing is finished, and the words are those of the round before.
 */
int exchange_finish(struct exchange *exchange, struct failure *failure);

/*
 * Local. Wait for a round for so long at most (0, as at first: for ever). Then a rank is late that
 * does not wait too, and as long again (but 10 s at most) still does not: it hangs in what it is
 * doing.
 */
void exchange_be_patient(struct exchange *exchange, uint32_t seconds);

/* Local, after exchange_finish returned 1. */
bool exchange_is_late(const struct exchange *exchange, int rank);

/*
 * Local. The packed events (parcel.h) of the finished round: part 0 are those that this rank sent
 * to itself, part 1 those of all others.
 */
const unsigned char *exchange_received(const struct exchange *exchange, int part,
                                       size_t *byte_count);

/* Local. What each rank told in the finished round, in the order of ranks. */
const struct exchange_word *exchange_words(const struct exchange *exchange);

#endif
