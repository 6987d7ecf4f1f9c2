#ifndef TESTS_CHECKPOINT_FOLDER_H
#define TESTS_CHECKPOINT_FOLDER_H

#include "course_funnel/clock.h"
#include "course_funnel/generation.h"

#include "unit/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the tests of checkpoints share: a folder in memory, a small state, a seed. */

static uint64_t folder_seed = 1;

static inline uint64_t folder_draw(uint64_t below)
{
    folder_seed = folder_seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (folder_seed >> 33) % below;
}

/* The seed of this run is told, so that it can be given again. */
static inline void folder_set_seed(void)
{
    const char *text = getenv("COURSE_FUNNEL_SEED");
    folder_seed = text != NULL ? strtoull(text, NULL, 10) : (uint64_t)clock_now_us();
    printf("COURSE_FUNNEL_SEED=%llu\n", (unsigned long long)folder_seed);
}

static inline void folder_make(char path[64])
{
    struct stat status;
    const char *base = getenv("COURSE_FUNNEL_FOLDERS");
    if (base == NULL)
        base = stat("/dev/shm", &status) == 0 ? "/dev/shm" : "/tmp";
    snprintf(path, 64, "%s/course-funnel-XXXXXX", base);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path));
}

static inline int folder_remove_one(const char *path, const struct stat *status, int kind,
                                    struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static inline void folder_remove(const char *path)
{
    CU_ASSERT_EQUAL(nftw(path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* A state of so many users with an enrolment, some lessons, and two fingerprints here and there. */
static inline void folder_fill_state(struct state *state, uint32_t users)
{
    struct failure failure = {0};
    for (uint32_t i = 0; i < users; i++) {
        char name[32];
        uint32_t bytes = (uint32_t)snprintf(name, sizeof name, "user-%u", i);
        uint64_t hash = key_group_hash(name, bytes);
        uint32_t own = key_group_of(hash) - state->first_group;
        if (own >= state->group_count)
            continue;
        struct state_group *group = &state->groups[own];
        uint32_t user = state_find_user(group, hash, name, bytes, &failure);
        uint32_t at = state_find_enrolment(group, user, (int32_t)(i % 5), &failure);
        group->enrolments[at].first_event_us = group->enrolments[at].first_start_us = 1000 + i;
        uint32_t lesson = state_find_progress(group, at, (int32_t)(i % 7), &failure);
        group->progress[lesson].flags = STATE_STARTED | STATE_COMPLETED;
        (void)state_add_fingerprint(&group->progress[lesson], i + 1, &failure);
        if (i % 3 == 0)
            (void)state_add_fingerprint(&group->progress[lesson], i + 1000000, &failure);
    }
    CU_ASSERT_EQUAL_FATAL(failure.code, 0);
}

static inline uint64_t folder_count_users(const struct state *state)
{
    uint64_t users = 0;
    for (uint32_t i = 0; i < state->group_count; i++)
        users += state->groups[i].user_count;
    return users;
}

/* A whole file, which the caller frees. */
static inline unsigned char *folder_read(const char *path, size_t *bytes)
{
    struct stat status;
    int fd = open(path, O_RDONLY);
    CU_ASSERT_FATAL(fd >= 0 && fstat(fd, &status) == 0);
    unsigned char *text = malloc((size_t)status.st_size + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL_FATAL(read(fd, text, (size_t)status.st_size), status.st_size);
    close(fd);
    *bytes = (size_t)status.st_size;
    return text;
}

static inline void folder_write(const char *path, const void *text, size_t bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(write(fd, text, bytes), (ssize_t)bytes);
    close(fd);
}

#endif
