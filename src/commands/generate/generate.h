#ifndef GENERATE_H
#define GENERATE_H

#include "course_funnel/event.h"
#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A sample Amplitude export of learners who are made up: hourly files under Amplitude's names. No
 * MPI. The files follow from the options alone: any number of ranks writes the same bytes.
 */

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

/* What was written. Plain uint64_t counts only, so that ranks can sum it as an array. */
struct generate_counts {
    uint64_t files;
    uint64_t lines;
    uint64_t text_bytes;
    uint64_t disk_bytes;
    uint64_t course_lines[3];          /* by enum event_kind, as they were before any damage */
    uint64_t rejected[REJECT_REASONS]; /* course lines that must be rejected */
    uint64_t made_other;               /* course lines whose damage makes them other */
    uint64_t time_unusable;            /* course lines with an unusable time_spent_sec */
    uint64_t odd;                      /* course lines that are spelled oddly, but are good */
    uint64_t copies;                   /* lines that deliver an event again */
    uint64_t late;                     /* lines uploaded an hour or more after the event */
    uint64_t hostile;                  /* course lines that --hostile changed */
};

#define GENERATE_COUNTS (sizeof(struct generate_counts) / sizeof(uint64_t))

/* The text of `course-funnel generate --help`. */
extern const char generate_help[];

/*
 * Local. Read the command line of `generate` (argv[0] is the command's name); what it does not
 * name gets its default. Returns 0, or -1 (EXIT_USAGE).
 */
int generate_parse(int argc, char **argv, struct generate_options *options,
                   struct failure *failure);

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

/*
 * Local. For GENERATE_ZIP, when all ranks have written: put the files into one archive and remove
 * them; sets ${counts}->disk_bytes. For other formats it does nothing. Returns 0, or -1
 * (EXIT_TARGET, EXIT_BUG).
 */
int generate_archive(const struct generate_options *options, struct generate_counts *counts,
                     struct failure *failure);

#endif
