#include "support/reference_decoder.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LEVELS_OF_CJSON 1000
#define DIGITS_OF_CJSON 15

/* A place in a text. */
struct cursor {
    const char *at, *end;
};

static bool more(const struct cursor *cursor)
{
    return cursor->at < cursor->end;
}

static bool next_is(const struct cursor *cursor, char byte)
{
    return more(cursor) && *cursor->at == byte;
}

static bool take(struct cursor *cursor, char byte)
{
    bool is = next_is(cursor, byte);
    cursor->at += is;
    return is;
}

static bool take_text(struct cursor *cursor, const char *text)
{
    size_t bytes = strlen(text);
    if ((size_t)(cursor->end - cursor->at) < bytes || memcmp(cursor->at, text, bytes) != 0)
        return false;
    cursor->at += bytes;
    return true;
}

static void take_blanks(struct cursor *cursor)
{
    while (next_is(cursor, ' ') || next_is(cursor, '\t') || next_is(cursor, '\r') ||
           next_is(cursor, '\n'))
        cursor->at++;
}

static bool take_digits(struct cursor *cursor)
{
    const char *begin = cursor->at;
    while (more(cursor) && *cursor->at >= '0' && *cursor->at <= '9')
        cursor->at++;
    return cursor->at > begin;
}

static bool strict_number(struct cursor *cursor)
{
    take(cursor, '-');
    if (!take(cursor, '0') && !take_digits(cursor))
        return false;
    if (take(cursor, '.') && !take_digits(cursor))
        return false;
    if (take(cursor, 'e') || take(cursor, 'E')) {
        if (!take(cursor, '+'))
            take(cursor, '-');
        return take_digits(cursor);
    }
    return true;
}

static bool strict_string(struct cursor *cursor)
{
    if (!take(cursor, '"'))
        return false;
    while (more(cursor)) {
        unsigned char byte = (unsigned char)*cursor->at++;
        if (byte == '"')
            return true;
        if (byte < 0x20)
            return false;
        if (byte != '\\')
            continue;
        if (!more(cursor))
            return false;
        char escape = *cursor->at++;
        if (escape == 'u') {
            for (unsigned i = 0; i < 4; i++, cursor->at++)
                if (!more(cursor) || !isxdigit((unsigned char)*cursor->at))
                    return false;
        } else if (escape == '\0' || strchr("\"\\/bfnrt", escape) == NULL) {
            return false;
        }
    }
    return false;
}

static bool strict_value(struct cursor *cursor, unsigned depth);

static bool strict_members(struct cursor *cursor, bool named, char closer, unsigned depth)
{
    take_blanks(cursor);
    if (take(cursor, closer))
        return true;
    do {
        take_blanks(cursor);
        if (named) {
            if (!strict_string(cursor))
                return false;
            take_blanks(cursor);
            if (!take(cursor, ':'))
                return false;
            take_blanks(cursor);
        }
        if (!strict_value(cursor, depth))
            return false;
        take_blanks(cursor);
    } while (take(cursor, ','));
    return take(cursor, closer);
}

static bool strict_value(struct cursor *cursor, unsigned depth)
{
    if (next_is(cursor, '"'))
        return strict_string(cursor);
    if (next_is(cursor, '{') || next_is(cursor, '[')) {
        bool named = *cursor->at++ == '{';
        return depth > 0 && strict_members(cursor, named, named ? '}' : ']', depth - 1);
    }
    return take_text(cursor, "true") || take_text(cursor, "false") || take_text(cursor, "null") ||
           strict_number(cursor);
}

bool reference_strict(const char *text, size_t bytes, unsigned depth)
{
    struct cursor cursor = {text, text + bytes};
    take_blanks(&cursor);
    if (!strict_value(&cursor, depth))
        return false;
    take_blanks(&cursor);
    return !more(&cursor);
}

/* A string of which only the end matters. */
static bool loose_string(struct cursor *cursor)
{
    if (!take(cursor, '"'))
        return false;
    while (more(cursor)) {
        char byte = *cursor->at++;
        if (byte == '"')
            return true;
        if (byte == '\\' && more(cursor))
            cursor->at++;
    }
    return false;
}

