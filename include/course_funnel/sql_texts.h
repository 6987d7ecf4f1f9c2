#ifndef COURSE_FUNNEL_SQL_TEXTS_H
#define COURSE_FUNNEL_SQL_TEXTS_H

/* The SQL files of src/sql, embedded at build time; src/sql/NAME.sql is sql_NAME. */

#endif
