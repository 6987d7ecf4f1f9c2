#ifndef RECORD_IMAGE_H
#define RECORD_IMAGE_H

#include "course_funnel/entries.h"
#include "course_funnel/failure.h"
#include "course_funnel/rejects.h"
#include "course_funnel/tally.h"
#include "image.h"

#include <stddef.h>

/*
 * The merged sums with the match, and the stretches of rejects ↔ files of a checkpoint. Pure. A
 * failure of the loaders (STORE_DAMAGED) says what is wrong with the file, and leaves it to the
 * caller to name it.
 */

/*
 * Local. The records of the tally, without its checks, those of the match with sessions (match.h)
 * and users by entry point. Returns 0, or -1 (EXIT_BUG).
 */
int record_image_create_sums(const struct tally *tally, const struct tally *matches,
                             const struct entries *entries, struct image *image,
                             struct failure *failure);

/*
 * Local. Back into empty tallies and entries, which the caller clears after a failure too. Returns
 * 0, or -1 (STORE_DAMAGED, EXIT_BUG).
 */
int record_image_load_sums(const unsigned char *bytes, size_t byte_count, struct tally *tally,
                           struct tally *matches, struct entries *entries, struct failure *failure);

/* Local. The stretches. Returns 0, or -1 (EXIT_BUG). */
int record_image_create_stretches(const struct rejects_stretch *stretches, size_t stretch_count,
                                  struct image *image, struct failure *failure);

/* Local. Back into an array that the caller frees. Returns 0, or -1 (STORE_DAMAGED, EXIT_BUG). */
int record_image_load_stretches(const unsigned char *bytes, size_t byte_count,
                                struct rejects_stretch **stretches, size_t *stretch_count,
                                struct failure *failure);

#endif
