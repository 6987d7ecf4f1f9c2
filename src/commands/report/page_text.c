#include "page_text.h"

#include "course_funnel/utf8.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void page_text_free(struct page_text *text)
{
    free(text->bytes);
    *text = (struct page_text){.bytes = NULL};
}

/* Room for so many bytes more and a NUL; false where there is none. */
static bool has_room(struct page_text *text, size_t bytes)
{
    if (text->is_short)
        return false;
    if (text->count + bytes + 1 <= text->capacity)
        return true;
    size_t wanted = 2 * text->capacity + bytes + 4096;
    char *grown = realloc(text->bytes, wanted);
    if (grown == NULL) {
        text->is_short = true;
        return false;
    }
    text->bytes = grown;
    text->capacity = wanted;
    return true;
}

static void add_bytes(struct page_text *text, const char *more, size_t bytes)
{
    if (!has_room(text, bytes))
        return;
    memcpy(text->bytes + text->count, more, bytes);
    text->count += bytes;
    text->bytes[text->count] = '\0';
}

void page_text_add(struct page_text *text, const char *more)
{
    add_bytes(text, more, strlen(more));
}

void page_text_format(struct page_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (bytes < 0 || !has_room(text, (size_t)bytes))
        return;
    va_start(arguments, format);
    (void)vsnprintf(text->bytes + text->count, (size_t)bytes + 1, format, arguments);
    va_end(arguments);
    text->count += (size_t)bytes;
}

static const char *in_html(char character)
{
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static const char *in_json(char character)
{
    switch (character) {
    case '<':
        return "\\u003c";
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    default:
        return NULL;
    }
}

static void add_escaped(struct page_text *text, const char *more,
                        const char *(*escape)(char character))
{
    for (size_t bytes; *more != '\0'; more += bytes) {
        bytes = utf8_character_bytes(more, SIZE_MAX);
        if (bytes == 0) {
            bytes = 1;
            continue;
        }
        const char *escaped = bytes == 1 ? escape(*more) : NULL;
        if (escaped != NULL)
            page_text_add(text, escaped);
        else if (!utf8_is_hidden(more, bytes))
            add_bytes(text, more, bytes);
    }
}

void page_text_html(struct page_text *text, const char *more)
{
    add_escaped(text, more, in_html);
}

void page_text_json(struct page_text *text, const char *more)
{
    page_text_add(text, "\"");
    add_escaped(text, more, in_json);
    page_text_add(text, "\"");
}

int page_text_check(const struct page_text *text, struct failure *failure)
{
    return text->is_short ? failure_memory(failure, "the page", text->capacity) : 0;
}
