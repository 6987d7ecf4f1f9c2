#include "generate_dirt.h"

#include "generate_odd.h"

#include <stdio.h>

/* What comes of a damaged line. */
enum outcome {
    OUTCOME_REJECT, /* and more: this plus the reason */
    OUTCOME_OTHER = REJECT_REASONS,
    OUTCOME_UNUSABLE,
    OUTCOME_ODD,
    OUTCOME_TWICE
};

/* Rejects: each kind of damage is the only one of its line, so that its reason is certain. */

static void not_whole(struct generate_edit *edit)
{
    static const enum generate_ending endings[] = {GENERATE_CUT_AFTER_TYPE, GENERATE_CUT_AFTER_TYPE,
                                                   GENERATE_BRACE_TOO_MANY, GENERATE_BRACE_TOO_FEW,
                                                   GENERATE_TWICE};
    edit->fields->ending = endings[generate_below(edit->random, COUNT(endings))];
    edit->fields->ending_random = generate_next(edit->random);
    if (edit->fields->ending == GENERATE_TWICE)
        edit->outcome = OUTCOME_TWICE;
}

static void lose_user(struct generate_edit *edit)
{
    static const char number[] = "\"user_id\":1000123,"; /* is a user after all */
    static const char *const users[] = {
        "",
        "\"user_id\":null,",
        "\"user_id\":\"\",",
        number,
        "\"user_id\":true,",
        "\"user_id\":{\"id\":\"somebody\"},",
        "\"User_Id\":\"somebody\",",
        "\"user_id \":\"somebody\",",
        "\"user_id\":\"somebody\",\"user_id\":null,",
    };
    const char *user = PICK(edit, users);
    generate_edit_print(&edit->fields->user, "%s", user);
    if (user == number)
        edit->outcome = OUTCOME_ODD;
}

static void lose_time(struct generate_edit *edit)
{
    static const char utc[] = "\"event_time\":\"2025-07-01 10:00:00 UTC\","; /* a time after all */
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
        utc,
        "\"event_time\":\"2025-07-01 10:00:00+5\",",
        "\"event_time\":\"2025-07-01 10:00:00+24:00\",",
        "\"event_time\":\" 2025-07-01 10:00:00\",",
        "\"event_time\":1751364000000,",
        "\"Event_Time\":\"2025-07-01 10:00:00\",",
        "\"event_time\":\"2025-07-01 10:00:00\",\"event_time\":\"n/a\",",
    };
    const char *time = PICK(edit, times);
    generate_edit_print(&edit->fields->time, "%s", time);
    if (time == utc)
        edit->outcome = OUTCOME_ODD;
}

static void lose_properties(struct generate_edit *edit)
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
    generate_edit_print(&edit->fields->properties, "\"event_properties\":%s,",
                        PICK(edit, properties));
}

/* Values that are no SQL INTEGER; %s is the property's name. */
static const char *const bad_ids[] = {
    "null",       "true",           "\"\"",      "\"abc\"",  "3.5",        "\"3.5\"",
    "2147483648", "-2147483649",    "1e10",      "[3]",      "{\"id\":3}", "\"3a\"",
    "\"0x3\"",    "\"2147483648\"", "0.0000001", "\"null\"", "-0.5",       "99999999999999999999",
};

static void lose_course(struct generate_edit *edit)
{
    static const char *const pairs[] = {
        "",
        "\"Course_Id\":3",
        "\"context\":{\"course_id\":3}",
        "\"course_id\":3,\"course_id\":null",
    };
    if (generate_chance(edit->random, GENERATE_PERCENT(25)))
        (void)snprintf(edit->course, sizeof edit->course, "%s", PICK(edit, pairs));
    else
        generate_edit_pair(edit->course, "course_id", PICK(edit, bad_ids));
    generate_edit_set_properties(edit);
}

static void lose_all_properties(struct generate_edit *edit)
{
    edit->fields->properties.bytes = 0;
}

