#ifndef TESTS_EXPORT_LINE_H
#define TESTS_EXPORT_LINE_H

#include <stddef.h>
#include <stdint.h>

/* Lines as the Export API writes them, made up. */

#define EXPORT_LINE_ROOM 4096

/* Write one line, its '\n' included, and its end; returns its length. ${state} is of random.h. */
size_t export_line(char to[EXPORT_LINE_ROOM], const char *type, uint64_t *state);

#endif
