#ifndef PUBLISH_FOLDER_H
#define PUBLISH_FOLDER_H

#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The directory of a CSV target: files that are put in place whole, by temporary name and rename.
 * Failures are EXIT_TARGET, or EXIT_BUG where no memory is left.
 */

/* One file of a publication, whose text a function writes. It returns 0, or -1 and errno. */
struct publish_file {
    const char *name;
    int (*write)(FILE *out, const struct publish_file *file);
    const void *what;
    int which; /* of ${what}, for the function */
};

/*
 * Local. Open the directory, made when it is missing, keep other publishers out of it until it is
 * closed, and remove what attempts that died have left. File systems without such locks are taken
 * as they are. Returns 0 and a descriptor for close, or -1.
 */
int publish_folder_open(const char *directory, int *fd, struct failure *failure);

/* The most files of a publication, those that go included. */
#define PUBLISH_FILES 8

/*
 * Local. Try that a file can be made, synced and renamed in it, and where the ${names} in it lead
 * that are symbolic links, with the mode and group of each that is there. Returns 0 and the time by
 * the file server's clock, or -1.
 */
int publish_folder_try(int directory_fd, const char *directory, const char *const *names,
                       size_t count, int64_t *time_us, struct failure *failure);

/*
 * Local. Write the files and put them in their places, the last one last; ${stale} are
 * older ones that go. A symbolic link stays one: what it leads to is replaced. A file that is
 * replaced keeps its mode and group. The files of a run that is ${published} stay where all but the
 * last are still the same. Returns 0, or -1.
 */
int publish_folder_write(int directory_fd, const char *directory, const struct publish_file *files,
                         size_t count, const char *const *stale, size_t stale_count, bool published,
                         struct failure *failure);

#endif