/* An array or object of which only strings and brackets matter. */
static bool loose_nested(struct cursor *cursor, unsigned depth)
{
    char closers[1024];
    unsigned open = 0;
    do {
        if (!more(cursor))
            return false;
        char byte = *cursor->at;
        if (byte == '"') {
            if (!loose_string(cursor))
                return false;
            continue;
        }
        cursor->at++;
        if (byte == '\\')
            return false;
        if (byte == '{' || byte == '[') {
            if (open == depth)
                return false;
            closers[open++] = byte == '{' ? '}' : ']';
        }
        if ((byte == '}' || byte == ']') && closers[--open] != byte)
            return false;
    } while (open > 0);
    return true;
}

/* The value of a member. */
static bool loose_value(struct cursor *cursor, unsigned depth)
{
    if (next_is(cursor, '"'))
        return loose_string(cursor);
    if (next_is(cursor, '{') || next_is(cursor, '['))
        return loose_nested(cursor, depth);
    const char *begin = cursor->at;
    while (more(cursor) &&
           (*cursor->at == '\0' || strchr("{}[],:\"\\ \t\r\n", *cursor->at) == NULL))
        cursor->at++;
    return cursor->at > begin;
}

static bool loose_object(struct cursor *cursor, unsigned depth)
{
    if (!take(cursor, '{'))
        return false;
    take_blanks(cursor);
    if (take(cursor, '}'))
        return true;
    do {
        take_blanks(cursor);
        if (!loose_string(cursor))
            return false;
        take_blanks(cursor);
        if (!take(cursor, ':'))
            return false;
        take_blanks(cursor);
        if (!loose_value(cursor, depth - 1))
            return false;
        take_blanks(cursor);
    } while (take(cursor, ','));
    return take(cursor, '}');
}

static void take_separators(struct cursor *cursor)
{
    do
        take_blanks(cursor);
    while (take(cursor, '\x1e'));
}

/* Where the records of a line begin. */
static struct cursor first_record(const char *text, size_t bytes)
{
    struct cursor cursor = {text, text + bytes};
    (void)take_text(&cursor, "\xef\xbb\xbf");
    take_separators(&cursor);
    return cursor;
}

const char *reference_next(const char *at, const char *end, size_t *bytes)
{
    struct cursor cursor = first_record(at, (size_t)(end - at));
    const char *begin = cursor.at;
    if (!loose_object(&cursor, 1024))
        return NULL;
    *bytes = (size_t)(cursor.at - begin);
    return begin;
}

/*
 * Whether the line closes what it opens: all that is asked of fields that are not used. Counts its
 * records, which are more than one only where all are objects.
 */
static bool is_whole(const char *text, size_t bytes, unsigned *records)
{
    struct cursor cursor = first_record(text, bytes);
    bool whole;
    *records = 1;
    if (next_is(&cursor, '{')) {
        whole = loose_object(&cursor, 1024);
        take_blanks(&cursor);
        while (whole && more(&cursor)) {
            take_separators(&cursor);
            whole = loose_object(&cursor, 1024);
            take_blanks(&cursor);
            ++*records;
        }
    } else if (next_is(&cursor, '['))
        whole = loose_nested(&cursor, 1024);
    else if (next_is(&cursor, '"'))
        whole = loose_string(&cursor);
    else
        whole = strict_value(&cursor, 0);
    take_blanks(&cursor);
    return whole && !more(&cursor);
}

/* A text that is being written; it has room for all. */
struct paper {
    char *text;
    size_t bytes;
};

static void put(struct paper *paper, const char *text, size_t bytes)
{
    memcpy(paper->text + paper->bytes, text, bytes);
    paper->bytes += bytes;
}

static bool means(const char *key, size_t bytes, const char *name)
{
    cJSON *parsed = cJSON_ParseWithLength(key, bytes);
    bool same = cJSON_IsString(parsed) && strcmp(parsed->valuestring, name) == 0;
    cJSON_Delete(parsed);
    return same;
}

static bool is_all_strict(const char *text, size_t bytes)
{
    struct cursor cursor = {text, text + bytes};
    return strict_value(&cursor, 1023) && !more(&cursor);
}

