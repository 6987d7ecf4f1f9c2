#include "course_funnel/calendar.h"
#include "course_funnel/generate_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define US_PER_MINUTE (60 * CALENDAR_US_PER_SECOND)
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

static const char *const type_names[] = {"course_lesson_started", "course_lesson_completed",
                                         "course_completed"};

static void set(struct generate_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void set(struct generate_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->text, sizeof text->text, format, arguments);
    va_end(arguments);
    text->bytes = length < 0 ? 0 : (size_t)length;
    if (text->bytes >= sizeof text->text)
        text->bytes = sizeof text->text - 1;
}

static const char *pick(struct workshop *shop, const char *const *texts, size_t count)
{
    return texts[generate_below(shop->random, count)];
}

#define PICK(shop, texts) pick(shop, texts, COUNT(texts))

static void pair(char text[128], const char *name, const char *value)
{
    int length = snprintf(text, 128, "\"%s\":%s", name, value);
    if (length < 0)
        text[0] = '\0';
}

/* The object without its name: {"course_id":3,...} */
static void join_properties(const struct workshop *shop, const char *comma,
                            struct generate_text *object)
{
    const char *const parts[] = {shop->course, shop->lesson, shop->spent,
                                 "\"course_progress\":12.5"};
    set(object, "{");
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (parts[i][0] == '\0')
            continue;
        char so_far[sizeof object->text];
        memcpy(so_far, object->text, object->bytes + 1);
        set(object, "%.700s%s%s", so_far, object->bytes > 1 ? comma : "", parts[i]);
    }
    object->text[object->bytes++] = '}';
    object->text[object->bytes] = '\0';
}

static void set_properties(struct workshop *shop)
{
    struct generate_text object;
    join_properties(shop, ",", &object);
    set(&shop->fields->properties, "\"event_properties\":%.900s,", object.text);
}

static void open_workshop(struct workshop *shop)
{
    const struct generate_values *values = shop->values;
    char number[32];
    (void)snprintf(number, sizeof number, "%" PRId32, values->course_id);
    pair(shop->course, "course_id", number);
    shop->lesson[0] = '\0';
    shop->spent[0] = '\0';
    if (values->kind == EVENT_COURSE_COMPLETED)
        return;
    (void)snprintf(number, sizeof number, "%" PRId32, values->lesson_id);
    pair(shop->lesson, "lesson_id", number);
    if (values->kind != EVENT_LESSON_COMPLETED)
        return;
    (void)snprintf(number, sizeof number, "%" PRIu32 ".%03" PRIu32, values->spent_ms / 1000,
                   values->spent_ms % 1000);
    pair(shop->spent, "time_spent_sec", number);
}

/* Rejects: each kind of damage is the only one of its line, so that its reason is certain. */

static void not_whole(struct workshop *shop)
{
    static const enum generate_ending endings[] = {GENERATE_CUT_AFTER_TYPE, GENERATE_CUT_AFTER_TYPE,
                                                   GENERATE_BRACE_TOO_MANY, GENERATE_BRACE_TOO_FEW,
                                                   GENERATE_TWICE};
    shop->fields->ending = endings[generate_below(shop->random, COUNT(endings))];
    shop->fields->ending_random = generate_next(shop->random);
}

static void lose_user(struct workshop *shop)
{
    static const char *const users[] = {
        "",
        "\"user_id\":null,",
        "\"user_id\":\"\",",
        "\"user_id\":1000123,",
        "\"user_id\":true,",
        "\"user_id\":{\"id\":\"somebody\"},",
        "\"User_Id\":\"somebody\",",
        "\"user_id \":\"somebody\",",
        "\"user_id\":\"somebody\",\"user_id\":null,",
    };
    set(&shop->fields->user, "%s", PICK(shop, users));
}

