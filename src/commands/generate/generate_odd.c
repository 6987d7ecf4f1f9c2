#include "generate_workshop.h"

#include "course_funnel/calendar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define US_PER_MINUTE (60 * CALENDAR_US_PER_SECOND)

void odd_spell_ids(struct workshop *shop)
{
    const struct generate_values *values = shop->values;
    char course[32];
    char lesson[32];
    if (generate_chance(shop->random, GENERATE_PERCENT(50))) {
        (void)snprintf(course, sizeof course, "\"%" PRId32 "\"", values->course_id);
        (void)snprintf(lesson, sizeof lesson, "%" PRId32 ".0", values->lesson_id);
    } else {
        (void)snprintf(course, sizeof course, "%" PRId32 ".000", values->course_id);
        (void)snprintf(lesson, sizeof lesson, "\"%" PRId32 "\"", values->lesson_id);
    }
    workshop_pair(shop->course, "course_id", course);
    if (values->kind != EVENT_COURSE_COMPLETED)
        workshop_pair(shop->lesson, "lesson_id", lesson);
    workshop_set_properties(shop);
}

/* Ids far away from all others; few, since each makes rows of its own. */
void odd_move_ids(struct workshop *shop)
{
    static const char *const ids[] = {"2147483647", "-2147483648", "-1", "0", "\"-7\"", "1000000"};
    workshop_pair(shop->lesson, "lesson_id", PICK(shop, ids));
    if (generate_chance(shop->random, GENERATE_PERCENT(20)))
        workshop_pair(shop->course, "course_id", PICK(shop, ids));
    workshop_set_properties(shop);
}

void odd_spell_spent(struct workshop *shop)
{
    static const char *const spellings[] = {"0",     "\"75\"", "\"412.125\"", "1.5e2", "90.0005",
                                            "12E+1", "3600",   "0.000001",    "7.0"};
    workshop_pair(shop->spent, "time_spent_sec", PICK(shop, spellings));
    workshop_set_properties(shop);
}

/* A loader that keeps JSON in a text column encodes the object twice. */
void odd_encode_twice(struct workshop *shop)
{
    struct generate_text object;
    workshop_join(shop, ", ", &object);
    struct generate_text *text = &shop->fields->properties;
    workshop_set(text, "\"event_properties\":\"");
    for (size_t i = 0; i < object.bytes && text->bytes + 8 < sizeof text->text; i++) {
        if (object.text[i] == '"' || object.text[i] == '\\')
            text->text[text->bytes++] = '\\';
        text->text[text->bytes++] = object.text[i];
    }
    text->text[text->bytes++] = '"';
    text->text[text->bytes++] = ',';
}

/* A pair that a later one of the same name replaces: the last one wins. */
void odd_say_twice(struct workshop *shop)
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
    workshop_set(&shop->fields->front, "%s", PICK(shop, early));
}

void odd_say_property_twice(struct workshop *shop)
{
    char course[sizeof shop->course];
    memcpy(course, shop->course, sizeof course);
    (void)snprintf(shop->course, sizeof shop->course,
                   "\"course_id\":88888,\"lesson_id\":\"x\",%.60s", course);
    workshop_set_properties(shop);
}

/* The pairs that count come first, in another order than Amplitude's. */
void odd_reorder(struct workshop *shop)
{
    struct generate_fields *fields = shop->fields;
    workshop_set(&fields->front, "%.*s%.*s%.*s%.*s", (int)fields->type.bytes, fields->type.text,
                 (int)fields->user.bytes, fields->user.text, (int)fields->time.bytes,
                 fields->time.text, (int)fields->properties.bytes, fields->properties.text);
    fields->type.bytes = 0;
    fields->user.bytes = 0;
    fields->time.bytes = 0;
    fields->properties.bytes = 0;
}

void odd_space_out(struct workshop *shop)
{
    struct generate_text object;
    const struct generate_values *values = shop->values;
    workshop_join(shop, "  , ", &object);
    workshop_set(&shop->fields->properties, "  \"event_properties\" : %.900s , ", object.text);
    workshop_set(&shop->fields->type, " \"event_type\" :  \"%s\" , ", workshop_types[values->kind]);
    workshop_set(&shop->fields->user, "\"user_id\" : %s , ", values->user);
    shop->fields->ending = GENERATE_BLANKS_AROUND;
}

/* Names are compared as what they spell, so an escape in one is the same name. */
void odd_escape_names(struct workshop *shop)
{
    const struct generate_values *values = shop->values;
    workshop_set(&shop->fields->user, "\"user\\u005fid\":%s,", values->user);
    workshop_set(&shop->fields->type, "\"\\u0065vent_type\":\"%s\",", workshop_types[values->kind]);
}

void odd_spell_time(struct workshop *shop)
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
    size_t i = generate_below(shop->random, COUNT(spellings));
    char text[CALENDAR_TIME_BYTES];
    calendar_format_time(shop->values->time_ms * 1000 + spellings[i].offset_minutes * US_PER_MINUTE,
                         text);
    int digits = spellings[i].fraction_digits;
    workshop_set(&shop->fields->time, "\"event_time\":\"%.10s%c%.*s%s\",", text,
                 spellings[i].separator, digits == 0 ? 8 : 9 + digits, text + 11,
                 spellings[i].ending);
}

/* Clocks of clients can say anything. */
void odd_move_time(struct workshop *shop)
{
    static const char *const times[] = {
        "0001-01-01 00:00:00",       "9999-12-31 23:59:59.999999", "1970-01-01 00:00:00.000000",
        "2099-12-31T23:59:59.999Z",  "1999-12-31 23:59:59-00:01",  "2000-02-29 12:00:00",
        "2024-12-30T00:00:00+00:00", "2024-12-29 23:59:59.999999", "1969-12-31 23:59:59.5",
    };
    workshop_set(&shop->fields->time, "\"event_time\":\"%s\",", PICK(shop, times));
}
