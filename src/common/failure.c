#include "course_funnel/failure.h"

#include <stdarg.h>
#include <stdio.h>

int failure_set(struct failure *failure, int code, const char *format, ...)
{
    if (failure->code != 0)
        return -1;

    failure->code = code;
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(failure->message, sizeof failure->message, format, arguments);
    va_end(arguments);
    if (written < 0)
        failure->message[0] = '\0';
    return -1;
}

int failure_memory(struct failure *failure, const char *what, size_t bytes)
{
    return failure_set(failure, EXIT_BUG,
                       "No memory left: %zu bytes for %s. Use more nodes, or fewer ranks a node.",
                       bytes, what);
}
