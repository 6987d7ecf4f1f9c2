#include "course_funnel/log.h"

#include "course_funnel/calendar.h"
#include "course_funnel/clock.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    enum log_format format;
    bool silent;
    bool drawn; /* a line that stands there without its end */
} log_state = {.format = LOG_TEXT};

void log_open(enum log_format format, bool speaks)
{
    log_state.format = format;
    log_state.silent = !speaks;
}

/* The name of our parent, which is mpirun where rank 0 was started by it on the same host. */
static bool parent_is_mpirun(void)
{
    static const char *const names[] = {"mpirun\n", "mpiexec\n", "orterun\n"};
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)getppid());
    FILE *file = fopen(path, "r");
    bool got = file != NULL && fgets(name, sizeof name, file) != NULL;
    if (file != NULL)
        (void)fclose(file);
    for (size_t i = 0; got && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool mpirun_has_terminal(void)
{
    struct stat status;
    char path[64];
    /* A file that our standard error was led to is nobody's terminal, whoever started us. */
    if (fstat(STDERR_FILENO, &status) != 0 || !S_ISFIFO(status.st_mode) || !parent_is_mpirun())
        return false;
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)getppid(), STDERR_FILENO);
    int fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    bool terminal = fd >= 0 && isatty(fd) == 1;
    if (fd >= 0)
        (void)close(fd);
    return terminal;
}

bool log_can_draw(void)
{
    return log_state.format == LOG_TEXT && !log_state.silent &&
           (isatty(STDERR_FILENO) == 1 || mpirun_has_terminal());
}

void log_draw(const char *text)
{
    if (text == NULL && !log_state.drawn)
        return;
    fprintf(stderr, "\r\033[K%s", text != NULL ? text : "");
    log_state.drawn = text != NULL;
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
    log_draw(NULL);
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
