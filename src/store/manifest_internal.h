#ifndef MANIFEST_INTERNAL_H
#define MANIFEST_INTERNAL_H

#include "course_funnel/event.h"
#include "course_funnel/key_group.h"
#include "course_funnel/manifest.h"
#include "seal.h"

/* What the files that write, read and compare manifests share. */

#define MANIFEST_FORMAT "course-funnel checkpoint"

/* A field of a manifest, or of what it lists: in the text, and in its struct. */
struct manifest_field {
    const char *name;
    size_t offset;
    enum {
        MANIFEST_COUNT,  /* of 64 bits; a text that says it */
        MANIFEST_NUMBER, /* uint32_t of ${most} or less */
        MANIFEST_TEXT,   /* char[${most}]: a text that fits */
        MANIFEST_EXACT   /* likewise: one that fills it */
    } kind;
    uint64_t most;
};

/* In the order of the text; behind the last is one without a name. */
extern const struct manifest_field manifest_head[], manifest_body[], manifest_input_fields[],
    manifest_changes[], manifest_unfinished_fields[], manifest_file_fields[],
    manifest_part_fields[], manifest_day_fields[], manifest_ledger_fields[],
    manifest_other_fields[];

/* The names of enum manifest_kind. */
extern const char *const manifest_kinds[2];

#endif
