#include "course_funnel/options.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int out_of_range(const char *option, const char *text, uint64_t minimum, uint64_t maximum,
                        struct failure *failure)
{
    return failure_set(failure, EXIT_USAGE,
                       "%s takes a whole number from %" PRIu64 " to %" PRIu64 ", not \"%s\".",
                       option, minimum, maximum, text);
}

/* strtoull takes blanks and signs, so the first byte is looked at here. */
static bool read_digits(const char *text, char **end, uint64_t *value)
{
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *value = strtoull(text, end, 10);
    return errno == 0;
}

int options_number(const char *option, const char *text, uint64_t minimum, uint64_t maximum,
                   uint64_t *value, struct failure *failure)
{
    char *end = NULL;
    if (!read_digits(text, &end, value) || *end != '\0' || *value < minimum || *value > maximum)
        return out_of_range(option, text, minimum, maximum, failure);
    return 0;
}

int options_bytes(const char *option, const char *text, uint64_t minimum, uint64_t maximum,
                  uint64_t *value, struct failure *failure)
{
    static const char suffixes[] = "KMGT";
    char *end = NULL;
    unsigned shift = 0;
    if (!read_digits(text, &end, value))
        return out_of_range(option, text, minimum, maximum, failure);
    if (*end != '\0') {
        const char *suffix = strchr(suffixes, *end);
        if (suffix == NULL || end[1] != '\0')
            return failure_set(failure, EXIT_USAGE,
                               "%s takes a size such as 512K, 64M or 2G, not \"%s\".", option,
                               text);
        shift = 10 * (unsigned)(suffix - suffixes + 1);
    }
    if (*value > UINT64_MAX >> shift)
        return out_of_range(option, text, minimum, maximum, failure);
    *value <<= shift;
    if (*value < minimum || *value > maximum)
        return out_of_range(option, text, minimum, maximum, failure);
    return 0;
}

int options_decimal(const char *option, const char *text, double maximum, double *value,
                    struct failure *failure)
{
    char *end = NULL;
    errno = 0;
    *value = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !isfinite(*value) || *value <= 0 ||
        *value > maximum)
        return failure_set(failure, EXIT_USAGE,
                           "%s takes a number above 0 and up to %.0f, not \"%s\".", option, maximum,
                           text);
    return 0;
}

int options_share(const char *option, const char *text, double *value, struct failure *failure)
{
    char *end = NULL;
    errno = 0;
    *value = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !isfinite(*value) || *value < 0 || *value > 1)
        return failure_set(failure, EXIT_USAGE, "%s takes a share from 0 to 1, not \"%s\".", option,
                           text);
    return 0;
}
