#include "course_funnel/command.h"
#include "course_funnel/failure.h"
#include "course_funnel/output.h"

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
    {"learners", learners_command, "list who is behind a number of the marts"},
    {"generate", generate_command, "write a sample Amplitude export"},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void usage(FILE *out)
{
    fprintf(out, "course-funnel rebuilds course-completion funnels by weekly cohort from Amplitude "
                 "events.\n\nusage: course-funnel COMMAND [OPTIONS]\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fprintf(out, "\n  --help     this text; `course-funnel COMMAND --help` tells more\n"
                 "  --version  the version of the program\n");
}

/* The end of what was printed to standard output, as an exit code. */
static int end(void)
{
    struct failure failure = {0};
    if (output_end(stdout, &failure) != 0)
        fprintf(stderr, "course-funnel: error: %s\n", failure.message);
    return failure.code;
}

int main(int argc, char **argv)
{
    /* The longest text of help is written at once, so that what a write failed of is still known.
     */
    static char buffer[16384];
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0) {
        usage(stdout);
        return end();
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("course-funnel " COURSE_FUNNEL_VERSION "\n");
        return end();
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "course-funnel: there is no command \"%s\".\nTry `course-funnel --help`.\n",
            argv[1]);
    return EXIT_USAGE;
}
