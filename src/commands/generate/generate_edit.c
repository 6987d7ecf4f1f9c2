#include "generate_edit.h"

#include "course_funnel/event.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void generate_edit_print(struct generate_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->text, sizeof text->text, format, arguments);
    va_end(arguments);
    text->bytes = length < 0 ? 0 : (size_t)length;
    if (text->bytes >= sizeof text->text)
        text->bytes = sizeof text->text - 1;
}

const char *generate_edit_pick(struct generate_edit *edit, const char *const *texts, size_t count)
{
    return texts[generate_below(edit->random, count)];
}

void generate_edit_pair(char text[128], const char *name, const char *value)
{
    int length = snprintf(text, 128, "\"%s\":%s", name, value);
    if (length < 0)
        text[0] = '\0';
}

void generate_edit_join(const struct generate_edit *edit, const char *comma,
                        struct generate_text *object)
{
    const char *const parts[] = {edit->course, edit->lesson, edit->spent,
                                 "\"course_progress\":12.5"};
    generate_edit_print(object, "{");
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (parts[i][0] == '\0')
            continue;
        char so_far[sizeof object->text];
        memcpy(so_far, object->text, object->bytes + 1);
        generate_edit_print(object, "%.700s%s%s", so_far, object->bytes > 1 ? comma : "", parts[i]);
    }
    object->text[object->bytes++] = '}';
    object->text[object->bytes] = '\0';
}

void generate_edit_set_properties(struct generate_edit *edit)
{
    struct generate_text object;
    generate_edit_join(edit, ",", &object);
    generate_edit_print(&edit->fields->properties, "\"event_properties\":%.900s,", object.text);
}

void generate_edit_begin(struct generate_edit *edit)
{
    const struct generate_values *values = edit->values;
    char number[32];
    (void)snprintf(number, sizeof number, "%" PRId32, values->course_id);
    generate_edit_pair(edit->course, "course_id", number);
    edit->lesson[0] = '\0';
    edit->spent[0] = '\0';
    if (values->kind == EVENT_COURSE_COMPLETED)
        return;
    (void)snprintf(number, sizeof number, "%" PRId32, values->lesson_id);
    generate_edit_pair(edit->lesson, "lesson_id", number);
    if (values->kind != EVENT_LESSON_COMPLETED)
        return;
    (void)snprintf(number, sizeof number, "%" PRIu32 ".%03" PRIu32, values->spent_ms / 1000,
                   values->spent_ms % 1000);
    generate_edit_pair(edit->spent, "time_spent_sec", number);
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
    for (size_t i = 0; i < EVENT_KINDS; i++) {
        char *at = memmem(line, (size_t)(first - line), event_names[i], strlen(event_names[i]));
        if (at != NULL)
            first = at;
    }
    return first;
}

char *generate_edit_ending(const struct generate_fields *fields, char *line, char *end)
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
