#include "source_internal.h"

#include "course_funnel/utf8.h"

#include <string.h>

void source_names_show(const char *name, char *shown, size_t capacity)
{
    (void)utf8_show(name, strlen(name), shown, capacity);
}

static bool is_separator(char byte)
{
    return byte == '/' || byte == '\\';
}

const char *source_names_base(const char *path)
{
    const char *base = path;
    for (const char *at = path; *at != '\0'; at++)
        if (is_separator(*at) && at[1] != '\0')
            base = at + 1;
    return base;
}

bool source_names_hidden(const char *path)
{
    for (const char *at = path; *at != '\0'; at++) {
        if (*at != '.' || (at > path && !is_separator(at[-1])))
            continue;
        const char *rest = at[1] == '.' ? at + 2 : at + 1;
        if (*rest != '\0' && !is_separator(*rest))
            return true;
    }
    return false;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* What follows `_yyyy-MM-dd_H` or `_yyyy-MM-dd_HH` at ${at}, or NULL when that is not there. */
static const char *after_hour(const char *at)
{
    static const char form[] = "_dddd-dd-dd_d";
    for (size_t i = 0; form[i] != '\0'; i++)
        if (form[i] == 'd' ? !is_digit(at[i]) : at[i] != form[i])
            return NULL;
    at += sizeof form - 1;
    return is_digit(*at) ? at + 1 : at;
}

size_t source_names_project_bytes(const char *base)
{
    const char *at = base;
    while (is_digit(*at))
        at++;
    return at > base && after_hour(at) != NULL ? (size_t)(at - base) : 0;
}

const char *source_names_left_out(const char *base, enum source_note_kind *kind)
{
    const char *name = base[0] == '-' ? base + 1 : base;
    size_t project_bytes = source_names_project_bytes(name);
    *kind = SOURCE_NOTE_LEFT_OUT;
    if (project_bytes == 0)
        return NULL;
    if (base[0] == '-')
        return "merged identities, not events, left out";
    *kind = SOURCE_NOTE_MARKER;
    return strcmp(after_hour(name + project_bytes), "_complete") == 0
               ? "marker of a finished hour, left out"
               : NULL;
}
