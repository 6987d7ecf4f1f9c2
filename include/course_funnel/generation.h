#ifndef COURSE_FUNNEL_GENERATION_H
#define COURSE_FUNNEL_GENERATION_H

#include "course_funnel/entries.h"
#include "course_funnel/failure.h"
#include "course_funnel/manifest.h"
#include "course_funnel/rejects.h"
#include "course_funnel/state.h"
#include "course_funnel/store.h"
#include "course_funnel/tally.h"

#include <stddef.h>

/*
 * The files of one generation, written and read by one rank. Local: no MPI. Memory is that of one
 * file, which is about GENERATION_FILE_BYTES or as large as the largest key group. A file's size
 * and digest are checked before HDF5 sees it. Failures name the file and are as those of durable.h;
 * STORE_DAMAGED also where a digest, a table or a record is not as it was written.
 */

#define GENERATION_FILE_BYTES ((uint64_t)8 << 20)

/* Where the files are, and which generation they belong to: its run, attempt and number. */
struct generation {
    struct durable_folder folder;
    const struct manifest *manifest;
};

/*
 * Local. Read the manifest of ${generation}, whose text stays in ${text} too. Returns 0, or -1: as
 * store_read_manifest, or as manifest_parse with the manifest's path before it.
 */
int generation_read_manifest(const struct store *store, struct store_generation generation,
                             struct durable_bytes *text, struct manifest *manifest,
                             struct failure *failure);

/*
 * Open the folder of the generation that ${manifest} is of; it must outlive the generation.
 * generation_close leaves it all zero.
 */
int generation_open(const struct store *store, const struct manifest *manifest,
                    struct generation *generation, struct failure *failure);
void generation_close(struct generation *generation);

/*
 * Write the rank's state as files of key groups, which durable_sync of the folder makes last. The
 * caller frees ${files}. A failure leaves files behind.
 */
int generation_write_state(const struct generation *generation, const struct state *state,
                           struct manifest_file **files, size_t *file_count,
                           struct failure *failure);

/* Write the sums with the match, and the stretches of rejects. ${file} is filled in. */
int generation_write_sums(const struct generation *generation, const struct tally *tally,
                          const struct tally *matches, const struct entries *entries,
                          struct manifest_file *file, struct failure *failure);
int generation_write_stretches(const struct generation *generation,
                               const struct rejects_stretch *stretches, size_t stretch_count,
                               struct manifest_file *file, struct failure *failure);

/* Read the key groups that ${state}, an empty one, owns; all that the manifest says holds. */
int generation_load_state(const struct generation *generation, struct state *state,
                          struct failure *failure);

/*
 * Read the sums, the match and the entry points, which the caller clears after a failure too; the
 * stretches of rejects, which the caller frees.
 */
int generation_load_sums(const struct generation *generation, struct tally *tally,
                         struct tally *matches, struct entries *entries, struct failure *failure);
int generation_load_stretches(const struct generation *generation,
                              struct rejects_stretch **stretches, size_t *stretch_count,
                              struct failure *failure);

/* Check that nothing else stands in the folder than what the manifest names. */
int generation_check_names(const struct generation *generation, struct failure *failure);

/* Check that the parts of rejects hold, as far as they count, what they held. */
int generation_check_parts(const struct store *store, const struct manifest *manifest,
                           struct failure *failure);

/* What a generation holds; to look at. */
#define GENERATION_LARGEST 5
struct generation_contents {
    uint64_t bytes; /* of its files */
    uint64_t users, enrolments, progress;
    struct {
        uint32_t group;
        uint64_t users;
        uint64_t bytes;
    } largest[GENERATION_LARGEST]; /* key groups, the largest first; those without users at the end
                                    */
    uint64_t sums;
};

/* Read all files and the parts of rejects, check their digests and tables, and count. */
int generation_look(const struct store *store, const struct generation *generation,
                    struct generation_contents *contents, struct failure *failure);

#endif