static void lose_time(struct workshop *shop)
{
    static const char *const times[] = {
        "",
        "\"event_time\":null,",
        "\"event_time\":\"\",",
        "\"event_time\":\"yesterday\",",
        "\"event_time\":\"2025-07-01\",",
        "\"event_time\":\"2025-02-30 10:00:00.000000\",",
        "\"event_time\":\"2023-02-29 10:00:00\",",
        "\"event_time\":\"2025-13-01 10:00:00\",",
        "\"event_time\":\"2025-00-10 10:00:00\",",
        "\"event_time\":\"0000-01-01 10:00:00\",",
        "\"event_time\":\"2025-07-01 24:00:00\",",
        "\"event_time\":\"2025-07-01 10:60:00\",",
        "\"event_time\":\"2025-07-01 10:00:60\",",
        "\"event_time\":\"2025-07-01 10:00\",",
        "\"event_time\":\"2025-7-1 10:00:00\",",
        "\"event_time\":\"25-07-01 10:00:00\",",
        "\"event_time\":\"2025/07/01 10:00:00\",",
        "\"event_time\":\"2025-07-01t10:00:00\",",
        "\"event_time\":\"2025-07-01T10:00:00z\",",
        "\"event_time\":\"2025-07-01 10:00:00 UTC\",",
        "\"event_time\":\"2025-07-01 10:00:00+5\",",
        "\"event_time\":\"2025-07-01 10:00:00+24:00\",",
        "\"event_time\":\" 2025-07-01 10:00:00\",",
        "\"event_time\":1751364000000,",
        "\"Event_Time\":\"2025-07-01 10:00:00\",",
        "\"event_time\":\"2025-07-01 10:00:00\",\"event_time\":\"n/a\",",
    };
    set(&shop->fields->time, "%s", PICK(shop, times));
}

static void lose_properties(struct workshop *shop)
{
    static const char *const properties[] = {
        "[]",
        "7",
        "true",
        "\"n/a\"",
        "\"\"",
        "\"[1,2]\"",
        "\"{\\\"course_id\\\":3,\\\"lesson_id\\\":1\"",
        "\"7\"",
        "[{\"course_id\":3,\"lesson_id\":1}]",
    };
    set(&shop->fields->properties, "\"event_properties\":%s,", PICK(shop, properties));
}

/* Values that are no SQL INTEGER; %s is the property's name. */
static const char *const bad_ids[] = {
    "null",       "true",           "\"\"",      "\"abc\"",  "3.5",        "\"3.5\"",
    "2147483648", "-2147483649",    "1e10",      "[3]",      "{\"id\":3}", "\"3a\"",
    "\"0x3\"",    "\"2147483648\"", "0.0000001", "\"null\"", "-0.5",       "99999999999999999999",
};

static void lose_course(struct workshop *shop)
{
    static const char *const pairs[] = {
        "",
        "\"Course_Id\":3",
        "\"context\":{\"course_id\":3}",
        "\"course_id\":3,\"course_id\":null",
    };
    if (generate_chance(shop->random, GENERATE_PERCENT(25)))
        (void)snprintf(shop->course, sizeof shop->course, "%s", PICK(shop, pairs));
    else
        pair(shop->course, "course_id", PICK(shop, bad_ids));
    set_properties(shop);
}

static void lose_all_properties(struct workshop *shop)
{
    shop->fields->properties.bytes = 0;
}

static void lose_lesson(struct workshop *shop)
{
    static const char *const pairs[] = {
        "",
        "\"lesson_Id\":3",
        "\"lessonId\":3",
        "\"context\":{\"lesson_id\":3}",
        "\"lesson_id\":3,\"lesson_id\":false",
    };
    if (generate_chance(shop->random, GENERATE_PERCENT(25)))
        (void)snprintf(shop->lesson, sizeof shop->lesson, "%s", PICK(shop, pairs));
    else
        pair(shop->lesson, "lesson_id", PICK(shop, bad_ids));
    set_properties(shop);
}

/* Another event after all. */

static void cut_early(struct workshop *shop)
{
    shop->fields->ending = GENERATE_CUT_BEFORE_TYPE;
    shop->fields->ending_random = generate_next(shop->random);
}

