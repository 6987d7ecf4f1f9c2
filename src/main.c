#include "course_funnel/command.h"
#include "course_funnel/failure.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"rebuild", rebuild_command, "rebuild the marts from the full history of events"},
    {"inspect", inspect_command, "tell what a checkpoint folder holds"},
    {"report", report_command, "print the funnel of a course out of the marts"},
    {"generate", generate_command, "write a sample Amplitude export"},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static int usage(FILE *out)
{
    fprintf(out, "course-funnel rebuilds course-completion funnels by weekly cohort from Amplitude "
                 "events.\n\nusage: course-funnel COMMAND [OPTIONS]\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fprintf(out, "\n  --help     this text; `course-funnel COMMAND --help` tells more\n"
                 "  --version  the version of the program\n");
    return out == stdout ? EXIT_PUBLISHED : EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr);
    if (strcmp(argv[1], "--help") == 0)
        return usage(stdout);
    if (strcmp(argv[1], "--version") == 0)
        return puts("course-funnel " COURSE_FUNNEL_VERSION) < 0 ? EXIT_BUG : EXIT_PUBLISHED;
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "course-funnel: there is no command \"%s\".\nTry `course-funnel --help`.\n",
            argv[1]);
    return EXIT_USAGE;
}
