#ifndef COURSE_FUNNEL_TABLE_COLUMNS_H
#define COURSE_FUNNEL_TABLE_COLUMNS_H

#include "course_funnel/failure.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Which columns of a table hold what, and the SQL that gives them, whatever the loader made of
 * them: as texts, but for two types that a server turns to text slower than it reads them. Pure.
 */

/*
 * What is wanted of a row. TABLE_RECORD stands for all before it: the event as one JSON object.
 * TABLE_PROFILE_ID is the one column of a table of sessions.
 */
enum table_column {
    TABLE_EVENT_TYPE = 0,
    TABLE_USER_ID,
    TABLE_EVENT_TIME,
    TABLE_EVENT_PROPERTIES,
    TABLE_UUID,
    TABLE_INSERT_ID,
    TABLE_RECORD,
    TABLE_PROFILE_ID,
    TABLE_COLUMNS /* how many there are */
};

/* Columns of a row that is not a record. */
#define TABLE_FIELDS 6

/* Local. The name that --column knows it by, such as "event_type". */
const char *table_columns_name(enum table_column column);

/*
 * Local. Read a NAME=COLUMN of the command line into ${overrides}; an empty COLUMN says that the
 * table has none. Nothing is copied. Returns 0, or -1 (EXIT_USAGE).
 */
int table_columns_override(const char *text, const char *overrides[TABLE_COLUMNS],
                           struct failure *failure);

/* A column as the catalogue has it. */
struct table_column_fact {
    const char *name;
    const char *type; /* pg_type.typname, of a domain that of the type it stands on */
    char category;    /* pg_type.typcategory of it */
    bool readable;    /* this role may read it */
};

#define TABLE_SELECT_BYTES 2048
#define TABLE_COLUMN_BYTES 64

/* How the rows of a table are asked for. Plain data: ranks send it to each other. */
struct table_shape {
    bool is_record;      /* rows have one field, the record (or profile id), else TABLE_FIELDS;
                            and one more where ${deleted} is there, NULL in rows that are not */
    bool has_id;         /* uuid, insert id or record is there */
    bool is_binary_time; /* event_time comes as the server keeps it, see table_time.h */
    bool is_binary_json; /* event_properties or the record come as jsonb: a byte 1, and the text */
    char deleted[TABLE_COLUMN_BYTES]; /* the column that marks rows as deleted; "": there is none */
    char select[TABLE_SELECT_BYTES];  /* a list of expressions, in the fields' order */
    char filter[TABLE_SELECT_BYTES];  /* true for all course events */
};

/*
 * Local. Choose among the ${fact_count} columns of ${table}: the one that ${overrides} names, else
 * the usual names, first as they are, then in any case. Returns 0 and the shape, or -1: EXIT_SOURCE
 * when a column is missing, may not be read or has a type that cannot hold what is wanted, with
 * what was expected; EXIT_USAGE for a column left out that must be there.
 */
int table_columns_choose(const char *table, const struct table_column_fact *facts,
                         size_t fact_count, const char *const overrides[TABLE_COLUMNS],
                         struct table_shape *shape, struct failure *failure);

/* Local. As table_columns_choose, for a table of sessions: rows with a profile id, and that alone.
 */
int table_columns_choose_profile(const char *table, const struct table_column_fact *facts,
                                 size_t fact_count, const char *const overrides[TABLE_COLUMNS],
                                 struct table_shape *shape, struct failure *failure);

#endif
