#include "course_funnel/options.h"

#include "course_funnel/calendar.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MOST 63 /* bits of what is given */

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

int options_id(const char *option, const char *text, int32_t *value, struct failure *failure)
{
    char *end = NULL;
    errno = 0;
    long long id = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || id < INT32_MIN || id > INT32_MAX)
        return failure_set(failure, EXIT_USAGE, "%s takes a whole number, not \"%s\".", option,
                           text);
    *value = (int32_t)id;
    return 0;
}

int options_date(const char *option, const char *text, int32_t *day, struct failure *failure)
{
    char midnight[CALENDAR_DATE_BYTES + 10];
    int64_t time_us = 0;
    int length = snprintf(midnight, sizeof midnight, "%s 00:00:00Z", text);
    if (strlen(text) != CALENDAR_DATE_BYTES - 1 ||
        !calendar_parse_time(midnight, (size_t)length, &time_us))
        return failure_set(failure, EXIT_USAGE, "%s takes a date such as 2025-06-30, not \"%s\".",
                           option, text);
    *day = (int32_t)(time_us / CALENDAR_US_PER_DAY);
    return 0;
}

int options_monday(const char *option, const char *text, int32_t *day, struct failure *failure)
{
    if (options_date(option, text, day, failure) != 0)
        return -1;
    if (calendar_monday(*day * CALENDAR_US_PER_DAY) != *day)
        return failure_set(failure, EXIT_USAGE,
                           "%s takes the Monday that the week begins with; %s is none.", option,
                           text);
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

int options_text(const char *option, const char *text, uint64_t least, const char **value,
                 struct failure *failure)
{
    if (strlen(text) < least)
        return failure_set(failure, EXIT_USAGE, "%s takes a text that is not empty.", option);
    *value = text;
    return 0;
}

void options_getopt(const struct options_row *rows, size_t count, struct option *table)
{
    for (size_t i = 0; i < count; i++) {
        bool is_flag = rows[i].kind == OPTIONS_FLAG && rows[i].read == NULL;
        table[i] = (struct option){.name = rows[i].name + 2,
                                   .has_arg = is_flag ? no_argument : required_argument,
                                   .val = (int)i + 1};
    }
    table[count] = (struct option){0};
}

static int read_value(const struct options_row *row, const char *text, void *value,
                      struct failure *failure)
{
    uint64_t number = 0;
    switch (row->kind) {
    case OPTIONS_FLAG:
        *(bool *)value = true;
        return 0;
    case OPTIONS_TEXT:
        return options_text(row->name, text, row->least, value, failure);
    case OPTIONS_NUMBER:
        return options_number(row->name, text, row->least, row->most, value, failure);
    case OPTIONS_NUMBER_32:
        if (options_number(row->name, text, row->least, row->most, &number, failure) != 0)
            return -1;
        *(uint32_t *)value = (uint32_t)number;
        return 0;
    case OPTIONS_BYTES:
        return options_bytes(row->name, text, row->least, row->most, value, failure);
    case OPTIONS_SHARE:
        return options_share(row->name, text, value, failure);
    }
    return 0;
}

int options_read(const struct options_row *rows, int number, const char *text, void *values,
                 uint64_t *given, struct failure *failure)
{
    const struct options_row *row = &rows[number - 1];
    uint64_t bit = UINT64_C(1) << number;
    if ((*given & bit) != 0 && !row->again)
        return failure_set(failure, EXIT_USAGE, "%s is given twice.", row->name);
    *given |= bit;
    return row->read != NULL ? row->read(values, text, failure)
                             : read_value(row, text, (char *)values + row->offset, failure);
}

int options_parse(const struct options_row *rows, size_t count, int argc, char **argv, void *values,
                  const bool *help, struct failure *failure)
{
    struct option table[OPTIONS_MOST + 1];
    uint64_t given = 0;
    options_getopt(rows, count, table);
    opterr = 0;
    for (int name; (name = getopt_long(argc, argv, ":", table, NULL)) != -1;) {
        if (name == ':')
            return failure_set(failure, EXIT_USAGE, "%s takes a value.", argv[optind - 1]);
        if (name == '?')
            return failure_set(failure, EXIT_USAGE, "There is no option \"%s\".", argv[optind - 1]);
        if (options_read(rows, name, optarg, values, &given, failure) != 0)
            return -1;
        if (*help)
            return 1;
    }
    if (optind < argc)
        return failure_set(failure, EXIT_USAGE, "\"%s\" belongs to no option.", argv[optind]);
    return 0;
}
