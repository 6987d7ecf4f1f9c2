#ifndef GENERATE_EDIT_H
#define GENERATE_EDIT_H

#include "generate_random.h"

#include <stddef.h>
#include <stdint.h>

/* The line of a course event in parts, and what generate_dirt.c and generate_odd.c change them
 * with. */

/* A pair or some pairs of a line with a comma behind each, or nothing. */
struct generate_text {
    size_t bytes;
    char text[1024];
};

enum generate_ending {
    GENERATE_WHOLE = 0,
    GENERATE_CUT_AFTER_TYPE,
    GENERATE_CUT_BEFORE_TYPE,
    GENERATE_BRACE_TOO_MANY,
    GENERATE_BRACE_TOO_FEW,
    GENERATE_TWICE, /* two objects on one line */
    GENERATE_BLANKS_AROUND
};

/* The parts of a course event's line that the marts use, to be damaged. */
struct generate_fields {
    struct generate_text front; /* pairs that come before all others */
    struct generate_text properties;
    struct generate_text time;
    struct generate_text type;
    struct generate_text user;
    enum generate_ending ending;
    uint64_t ending_random; /* where to cut */
};

/* What damage draws on: the good values. */
struct generate_values {
    int64_t time_ms; /* since 1970-01-01 */
    int32_t course_id;
    int32_t lesson_id;
    uint32_t spent_ms;
    uint8_t kind;
    const char *user; /* as JSON text, in quotes */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A line that is being changed; each property is a pair of JSON text, or empty for none. */
struct generate_edit {
    struct generate_fields *fields;
    const struct generate_values *values;
    struct generate_random *random;
    char course[128];
    char lesson[128];
    char spent[128];
    int outcome; /* what is to come of the line, see generate_dirt.c */
};

/* Local. Take the good values of the event as the properties. */
void generate_edit_begin(struct generate_edit *edit);

/* Local. Print into a text; what does not fit is cut. */
void generate_edit_print(struct generate_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Local. One of the texts, drawn. */
const char *generate_edit_pick(struct generate_edit *edit, const char *const *texts, size_t count);

#define PICK(edit, texts) generate_edit_pick(edit, texts, COUNT(texts))

/* Local. "name":value, where the value is JSON text. */
void generate_edit_pair(char text[128], const char *name, const char *value);

/* Local. The properties as an object without its name: {"course_id":3,...} */
void generate_edit_join(const struct generate_edit *edit, const char *comma,
                        struct generate_text *object);

/* Local. Make the properties those of the line. */
void generate_edit_set_properties(struct generate_edit *edit);

/*
 * Local. Carry out ${fields}->ending on the line [line, end) without '\n'. Returns its new end.
 */
char *generate_edit_ending(const struct generate_fields *fields, char *line, char *end);

#endif
