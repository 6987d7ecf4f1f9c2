#ifndef MANIFEST_INTERNAL_H
#define MANIFEST_INTERNAL_H

#include "course_funnel/event.h"
#include "course_funnel/key_group.h"
#include "course_funnel/manifest.h"
#include "seal.h"

/* What the files that write, read and compare manifests share. */

#define MANIFEST_FORMAT "course-funnel checkpoint"

/* Numbers of 64 bits of a manifest, by name. */
struct manifest_count {
    const char *name;
    size_t offset;
};

/* Numbers of a table among the inputs; the first is there for each table that has any. */
#define MANIFEST_CHANGES 6
extern const struct manifest_count manifest_changes[MANIFEST_CHANGES];

#define MANIFEST_COUNTS 28
extern const struct manifest_count manifest_counts[MANIFEST_COUNTS];

/* The names of enum manifest_kind. */
extern const char *const manifest_kinds[2];

#endif
