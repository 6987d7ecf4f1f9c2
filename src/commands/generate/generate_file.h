#ifndef GENERATE_FILE_H
#define GENERATE_FILE_H

#include "course_funnel/failure.h"
#include "generate_options.h"

#include <stddef.h>
#include <stdint.h>

/* One output file, written under a temporary name. */
struct generate_file;

/* Local. Buffers for one file at a time. Returns 0, or -1 (EXIT_BUG). */
int generate_file_create(const struct generate_options *options, struct generate_file **file,
                         struct failure *failure);
/* Local. Closes and removes what was not finished. */
void generate_file_free(struct generate_file *file);

/* Local. Begin ${path}. Returns 0, or -1 (EXIT_TARGET). */
int generate_file_open(struct generate_file *file, const char *path, struct failure *failure);

/* Local. Room for ${bytes} (at most GENERATE_DAMAGED_BYTES), or NULL (EXIT_TARGET). */
char *generate_file_room(struct generate_file *file, size_t bytes, struct failure *failure);

/* Local. The text up to ${end} in the room last given belongs to the file. */
void generate_file_advance(struct generate_file *file, const char *end);

/* Local. Finish and rename; ${disk_bytes} is set to its size. Returns 0, or -1 (EXIT_TARGET). */
int generate_file_close(struct generate_file *file, uint64_t *disk_bytes, struct failure *failure);

#endif
