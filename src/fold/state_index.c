#include "course_funnel/state.h"

#include "state_table.h"

#include <string.h>

typedef bool is_same(const struct state_group *group, uint32_t index, uint32_t other);

static inline bool is_same_user(const struct state_group *group, uint32_t index, uint32_t other)
{
    const struct state_user *user = &group->users[index], *before = &group->users[other];
    return user->hash == before->hash && user->bytes == before->bytes &&
           memcmp(group->texts + user->text, group->texts + before->text, user->bytes) == 0;
}

static inline bool is_same_enrolment(const struct state_group *group, uint32_t index,
                                     uint32_t other)
{
    return group->enrolments[index].user == group->enrolments[other].user &&
           group->enrolments[index].course_id == group->enrolments[other].course_id;
}

static inline bool is_same_progress(const struct state_group *group, uint32_t index, uint32_t other)
{
    return group->progress[index].enrolment == group->progress[other].enrolment &&
           group->progress[index].lesson_id == group->progress[other].lesson_id;
}

/* Enter a record; false where its like is there. Inlined, so that the comparison costs no call. */
static inline __attribute__((always_inline)) bool enter(const struct state_group *group,
                                                        struct state_table *table, uint64_t hash,
                                                        uint32_t index, is_same *same)
{
    uint32_t tag = state_tag(hash);
    uint32_t at = state_first_slot(table, hash);
    for (; table->slots[at].index != 0; at = (at + 1) & (table->size - 1))
        if (table->slots[at].tag == tag && same(group, index, table->slots[at].index - 1))
            return false;
    table->slots[at] = (struct state_slot){.tag = tag, .index = index + 1};
    return true;
}

/* Only now, so that it is still in the cache when records are entered. */
static void clear(struct state_table *table)
{
    memset(table->slots, 0, table->size * sizeof *table->slots);
}

bool state_index_users(struct state_group *group)
{
    bool once = true;
    clear(&group->user_table);
    for (uint32_t i = 0; once && i < group->user_count; i++)
        once = enter(group, &group->user_table, group->users[i].hash, i, is_same_user);
    return once;
}

bool state_index_enrolments(struct state_group *group)
{
    bool once = true;
    clear(&group->enrolment_table);
    for (uint32_t i = 0; once && i < group->enrolment_count; i++) {
        const struct state_enrolment *enrolment = &group->enrolments[i];
        uint64_t hash = state_pair_hash(enrolment->user, enrolment->course_id);
        once = enter(group, &group->enrolment_table, hash, i, is_same_enrolment);
    }
    return once;
}

bool state_index_progress(struct state_group *group)
{
    bool once = true;
    clear(&group->progress_table);
    for (uint32_t i = 0; once && i < group->progress_count; i++) {
        const struct state_progress *progress = &group->progress[i];
        uint64_t hash = state_pair_hash(progress->enrolment, progress->lesson_id);
        once = enter(group, &group->progress_table, hash, i, is_same_progress);
    }
    return once;
}