static void change_type(struct workshop *shop)
{
    static const char *const types[] = {
        "\"event_type\":\"course_lesson_started\",\"event_type\":\"page_viewed\",",
        "\"event_type\":\"course_completed_v2\",",
        "\"event_type\":\"course_lesson_completed \",",
        "\"event_type\":[\"course_completed\"],",
        "\"event_type\":null,\"event_name\":\"course_lesson_started\",",
        "\"Event_Type\":\"course_lesson_started\",",
        "\"event_type\":\"Course_Lesson_Started\",",
    };
    set(&shop->fields->type, "%s", PICK(shop, types));
}

/* Times spent that no average can use. */
static void spoil_spent(struct workshop *shop)
{
    static const char *const pairs[] = {
        "",
        "\"time_spent_sec\":null",
        "\"time_spent_sec\":-1",
        "\"time_spent_sec\":-0.5",
        "\"time_spent_sec\":\"-12\"",
        "\"time_spent_sec\":\"n/a\"",
        "\"time_spent_sec\":\"\"",
        "\"time_spent_sec\":\"NaN\"",
        "\"time_spent_sec\":\"0x10\"",
        "\"time_spent_sec\":\"12 s\"",
        "\"time_spent_sec\":true",
        "\"time_spent_sec\":[12]",
        "\"time_spent_sec\":{\"sec\":12}",
        "\"Time_Spent_Sec\":12",
        "\"time_spent_sec\":12,\"time_spent_sec\":null",
    };
    (void)snprintf(shop->spent, sizeof shop->spent, "%s", PICK(shop, pairs));
    set_properties(shop);
}

/* Odd, but good. */

static void spell_ids(struct workshop *shop)
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
    pair(shop->course, "course_id", course);
    if (values->kind != EVENT_COURSE_COMPLETED)
        pair(shop->lesson, "lesson_id", lesson);
    set_properties(shop);
}

/* Ids far away from all others; few, since each makes rows of its own. */
static void move_ids(struct workshop *shop)
{
    static const char *const ids[] = {"2147483647", "-2147483648", "-1", "0", "\"-7\"", "1000000"};
    pair(shop->lesson, "lesson_id", PICK(shop, ids));
    if (generate_chance(shop->random, GENERATE_PERCENT(20)))
        pair(shop->course, "course_id", PICK(shop, ids));
    set_properties(shop);
}

static void spell_spent(struct workshop *shop)
{
    static const char *const spellings[] = {"0",     "\"75\"", "\"412.125\"", "1.5e2", "90.0005",
                                            "12E+1", "3600",   "0.000001",    "7.0"};
    pair(shop->spent, "time_spent_sec", PICK(shop, spellings));
    set_properties(shop);
}

/* A loader that keeps JSON in a text column encodes the object twice. */
static void encode_twice(struct workshop *shop)
{
    struct generate_text object;
    join_properties(shop, ", ", &object);
    struct generate_text *text = &shop->fields->properties;
    set(text, "\"event_properties\":\"");
    for (size_t i = 0; i < object.bytes && text->bytes + 8 < sizeof text->text; i++) {
        if (object.text[i] == '"' || object.text[i] == '\\')
            text->text[text->bytes++] = '\\';
        text->text[text->bytes++] = object.text[i];
    }
    text->text[text->bytes++] = '"';
    text->text[text->bytes++] = ',';
}

/* A pair that a later one of the same name replaces: the last one wins. */
static void say_twice(struct workshop *shop)
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
    set(&shop->fields->front, "%s", PICK(shop, early));
}

static void say_property_twice(struct workshop *shop)
{
    char course[sizeof shop->course];
    memcpy(course, shop->course, sizeof course);
    (void)snprintf(shop->course, sizeof shop->course,
                   "\"course_id\":88888,\"lesson_id\":\"x\",%.60s", course);
    set_properties(shop);
}

