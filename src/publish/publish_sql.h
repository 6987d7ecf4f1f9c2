#ifndef PUBLISH_SQL_H
#define PUBLISH_SQL_H

#include "course_funnel/marts_table.h"
#include "course_funnel/postgres.h"

/*
 * The files of sql/, embedded at build time; sql/NAME.sql is sql_NAME. `:schema` in them stands for
 * the quoted name of the target's schema (postgres_place_schema).
 */

/* What publishing creates: an object each, with its comments. */
extern const char sql_mart_course_funnel_cohorts[];
extern const char sql_mart_course_funnel_lessons[];
extern const char sql_mart_course_funnel_dropoff[];
extern const char sql_mart_course_funnel_steps[];
extern const char sql_mart_course_funnel_completion[];
extern const char sql_mart_course_funnel_entry_points[];
extern const char sql_course_funnel_changes[];
extern const char sql_course_funnel_session_match[];
extern const char sql_course_funnel_runs[];
extern const char sql_course_funnel_runs_columns[];

/* Checks of the target before anything is written. */
extern const char sql_objects[];
extern const char sql_differences[];
extern const char sql_event_triggers[];

/* Publishing, and reading back. */
extern const char sql_staging[];
extern const char sql_staged_sums[];
extern const char sql_changes[];
extern const char sql_published_before[];
extern const char sql_insert_rows[];
extern const char sql_unlike_staged[];
extern const char sql_last_run[];
extern const char sql_read_rows[];

/*
 * Local. Put what marts_shapes has of ${table} in place of `:table`, `:columns`, `:key` (its
 * columns), `:definitions` (all columns with their types) and `:texts` (all columns, numbers with
 * decimals as texts), and ${schema} in place of `:schema`. Returns 0 and a text that the caller
 * frees, or -1.
 */
int publish_sql_place(struct postgres *connection, const char *sql, const char *schema,
                      enum marts_table table, char **placed, struct failure *failure);

/*
 * Local. sql_differences with what it says of all tables of marts_shapes in place of `:tables` and
 * `:table_columns`. Returns 0 and a text that the caller frees, or -1.
 */
int publish_sql_differences(char **placed, struct failure *failure);

#endif
