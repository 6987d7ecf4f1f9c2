#include "course_funnel/options.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int options_once(const struct option *options, int value, uint64_t *given, struct failure *failure)
{
    uint64_t bit = UINT64_C(1) << value;
    while ((*given & bit) != 0 && options->val != value)
        options++;
    if ((*given & bit) != 0)
        return failure_set(failure, EXIT_USAGE, "--%s is given twice.", options->name);
    *given |= bit;
    return 0;
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
        return failure_set(failure, EXIT_USAGE,
                           "%s takes a whole number from %" PRIu64 " to %" PRIu64 ", not \"%s\".",
                           option, minimum, maximum, text);
    return 0;
}

static const char suffixes[] = "KMGT";

/* A size with the largest suffix that says it exactly. */
static void write_size(uint64_t bytes, char text[32])
{
    unsigned step = 0;
    while (step < sizeof suffixes - 1 && bytes > 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        step++;
    }
    snprintf(text, 32, "%" PRIu64 "%.*s", bytes, step > 0 ? 1 : 0,
             suffixes + (step > 0 ? step - 1 : 0));
}

static int no_size(const char *option, const char *text, uint64_t minimum, uint64_t maximum,
                   struct failure *failure)
{
    char least[32], most[32];
    write_size(minimum, least);
    write_size(maximum, most);
    return failure_set(failure, EXIT_USAGE,
                       "%s takes a size from %s to %s, such as 512K, 64M or 2G, not \"%s\".",
                       option, least, most, text);
}

int options_bytes(const char *option, const char *text, uint64_t minimum, uint64_t maximum,
                  uint64_t *value, struct failure *failure)
{
    char *end = NULL;
    unsigned shift = 0;
    if (!read_digits(text, &end, value))
        return no_size(option, text, minimum, maximum, failure);
    if (*end != '\0') {
        const char *suffix = strchr(suffixes, *end);
        if (suffix == NULL || end[1] != '\0')
            return no_size(option, text, minimum, maximum, failure);
        shift = 10 * (unsigned)(suffix - suffixes + 1);
    }
    if (*value > UINT64_MAX >> shift || *value << shift < minimum || *value << shift > maximum)
        return no_size(option, text, minimum, maximum, failure);
    *value <<= shift;
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
