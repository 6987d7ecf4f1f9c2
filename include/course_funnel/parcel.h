#ifndef COURSE_FUNNEL_PARCEL_H
#define COURSE_FUNNEL_PARCEL_H

#include "course_funnel/event.h"
#include "course_funnel/failure.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Events packed one behind the other, as they travel from the rank that decoded them to the rank
 * that owns their user. Every event starts at a multiple of 8 bytes. Pure.
 */

/*
 * An event in a parcel; the user's bytes and those of the entry point follow, with zeros up to the
 * next multiple of 8.
 */
struct parcel_event {
    uint64_t user_hash;
    int64_t time_us;
    int64_t time_spent_us;
    uint64_t fingerprint;
    int32_t course_id;
    int32_t lesson_id;
    uint16_t kind;
    uint16_t entry_point_bytes;
    uint32_t user_bytes;
};

/* A growing buffer of packed events. All zero is an empty one. */
struct parcel {
    unsigned char *bytes;
    size_t used;
    size_t capacity;
    uint64_t events;
};

/* Local. Append an event. Returns 0, or -1 (EXIT_BUG: no memory). */
int parcel_add(struct parcel *parcel, const struct event *event, uint64_t user_hash,
               struct failure *failure);

/* Local. Make room for ${bytes} in all. Returns 0, or -1 (EXIT_BUG). */
int parcel_reserve(struct parcel *parcel, size_t bytes, struct failure *failure);

/* Local. Append the events of ${more}; there must be room for them (parcel_reserve). */
void parcel_append(struct parcel *parcel, const struct parcel *more);

/* Local. Forget the events, keep the memory. */
void parcel_empty(struct parcel *parcel);

/* Local. Free the memory; the parcel is an empty one afterwards. */
void parcel_free(struct parcel *parcel);

/* Local. How many bytes an event takes in a parcel, its texts included. */
static inline size_t parcel_event_bytes(const struct parcel_event *event)
{
    return sizeof *event +
           (((size_t)event->user_bytes + event->entry_point_bytes + 7) & ~(size_t)7);
}

/* Local. The bytes of the event's user. */
static inline const char *parcel_user(const struct parcel_event *event)
{
    return (const char *)(event + 1);
}

/* Local. The bytes of the event's entry point. */
static inline const char *parcel_entry_point(const struct parcel_event *event)
{
    return parcel_user(event) + event->user_bytes;
}

#endif