/* A user that is an integer becomes the string of its digits; another number is no user. */
static void write_user(struct paper *paper, const char *text, size_t bytes)
{
    size_t digits = strspn(text + (*text == '-'), "0123456789") + (*text == '-');
    if (digits < bytes || !is_all_strict(text, bytes)) {
        put(paper, "false", 5);
        return;
    }
    put(paper, "\"", 1);
    bool is_minus_zero = bytes == 2 && memcmp(text, "-0", 2) == 0;
    put(paper, is_minus_zero ? "0" : text, is_minus_zero ? 1 : bytes);
    put(paper, "\"", 1);
}

static void write_object(struct paper *paper, struct cursor *cursor, bool is_line);

/* A value as it is, or false in the place of one that is no JSON. */
static void write_value(struct paper *paper, const char *key, size_t key_bytes, const char *text,
                        size_t bytes, bool is_line)
{
    struct cursor inner = {text, text + bytes};
    struct cursor checked = inner;
    if (is_line && (*text == '-' || isdigit((unsigned char)*text)) &&
        means(key, key_bytes, "user_id"))
        write_user(paper, text, bytes);
    else if (is_line && *text == '{' && means(key, key_bytes, "event_properties") &&
             loose_object(&checked, 1023) && !more(&checked))
        write_object(paper, &inner, false);
    else if (is_all_strict(text, bytes))
        put(paper, text, bytes);
    else
        put(paper, "false", 5);
}

/*
 * An object that is loosely one, in strict JSON: a value that is no JSON is as good as any other
 * that is not what it should be, and a key that is no string is the name of nothing.
 */
static void write_object(struct paper *paper, struct cursor *cursor, bool is_line)
{
    put(paper, "{", 1);
    (void)take(cursor, '{');
    take_blanks(cursor);
    while (!take(cursor, '}')) {
        const char *key = cursor->at;
        (void)loose_string(cursor);
        size_t key_bytes = (size_t)(cursor->at - key);
        if (is_all_strict(key, key_bytes))
            put(paper, key, key_bytes);
        else
            put(paper, "\"\"", 2);
        take_blanks(cursor);
        (void)take(cursor, ':');
        take_blanks(cursor);
        const char *value = cursor->at;
        (void)loose_value(cursor, 1023);
        put(paper, ":", 1);
        write_value(paper, key, key_bytes, value, (size_t)(cursor->at - value), is_line);
        take_blanks(cursor);
        if (take(cursor, ','))
            put(paper, ",", 1);
        take_blanks(cursor);
    }
    put(paper, "}", 1);
}

/* Whether a double tells this number from all others: few digits, and an exponent of one digit. */
static bool suits_double(const char *text, size_t bytes)
{
    unsigned digits = 0, exponent_digits = 0;
    bool in_exponent = false;
    for (size_t i = 0; i < bytes; i++) {
        in_exponent |= text[i] == 'e' || text[i] == 'E';
        digits += !in_exponent && isdigit((unsigned char)text[i]);
        exponent_digits += in_exponent && isdigit((unsigned char)text[i]);
    }
    return digits <= DIGITS_OF_CJSON && exponent_digits <= 1;
}

/* Whether cJSON gives back this text exactly, so far as that can be told beforehand. */
static bool suits_cjson(const char *text, size_t bytes)
{
    bool in_word = false;
    for (size_t i = 0; i < bytes; i++) {
        struct cursor cursor = {text + i, text + bytes};
        if (!in_word && strict_number(&cursor) &&
            !suits_double(text + i, (size_t)(cursor.at - text) - i))
            return false;
        in_word = isalnum((unsigned char)text[i]) || text[i] == '-' || text[i] == '.';
    }
    return memmem(text, bytes, "\\u0000", 6) == NULL &&
           reference_strict(text, bytes, LEVELS_OF_CJSON);
}

/* The last member of that name, or NULL. */
static const cJSON *last(const cJSON *object, const char *name)
{
    const cJSON *found = NULL;
    for (const cJSON *item = object->child; item != NULL; item = item->next)
        if (strcmp(item->string, name) == 0)
            found = item;
    return found;
}

