#ifndef REBUILD_OPTIONS_H
#define REBUILD_OPTIONS_H

#include "course_funnel/checkpoint.h"
#include "course_funnel/failure.h"
#include "course_funnel/source.h"
#include "course_funnel/table.h"

#include <stdbool.h>
#include <stddef.h>

/* The command line of `course-funnel rebuild`. */

/* An --events-table, and each --column behind it. */
struct rebuild_table {
    const char *name;
    size_t from_before; /* how many sources had been named before it */
    const char *columns[TABLE_COLUMNS];
    size_t columns_before; /* as from_before, of the last of the columns; 0: there is none */
};

#define REBUILD_PATIENCE_S 600

struct rebuild_options {
    const char **from; /* as given: owned array of borrowed texts */
    size_t from_count;
    const char **files; /* those of ${from} that are no PostgreSQL; likewise */
    size_t file_count;
    struct rebuild_table *events_tables; /* as given; owned */
    size_t events_table_count;
    struct table_request *requests; /* owned; what ${tables} has */
    struct table_options tables;    /* what is to be read of PostgreSQL; its columns are those that
                                       were named for all tables */
    char *columns;                  /* all that were named as one text; owned */
    char *sessions;                 /* likewise what users are to be matched with, or NULL */
    uint32_t connections;           /* ranks that read tables at most; 0: all */
    const char *to;
    const char *schema;
    const char *rejects; /* as given; rebuild_options_rejects_path makes a path of it */
    double max_reject_share;
    uint32_t patience_s;
    const char *as_of; /* in place of the day of the run, or NULL */
    int64_t as_of_day; /* likewise, since 1970-01-01 */
    bool marts_only;   /* no further mart is wanted */
    bool allow_empty;
    bool dry_run;
    uint32_t settle_minutes; /* files that were changed so recently are left to the next night */
    bool json_log;
    bool help;
    struct source_limits limits;
    struct checkpoint_options checkpoint; /* no path: none is kept */
};

/* What --help prints. */
extern const char rebuild_help[]; /* rebuild_help.txt, embedded at build time */

/*
 * Local. Read the command line; argv[0] is the name of the command. Returns 0, or -1 (EXIT_USAGE;
 * EXIT_STRANGER: tables, which cannot be extended; EXIT_BUG). rebuild_options_clear frees what it
 * holds.
 */
int rebuild_options_parse(int argc, char **argv, struct rebuild_options *options,
                          struct failure *failure);
void rebuild_options_clear(struct rebuild_options *options);

/*
 * Local. Tell files from PostgreSQL among ${from}, and which tables are to be read of each: an
 * --events-table belongs to the only PostgreSQL source, or where there are several to the one named
 * last before it; a source without one is read from TABLE_DEFAULT_NAME. Columns that were named for
 * a table go before those that were named for all. Called by
 * rebuild_options_parse. Returns 0, or -1 (EXIT_USAGE, EXIT_BUG).
 */
int rebuild_options_sort_sources(struct rebuild_options *options, struct failure *failure);

/*
 * Local. The file that rejects go to: what --rejects names, or rejects.ndjson in it when it is a
 * directory; where that is a symbolic link, what it leads to. The caller frees it. Returns 0, or -1
 * (EXIT_USAGE: a link that leads nowhere; EXIT_BUG).
 */
int rebuild_options_rejects_path(const struct rebuild_options *options, char **path,
                                 struct failure *failure);

#endif
