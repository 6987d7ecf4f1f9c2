#ifndef GENERATE_H
#define GENERATE_H

#include "generate_counts.h"
#include "generate_options.h"

/*
 * A sample Amplitude export of learners who are made up: hourly files under Amplitude's names. No
 * MPI. The files follow from the options alone: any number of ranks writes the same bytes.
 */

/*
 * Local. Check that the options lead to any line at all. Returns 0, or -1: EXIT_USAGE when they do
 * not, EXIT_BUG (no memory).
 */
int generate_check(const struct generate_options *options, struct failure *failure);

/*
 * Local. Make the folders; one rank calls this before any writes. Returns 0, or -1: EXIT_USAGE
 * when the folder holds something already, EXIT_TARGET when it cannot be made or read.
 */
int generate_prepare(const struct generate_options *options, struct failure *failure);

/*
 * Local. Write the files of the hours that fall to ${rank} of ${ranks}. Takes about 32 bytes of
 * memory for each line of this rank. ${counts} is set, not added to. Returns 0, or -1:
 * EXIT_TARGET (the message names the file), EXIT_BUG (no memory).
 */
int generate_files(const struct generate_options *options, int rank, int ranks,
                   struct generate_counts *counts, struct failure *failure);

#endif
