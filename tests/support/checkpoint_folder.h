#ifndef TESTS_CHECKPOINT_FOLDER_H
#define TESTS_CHECKPOINT_FOLDER_H

#include "course_funnel/generation.h"

/* What the tests of checkpoints share: a folder in memory and a small state. */

/* Make a folder, in COURSE_FUNNEL_FOLDERS where that is given; folder_remove removes it. */
void folder_make(char path[64]);
void folder_remove(const char *path);

/* A state of so many users with an enrolment, some lessons, and two fingerprints here and there. */
void folder_fill_state(struct state *state, uint32_t users);

uint64_t folder_count_users(const struct state *state);

/* A whole file, which the caller frees. */
unsigned char *folder_read(const char *path, size_t *bytes);

void folder_write(const char *path, const void *text, size_t bytes);

#endif
