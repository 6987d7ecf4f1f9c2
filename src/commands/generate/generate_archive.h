#ifndef GENERATE_ARCHIVE_H
#define GENERATE_ARCHIVE_H

#include "generate_counts.h"
#include "generate_options.h"

/*
 * Local. For GENERATE_ZIP, when all ranks have written: put the files into one archive and remove
 * them; sets ${counts}->disk_bytes. For other formats it does nothing. Returns 0, or -1
 * (EXIT_TARGET, EXIT_BUG).
 */
int generate_archive(const struct generate_options *options, struct generate_counts *counts,
                     struct failure *failure);

#endif
