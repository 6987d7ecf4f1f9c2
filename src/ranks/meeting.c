#include "meeting.h"

#include "course_funnel/options.h"
#include "launcher.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t is_first;

static void end_unmet(int number)
{
    static const char text[] =
        "course-funnel: error: The ranks did not meet in time (" MEETING_VARIABLE
        "): one of them did not start, or two could not connect. See what Open MPI says above, "
        "whether all hosts reach each other, and run again.\n";
    (void)number;
    /* Nothing can be done about a message that cannot be written. */
    ssize_t written = is_first != 0 ? write(STDERR_FILENO, text, sizeof text - 1) : 0;
    (void)written;
    _exit(EXIT_LOST);
}

int meeting_begin(struct failure *failure)
{
    const char *asked = getenv(MEETING_VARIABLE);
    uint64_t seconds = MEETING_DEFAULT_S;
    if (asked != NULL &&
        options_number(MEETING_VARIABLE, asked, 1, MEETING_MOST_S, &seconds, failure) != 0)
        return -1;
    is_first = launcher_says_first();
    struct sigaction action = {.sa_handler = end_unmet, .sa_flags = SA_RESTART};
    if (sigemptyset(&action.sa_mask) != 0 || sigaction(SIGALRM, &action, NULL) != 0)
        return failure_set(failure, EXIT_BUG, "The time of the start cannot be limited: %s.",
                           strerror(errno));
    (void)alarm((unsigned)seconds);
    return 0;
}

void meeting_end(void)
{
    (void)alarm(0);
}
