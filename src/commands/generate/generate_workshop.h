#ifndef GENERATE_WORKSHOP_H
#define GENERATE_WORKSHOP_H

#include "generate_parts.h"

/* What the files share that damage lines. Nobody else includes this. */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The line under repair; each property is a pair of JSON text, or empty where it is missing. */
struct workshop {
    struct generate_fields *fields;
    const struct generate_values *values;
    struct generate_random *random;
    char course[128];
    char lesson[128];
    char spent[128];
};

/* The names of the course event types, by enum event_kind. */
extern const char *const workshop_types[3];

/* Local. Take the good values of the event as the properties. */
void workshop_open(struct workshop *shop);

/* Local. Print into a text; what does not fit is cut. */
void workshop_set(struct generate_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Local. One of the texts, drawn. */
const char *workshop_pick(struct workshop *shop, const char *const *texts, size_t count);

#define PICK(shop, texts) workshop_pick(shop, texts, COUNT(texts))

/* Local. "name":value, where the value is JSON text. */
void workshop_pair(char text[128], const char *name, const char *value);

/* Local. The properties as an object without its name: {"course_id":3,...} */
void workshop_join(const struct workshop *shop, const char *comma, struct generate_text *object);

/* Local. Make the properties those of the line. */
void workshop_set_properties(struct workshop *shop);

/* Local. Each spells the line oddly in one way that is good all the same. */
void odd_spell_ids(struct workshop *shop);
void odd_move_ids(struct workshop *shop);
void odd_spell_spent(struct workshop *shop);
void odd_encode_twice(struct workshop *shop);
void odd_say_twice(struct workshop *shop);
void odd_say_property_twice(struct workshop *shop);
void odd_reorder(struct workshop *shop);
void odd_space_out(struct workshop *shop);
void odd_escape_names(struct workshop *shop);
void odd_spell_time(struct workshop *shop);
void odd_move_time(struct workshop *shop);

#endif
