#include "generate_line.h"

#include "generate_dirt.h"
#include "generate_edit.h"
#include "generate_hostile.h"
#include "generate_profile.h"

#include <string.h>

static const char *const other_names[GENERATE_KINDS] = {
    [GENERATE_SESSION_START] = "session_start",   [GENERATE_PAGE_VIEWED] = "page_viewed",
    [GENERATE_BUTTON_CLICKED] = "button_clicked", [GENERATE_VIDEO_PLAYED] = "video_played",
    [GENERATE_QUIZ_ANSWERED] = "quiz_answered",   [GENERATE_SEARCHED] = "search_performed",
    [GENERATE_SCREEN] = "Screen: Lesson",
};

static const char *const entry_points[] = {"dashboard", "course_page", "email_reminder",
                                           "next_lesson_button", "push_notification"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Append a literal; its length is known to the compiler. */
#define PUT(at, literal) (memcpy(at, literal, sizeof(literal) - 1), at + sizeof(literal) - 1)

static char *put(char *at, const char *text)
{
    size_t bytes = strlen(text);
    memcpy(at, text, bytes);
    return at + bytes;
}

static char *put_number(char *at, int64_t number)
{
    char digits[20];
    int count = 0;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    if (number < 0)
        *at++ = '-';
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

static char *put_digits(char *at, uint32_t number, int width)
{
    for (int i = width - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + width;
}

static char *put_uuid(char *at, uint64_t high, uint64_t low, bool upper_case)
{
    const char *digits = upper_case ? "0123456789ABCDEF" : "0123456789abcdef";
    high = (high & ~UINT64_C(0xf000)) | 0x4000;
    low = (low & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63;
    for (int i = 60; i >= 0; i -= 4) {
        *at++ = digits[high >> i & 15];
        if (i == 32 || i == 16)
            *at++ = '-';
    }
    *at++ = '-';
    for (int i = 60; i >= 0; i -= 4) {
        *at++ = digits[low >> i & 15];
        if (i == 48)
            *at++ = '-';
    }
    return at;
}

/* "2025-07-01 16:34:54.837000" for milliseconds since the start of the plan. */
static char *put_time(const struct generate_plan *plan, char *at, int64_t time_ms)
{
    int64_t shifted = time_ms + GENERATE_MS_PER_DAY;
    uint32_t of_day = (uint32_t)(shifted % GENERATE_MS_PER_DAY);
    memcpy(at, plan->dates[shifted / GENERATE_MS_PER_DAY], 10);
    at[10] = ' ';
    put_digits(at + 11, of_day / 3600000, 2);
    at[13] = ':';
    put_digits(at + 14, of_day / 60000 % 60, 2);
    at[16] = ':';
    put_digits(at + 17, of_day / 1000 % 60, 2);
    at[19] = '.';
    put_digits(at + 20, of_day % 1000, 3);
    memcpy(at + 23, "000", 3);
    return at + 26;
}

/*
 * A user's id as JSON text, quotes included. A few users have ids that differ from another's by
 * case or by a blank only, and some ids come spelled in two ways from one event to the next.
 */
static char *put_user_id(const struct generate_plan *plan, char *at, uint32_t user, bool escaped)
{
    uint64_t seed = plan->options->seed;
    *at++ = '"';
    if (user % 64 < 3) {
        at = put(at, user % 64 == 1 ? "ZOE." : "zoe.");
        at = put_number(at, user / 64);
        at = put(at, user % 64 == 1 ? "@EXAMPLE.ORG" : "@example.org");
        if (user % 64 == 2)
            *at++ = ' ';
    } else if (user % 16 == 5) {
        at = put(at, escaped ? "zo\\u00eb\\u002f" : "zo\xc3\xab/");
        at = put_number(at, user);
    } else if (user % 16 == 6) {
        at = put_number(at, 1000000 + (int64_t)user);
    } else {
        at = put_uuid(at, generate_hash(seed, 11, user), generate_hash(seed, 12, user), false);
    }
    *at++ = '"';
    return at;
}

/* Seconds with as many decimals as it takes, at most 3. */
static char *put_seconds(char *at, uint32_t ms)
{
    at = put_number(at, ms / 1000);
    if (ms % 1000 == 0)
        return at;
    *at++ = '.';
    at = put_digits(at, ms % 1000, 3);
    while (at[-1] == '0')
        at--;
    return at;
}

/* The event_properties of a course event, with what a careless reader may take for the ids. */
static char *put_course_properties(const struct generate_plan *plan, char *at,
                                   const struct generate_record *record, uint64_t hash)
{
    at = PUT(at, "\"event_properties\":{");
    if (hash % 29 == 0)
        at = PUT(at, "\"context\":{\"course_id\":990,\"lesson_id\":991,\"user_id\":\"nobody\"},");
    at = PUT(at, "\"course_id\":");
    at = put_number(at, generate_course_id(record->course));
    if (record->kind != EVENT_COURSE_COMPLETED) {
        at = PUT(at, ",\"lesson_id\":");
        at = put_number(at, generate_lesson_id(plan, record->course, record->lesson));
    }
    if (record->kind == EVENT_LESSON_STARTED) {
        at = PUT(at, ",\"entry_point\":\"");
        at = put(at, entry_points[hash % COUNT(entry_points)]);
        *at++ = '"';
    }
    if (record->kind == EVENT_LESSON_COMPLETED) {
        at = PUT(at, ",\"time_spent_sec\":");
        at = put_seconds(at, record->spent_ms);
        at = PUT(at, ",\"course_progress\":");
        uint32_t lessons = generate_course_lessons(plan, record->course);
        at = put_seconds(at, (record->lesson + 1) * 1000U / lessons);
    }
    if (hash % 31 == 0)
        at = PUT(at, ",\"title\":\"Lesson \\\"{3}\\\": arrays [ ] \\\\ more\"");
    return PUT(at, "},");
}

/* What another event says of itself; some of it names course events and their properties. */
static char *put_other_properties(const struct generate_plan *plan, char *at,
                                  const struct generate_record *record, uint64_t hash)
{
    at = PUT(at, "\"event_properties\":{");
    if (record->kind == GENERATE_SESSION_START)
        return PUT(at, "},");
    at = PUT(at, "\"page_path\":\"/courses/");
    at = put_number(at, generate_course_id(record->course));
    at = PUT(at, "/lessons/");
    at = put_number(at, generate_lesson_id(plan, record->course, record->lesson));
    at = PUT(at, "\",\"page_title\":\"Lesson ");
    at = put_number(at, record->lesson + 1);
    at = PUT(at, " \xe2\x80\x93 learn & practise\",\"position\":");
    at = put_number(at, (int64_t)(hash % 40));
    if (hash % 41 == 0)
        at = PUT(at, ",\"previous_event\":\"course_lesson_started\"");
    if (hash % 43 == 0)
        at = PUT(at, ",\"payload\":\"{\\\"event_type\\\":\\\"course_completed\\\"}\"");
    if (hash % 7 == 0) {
        at = PUT(at, ",\"course_id\":");
        at = put_number(at, generate_course_id(record->course));
    }
    return PUT(at, "},");
}

static char *put_properties(const struct generate_plan *plan, char *at,
                            const struct generate_record *record, uint64_t hash)
{
    return record->kind < GENERATE_FIRST_OTHER ? put_course_properties(plan, at, record, hash)
                                               : put_other_properties(plan, at, record, hash);
}

static char *put_event_time(const struct generate_plan *plan, char *at, int64_t time_ms)
{
    at = PUT(at, "\"event_time\":\"");
    at = put_time(plan, at, time_ms);
    return PUT(at, "\",");
}

static char *put_event_type(char *at, uint8_t kind)
{
    at = PUT(at, "\"event_type\":\"");
    at = put(at, (kind < GENERATE_FIRST_OTHER ? event_names : other_names)[kind]);
    return PUT(at, "\",");
}

/* Some look around before they log in; course events always have a user. */
static char *put_user(const struct generate_plan *plan, char *at,
                      const struct generate_record *record, uint64_t hash)
{
    at = PUT(at, "\"user_id\":");
    if (record->kind >= GENERATE_FIRST_OTHER && hash % 17 == 0)
        at = PUT(at, "null");
    else
        at = put_user_id(plan, at, record->user, hash % 3 == 0);
    return PUT(at, ",");
}

static char *put_text(char *at, const struct generate_text *text)
{
    memcpy(at, text->text, text->bytes);
    return at + text->bytes;
}

static char *put_user_properties(char *at, uint64_t user_hash, uint64_t hash)
{
    static const char *const sources[] = {"google", "newsletter", "friend", "partner-site"};
    static const char *const plans[] = {"free", "plus", "team"};
    at = PUT(at, "\"user_properties\":{\"initial_utm_source\":\"");
    at = put(at, sources[user_hash % COUNT(sources)]);
    at = PUT(at, "\",\"initial_utm_campaign\":\"autumn-");
    at = put_number(at, (int64_t)(user_hash >> 8 & 63));
    at = PUT(at, "\",\"initial_referring_domain\":\"www.example.org\",\"plan_type\":\"");
    at = put(at, plans[(user_hash >> 16) % COUNT(plans)]);
    at = PUT(at, "\",\"newsletter\":");
    at = put(at, (user_hash >> 24 & 1) != 0 ? "true" : "false");
    at = PUT(at, ",\"certificates\":");
    at = put_number(at, (int64_t)(user_hash >> 32 & 7));
    if (hash % 37 == 0)
        at = PUT(at, ",\"user_id\":\"imported\",\"event_type\":\"profile\"");
    return PUT(at, "},");
}

/* The whole line; ${fields} stands in for the parts that the marts use where it is not NULL. */
static char *put_line(const struct generate_plan *plan, char *at,
                      const struct generate_record *record, const struct generate_fields *fields,
                      uint64_t hash)
{
    uint64_t seed = plan->options->seed;
    uint64_t user_hash = generate_hash(seed, 13, record->user);
    const struct generate_device *device = generate_device(user_hash);
    const struct generate_place *place = generate_place(user_hash >> 20);
    int64_t upload_ms = record->time_ms + INT64_C(1000) * record->delay_s;
    bool server_side = record->kind == EVENT_COURSE_COMPLETED;
    /* One event in 64 comes without a uuid, as in old dumps; half of them without any id. */
    bool has_uuid = hash >> 58 != 0;
    bool has_insert_id = has_uuid || (hash >> 57 & 1) != 0;
    /* A client that sends again keeps its $insert_id, and the server gives it a new uuid. */
    uint64_t sent_again = record->copy != 0 && (hash >> 40) % 8 == 0 ? 1 : 0;

    *at++ = '{';
    if (fields != NULL)
        at = put_text(at, &fields->front);
    if (!has_insert_id) {
        at = PUT(at, "\"$insert_id\":null");
    } else {
        at = PUT(at, "\"$insert_id\":\"");
        at = put_uuid(at, hash, generate_mix(hash), device->upper_case_ids);
        *at++ = '"';
    }
    at = PUT(at, ",\"$insert_key\":null,\"$schema\":null,\"adid\":null,"
                 "\"amplitude_attribution_ids\":null,\"amplitude_event_type\":null,"
                 "\"amplitude_id\":");
    at = put_number(at, (int64_t)(UINT64_C(1000000000000) + record->user));
    at = PUT(at, ",\"app\":");
    at = put_number(at, (int64_t)plan->options->app);
    at = PUT(at, ",\"city\":\"");
    at = put(at, place->city);
    at = PUT(at, "\",\"client_event_time\":\"");
    at = put_time(plan, at, record->time_ms);
    at = PUT(at, "\",\"client_upload_time\":\"");
    at = put_time(plan, at, upload_ms - 180);
    at = PUT(at, "\",\"country\":\"");
    at = put(at, place->country);
    at = PUT(at, "\",\"data\":{\"path\":\"/2/httpapi\",\"user_properties_updated\":true,"
                 "\"group_first_event\":{},\"group_ids\":{}},\"data_type\":\"event\",");
    at = put(at, device->maker);
    at = PUT(at, ",\"device_id\":\"");
    at = put_uuid(at, user_hash, generate_mix(user_hash), device->upper_case_ids);
    at = PUT(at, "\",");
    at = put(at, device->model);
    at = PUT(at, ",\"dma\":null,\"event_id\":");
    at = put_number(at, record->serial + INT64_C(1));
    *at++ = ',';
    at =
        fields != NULL ? put_text(at, &fields->properties) : put_properties(plan, at, record, hash);
    at = fields != NULL ? put_text(at, &fields->time) : put_event_time(plan, at, record->time_ms);
    at = fields != NULL ? put_text(at, &fields->type) : put_event_type(at, record->kind);
    at = PUT(at, "\"global_user_properties\":null,\"group_properties\":{},\"groups\":{},"
                 "\"idfa\":null,\"ip_address\":\"192.0.2.");
    at = put_number(at, (int64_t)(user_hash >> 40 & 255));
    at = PUT(at, "\",\"is_attribution_event\":false,\"language\":\"");
    at = put(at, place->language);
    at = PUT(at, "\",\"library\":\"");
    at = put(at, server_side ? "http/2.0" : device->library);
    at = PUT(at, "\",\"location_lat\":null,\"location_lng\":null,");
    at = put(at, device->system);
    at = PUT(at, ",\"partner_id\":null,\"paying\":null,\"plan\":{},\"platform\":\"");
    at = put(at, device->platform);
    at = PUT(at, "\",\"processed_time\":\"");
    at = put_time(plan, at, upload_ms + 1380);
    at = PUT(at, "\",\"region\":\"");
    at = put(at, place->region);
    at = PUT(at, "\",\"sample_rate\":null,\"server_received_time\":\"");
    at = put_time(plan, at, upload_ms - 5);
    at = PUT(at, "\",\"server_upload_time\":\"");
    at = put_time(plan, at, upload_ms);
    at = PUT(at, "\",\"session_id\":");
    int64_t start_ms = plan->options->start_days * GENERATE_MS_PER_DAY;
    at = put_number(
        at, server_side ? -1 : start_ms + record->time_ms - INT64_C(1000) * record->session_age_s);
    at = PUT(at, ",\"source_id\":null,\"start_version\":");
    at = put(at, device->version);
    at = PUT(at, ",\"user_creation_time\":null,");
    at = fields != NULL ? put_text(at, &fields->user) : put_user(plan, at, record, hash);
    at = put_user_properties(at, user_hash, hash);
    if (has_uuid) {
        at = PUT(at, "\"uuid\":\"");
        uint64_t uuid = generate_mix(hash + 2 * sent_again + 1);
        at = put_uuid(at, uuid, generate_mix(uuid + 1), false);
        at = PUT(at, "\",");
    }
    at = PUT(at, "\"version_name\":");
    at = put(at, device->version);
    *at++ = '}';
    return at;
}

static size_t text_since(const char *begin, const char *end)
{
    return (size_t)(end - begin);
}

static void fill_fields(const struct generate_plan *plan, const struct generate_record *record,
                        uint64_t hash, struct generate_fields *fields)
{
    fields->front.bytes = 0;
    fields->ending = GENERATE_WHOLE;
    fields->properties.bytes = text_since(
        fields->properties.text, put_properties(plan, fields->properties.text, record, hash));
    fields->time.bytes =
        text_since(fields->time.text, put_event_time(plan, fields->time.text, record->time_ms));
    fields->type.bytes =
        text_since(fields->type.text, put_event_type(fields->type.text, record->kind));
    fields->user.bytes =
        text_since(fields->user.text, put_user(plan, fields->user.text, record, hash));
}

/*
 * Which way an event is damaged is the same for all its copies, so that two spellings of one
 * unusable time never meet; whether it is damaged is decided for each copy.
 */
static char *put_dirty_line(const struct generate_plan *plan, char *at,
                            const struct generate_record *record, uint64_t hash,
                            struct generate_counts *counts)
{
    struct generate_fields fields;
    struct generate_random random = {.key = generate_mix(hash + 77)};
    char user[128];
    *put_user_id(plan, user, record->user, false) = '\0';
    struct generate_values values = {
        .time_ms = plan->options->start_days * GENERATE_MS_PER_DAY + record->time_ms,
        .course_id = generate_course_id(record->course),
        .lesson_id = generate_lesson_id(plan, record->course, record->lesson),
        .spent_ms = record->spent_ms,
        .kind = record->kind,
        .user = user,
    };
    fill_fields(plan, record, hash, &fields);
    generate_dirt_apply(&fields, &values, generate_next(&random), &random, counts);
    char *end = put_line(plan, at, record, &fields, hash);
    return generate_edit_ending(&fields, at, end);
}

char *generate_line_write(const struct generate_plan *plan, const struct generate_record *record,
                          char *at, struct generate_counts *counts)
{
    uint64_t seed = plan->options->seed;
    uint64_t hash = generate_hash(seed ^ UINT64_C(0x5eed), record->user, record->serial);
    char *end = NULL;
    counts->copies += record->copy;
    counts->late += record->delay_s >= 3600;
    if (record->kind >= GENERATE_FIRST_OTHER) {
        end = put_line(plan, at, record, NULL, hash);
        *end++ = '\n';
        return end;
    }

    counts->course_lines[record->kind]++;
    struct generate_random luck = {.key = generate_mix(hash + 5 + record->copy)};
    bool is_dirty = generate_chance(&luck, plan->dirt_threshold);
    bool is_hostile = generate_chance(&luck, plan->hostile_threshold);
    end = is_dirty && !is_hostile ? put_dirty_line(plan, at, record, hash, counts)
                                  : put_line(plan, at, record, NULL, hash);
    if (is_hostile) {
        counts->hostile++;
        end = generate_hostile_apply(at, end, &luck);
    }
    *end++ = '\n';
    return end;
}
