#ifndef LEARNERS_READ_H
#define LEARNERS_READ_H

#include "course_funnel/state.h"
#include "learners_there.h"

/* The list of those that are meant, and what it was read from. */
struct learners_list {
    char run_id[37];
    bool has_as_of;
    int64_t as_of_us;
    struct learners_row *rows;
    size_t count;
    size_t of_unknown_idleness; /* left out: LEARNERS_UNKNOWN */
    struct state_texts entry_points;
    struct learners_there there;
};

/*
 * Local. Read the kept state of the published run in the checkpoint folder ${path}, a file of key
 * groups at a time; where a run replaces it meanwhile, that of the newer one. The list is in the
 * order of the users' bytes. Returns 0, or -1: EXIT_USAGE (nothing is there of that name),
 * EXIT_STRANGER (there is no such state), EXIT_CHECKPOINT, EXIT_BUG. learners_clear frees the list
 * after a failure too.
 */
int learners_read(const char *path, const struct learners_wish *wish, struct learners_list *list,
                  struct failure *failure);
void learners_clear(struct learners_list *list);

/* Local. Take those of a key group that are meant, and what is there (learners_group.c). */
int learners_take_group(struct learners_list *list, const struct learners_wish *wish,
                        const struct state *state, const struct state_group *group,
                        struct failure *failure);

/* Local. When all groups are taken: leave out whose cohort has no row, count, sort. */
void learners_finish(struct learners_list *list, const struct learners_wish *wish);

#endif
