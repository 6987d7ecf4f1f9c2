#include "course_funnel/log.h"

#include "course_funnel/calendar.h"
#include "course_funnel/clock.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    enum log_format format;
    bool silent;
} log_state = {.format = LOG_TEXT};

void log_open(enum log_format format, bool speaks)
{
    log_state.format = format;
    log_state.silent = !speaks;
}

bool log_is_text(void)
{
    return log_state.format == LOG_TEXT;
}

static void write_json(const char *level, const char *message)
{
    char now[CALENDAR_TIME_BYTES];
    calendar_format_time(clock_now_us(), now);
    cJSON *object = cJSON_CreateObject();
    char *line = NULL;
    if (object != NULL && cJSON_AddStringToObject(object, "time", now) != NULL &&
        cJSON_AddStringToObject(object, "level", level) != NULL &&
        cJSON_AddStringToObject(object, "message", message) != NULL)
        line = cJSON_PrintUnformatted(object);
    if (line != NULL)
        fprintf(stderr, "%s\n", line);
    free(line);
    cJSON_Delete(object);
}

static void write_line(const char *level, const char *mark, const char *format, va_list arguments)
{
    char *message = NULL;
    if (log_state.silent || vasprintf(&message, format, arguments) < 0)
        return;
    if (log_state.format == LOG_JSON)
        write_json(level, message);
    else
        fprintf(stderr, "course-funnel: %s%s\n", mark, message);
    free(message);
}

void log_info(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line("info", "", format, arguments);
    va_end(arguments);
}

void log_warning(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line("warning", "warning: ", format, arguments);
    va_end(arguments);
}

void log_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line("error", "error: ", format, arguments);
    va_end(arguments);
}
