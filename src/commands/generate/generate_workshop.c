#include "generate_workshop.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const workshop_types[3] = {"course_lesson_started", "course_lesson_completed",
                                       "course_completed"};

void workshop_set(struct generate_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->text, sizeof text->text, format, arguments);
    va_end(arguments);
    text->bytes = length < 0 ? 0 : (size_t)length;
    if (text->bytes >= sizeof text->text)
        text->bytes = sizeof text->text - 1;
}

const char *workshop_pick(struct workshop *shop, const char *const *texts, size_t count)
{
    return texts[generate_below(shop->random, count)];
}

void workshop_pair(char text[128], const char *name, const char *value)
{
    int length = snprintf(text, 128, "\"%s\":%s", name, value);
    if (length < 0)
        text[0] = '\0';
}

void workshop_join(const struct workshop *shop, const char *comma, struct generate_text *object)
{
    const char *const parts[] = {shop->course, shop->lesson, shop->spent,
                                 "\"course_progress\":12.5"};
    workshop_set(object, "{");
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (parts[i][0] == '\0')
            continue;
        char so_far[sizeof object->text];
        memcpy(so_far, object->text, object->bytes + 1);
        workshop_set(object, "%.700s%s%s", so_far, object->bytes > 1 ? comma : "", parts[i]);
    }
    object->text[object->bytes++] = '}';
    object->text[object->bytes] = '\0';
}

void workshop_set_properties(struct workshop *shop)
{
    struct generate_text object;
    workshop_join(shop, ",", &object);
    workshop_set(&shop->fields->properties, "\"event_properties\":%.900s,", object.text);
}

void workshop_open(struct workshop *shop)
{
    const struct generate_values *values = shop->values;
    char number[32];
    (void)snprintf(number, sizeof number, "%" PRId32, values->course_id);
    workshop_pair(shop->course, "course_id", number);
    shop->lesson[0] = '\0';
    shop->spent[0] = '\0';
    if (values->kind == EVENT_COURSE_COMPLETED)
        return;
    (void)snprintf(number, sizeof number, "%" PRId32, values->lesson_id);
    workshop_pair(shop->lesson, "lesson_id", number);
    if (values->kind != EVENT_LESSON_COMPLETED)
        return;
    (void)snprintf(number, sizeof number, "%" PRIu32 ".%03" PRIu32, values->spent_ms / 1000,
                   values->spent_ms % 1000);
    workshop_pair(shop->spent, "time_spent_sec", number);
}
