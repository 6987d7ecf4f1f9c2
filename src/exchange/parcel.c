#include "course_funnel/parcel.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct parcel_event) == 48, "the layout on the wire has no padding");

int parcel_reserve(struct parcel *parcel, size_t bytes, struct failure *failure)
{
    if (bytes <= parcel->capacity)
        return 0;
    size_t capacity = parcel->capacity > 0 ? parcel->capacity : 4096;
    while (capacity < bytes)
        capacity *= 2;
    void *grown = realloc(parcel->bytes, capacity);
    if (grown == NULL)
        return failure_memory(failure, "events on their way", capacity);
    parcel->bytes = grown;
    parcel->capacity = capacity;
    return 0;
}

int parcel_add(struct parcel *parcel, const struct event *event, uint64_t user_hash,
               struct failure *failure)
{
    struct parcel_event packed = {
        .user_hash = user_hash,
        .time_us = event->time_us,
        .time_spent_us = event->time_spent_us,
        .fingerprint = event->fingerprint,
        .course_id = event->course_id,
        .lesson_id = event->lesson_id,
        .kind = (uint16_t)event->kind,
        .entry_point_bytes = (uint16_t)event->entry_point_bytes,
        .user_bytes = event->user_bytes,
    };
    size_t bytes = parcel_event_bytes(&packed);
    if (parcel->used + bytes > parcel->capacity &&
        parcel_reserve(parcel, parcel->used + bytes, failure) != 0)
        return -1;

    unsigned char *at = parcel->bytes + parcel->used;
    /* Clear the last 8 bytes first, so that zeros follow the texts. */
    memset(at + bytes - 8, 0, 8);
    memcpy(at, &packed, sizeof packed);
    memcpy(at + sizeof packed, event->user, event->user_bytes);
    if (event->entry_point_bytes > 0)
        memcpy(at + sizeof packed + event->user_bytes, event->entry_point,
               event->entry_point_bytes);
    parcel->used += bytes;
    parcel->events++;
    return 0;
}

void parcel_append(struct parcel *parcel, const struct parcel *more)
{
    if (more->used > 0)
        memcpy(parcel->bytes + parcel->used, more->bytes, more->used);
    parcel->used += more->used;
    parcel->events += more->events;
}

void parcel_empty(struct parcel *parcel)
{
    parcel->used = 0;
    parcel->events = 0;
}

void parcel_free(struct parcel *parcel)
{
    free(parcel->bytes);
    memset(parcel, 0, sizeof *parcel);
}
