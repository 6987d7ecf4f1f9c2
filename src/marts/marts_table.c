#include "course_funnel/marts_table.h"

#include "course_funnel/calendar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN(row, field, kind)                                                                   \
    {                                                                                              \
#field, kind, offsetof(struct row, field), MARTS_NEVER_NULL                                \
    }
#define COLUMN_OR_NULL(row, name, kind, field, has)                                                \
    {                                                                                              \
        name, kind, offsetof(struct row, field), offsetof(struct row, has)                         \
    }

static const struct marts_column cohort_columns[] = {
    COLUMN(mart_cohort_row, course_id, MARTS_ID),
    COLUMN(mart_cohort_row, cohort_week_start, MARTS_DATE),
    COLUMN(mart_cohort_row, users_started, MARTS_COUNT),
    COLUMN(mart_cohort_row, users_completed_course, MARTS_COUNT),
    COLUMN_OR_NULL(mart_cohort_row, "course_completion_rate", MARTS_RATE, course_completion_rate_e6,
                   has_completion_rate),
    COLUMN_OR_NULL(mart_cohort_row, "total_lessons", MARTS_ID, total_lessons, has_total_lessons),
};

static const struct marts_column lesson_columns[] = {
    COLUMN(mart_lesson_row, course_id, MARTS_ID),
    COLUMN(mart_lesson_row, cohort_week_start, MARTS_DATE),
    COLUMN(mart_lesson_row, lesson_id, MARTS_ID),
    COLUMN(mart_lesson_row, users_started, MARTS_COUNT),
    COLUMN(mart_lesson_row, users_completed, MARTS_COUNT),
    COLUMN_OR_NULL(mart_lesson_row, "lesson_completion_rate", MARTS_RATE, lesson_completion_rate_e6,
                   has_completion_rate),
    COLUMN_OR_NULL(mart_lesson_row, "funnel_retention_rate", MARTS_RATE, funnel_retention_rate_e6,
                   has_retention_rate),
    COLUMN_OR_NULL(mart_lesson_row, "avg_time_spent_sec", MARTS_MEAN, avg_time_spent_sec_e3,
                   has_avg_time_spent),
};

static const struct marts_column step_columns[] = {
    COLUMN(mart_step_row, course_id, MARTS_ID),
    COLUMN(mart_step_row, cohort_week_start, MARTS_DATE),
    COLUMN(mart_step_row, lesson_id, MARTS_ID),
    COLUMN(mart_step_row, observed_days, MARTS_COUNT),
    COLUMN(mart_step_row, users_reached, MARTS_COUNT),
    COLUMN(mart_step_row, users_stopped, MARTS_COUNT),
    COLUMN_OR_NULL(mart_step_row, "stop_rate", MARTS_RATE, stop_rate_e6, has_stop_rate),
    COLUMN(mart_step_row, completions_timed, MARTS_LARGE_COUNT),
    COLUMN_OR_NULL(mart_step_row, "time_spent_p50_sec", MARTS_MEAN, time_spent_p50_sec_e3,
                   has_time_spent),
    COLUMN_OR_NULL(mart_step_row, "time_spent_p90_sec", MARTS_MEAN, time_spent_p90_sec_e3,
                   has_time_spent),
};

static const struct marts_column completion_columns[] = {
    COLUMN(mart_completion_row, course_id, MARTS_ID),
    COLUMN(mart_completion_row, cohort_week_start, MARTS_DATE),
    COLUMN(mart_completion_row, observed_days, MARTS_COUNT),
    COLUMN_OR_NULL(mart_completion_row, "completed_within_7d", MARTS_COUNT, completed_within_7d,
                   has_within_7d),
    COLUMN_OR_NULL(mart_completion_row, "completed_within_14d", MARTS_COUNT, completed_within_14d,
                   has_within_14d),
    COLUMN_OR_NULL(mart_completion_row, "completed_within_30d", MARTS_COUNT, completed_within_30d,
                   has_within_30d),
    COLUMN_OR_NULL(mart_completion_row, "completed_within_90d", MARTS_COUNT, completed_within_90d,
                   has_within_90d),
    COLUMN(mart_completion_row, completed_timed, MARTS_COUNT),
    COLUMN(mart_completion_row, completed_unordered, MARTS_COUNT),
    COLUMN_OR_NULL(mart_completion_row, "days_to_complete_p50", MARTS_MEAN, days_to_complete_p50_e3,
                   has_days_to_complete),
    COLUMN_OR_NULL(mart_completion_row, "days_to_complete_p90", MARTS_MEAN, days_to_complete_p90_e3,
                   has_days_to_complete),
};

