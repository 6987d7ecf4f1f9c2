#include "course_funnel/output.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

int output_end(FILE *out, struct failure *failure)
{
    bool failed_before = ferror(out) != 0;
    if (fflush(out) == 0 && !failed_before)
        return 0;
    /* What an earlier write failed of is not known any more. */
    return failure_set(failure, EXIT_TARGET, "Standard output cannot be written: %s.",
                       strerror(failed_before ? EIO : errno));
}

int output_text(FILE *out, const char *text, struct failure *failure)
{
    if (fputs(text, out) == EOF)
        return failure_set(failure, EXIT_TARGET, "Standard output cannot be written: %s.",
                           strerror(errno));
    return output_end(out, failure);
}