/* The pairs that count come first, in another order than Amplitude's. */
static void reorder(struct workshop *shop)
{
    struct generate_fields *fields = shop->fields;
    set(&fields->front, "%.*s%.*s%.*s%.*s", (int)fields->type.bytes, fields->type.text,
        (int)fields->user.bytes, fields->user.text, (int)fields->time.bytes, fields->time.text,
        (int)fields->properties.bytes, fields->properties.text);
    fields->type.bytes = 0;
    fields->user.bytes = 0;
    fields->time.bytes = 0;
    fields->properties.bytes = 0;
}

static void space_out(struct workshop *shop)
{
    struct generate_text object;
    const struct generate_values *values = shop->values;
    join_properties(shop, "  , ", &object);
    set(&shop->fields->properties, "  \"event_properties\" : %.900s , ", object.text);
    set(&shop->fields->type, " \"event_type\" :  \"%s\" , ", type_names[values->kind]);
    set(&shop->fields->user, "\"user_id\" : %s , ", values->user);
    shop->fields->ending = GENERATE_BLANKS_AROUND;
}

/* Names are compared as what they spell, so an escape in one is the same name. */
static void escape_names(struct workshop *shop)
{
    const struct generate_values *values = shop->values;
    set(&shop->fields->user, "\"user\\u005fid\":%s,", values->user);
    set(&shop->fields->type, "\"\\u0065vent_type\":\"%s\",", type_names[values->kind]);
}

static void spell_time(struct workshop *shop)
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
    set(&shop->fields->time, "\"event_time\":\"%.10s%c%.*s%s\",", text, spellings[i].separator,
        digits == 0 ? 8 : 9 + digits, text + 11, spellings[i].ending);
}

/* Clocks of clients can say anything. */
static void move_time(struct workshop *shop)
{
    static const char *const times[] = {
        "0001-01-01 00:00:00",       "9999-12-31 23:59:59.999999", "1970-01-01 00:00:00.000000",
        "2099-12-31T23:59:59.999Z",  "1999-12-31 23:59:59-00:01",  "2000-02-29 12:00:00",
        "2024-12-30T00:00:00+00:00", "2024-12-29 23:59:59.999999", "1969-12-31 23:59:59.5",
    };
    set(&shop->fields->time, "\"event_time\":\"%s\",", PICK(shop, times));
}

enum outcome {
    OUTCOME_REJECT, /* and more: this plus the reason */
    OUTCOME_OTHER = REJECT_REASONS,
    OUTCOME_UNUSABLE,
    OUTCOME_ODD
};

#define STARTED (1U << EVENT_LESSON_STARTED)
#define COMPLETED (1U << EVENT_LESSON_COMPLETED)
#define LESSON_EVENTS (STARTED | COMPLETED)
#define ALL_EVENTS (LESSON_EVENTS | 1U << EVENT_COURSE_COMPLETED)

static const struct {
    void (*apply)(struct workshop *shop);
    unsigned kinds; /* of events that can be damaged so */
    int outcome;
    uint32_t weight;
} ways[] = {
    {not_whole, ALL_EVENTS, OUTCOME_REJECT + REJECT_NOT_JSON, 8},
    {lose_user, ALL_EVENTS, OUTCOME_REJECT + REJECT_NO_USER, 8},
    {lose_time, ALL_EVENTS, OUTCOME_REJECT + REJECT_NO_TIME, 10},
    {lose_properties, ALL_EVENTS, OUTCOME_REJECT + REJECT_BAD_PROPERTIES, 6},
    {lose_course, ALL_EVENTS, OUTCOME_REJECT + REJECT_NO_COURSE, 8},
    {lose_all_properties, ALL_EVENTS, OUTCOME_REJECT + REJECT_NO_COURSE, 2},
    {lose_lesson, LESSON_EVENTS, OUTCOME_REJECT + REJECT_NO_LESSON, 8},
    {cut_early, ALL_EVENTS, OUTCOME_OTHER, 3},
    {change_type, ALL_EVENTS, OUTCOME_OTHER, 3},
    {spoil_spent, COMPLETED, OUTCOME_UNUSABLE, 12},
    {spell_spent, COMPLETED, OUTCOME_ODD, 6},
    {spell_ids, ALL_EVENTS, OUTCOME_ODD, 8},
    {move_ids, LESSON_EVENTS, OUTCOME_ODD, 2},
    {encode_twice, ALL_EVENTS, OUTCOME_ODD, 8},
    {say_twice, ALL_EVENTS, OUTCOME_ODD, 8},
    {say_property_twice, LESSON_EVENTS, OUTCOME_ODD, 5},
    {reorder, ALL_EVENTS, OUTCOME_ODD, 6},
    {space_out, ALL_EVENTS, OUTCOME_ODD, 5},
    {escape_names, ALL_EVENTS, OUTCOME_ODD, 3},
    {spell_time, ALL_EVENTS, OUTCOME_ODD, 14},
    {move_time, ALL_EVENTS, OUTCOME_ODD, 2},
};

