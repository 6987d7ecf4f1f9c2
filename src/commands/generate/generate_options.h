#ifndef GENERATE_OPTIONS_H
#define GENERATE_OPTIONS_H

#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stdint.h>

/* What a sample is made of: the command line of `generate`. */

enum generate_format {
    GENERATE_GZIP = 0,
    GENERATE_PLAIN = 1,
    GENERATE_ZIP = 2 /* gzip files in one zip archive, as the Export API sends them */
};

struct generate_options {
    const char *out; /* the folder to write to; made when it is not there */
    uint64_t users;  /* 0: as many as the events need */
    uint64_t courses;
    uint64_t lessons;    /* of the longest course */
    uint64_t events;     /* lines in all, about */
    uint64_t weeks;      /* in which learners arrive and learn */
    int32_t start_days;  /* first day, since 1970-01-01 */
    double course_share; /* of all lines */
    double dirt;         /* share of course event lines that are damaged or oddly spelled */
    double hostile;    /* share of course event lines with bytes that PostgreSQL text can't hold */
    double duplicates; /* share of events that are delivered again in another file */
    double late;       /* share of events that are uploaded hours or days after they happened */
    uint64_t app;      /* Amplitude's number of the project: folder and file names */
    uint64_t seed;
    uint64_t file_lines; /* a larger hour is split into more files */
    uint64_t level;      /* of gzip, 0 to 3 */
    enum generate_format format;
    bool help; /* --help was asked for: print generate_help and do no more */
};

/* The text of `course-funnel generate --help`. */
extern const char generate_help[]; /* generate_help.txt, embedded at build time */

/*
 * Local. Read the command line of `generate` (argv[0] is the command's name); what it does not
 * name gets its default. Returns 0, or -1 (EXIT_USAGE).
 */
int generate_parse(int argc, char **argv, struct generate_options *options,
                   struct failure *failure);

#endif
