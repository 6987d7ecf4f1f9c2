#include "differences.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_BYTES 512
#define COUNT_BYTES 32 /* room for the last line */

void differences_add(struct differences *differences, const char *format, ...)
{
    if (differences->found++ >= differences->most)
        return;
    size_t room = sizeof differences->text - COUNT_BYTES - differences->used;
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    int written = snprintf(differences->text + differences->used, room, "\n  %s", line);
    if (written > 0 && (size_t)written < room)
        differences->used += (size_t)written;
    else
        differences->most = differences->found - 1; /* it did not fit, and is counted */
    differences->text[differences->used] = '\0';
}

const char *differences_text(struct differences *differences)
{
    if (differences->found > differences->most)
        snprintf(differences->text + differences->used, COUNT_BYTES, "\n  and %u more",
                 differences->found - differences->most);
    return differences->text;
}
