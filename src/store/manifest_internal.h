#ifndef MANIFEST_INTERNAL_H
#define MANIFEST_INTERNAL_H

#include "course_funnel/event.h"
#include "course_funnel/key_group.h"
#include "course_funnel/manifest.h"
#include "seal.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

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
extern const struct manifest_field manifest_head[], manifest_body[], manifest_changes[],
    manifest_unfinished_fields[], manifest_file_fields[], manifest_part_fields[],
    manifest_day_fields[], manifest_ledger_fields[], manifest_other_fields[];

/*
 * Local. Add to an object of the text: a text, a count, a small number, the fields of a struct at
 * ${values}. Each returns false when there is no memory.
 */
bool manifest_add_text(cJSON *object, const char *name, const char *text);
bool manifest_add_count(cJSON *object, const char *name, uint64_t count);
bool manifest_add_number(cJSON *object, const char *name, uint32_t number);
bool manifest_add_fields(cJSON *object, const struct manifest_field *field, const void *values);

/* Local. Returns -1 (STORE_DAMAGED): what is called ${name} is missing or out of range. */
int manifest_malformed(const char *name, struct failure *failure);

/*
 * Local. Take the same out of an object. A text is of exactly, or at most, ${room} - 1 bytes. Each
 * returns 0, or -1 (STORE_DAMAGED: it is missing or out of range).
 */
int manifest_get_text(const cJSON *object, const char *name, char *text, size_t room, bool exact,
                      struct failure *failure);
int manifest_get_count(const cJSON *object, const char *name, uint64_t *count,
                       struct failure *failure);
int manifest_get_number(const cJSON *object, const char *name, uint32_t most, uint32_t *number,
                        struct failure *failure);
int manifest_get_fields(const cJSON *object, const struct manifest_field *field, void *values,
                        struct failure *failure);

/*
 * Local. Add all inputs of a manifest to its text, or take them out. The first returns false when
 * there is no memory; the other 0, or -1 (STORE_DAMAGED, EXIT_BUG).
 */
bool manifest_add_inputs(cJSON *root, const struct manifest *manifest);
int manifest_get_inputs(const cJSON *root, struct manifest *manifest, struct failure *failure);

/* The names of enum manifest_kind. */
extern const char *const manifest_kinds[2];

#endif
