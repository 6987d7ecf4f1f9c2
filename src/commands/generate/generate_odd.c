#include "generate_odd.h"

#include "course_funnel/calendar.h"
#include "course_funnel/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define US_PER_MINUTE (60 * CALENDAR_US_PER_SECOND)

void generate_odd_spell_ids(struct generate_edit *edit)
{
    const struct generate_values *values = edit->values;
    char course[32];
    char lesson[32];
    if (generate_chance(edit->random, GENERATE_PERCENT(50))) {
        (void)snprintf(course, sizeof course, "\"%" PRId32 "\"", values->course_id);
        (void)snprintf(lesson, sizeof lesson, "%" PRId32 ".0", values->lesson_id);
    } else {
        (void)snprintf(course, sizeof course, "%" PRId32 ".000", values->course_id);
        (void)snprintf(lesson, sizeof lesson, "\"%" PRId32 "\"", values->lesson_id);
    }
    generate_edit_pair(edit->course, "course_id", course);
    if (values->kind != EVENT_COURSE_COMPLETED)
        generate_edit_pair(edit->lesson, "lesson_id", lesson);
    generate_edit_set_properties(edit);
}

/* Ids far away from all others; few, since each makes rows of its own. */
void generate_odd_move_ids(struct generate_edit *edit)
{
    static const char *const ids[] = {"2147483647", "-2147483648", "-1", "0", "\"-7\"", "1000000"};
    generate_edit_pair(edit->lesson, "lesson_id", PICK(edit, ids));
    if (generate_chance(edit->random, GENERATE_PERCENT(20)))
        generate_edit_pair(edit->course, "course_id", PICK(edit, ids));
    generate_edit_set_properties(edit);
}

void generate_odd_spell_spent(struct generate_edit *edit)
{
    static const char *const spellings[] = {"0",     "\"75\"", "\"412.125\"", "1.5e2", "90.0005",
                                            "12E+1", "3600",   "0.000001",    "7.0"};
    generate_edit_pair(edit->spent, "time_spent_sec", PICK(edit, spellings));
    generate_edit_set_properties(edit);
}

/* A loader that keeps JSON in a text column encodes the object twice. */
void generate_odd_encode_twice(struct generate_edit *edit)
{
    struct generate_text object;
    generate_edit_join(edit, ", ", &object);
    struct generate_text *text = &edit->fields->properties;
    generate_edit_print(text, "\"event_properties\":\"");
    for (size_t i = 0; i < object.bytes && text->bytes + 8 < sizeof text->text; i++) {
        if (object.text[i] == '"' || object.text[i] == '\\')
            text->text[text->bytes++] = '\\';
        text->text[text->bytes++] = object.text[i];
    }
    text->text[text->bytes++] = '"';
    text->text[text->bytes++] = ',';
}

/* A pair that a later one of the same name replaces: the last one wins. */
void generate_odd_say_twice(struct generate_edit *edit)
{
    static const char *const early[] = {
        "\"user_id\":\"somebody else\",",
        "\"user_id\":null,",
        "\"event_time\":\"1999-01-01 00:00:00\",",
        "\"event_time\":false,",
        "\"event_type\":\"page_viewed\",",
        "\"event_properties\":{\"course_id\":88888,\"lesson_id\":1},",
        "\"event_properties\":[],",
        "\"uuid\":null,",
    };
    generate_edit_print(&edit->fields->front, "%s", PICK(edit, early));
}

void generate_odd_say_property_twice(struct generate_edit *edit)
{
    char course[sizeof edit->course];
    memcpy(course, edit->course, sizeof course);
    (void)snprintf(edit->course, sizeof edit->course,
                   "\"course_id\":88888,\"lesson_id\":\"x\",%.60s", course);
    generate_edit_set_properties(edit);
}

/* The pairs that count come first, in another order than Amplitude's. */
void generate_odd_reorder(struct generate_edit *edit)
{
    struct generate_fields *fields = edit->fields;
    generate_edit_print(&fields->front, "%.*s%.*s%.*s%.*s", (int)fields->type.bytes,
                        fields->type.text, (int)fields->user.bytes, fields->user.text,
                        (int)fields->time.bytes, fields->time.text, (int)fields->properties.bytes,
                        fields->properties.text);
    fields->type.bytes = 0;
    fields->user.bytes = 0;
    fields->time.bytes = 0;
    fields->properties.bytes = 0;
}

void generate_odd_space_out(struct generate_edit *edit)
{
    struct generate_text object;
    const struct generate_values *values = edit->values;
    generate_edit_join(edit, "  , ", &object);
    generate_edit_print(&edit->fields->properties, "  \"event_properties\" : %.900s , ",
                        object.text);
    generate_edit_print(&edit->fields->type, " \"event_type\" :  \"%s\" , ",
                        event_names[values->kind]);
    generate_edit_print(&edit->fields->user, "\"user_id\" : %s , ", values->user);
    edit->fields->ending = GENERATE_BLANKS_AROUND;
}

/* Names are compared as what they spell, so an escape in one is the same name. */
void generate_odd_escape_names(struct generate_edit *edit)
{
    const struct generate_values *values = edit->values;
    generate_edit_print(&edit->fields->user, "\"user\\u005fid\":%s,", values->user);
    generate_edit_print(&edit->fields->type, "\"\\u0065vent_type\":\"%s\",",
                        event_names[values->kind]);
}

void generate_odd_spell_time(struct generate_edit *edit)
{
    static const struct {
        int offset_minutes;
        char separator;
        int fraction_digits; /* of the six that there are */
        const char *ending;
    } spellings[] = {
        {0, 'T', 3, "Z"},        {0, 'T', 6, "+00:00"},   {0, ' ', 6, "Z"},
        {330, ' ', 6, "+05:30"}, {-480, 'T', 3, "-0800"}, {840, 'T', 6, "+14"},
        {0, ' ', 6, "789"},      {0, 'T', 6, "1234567Z"}, {0, ' ', 1, ""},
        {0, 'T', 0, "Z"},        {-30, ' ', 3, "-00:30"}, {1439, 'T', 6, "+2359"},
        {-720, ' ', 3, "-12"},   {0, ' ', 0, "-00"},
    };
    size_t i = generate_below(edit->random, COUNT(spellings));
    char text[CALENDAR_TIME_BYTES];
    calendar_format_time(edit->values->time_ms * 1000 + spellings[i].offset_minutes * US_PER_MINUTE,
                         text);
    int digits = spellings[i].fraction_digits;
    generate_edit_print(&edit->fields->time, "\"event_time\":\"%.10s%c%.*s%s\",", text,
                        spellings[i].separator, digits == 0 ? 8 : 9 + digits, text + 11,
                        spellings[i].ending);
}

/* Clocks of clients can say anything. */
void generate_odd_move_time(struct generate_edit *edit)
{
    static const char *const times[] = {
        "0001-01-01 00:00:00",       "9999-12-31 23:59:59.999999", "1970-01-01 00:00:00.000000",
        "2099-12-31T23:59:59.999Z",  "1999-12-31 23:59:59-00:01",  "2000-02-29 12:00:00",
        "2024-12-30T00:00:00+00:00", "2024-12-29 23:59:59.999999", "1969-12-31 23:59:59.5",
    };
    generate_edit_print(&edit->fields->time, "\"event_time\":\"%s\",", PICK(edit, times));
}
