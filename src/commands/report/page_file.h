#ifndef PAGE_FILE_H
#define PAGE_FILE_H

#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stddef.h>

/* Local. Whether a path means a directory: it ends in a slash, or there is one. */
bool page_file_is_folder(const char *path);

/* Local. Make a directory where it is missing. Returns 0, or -1 (EXIT_TARGET). */
int page_file_make_folder(const char *path, struct failure *failure);

/*
 * Local. Put a file in place by temporary name and rename, and make it last; its mode follows the
 * umask. A link to a file stays; what is no file is refused. Returns 0, or -1 (EXIT_TARGET, and
 * what had the name is as it was; EXIT_BUG).
 */
int page_file_write(const char *path, const char *bytes, size_t count, struct failure *failure);

#endif