static const struct marts_column entry_columns[] = {
    COLUMN(mart_entry_row, course_id, MARTS_ID),
    COLUMN(mart_entry_row, cohort_week_start, MARTS_DATE),
    COLUMN(mart_entry_row, entry_point, MARTS_TEXT),
    COLUMN(mart_entry_row, users_started, MARTS_COUNT),
    COLUMN(mart_entry_row, users_completed_course, MARTS_COUNT),
    COLUMN_OR_NULL(mart_entry_row, "completion_rate", MARTS_RATE, completion_rate_e6,
                   has_completion_rate),
};

static const struct marts_column change_columns[] = {
    COLUMN(change_row, course_id, MARTS_ID),
    COLUMN(change_row, cohort_week_start, MARTS_DATE),
    COLUMN(change_row, cell, MARTS_TEXT),
    COLUMN(change_row, lesson_id, MARTS_ID),
    COLUMN(change_row, change, MARTS_TEXT),
    COLUMN_OR_NULL(change_row, "old_users_started", MARTS_COUNT, old_users_started, has_old),
    COLUMN_OR_NULL(change_row, "new_users_started", MARTS_COUNT, new_users_started, has_new),
    COLUMN_OR_NULL(change_row, "old_users_completed", MARTS_COUNT, old_users_completed, has_old),
    COLUMN_OR_NULL(change_row, "new_users_completed", MARTS_COUNT, new_users_completed, has_new),
    COLUMN_OR_NULL(change_row, "was_mature", MARTS_BOOLEAN, was_mature, has_was_mature),
};

static const struct marts_column match_columns[] = {
    COLUMN(match_row, course_id, MARTS_ID),
    COLUMN(match_row, users, MARTS_LARGE_COUNT),
    COLUMN(match_row, users_with_session, MARTS_LARGE_COUNT),
    COLUMN(match_row, users_without_session, MARTS_LARGE_COUNT),
};

#define SHAPE(name, columns, key_count, row, rows, count, digest_offset, is_further)               \
    {                                                                                              \
        name, columns, sizeof columns / sizeof columns[0], key_count, sizeof(struct row),          \
            offsetof(struct marts, rows), offsetof(struct marts, count), digest_offset, is_further \
    }

const struct marts_shape marts_shapes[MARTS_TABLES] = {
    [MARTS_COHORTS] = SHAPE("mart_course_funnel_cohorts", cohort_columns, 2, mart_cohort_row,
                            cohorts, cohort_count, offsetof(struct marts, cohorts_digest), false),
    [MARTS_LESSONS] = SHAPE("mart_course_funnel_lessons", lesson_columns, 3, mart_lesson_row,
                            lessons, lesson_count, offsetof(struct marts, lessons_digest), false),
    [MARTS_STEPS] = SHAPE("mart_course_funnel_steps", step_columns, 3, mart_step_row, steps,
                          step_count, offsetof(struct marts, steps_digest), true),
    [MARTS_COMPLETION] =
        SHAPE("mart_course_funnel_completion", completion_columns, 2, mart_completion_row,
              completions, completion_count, offsetof(struct marts, completions_digest), true),
    [MARTS_ENTRY_POINTS] =
        SHAPE("mart_course_funnel_entry_points", entry_columns, 3, mart_entry_row, entries,
              entry_count, offsetof(struct marts, entries_digest), true),
    [MARTS_CHANGES] = SHAPE("course_funnel_changes", change_columns, 4, change_row, changes,
                            change_count, 0, true),
    [MARTS_MATCHES] = SHAPE("course_funnel_session_match", match_columns, 1, match_row, matches,
                            match_count, 0, false),
};

size_t marts_count(const struct marts *marts, enum marts_table table)
{
    size_t count;
    memcpy(&count, (const char *)marts + marts_shapes[table].count_offset, sizeof count);
    return count;
}

