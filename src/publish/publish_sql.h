#ifndef PUBLISH_SQL_H
#define PUBLISH_SQL_H

/*
 * The files of sql/, embedded at build time; sql/NAME.sql is sql_NAME. `:schema` in them stands for
 * the quoted name of the target's schema (postgres_place_schema).
 */

/* What publishing creates: an object each, with its comments. */
extern const char sql_mart_course_funnel_cohorts[];
extern const char sql_mart_course_funnel_lessons[];
extern const char sql_mart_course_funnel_dropoff[];
extern const char sql_course_funnel_session_match[];
extern const char sql_course_funnel_runs[];

/* Checks of the target before anything is written. */
extern const char sql_missing_objects[];
extern const char sql_differences[];

/* Publishing. */
extern const char sql_staged_sums[];
extern const char sql_published_before[];
extern const char sql_insert_cohorts[];
extern const char sql_insert_lessons[];
extern const char sql_insert_matches[];
extern const char sql_unlike_staged[];

/* Reading back. */
extern const char sql_last_run[];
extern const char sql_read_cohorts[];
extern const char sql_read_lessons[];

#endif
