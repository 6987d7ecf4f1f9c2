#ifndef COURSE_FUNNEL_OPTIONS_H
#define COURSE_FUNNEL_OPTIONS_H

#include "course_funnel/failure.h"

#include <getopt.h>
#include <stdint.h>

/* What the option parsers of all commands share. Each failure is EXIT_USAGE and names the option.
 */

/*
 * Local. Note in ${given}, 0 at first, that the option of ${value} (1 to 63) of getopt's table is
 * given. Returns 0, or -1: it was before.
 */
int options_once(const struct option *options, int value, uint64_t *given, struct failure *failure);

/* Local. Read a whole decimal number from ${minimum} to ${maximum}. Returns 0, or -1. */
int options_number(const char *option, const char *text, uint64_t minimum, uint64_t maximum,
                   uint64_t *value, struct failure *failure);

/* Local. As options_number, with an optional suffix K, M, G or T (powers of 1,024). */
int options_bytes(const char *option, const char *text, uint64_t minimum, uint64_t maximum,
                  uint64_t *value, struct failure *failure);

/* Local. Read a decimal number, such as 0.5, above 0 and up to ${maximum}. Returns 0, or -1. */
int options_decimal(const char *option, const char *text, double maximum, double *value,
                    struct failure *failure);

/* Local. Read a share from 0 to 1, such as 0.05. Returns 0, or -1. */
int options_share(const char *option, const char *text, double *value, struct failure *failure);

#endif