void marts_columns(enum marts_table table, size_t count, char text[MARTS_COLUMNS_BYTES])
{
    size_t at = 0;
    for (size_t i = 0; i < count && at < MARTS_COLUMNS_BYTES; i++)
        at += (size_t)snprintf(text + at, MARTS_COLUMNS_BYTES - at, "%s%s", i > 0 ? "," : "",
                               marts_shapes[table].columns[i].name);
}

static size_t format_decimal(char *text, size_t bytes, int64_t value, int decimals)
{
    int64_t unit = decimals == 6 ? 1000000 : 1000;
    return (size_t)snprintf(text, bytes, "%" PRId64 ".%0*" PRId64, value / unit, decimals,
                            value % unit);
}

static bool is_null(const struct marts_column *column, const char *row)
{
    return column->has_offset != MARTS_NEVER_NULL && !*(const bool *)(row + column->has_offset);
}

/* What a text is quoted for, as PostgreSQL does it. */
#define QUOTED_FOR ",\"\r\n"

static size_t format_text(const char *value, char *text, size_t bytes)
{
    size_t at = 0;
    if (strpbrk(value, QUOTED_FOR) == NULL)
        return (size_t)snprintf(text, bytes, "%s", value);
    text[at++] = '"';
    for (; *value != '\0' && at + 3 < bytes; value++) {
        if (*value == '"')
            text[at++] = '"';
        text[at++] = *value;
    }
    text[at++] = '"';
    text[at] = '\0';
    return at;
}

static size_t format_value(const struct marts_column *column, const char *row, char *text,
                           size_t bytes)
{
    const void *value = row + column->offset;
    switch (column->kind) {
    case MARTS_DATE: {
        char date[CALENDAR_DATE_BYTES];
        calendar_format_date(*(const int32_t *)value, date);
        return (size_t)snprintf(text, bytes, "%s", date);
    }
    case MARTS_LARGE_COUNT:
        return (size_t)snprintf(text, bytes, "%" PRIu64, *(const uint64_t *)value);
    case MARTS_RATE:
        return format_decimal(text, bytes, *(const int64_t *)value, 6);
    case MARTS_MEAN:
        return format_decimal(text, bytes, *(const int64_t *)value, 3);
    case MARTS_TEXT:
        return format_text(*(const char *const *)value, text, bytes);
    case MARTS_BOOLEAN:
        return (size_t)snprintf(text, bytes, "%s", *(const bool *)value ? "t" : "f");
    case MARTS_ID:
    case MARTS_COUNT:
        break;
    }
    return (size_t)snprintf(text, bytes, "%" PRId32, *(const int32_t *)value);
}

size_t marts_format(const struct marts *marts, enum marts_table table, size_t row,
                    char text[MARTS_ROW_BYTES])
{
    const struct marts_shape *shape = &marts_shapes[table];
    const char *rows;
    size_t at = 0;
    memcpy(&rows, (const char *)marts + shape->rows_offset, sizeof rows);
    rows += row * shape->row_bytes;
    for (size_t i = 0; i < shape->column_count; i++) {
        if (i > 0)
            text[at++] = ',';
        if (!is_null(&shape->columns[i], rows))
            at += format_value(&shape->columns[i], rows, text + at, MARTS_ROW_BYTES - at);
    }
    text[at] = '\0';
    return at;
}

static bool parse_number(const char *field, int64_t minimum, int64_t maximum, int64_t *number)
{
    char *end = NULL;
    /* strtoll passes over blanks and a plus sign, which no row has. */
    if (field[0] != '-' && (field[0] < '0' || field[0] > '9'))
        return false;
    errno = 0;
    *number = strtoll(field, &end, 10);
    return errno == 0 && end != field && *end == '\0' && *number >= minimum && *number <= maximum;
}

static bool parse_date(const char *field, int64_t *day)
{
    char text[CALENDAR_DATE_BYTES + 9];
    int64_t time_us = 0;
    int length = snprintf(text, sizeof text, "%s 00:00:00", field);
    if (length != CALENDAR_DATE_BYTES + 8 || !calendar_parse_time(text, (size_t)length, &time_us))
        return false;
    *day = time_us / CALENDAR_US_PER_DAY - (time_us % CALENDAR_US_PER_DAY < 0 ? 1 : 0);
    return true;
}

