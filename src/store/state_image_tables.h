#ifndef STATE_IMAGE_TABLES_H
#define STATE_IMAGE_TABLES_H

#include "image.h"

/* The tables of a file of key groups, which state_image.c writes and state_image_load.c reads. */

/* The last two are of the file and not of its groups. */
enum {
    GROUPS,
    USERS,
    ENROLMENTS,
    PROGRESS,
    FINGERPRINTS,
    TEXTS,
    TIMES,
    ENTRY_POINTS,
    ENTRY_TEXTS,
    TABLES
};

#define GROUP_TABLES ENTRY_POINTS

extern const struct image_table state_tables[TABLES]; /* without counts */

#endif