static bool kind_of(const char *type, uint32_t *kind)
{
    static const char *const names[] = {"course_lesson_started", "course_lesson_completed",
                                        "course_completed"};
    for (uint32_t i = 0; i < 3; i++) {
        if (strcmp(type, names[i]) == 0) {
            *kind = i;
            return true;
        }
    }
    return false;
}

static bool has_letter_escape(const char *text, const char *end)
{
    for (; end - text >= 6; text++) {
        char hex[5] = {0};
        memcpy(hex, text + 2, 4);
        long code = text[0] == '\\' && text[1] == 'u' ? strtol(hex, NULL, 16) : 0;
        if (code == '_' || (code >= 'a' && code <= 'z'))
            return true;
    }
    return false;
}

/* Whether a string behind a colon has an escape that stands for a byte of the names. */
static bool escapes_letters(const char *text, size_t bytes)
{
    struct cursor cursor = {text, text + bytes};
    char before = '\0';
    while (more(&cursor)) {
        const char *begin = cursor.at;
        if (*begin != '"')
            cursor.at++;
        else if (loose_string(&cursor) && before == ':' && has_letter_escape(begin, cursor.at))
            return true;
        before = *begin;
        take_blanks(&cursor);
    }
    return false;
}

static int field(const char *text, const regmatch_t *match)
{
    int value = 0;
    for (regoff_t i = match->rm_so; i >= 0 && i < match->rm_eo; i++)
        value = 10 * value + (text[i] - '0');
    return value;
}

static bool time_of(const char *text, int64_t *time_us)
{
    regex_t expression;
    if (regcomp(&expression,
                "^([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})"
                "(\\.([0-9]*))?(Z| UTC| ?([+-])([0-9]{2})(:?([0-9]{2}))?)?$",
                REG_EXTENDED) != 0)
        return false;
    regmatch_t match[14];
    int missed = regexec(&expression, text, 14, match, 0);
    regfree(&expression);
    if (missed != 0)
        return false;

    struct tm given = {0};
    given.tm_year = field(text, &match[1]) - 1900;
    given.tm_mon = field(text, &match[2]) - 1;
    given.tm_mday = field(text, &match[3]);
    given.tm_hour = field(text, &match[4]);
    given.tm_min = field(text, &match[5]);
    given.tm_sec = field(text, &match[6]);
    struct tm normal = given;
    int64_t seconds = timegm(&normal);
    if (normal.tm_year != given.tm_year || normal.tm_mon != given.tm_mon ||
        normal.tm_mday != given.tm_mday || normal.tm_hour != given.tm_hour ||
        normal.tm_min != given.tm_min || normal.tm_sec != given.tm_sec || given.tm_year < -1899)
        return false;

    int64_t us = 0;
    for (int i = 0; i < 6; i++) {
        bool there = match[8].rm_so >= 0 && match[8].rm_so + i < match[8].rm_eo;
        us = 10 * us + (there ? text[match[8].rm_so + i] - '0' : 0);
    }
    int hours = field(text, &match[11]);
    int minutes = field(text, &match[13]);
    if (hours > 23 || minutes > 59)
        return false;
    int offset = 60 * (60 * hours + minutes);
    seconds -= match[10].rm_so >= 0 && text[match[10].rm_so] == '-' ? -offset : offset;

    struct tm check;
    time_t whole = (time_t)seconds;
    if (gmtime_r(&whole, &check) == NULL || check.tm_year < -1899 || check.tm_year > 9999 - 1900)
        return false;
    *time_us = seconds * 1000000 + us;
    return true;
}

/* The double of a number, or of a string that holds one. */
static bool double_of(const cJSON *item, double *value)
{
    if (cJSON_IsNumber(item)) {
        *value = item->valuedouble;
        return true;
    }
    if (!cJSON_IsString(item))
        return false;
    struct cursor cursor = {item->valuestring, item->valuestring + strlen(item->valuestring)};
    if (!strict_number(&cursor) || more(&cursor))
        return false;
    *value = strtod(item->valuestring, NULL);
    return true;
}