/* A number ≥ 0 with exactly ${decimals} decimals, times 10^decimals. */
static bool parse_decimal(const char *field, size_t decimals, int64_t *number)
{
    const char *point = strchr(field, '.');
    *number = 0;
    if (point == NULL || point == field || strlen(point + 1) != decimals || strlen(field) > 18)
        return false;
    for (const char *at = field; *at != '\0'; at++) {
        if (at == point)
            continue;
        if (*at < '0' || *at > '9')
            return false;
        *number = *number * 10 + (*at - '0');
    }
    return true;
}

static bool parse_value(const struct marts_column *column, const char *field, char *row)
{
    char *value = row + column->offset;
    int64_t number = 0;
    bool good = false;
    if (column->has_offset != MARTS_NEVER_NULL) {
        *(bool *)(row + column->has_offset) = field[0] != '\0';
        if (field[0] == '\0')
            return true;
    }
    switch (column->kind) {
    case MARTS_TEXT:
        *(const char **)(void *)value = field;
        return field[0] != '\0';
    case MARTS_BOOLEAN:
        *(bool *)value = field[0] == 't';
        return strcmp(field, "t") == 0 || strcmp(field, "f") == 0;
    case MARTS_ID:
    case MARTS_COUNT:
        good = parse_number(field, column->kind == MARTS_ID ? INT32_MIN : 0, INT32_MAX, &number);
        break;
    case MARTS_DATE:
        good = parse_date(field, &number);
        break;
    case MARTS_LARGE_COUNT:
        good = parse_number(field, 0, INT64_MAX, &number);
        break;
    case MARTS_RATE:
    case MARTS_MEAN:
        good = parse_decimal(field, column->kind == MARTS_RATE ? 6 : 3, &number);
        break;
    }
    if (column->kind == MARTS_ID || column->kind == MARTS_COUNT || column->kind == MARTS_DATE)
        *(int32_t *)(void *)value = (int32_t)number;
    else
        *(int64_t *)(void *)value = number;
    return good;
}

/*
 * End the field at ${*at} where it stands, without its quotes, and move on to the next; to NULL
 * behind the last. Returns whether it has quotes where they are needed, and whole.
 */
static bool end_field(char **at, char **field)
{
    char *in = *at, *out = *at;
    bool is_quoted = *in == '"';
    *field = *at;
    if (!is_quoted) {
        in += strcspn(in, ",");
        out = in;
    } else {
        for (in++; *in != '\0' && (*in != '"' || in[1] == '"'); in++) {
            in += *in == '"';
            *out++ = *in;
        }
        if (*in++ != '"')
            return false;
    }
    if (*in != ',' && *in != '\0')
        return false;
    *at = *in == ',' ? in + 1 : NULL;
    *out = '\0';
    return (strpbrk(*field, QUOTED_FOR) != NULL) == is_quoted;
}

bool marts_parse(enum marts_table table, const char *line, size_t bytes,
                 char buffer[MARTS_ROW_BYTES], union marts_row *row)
{
    const struct marts_shape *shape = &marts_shapes[table];
    char *at = buffer;
    if (bytes == 0 || bytes >= MARTS_ROW_BYTES || memchr(line, '\0', bytes) != NULL)
        return false;
    memcpy(buffer, line, bytes);
    buffer[bytes] = '\0';
    memset(row, 0, sizeof *row);
    for (size_t i = 0; i < shape->column_count; i++) {
        char *field;
        if (at == NULL || !end_field(&at, &field) ||
            !parse_value(&shape->columns[i], field, (char *)row))
            return false;
    }
    return at == NULL;
}

int marts_begin_digest(enum marts_table table, struct digest **digest, struct failure *failure)
{
    char header[MARTS_COLUMNS_BYTES];
    if (digest_create(NULL, digest, failure) != 0)
        return -1;
    marts_columns(table, marts_shapes[table].column_count, header);
    digest_add(*digest, header, strlen(header));
    digest_add(*digest, "\n", 1);
    return 0;
}
