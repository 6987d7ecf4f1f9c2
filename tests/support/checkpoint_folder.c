#include "support/checkpoint_folder.h"

#include "unit/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void folder_make(char path[64])
{
    struct stat status;
    const char *base = getenv("COURSE_FUNNEL_FOLDERS");
    if (base == NULL)
        base = stat("/dev/shm", &status) == 0 ? "/dev/shm" : "/tmp";
    snprintf(path, 64, "%s/course-funnel-XXXXXX", base);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path));
}

static int folder_remove_one(const char *path, const struct stat *status, int kind,
                             struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void folder_remove(const char *path)
{
    CU_ASSERT_EQUAL(nftw(path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void folder_fill_state(struct state *state, uint32_t users)
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
        group->enrolments[at].last_event_us = 1000 + i;
        uint32_t lesson = state_find_progress(group, at, (int32_t)(i % 7), &failure);
        group->progress[lesson].flags = STATE_STARTED | STATE_COMPLETED;
        (void)state_add_fingerprint(group, lesson, i + 1, &failure);
        if (i % 3 == 0)
            (void)state_add_fingerprint(group, lesson, i + 1000000, &failure);
    }
    CU_ASSERT_EQUAL_FATAL(failure.code, 0);
}

uint64_t folder_count_users(const struct state *state)
{
    uint64_t users = 0;
    for (uint32_t i = 0; i < state->group_count; i++)
        users += state->groups[i].user_count;
    return users;
}

unsigned char *folder_read(const char *path, size_t *bytes)
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

void folder_write(const char *path, const void *text, size_t bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(write(fd, text, bytes), (ssize_t)bytes);
    close(fd);
}
