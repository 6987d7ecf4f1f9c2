#ifndef COURSE_FUNNEL_MARTS_TABLE_H
#define COURSE_FUNNEL_MARTS_TABLE_H

#include "course_funnel/marts.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The one table of the tables that a run publishes: names, columns, keys, and where their values
 * stand in the rows of marts.h. CSV text, its reading back, staging, publishing and the checks of a
 * target follow from it. A further mart is an enumerator, a row type, its lines in marts_table.c,
 * and its CREATE statement in the publish layer. Pure.
 */
enum marts_table {
    MARTS_COHORTS,
    MARTS_LESSONS,
    MARTS_STEPS,
    MARTS_COMPLETION,
    MARTS_ENTRY_POINTS,
    MARTS_CHANGES,
    MARTS_MATCHES,
    MARTS_TABLES
};

enum marts_kind {
    MARTS_ID,          /* INTEGER: int32_t */
    MARTS_COUNT,       /* INTEGER ≥ 0: int32_t */
    MARTS_DATE,        /* DATE: int32_t, days since 1970-01-01 */
    MARTS_LARGE_COUNT, /* BIGINT ≥ 0: uint64_t */
    MARTS_RATE,        /* NUMERIC ≥ 0 with 6 decimals: int64_t in millionths */
    MARTS_MEAN,        /* NUMERIC ≥ 0 with 3 decimals: int64_t in thousandths */
    MARTS_TEXT,        /* TEXT COLLATE "C": const char *, never empty */
    MARTS_BOOLEAN      /* BOOLEAN: bool, "t" or "f" as PostgreSQL's COPY has them */
};

#define MARTS_NEVER_NULL SIZE_MAX

struct marts_column {
    const char *name;
    enum marts_kind kind;
    size_t offset;     /* of the value in a row */
    size_t has_offset; /* of the bool that is false for NULL; or MARTS_NEVER_NULL */
};

struct marts_shape {
    const char *name; /* of the table, and of its file but for ".csv" */
    const struct marts_column *columns;
    size_t column_count;
    size_t key_count; /* so many of the first columns are the primary key and the order */
    size_t row_bytes;
    size_t rows_offset, count_offset; /* in struct marts */
    size_t digest_offset;             /* likewise; 0: in no digest */
    bool is_further;                  /* there only where more than the two marts is wanted */
};

extern const struct marts_shape marts_shapes[MARTS_TABLES];

/*
 * Local. The cells whose counts differ in the two marts of ${old} and ${now}, into the changes of
 * ${found}, which marts_changes frees when it fails. ${as_of_us}, where there is one, is that of
 * the run that ${old} is of. Returns 0, or -1 (EXIT_BUG).
 */
int marts_changes(const struct marts *old, const int64_t *as_of_us, const struct marts *now,
                  struct marts *found, struct failure *failure);

/* Local. How many rows there are of a table. */
size_t marts_count(const struct marts *marts, enum marts_table table);

/* Enough for any row's text, and for the names of all columns of any table, with their ends. */
#define MARTS_ROW_BYTES 640
#define MARTS_COLUMNS_BYTES 400

/* Local. The first ${count} columns as "a,b,c", which is the header line of the CSV text. */
void marts_columns(enum marts_table table, size_t count, char text[MARTS_COLUMNS_BYTES]);

/*
 * Local. One row as CSV without '\n': NULL as an empty field, rates with 6 decimals, means and
 * percentiles with 3; a text in quotes only where it holds a comma, quote, CR or LF. Returns the
 * length of the text, which is terminated too.
 */
size_t marts_format(const struct marts *marts, enum marts_table table, size_t row,
                    char text[MARTS_ROW_BYTES]);

/* Enough for a row of any table, aligned as each. */
union marts_row {
    struct mart_cohort_row cohort;
    struct mart_lesson_row lesson;
    struct mart_step_row step;
    struct mart_completion_row completion;
    struct mart_entry_row entry;
    struct change_row change;
    struct match_row match;
};

/*
 * Local. A row's CSV text, without the '\n' behind it, into a row, whose texts stand in ${buffer}.
 * Returns whether it is as marts_format writes one.
 */
bool marts_parse(enum marts_table table, const char *line, size_t bytes,
                 char buffer[MARTS_ROW_BYTES], union marts_row *row);

/*
 * Local. Begin the digest of a table's CSV text, to which its lines are added. It is what `xxhsum
 * -H2` prints of the file. Returns 0, or -1 (EXIT_BUG).
 */
int marts_begin_digest(enum marts_table table, struct digest **digest, struct failure *failure);

#endif