static void lose_lesson(struct generate_edit *edit)
{
    static const char *const pairs[] = {
        "",
        "\"lesson_Id\":3",
        "\"lessonId\":3",
        "\"context\":{\"lesson_id\":3}",
        "\"lesson_id\":3,\"lesson_id\":false",
    };
    if (generate_chance(edit->random, GENERATE_PERCENT(25)))
        (void)snprintf(edit->lesson, sizeof edit->lesson, "%s", PICK(edit, pairs));
    else
        generate_edit_pair(edit->lesson, "lesson_id", PICK(edit, bad_ids));
    generate_edit_set_properties(edit);
}

/* Another event after all. */

static void cut_early(struct generate_edit *edit)
{
    edit->fields->ending = GENERATE_CUT_BEFORE_TYPE;
    edit->fields->ending_random = generate_next(edit->random);
}

static void change_type(struct generate_edit *edit)
{
    static const struct {
        const char *text;
        int outcome;
    } types[] = {
        {"\"event_type\":\"course_lesson_started\",\"event_type\":\"page_viewed\",", OUTCOME_OTHER},
        {"\"event_type\":\"course_completed_v2\",", OUTCOME_OTHER},
        {"\"event_type\":\"course_lesson_completed \",", OUTCOME_OTHER},
        {"\"event_type\":[\"course_completed\"],", REJECT_NOT_AN_EVENT},
        {"\"event_type\":null,\"event_name\":\"course_lesson_started\",", REJECT_NOT_AN_EVENT},
        {"\"Event_Type\":\"course_lesson_started\",", REJECT_NOT_AN_EVENT},
        {"\"event_type\":\"Course_Lesson_Started\",", OUTCOME_OTHER},
    };
    size_t i = generate_below(edit->random, COUNT(types));
    generate_edit_print(&edit->fields->type, "%s", types[i].text);
    edit->outcome = types[i].outcome;
}

/* Times spent that no average can use. */
static void spoil_spent(struct generate_edit *edit)
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
    (void)snprintf(edit->spent, sizeof edit->spent, "%s", PICK(edit, pairs));
    generate_edit_set_properties(edit);
}

#define STARTED (1U << EVENT_LESSON_STARTED)
#define COMPLETED (1U << EVENT_LESSON_COMPLETED)
#define LESSON_EVENTS (STARTED | COMPLETED)
#define ALL_EVENTS (LESSON_EVENTS | 1U << EVENT_COURSE_COMPLETED)

static const struct {
    void (*apply)(struct generate_edit *edit);
    unsigned kinds; /* of events that can be damaged so */
    int outcome;    /* unless the way itself says another */
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
    {generate_odd_spell_spent, COMPLETED, OUTCOME_ODD, 6},
    {generate_odd_spell_ids, ALL_EVENTS, OUTCOME_ODD, 8},
    {generate_odd_move_ids, LESSON_EVENTS, OUTCOME_ODD, 2},
    {generate_odd_encode_twice, ALL_EVENTS, OUTCOME_ODD, 8},
    {generate_odd_say_twice, ALL_EVENTS, OUTCOME_ODD, 8},
    {generate_odd_say_property_twice, LESSON_EVENTS, OUTCOME_ODD, 5},
    {generate_odd_reorder, ALL_EVENTS, OUTCOME_ODD, 6},
    {generate_odd_space_out, ALL_EVENTS, OUTCOME_ODD, 5},
    {generate_odd_escape_names, ALL_EVENTS, OUTCOME_ODD, 3},
    {generate_odd_spell_time, ALL_EVENTS, OUTCOME_ODD, 14},
    {generate_odd_move_time, ALL_EVENTS, OUTCOME_ODD, 2},
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
    struct generate_edit edit = {.fields = fields, .values = values, .random = random};
    size_t way = draw_way(values->kind, choice);
    edit.outcome = ways[way].outcome;
    generate_edit_begin(&edit);
    ways[way].apply(&edit);
    switch (edit.outcome) {
    case OUTCOME_OTHER:
        counts->made_other++;
        break;
    case OUTCOME_UNUSABLE:
        counts->time_unusable++;
        break;
    case OUTCOME_ODD:
        counts->odd++;
        break;
    case OUTCOME_TWICE:
        counts->twice++;
        break;
    default:
        counts->rejected[edit.outcome]++;
    }
}