static bool applies(size_t way, uint8_t kind)
{
    return (ways[way].kinds >> kind & 1) != 0;
}

static size_t draw_way(uint8_t kind, uint64_t choice)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNT(ways); i++)
        sum += applies(i, kind) ? ways[i].weight : 0;
    uint64_t left = choice % sum;
    size_t way = 0;
    while (!applies(way, kind) || left >= ways[way].weight) {
        left -= applies(way, kind) ? ways[way].weight : 0;
        way++;
    }
    return way;
}

void generate_dirt_apply(struct generate_fields *fields, const struct generate_values *values,
                         uint64_t choice, struct generate_random *random,
                         struct generate_counts *counts)
{
    struct workshop shop = {.fields = fields, .values = values, .random = random};
    size_t way = draw_way(values->kind, choice);
    open_workshop(&shop);
    ways[way].apply(&shop);
    switch (ways[way].outcome) {
    case OUTCOME_OTHER:
        counts->made_other++;
        break;
    case OUTCOME_UNUSABLE:
        counts->time_unusable++;
        break;
    case OUTCOME_ODD:
        counts->odd++;
        break;
    default:
        counts->rejected[ways[way].outcome]++;
    }
}

/* The end of the event's own type in the line, and the first mention of any course event. */
static char *after_type(char *line, char *end)
{
    static const char name[] = "\"event_type\":\"";
    char *at = memmem(line, (size_t)(end - line), name, sizeof name - 1);
    return at == NULL ? end : strchr(at + sizeof name - 1, '"');
}

static char *first_mention(char *line, char *end)
{
    char *first = end;
    for (size_t i = 0; i < COUNT(type_names); i++) {
        char *at = memmem(line, (size_t)(first - line), type_names[i], strlen(type_names[i]));
        if (at != NULL)
            first = at;
    }
    return first;
}

char *generate_dirt_end(const struct generate_fields *fields, char *line, char *end)
{
    *end = '\0';
    char *from = after_type(line, end);
    char *mention = first_mention(line, end);
    uint64_t random = fields->ending_random;
    switch (fields->ending) {
    case GENERATE_CUT_AFTER_TYPE:
        return from + random % (uint64_t)(end - from);
    case GENERATE_CUT_BEFORE_TYPE:
        return line + random % (uint64_t)(mention - line);
    case GENERATE_BRACE_TOO_MANY:
        *end = '}';
        return end + 1;
    case GENERATE_BRACE_TOO_FEW:
        return end - 1;
    case GENERATE_TWICE:
        memcpy(end, line, (size_t)(end - line));
        return end + (end - line);
    case GENERATE_BLANKS_AROUND:
        memmove(line + 2, line, (size_t)(end - line));
        memcpy(line, "  ", 2);
        memcpy(end + 2, "   ", 3);
        return end + 5;
    case GENERATE_WHOLE:
        break;
    }
    return end;
}
