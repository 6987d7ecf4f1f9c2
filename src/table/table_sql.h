#ifndef TABLE_SQL_H
#define TABLE_SQL_H

/* The files of sql/, embedded at build time; sql/NAME.sql is sql_NAME. */

/* Looking at a table of events. */
extern const char sql_table_find[];
extern const char sql_table_columns[];
extern const char sql_table_tree[];
extern const char sql_table_changed[];

#endif
