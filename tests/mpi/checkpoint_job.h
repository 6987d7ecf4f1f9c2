#ifndef TESTS_CHECKPOINT_JOB_H
#define TESTS_CHECKPOINT_JOB_H

#include "course_funnel/checkpoint.h"
#include "course_funnel/ranks.h"
#include "unit/unit.h"

/*
 * What the tests of checkpoints on ranks share: a job's folder, and two generations in it, of 40
 * and of 60 users. Run under mpirun; every rank runs every test, and calls all of these.
 */

extern struct ranks *job_ranks;
extern char job_folder[64];
extern struct source_file job_files[2];
extern struct manifest_choices job_choices;
extern const char *job_run_id;
extern uint64_t job_random; /* of random.h; the root rank draws */

bool job_is_root(void);
void job_wait_for_all(void);

/* Whether the folder holds ${name}. */
bool job_is_there(const char *name);

/* A new folder of which all ranks know. */
void job_make_folder(void);
void job_remove_folder(void);

/* Open the checkpoint in the folder, as checkpoint_open does. */
int job_open(bool restart, struct checkpoint **checkpoint, struct failure *failure);

/* One generation of so many users, with a reject on every rank. */
bool job_save_state(struct checkpoint *checkpoint, struct rejects *rejects, uint32_t users);

/* No rejects, or those that the checkpoint found. */
struct rejects *job_make_rejects(const struct checkpoint *checkpoint);

/* Three generations are saved, of which the checkpoint keeps the last two. */
void job_save_two(void);

/* How many users a resume finds, of all ranks; 0 when it fails. */
uint64_t job_users_found(struct failure *failure);

/* Run the tests on all ranks. Returns what main is to return. */
int job_main(const char *name, const struct unit_test *tests, size_t count);

#endif
