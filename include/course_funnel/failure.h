#ifndef COURSE_FUNNEL_FAILURE_H
#define COURSE_FUNNEL_FAILURE_H

#include <stddef.h>

/*
 * A failure is a value that travels up: the code that the program will leave with and a message
 * that says what went wrong, where, what was expected and what to do about it.
 */

/* The exit codes of the program; README.md lists what to do about each. */
enum exit_code {
    EXIT_PUBLISHED = 0,
    EXIT_USAGE = 2,
    EXIT_STRANGER = 3,   /* the checkpoint belongs to another run */
    EXIT_SOURCE = 4,     /* the input could not be read whole */
    EXIT_TARGET = 5,     /* the marts could not be written */
    EXIT_CHECKPOINT = 6, /* the checkpoint folder could not be used */
    EXIT_GATE = 7,       /* a gate refused to publish */
    EXIT_BUG = 70,       /* our bug, or too little memory */
    EXIT_STOPPED = 75,   /* stopped on request after a checkpoint: run again */
    EXIT_LOST = 205      /* a rank was lost, as of mpirun */
};

#define FAILURE_MESSAGE_BYTES 4096

/* No failure has happened while code is 0. Plain data: ranks send it to each other as bytes. */
struct failure {
    int code;
    char message[FAILURE_MESSAGE_BYTES];
};

/*
 * Local. Record a failure, unless ${failure} holds one already: the first cause is kept. Texts
 * that do not fit are cut. Returns -1 always, so that callers can `return failure_set(...)`.
 */
int failure_set(struct failure *failure, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Local. Record that ${bytes} for ${what} could not be had (EXIT_BUG). Returns -1. */
int failure_memory(struct failure *failure, const char *what, size_t bytes);

#endif
