#include "generate_workshop.h"

#include <string.h>

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
    for (size_t i = 0; i < COUNT(workshop_types); i++) {
        char *at =
            memmem(line, (size_t)(first - line), workshop_types[i], strlen(workshop_types[i]));
        if (at != NULL)
            first = at;
    }
    return first;
}

char *generate_ending_apply(const struct generate_fields *fields, char *line, char *end)
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
