#include "course_funnel/room.h"

#include "course_funnel/memory.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

struct room {
    struct ranks *ranks;
    const char *root;
    struct memory_limit cgroup, host; /* of this rank */
    uint64_t *cgroups, *hosts;        /* the areas of each rank */
};

int room_create(struct ranks *ranks, const char *root, struct room **room, struct failure *failure)
{
    size_t count = (size_t)ranks_count(ranks), mine = (size_t)ranks_rank(ranks);
    struct room *made = calloc(1, sizeof *made + 2 * count * sizeof *made->cgroups);
    if (made == NULL)
        failure_memory(failure, "limits of memory", 2 * count * sizeof *made->cgroups);
    if (ranks_vote(ranks, failure) != 0)
        goto free_made;
    made->ranks = ranks;
    made->root = root;
    made->cgroups = (uint64_t *)(made + 1);
    made->hosts = made->cgroups + count;
    memory_limit_of_cgroup(root, &made->cgroup);
    memory_limit_of_host(root, &made->host);
    made->cgroups[mine] = made->cgroup.area;
    made->hosts[mine] = made->host.area;
    (void)ranks_sum(ranks, made->cgroups, 2 * count, failure);
    if (ranks_vote(ranks, failure) != 0)
        goto free_made;
    *room = made;
    return 0;

free_made:
    free(made);
    return -1;
}

void room_free(struct room *room)
{
    free(room);
}

uint64_t room_held_bytes(const struct room *room)
{
    return memory_held_bytes(room->root);
}

static int add_up(const struct room *room, const uint64_t *areas, const uint64_t *bytes,
                  uint64_t *sum)
{
    int count = ranks_count(room->ranks), sharers = 0;
    uint64_t mine = areas[ranks_rank(room->ranks)];
    *sum = 0;
    for (int i = 0; i < count; i++) {
        if (areas[i] != mine)
            continue;
        sharers++;
        *sum += bytes[i];
    }
    return sharers;
}

void room_ask(struct room *room, const uint64_t *held_bytes, const uint64_t *needed_bytes,
              struct room_answer *answer)
{
    struct room_answer host = {.where = room->host.where};
    uint64_t held = 0;
    memory_limit_of_host(room->root, &room->host);
    (void)add_up(room, room->hosts, held_bytes, &held);
    host.ranks = add_up(room, room->hosts, needed_bytes, &host.needed_bytes);
    host.allowed_bytes =
        room->host.bytes > UINT64_MAX - held ? MEMORY_NO_LIMIT : room->host.bytes + held;
    *answer =
        (struct room_answer){.where = room->cgroup.where, .allowed_bytes = room->cgroup.bytes};
    answer->ranks = add_up(room, room->cgroups, needed_bytes, &answer->needed_bytes);
    /* The cgroup fits, or there is none; of two that are too narrow it is the one to widen first.
     */
    if (answer->needed_bytes <= answer->allowed_bytes && host.needed_bytes > host.allowed_bytes)
        *answer = host;
}

int room_refuse(const struct room *room, const char *what, const struct room_answer *answer,
                struct failure *failure)
{
    const char *host = ranks_host(room->ranks, ranks_rank(room->ranks));
    return failure_set(failure, EXIT_BUG,
                       "%s will not fit into memory: the %d rank%s on %s need%s at least %" PRIu64
                       " MB, and %" PRIu64 " MB are allowed there (%s). Raise that limit, or use "
                       "more nodes.",
                       what, answer->ranks, answer->ranks == 1 ? "" : "s", host,
                       answer->ranks == 1 ? "s" : "", answer->needed_bytes / 1000000,
                       answer->allowed_bytes / 1000000, answer->where);
}

int room_fits(struct ranks *ranks, uint64_t more_bytes, const char *what, struct failure *failure)
{
    size_t count = (size_t)ranks_count(ranks), mine = (size_t)ranks_rank(ranks);
    struct room *room = NULL;
    uint64_t *held = calloc(2 * count, sizeof *held);
    if (held == NULL)
        failure_memory(failure, "limits of memory", 2 * count * sizeof *held);
    if (ranks_vote(ranks, failure) == 0 && room_create(ranks, "", &room, failure) == 0) {
        uint64_t *needed = held + count;
        struct room_answer answer;
        held[mine] = room_held_bytes(room);
        needed[mine] = held[mine] + more_bytes;
        if (ranks_sum(ranks, held, 2 * count, failure) == 0) {
            room_ask(room, held, needed, &answer);
            if (answer.needed_bytes > answer.allowed_bytes)
                room_refuse(room, what, &answer, failure);
        }
        (void)ranks_vote(ranks, failure);
    }
    room_free(room);
    free(held);
    return failure->code != 0 ? -1 : 0;
}
