#ifndef COURSE_FUNNEL_OPTIONS_H
#define COURSE_FUNNEL_OPTIONS_H

#include "course_funnel/failure.h"

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the option parsers of all commands share. Each failure is EXIT_USAGE and names the option.
 */

/* What the value of an option is. */
enum options_kind {
    OPTIONS_FLAG,      /* bool: true where it is given; the option takes no text */
    OPTIONS_TEXT,      /* const char *, as options_text */
    OPTIONS_NUMBER,    /* uint64_t, as options_number */
    OPTIONS_NUMBER_32, /* uint32_t, likewise */
    OPTIONS_BYTES,     /* uint64_t, as options_bytes */
    OPTIONS_SHARE      /* double, as options_share */
};

/* An option of a command, which has a table of them. */
struct options_row {
    const char *name; /* with its dashes */
    enum options_kind kind;
    size_t offset; /* of its value in the command's own struct */
    uint64_t least, most;
    bool again;  /* may be given more than once */
    int purpose; /* in the command's own numbers */
    /* Reads the text into the command's own struct, where the kinds do not do. Returns 0, or -1. */
    int (*read)(void *values, const char *text, struct failure *failure);
};

/* Local. The table for getopt_long: the first row is number 1. Fills ${count} + 1 of ${table}. */
void options_getopt(const struct options_row *rows, size_t count, struct option *table);

/*
 * Local. Read option ${number} (1 to 63) with its text into ${values}, and note in ${given}, 0 at
 * first, that it is given. Returns 0, or -1: also where it was given before and may not be.
 */
int options_read(const struct options_row *rows, int number, const char *text, void *values,
                 uint64_t *given, struct failure *failure);

/*
 * Local. Read a command line that has options alone, by ${count} rows (63 at most), into ${values}.
 * Returns 1 as soon as ${help} is true, a flag among them; 0 at the end, or -1: an option that is
 * not there or lacks its value, a word that belongs to none, and as options_read.
 */
int options_parse(const struct options_row *rows, size_t count, int argc, char **argv, void *values,
                  const bool *help, struct failure *failure);

/* Local. Read a whole decimal number from ${minimum} to ${maximum}. Returns 0, or -1. */
int options_number(const char *option, const char *text, uint64_t minimum, uint64_t maximum,
                   uint64_t *value, struct failure *failure);

/* Local. Read a whole number that may be negative, such as the id of a course. Returns 0, or -1. */
int options_id(const char *option, const char *text, int32_t *value, struct failure *failure);

/* Local. Read a date, as YYYY-MM-DD, into days since 1970-01-01. Returns 0, or -1. */
int options_date(const char *option, const char *text, int32_t *day, struct failure *failure);

/* Local. Read the date of a Monday. As above. */
int options_monday(const char *option, const char *text, int32_t *day, struct failure *failure);

/* Local. As options_number, with an optional suffix K, M, G or T (powers of 1,024). */
int options_bytes(const char *option, const char *text, uint64_t minimum, uint64_t maximum,
                  uint64_t *value, struct failure *failure);

/* Local. Read a decimal number, such as 0.5, above 0 and up to ${maximum}. Returns 0, or -1. */
int options_decimal(const char *option, const char *text, double maximum, double *value,
                    struct failure *failure);

/* Local. Read a share from 0 to 1, such as 0.05. Returns 0, or -1. */
int options_share(const char *option, const char *text, double *value, struct failure *failure);

/* Local. Take a text of ${least} bytes or more. Returns 0, or -1. */
int options_text(const char *option, const char *text, uint64_t least, const char **value,
                 struct failure *failure);

#endif
