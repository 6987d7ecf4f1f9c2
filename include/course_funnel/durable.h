#ifndef COURSE_FUNNEL_DURABLE_H
#define COURSE_FUNNEL_DURABLE_H

#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Files that must be there after a power cut, whole or not at all. A failure names the file and
 * the call. Its code is the folder's, or EXIT_BUG when memory or file descriptors are out. No
 * symbolic link is followed. A call that failed is not tried again on the same file: the kernel may
 * have dropped what was written.
 */

/* The codes of failures in a folder: its user's choice. */
struct durable_codes {
    int failed;  /* a call failed; later it may go well */
    int damaged; /* what is to be read is missing, is no regular file or folder, has several names
                    or another owner, or is too long or too short */
};

struct durable_folder {
    int fd;
    char *path; /* for messages */
    struct durable_codes codes;
};

/*
 * Local. Open the folder ${path}, or ${name} in ${parent}, which has the parent's codes. Returns 0,
 * or -1. durable_close leaves it closed; a closed one is all zero.
 */
int durable_open(const char *path, struct durable_codes codes, struct durable_folder *folder,
                 struct failure *failure);
int durable_open_in(const struct durable_folder *parent, const char *name,
                    struct durable_folder *folder, struct failure *failure);
void durable_close(struct durable_folder *folder);

/*
 * Local. Call ${take} for each name in a folder but `.` and `..`, until it returns something else
 * than 0, which is returned. Names that are removed on the way are no trouble.
 */
int durable_each_name(const struct durable_folder *folder,
                      int (*take)(void *context, const char *name, struct failure *failure),
                      void *context, struct failure *failure);

/* Local. Open the folder that ${path} is in, so that its name there can be made to last. 0, or -1.
 */
int durable_open_parent(const char *path, struct durable_codes codes, struct durable_folder *parent,
                        struct failure *failure);

/* Local. Make folder ${name}, mode 0700. Returns 0 when it is there, new or not, or -1. */
int durable_make_folder(const struct durable_folder *parent, const char *name,
                        struct failure *failure);

#define DURABLE_TEMPORARY ".tmp"

/*
 * Local. Write a file: under a temporary name (NAME DURABLE_TEMPORARY), fsync, close, read back and
 * compared, rename. What had the name before is gone. It lasts when durable_sync has been called
 * too. On failure the temporary file is removed. Returns 0, or -1.
 */
int durable_write(const struct durable_folder *folder, const char *name, const void *bytes,
                  size_t byte_count, struct failure *failure);

/*
 * Local. Make the names in an open folder last; ${is_optional}: where a file system knows no such
 * thing (EINVAL) it is taken as it is. Returns 0, or -1 with errno.
 */
int durable_sync_names(int fd, bool is_optional);

/* Local. Make the names in the folder last; it is not optional. Returns 0, or -1. */
int durable_sync(const struct durable_folder *folder, struct failure *failure);

/* A buffer that is used again. All zero is an empty one. */
struct durable_bytes {
    unsigned char *bytes;
    size_t byte_count;
    size_t capacity;
};

void durable_bytes_free(struct durable_bytes *bytes);

/*
 * Local. Read a whole file of at most ${most} bytes; a NUL that does not count follows. Returns 0,
 * or -1.
 */
int durable_read(const struct durable_folder *folder, const char *name, uint64_t most,
                 struct durable_bytes *bytes, struct failure *failure);

/* Local. Whether there is something of that name, or may be: what cannot be looked at is there. */
bool durable_exists(const struct durable_folder *folder, const char *name);

/* Local. Open a regular file of one name to read. Returns a descriptor, or -1. */
int durable_open_file(const struct durable_folder *folder, const char *name, uint64_t *byte_count,
                      struct failure *failure);

#endif