static bool integer_of(const cJSON *item, int32_t *integer)
{
    double value;
    if (!double_of(item, &value) || value != floor(value) || value < INT32_MIN || value > INT32_MAX)
        return false;
    *integer = (int32_t)value;
    return true;
}

/* The double, written out in full, is rounded like a number on paper. */
static int64_t us_of(const cJSON *item)
{
    double value;
    if (!double_of(item, &value) || !(value >= 0) || value > 1e15)
        return EVENT_TIME_UNUSABLE;
    char text[1400];
    snprintf(text, sizeof text, "%.1100f", value);
    char *point = strchr(text, '.');
    bool up = point[7] >= '5';
    memmove(point, point + 1, 6);
    point[6] = '\0';
    uint64_t us = strtoull(text[0] == '-' ? text + 1 : text, NULL, 10) + up;
    return us > INT64_MAX ? EVENT_TIME_UNUSABLE : (int64_t)us;
}

static int reject(struct reference *reference, enum reject_reason reason)
{
    reference->judged = true;
    reference->result = DECODE_REJECT;
    reference->reason = reason;
    return 0;
}

/* How many bytes the UTF-8 character at ${text} takes: the shortest of its code; 0: it is none. */
static size_t character_bytes(const unsigned char *text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t bytes = text[0] < 0x80   ? 1
                   : text[0] < 0xC0 ? 0
                   : text[0] < 0xE0 ? 2
                   : text[0] < 0xF0 ? 3
                   : text[0] < 0xF8 ? 4
                                    : 0;
    uint32_t code = bytes < 2 ? text[0] : text[0] & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3F);
    }
    bool is_one = bytes > 0 && code >= least[bytes] && code <= 0x10FFFF;
    return is_one && (code < 0xD800 || code > 0xDFFF) ? bytes : 0;
}

/* The text of an entry point, cut before the character that would pass the most that is kept. */
static int entry_point_of(const cJSON *item, struct reference *reference)
{
    struct event *event = &reference->event;
    size_t step, kept = 0;
    if (!cJSON_IsString(item))
        return 0;
    for (const char *at = item->valuestring; *at != '\0'; at += step) {
        step = character_bytes((const unsigned char *)at);
        if (step == 0)
            return 0;
        size_t bytes = (size_t)(at - item->valuestring) + step;
        kept = bytes <= EVENT_ENTRY_POINT_BYTES ? bytes : kept;
    }
    reference->entry_point = strndup(item->valuestring, kept);
    if (reference->entry_point == NULL)
        return -1;
    event->entry_point = reference->entry_point;
    event->entry_point_bytes = (uint32_t)kept;
    return 0;
}

static int judge_properties(const cJSON *properties, struct reference *reference)
{
    static const char *const names[] = {"course_id", "lesson_id", "time_spent_sec"};
    for (unsigned i = 0; i < 3; i++) {
        const cJSON *item = last(properties, names[i]);
        if (cJSON_IsString(item) && !suits_double(item->valuestring, strlen(item->valuestring)))
            return 0;
    }
    struct event *event = &reference->event;
    if (!integer_of(last(properties, "course_id"), &event->course_id))
        return reject(reference, REJECT_NO_COURSE);
    event->lesson_id = 0;
    event->time_spent_us = EVENT_TIME_UNUSABLE;
    if (event->kind != EVENT_COURSE_COMPLETED &&
        !integer_of(last(properties, "lesson_id"), &event->lesson_id))
        return reject(reference, REJECT_NO_LESSON);
    if (event->kind == EVENT_LESSON_COMPLETED)
        event->time_spent_us = us_of(last(properties, "time_spent_sec"));
    if (event->kind == EVENT_LESSON_STARTED &&
        entry_point_of(last(properties, "entry_point"), reference) != 0)
        return -1;
    reference->judged = true;
    reference->result = DECODE_EVENT;
    return 0;
}

/* Parse an object that is loosely one. NULL: cJSON does not give it back. */
static cJSON *parse_loose(struct cursor cursor, bool is_line, struct paper *paper)
{
    paper->bytes = 0;
    paper->text = malloc(5 * (size_t)(cursor.end - cursor.at) + 16);
    if (paper->text == NULL)
        return NULL;
    write_object(paper, &cursor, is_line);
    if (!suits_cjson(paper->text, paper->bytes))
        return NULL;
    return cJSON_ParseWithLength(paper->text, paper->bytes);
}

