#ifndef COURSE_FUNNEL_STORE_H
#define COURSE_FUNNEL_STORE_H

#include "course_funnel/durable.h"
#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The checkpoint folder of a run:
 *
 *   lock                        held by rank 0 while the job lives; tells which process that is
 *   attempt                     the number of the newest attempt, and the history that it belongs
 * to kept                        the generations that were committed last and are not to be removed
 *   mark                        the generation that was published, and the one before
 * (store_mark.h) generation-AAAA-GGGGGG/     one checkpoint, by attempt and a counter that starts
 * anew with it; it counts from when it has a manifest.json rejects/part-AAAA-R         rejects that
 * rank R of attempt AAAA kept damaged-generation-.../     a generation that could not be used, set
 * aside; one more of that name gets `.2` and so on behind it
 *
 * Other names are left alone. No two attempts write to the same name, so that a rank of a dead
 * attempt, on a host that was cut off, can write over nothing of a later one; and it cannot commit
 * once a later attempt has begun. Local: no MPI. Failures are those of durable.h, with
 * EXIT_CHECKPOINT and STORE_DAMAGED.
 */

/*
 * Not an exit code: what is in the folder is not what was written there, and never will be;
 * EXIT_CHECKPOINT, beside it, may pass. Becomes EXIT_CHECKPOINT when it leaves checkpoint.h.
 */
enum { STORE_DAMAGED = 106 };

#define STORE_NAME_BYTES 64

/* Two generations are kept. */
#define STORE_KEPT 2

struct store_attempt {
    uint32_t number;       /* from 1 */
    uint32_t first_number; /* generations of earlier attempts were thrown away by --restart */
    char history_id[37];   /* of all runs in the folder that go on from each other */
};

struct store_generation {
    uint32_t attempt;
    uint32_t number;
};

struct store {
    struct durable_folder folder;
    struct store_attempt attempt;
    bool is_history_known; /* the attempt file told whose the folder is, or --restart began anew */
    int lock;              /* the descriptor that holds the lock, -1 on all but rank 0 */
};

/*
 * On rank 0: make the folder if need be, take its lock, and see that files can be written, synced
 * and renamed there. Returns 0, or -1: among others when another job holds the lock, which the
 * message names. store_close lets go of all; a closed store is all zero.
 */
int store_open(const char *path, struct store *store, struct failure *failure);
void store_close(struct store *store);

/*
 * On rank 0, when the lock is held: begin an attempt. It goes on with the history that the
 * folder holds; with ${restart}, or when there is none, with ${new_id}. What a dead attempt left
 * half done, and what was thrown away, is removed.
 */
int store_begin(struct store *store, bool restart, const char *new_id, struct failure *failure);

/* On rank 0, when is_history_known is false: the history is that of the generations. */
int store_adopt(struct store *store, const char *history_id, struct failure *failure);

/*
 * On the other ranks: open the folder and see that it is the one in which rank 0 has begun
 * ${attempt}.
 */
int store_join(const char *path, const struct store_attempt *attempt, struct store *store,
               struct failure *failure);

/* To look only: open the folder, take and change nothing. */
int store_look(const char *path, struct store *store, struct failure *failure);

/* Whether a job lives that holds the lock; if so ${holder} tells which, as far as is known. */
bool store_is_locked(const struct store *store, char holder[256]);

/* The name of a generation; whether two are the same; whether one is among others. */
void store_name(struct store_generation generation, char name[STORE_NAME_BYTES]);
bool store_is_same(struct store_generation a, struct store_generation b);
bool store_is_among(const struct store_generation *generations, size_t count,
                    struct store_generation generation);

/* A generation that was set aside. */
struct store_damaged {
    struct store_generation generation;
    char name[STORE_NAME_BYTES];
};

/* What is in the folder. */
struct store_listing {
    /* Those that have a manifest, newest first, and what is no folder but has the name of one. */
    struct store_generation *generations;
    size_t generation_count;
    struct store_generation *incomplete; /* those that have none */
    size_t incomplete_count;
    struct store_damaged *damaged; /* those that were set aside */
    size_t damaged_count;
    struct store_generation lost[STORE_KEPT]; /* kept ones that are incomplete or gone */
    size_t lost_count;
    char **others; /* names that are none of the store's */
    size_t other_count;
};

/* Returns 0, or -1: also when it cannot be told what a generation is, so that none is missed. */
int store_list(const struct store *store, struct store_listing *listing, struct failure *failure);
void store_listing_free(struct store_listing *listing);

/* Read a generation's manifest. */
int store_read_manifest(const struct store *store, struct store_generation generation,
                        struct durable_bytes *text, struct failure *failure);

/* Make a generation's folder, and open it. */
int store_make(const struct store *store, struct store_generation generation,
               struct failure *failure);
int store_open_generation(const struct store *store, struct store_generation generation,
                          struct durable_folder *folder, struct failure *failure);

/*
 * Local. Read the attempt file. Returns 1 when it is there and whole, 0 when not, or -1 when it
 * cannot be read.
 */
int store_read_attempt(const struct store *store, struct store_attempt *attempt,
                       struct failure *failure);

/*
 * Whether this attempt is still the newest one. Returns 0, or -1; ${overtaken} when it is known
 * that a later one has begun.
 */
int store_check_attempt(const struct store *store, bool *overtaken, struct failure *failure);

/*
 * On rank 0: make a generation count, all of whose files are in place: check that this attempt is
 * the newest, write the manifest, read it back. After a failure it may be there all the same.
 */
int store_commit(const struct store *store, struct store_generation generation, const char *text,
                 size_t byte_count, bool *overtaken, struct failure *failure);

/*
 * On rank 0, after store_commit: note which generations are kept, so that one that is lost is
 * missed. ${overtaken} as there.
 */
int store_keep(const struct store *store, const struct store_generation *kept, size_t count,
               bool *overtaken, struct failure *failure);

/* Remove a generation, its manifest first. */
int store_remove(const struct store *store, struct store_generation generation,
                 struct failure *failure);

/* Remove what store_set_aside has kept under a name. */
int store_remove_aside(const struct store *store, const char *aside, struct failure *failure);

/* Keep a generation that could not be used under another name, which ${aside} tells. */
int store_set_aside(const struct store *store, struct store_generation generation,
                    char aside[STORE_NAME_BYTES], struct failure *failure);

/* What the paths of parts of rejects in the folder begin with, as rejects.h takes it; the caller
 * frees it. */
int store_rejects_prefix(const struct store *store, char **prefix, struct failure *failure);

/* Open the folder of the parts. */
int store_open_rejects(const struct store *store, struct durable_folder *folder,
                       struct failure *failure);

/* The name of a part in it; of a part only attempt and rank count here. */
struct manifest_part;
void store_part_name(const struct manifest_part *part, char name[STORE_NAME_BYTES]);

/* Remove all parts but ${keep}. */
int store_clean_rejects(const struct store *store, const struct manifest_part *keep,
                        size_t keep_count, struct failure *failure);

#endif