static int judge_encoded(const char *text, struct reference *reference)
{
    struct cursor cursor = {text, text + strlen(text)};
    take_blanks(&cursor);
    struct cursor checked = cursor;
    bool whole = loose_object(&checked, 1024);
    take_blanks(&checked);
    if (!whole || more(&checked))
        return reject(reference, REJECT_BAD_PROPERTIES);
    struct paper paper;
    cJSON *properties = parse_loose(cursor, false, &paper);
    free(paper.text);
    if (properties == NULL)
        return 0;
    int status = judge_properties(properties, reference);
    cJSON_Delete(properties);
    return status;
}

static bool is_filled(const cJSON *item)
{
    return cJSON_IsString(item) && item->valuestring[0] != '\0';
}

static bool names_course_event(const char *text, size_t bytes)
{
    static const char *const names[] = {"course_lesson_started", "course_lesson_completed",
                                        "course_completed"};
    for (unsigned i = 0; i < 3; i++)
        if (memmem(text, bytes, names[i], strlen(names[i])) != NULL)
            return true;
    return false;
}

/* ${text} is the record as it stands, ${line} what was parsed of it; NULL: it is no object. */
static int judge(const cJSON *line, const char *text, size_t bytes, struct reference *reference)
{
    struct event *event = &reference->event;
    const cJSON *type = line != NULL ? last(line, "event_type") : NULL;
    if (!cJSON_IsString(type) && names_course_event(text, bytes))
        return reject(reference, REJECT_NOT_AN_EVENT);
    if (!cJSON_IsString(type) || !kind_of(type->valuestring, &event->kind)) {
        reference->judged = true;
        reference->result = DECODE_OTHER;
        return 0;
    }
    if (escapes_letters(text, bytes)) /* the type may be spelled with escapes */
        return 0;

    const cJSON *user = last(line, "user_id");
    if (!is_filled(user))
        return reject(reference, REJECT_NO_USER);
    reference->user = strdup(user->valuestring);
    if (reference->user == NULL)
        return -1;
    event->user = reference->user;
    event->user_bytes = (uint32_t)strlen(reference->user);

    const cJSON *time = last(line, "event_time");
    if (!cJSON_IsString(time) || !time_of(time->valuestring, &event->time_us))
        return reject(reference, REJECT_NO_TIME);

    reference->has_id = is_filled(last(line, "uuid")) || is_filled(last(line, "$insert_id"));
    const cJSON *properties = last(line, "event_properties");
    if (properties == NULL || cJSON_IsNull(properties))
        return reject(reference, REJECT_NO_COURSE);
    if (cJSON_IsString(properties))
        return judge_encoded(properties->valuestring, reference);
    if (!cJSON_IsObject(properties))
        return reject(reference, REJECT_BAD_PROPERTIES);
    return judge_properties(properties, reference);
}

int reference_decode(const char *line, size_t bytes, struct reference *reference)
{
    unsigned records = 0;
    memset(reference, 0, sizeof *reference);
    reference->whole = is_whole(line, bytes, &records);
    if (!reference->whole)
        return reject(reference, REJECT_NOT_JSON);
    if (records > 1) {
        reference->judged = true;
        reference->result = DECODE_SEVERAL;
        return 0;
    }
    struct cursor record = first_record(line, bytes);
    if (!next_is(&record, '{'))
        return judge(NULL, line, bytes, reference);
    struct paper paper;
    cJSON *tree = parse_loose(record, true, &paper);
    int status = 0;
    if (tree != NULL) /* half surrogates and the like are not judged */
        status = judge(tree, record.at, (size_t)(record.end - record.at), reference);
    cJSON_Delete(tree);
    free(paper.text);
    return status;
}

void reference_clear(struct reference *reference)
{
    free(reference->user);
    free(reference->entry_point);
    reference->user = NULL;
    reference->entry_point = NULL;
}
