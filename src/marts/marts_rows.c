#include "course_funnel/marts_rows.h"

#include "course_funnel/calendar.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct marts_rows {
    struct marts *marts;
    size_t cohort_capacity;
    size_t lesson_capacity;
    struct digest *cohorts_digest;
    struct digest *lessons_digest;
};

int marts_rows_create(struct marts_rows **rows, struct failure *failure)
{
    struct marts_rows *made = calloc(1, sizeof *made);
    *rows = NULL;
    if (made == NULL)
        return failure_memory(failure, "the marts", sizeof *made);
    made->marts = calloc(1, sizeof *made->marts);
    if (made->marts == NULL)
        failure_memory(failure, "the marts", sizeof *made->marts);
    if (made->marts == NULL ||
        marts_begin_digest(marts_cohorts_header, &made->cohorts_digest, failure) != 0 ||
        marts_begin_digest(marts_lessons_header, &made->lessons_digest, failure) != 0) {
        marts_rows_free(made);
        return -1;
    }
    *rows = made;
    return 0;
}

void marts_rows_free(struct marts_rows *rows)
{
    if (rows == NULL)
        return;
    marts_free(rows->marts);
    digest_free(rows->cohorts_digest);
    digest_free(rows->lessons_digest);
    free(rows);
}

/* What is left of a line while its fields are taken; bad stays set once a field was not good. */
struct line {
    char text[MARTS_ROW_BYTES];
    char *at; /* NULL behind the last field */
    bool bad;
};

static const char *take_field(struct line *line)
{
    char *field = line->at;
    if (field == NULL) {
        line->bad = true;
        return "";
    }
    line->at = strchr(field, ',');
    if (line->at != NULL)
        *line->at++ = '\0';
    return field;
}

static int64_t take_number(struct line *line, int64_t minimum, bool *has)
{
    const char *field = take_field(line);
    char *end = NULL;
    if (has != NULL) {
        *has = field[0] != '\0';
        if (!*has)
            return 0;
    }
    /* strtoll passes over blanks and a plus sign, which no row has. */
    if (field[0] != '-' && (field[0] < '0' || field[0] > '9'))
        line->bad = true;
    int64_t number = strtoll(field, &end, 10);
    if (end == field || *end != '\0' || number < minimum || number > INT32_MAX)
        line->bad = true;
    return number;
}

static int32_t take_id(struct line *line)
{
    return (int32_t)take_number(line, INT32_MIN, NULL);
}

static int32_t take_count(struct line *line)
{
    return (int32_t)take_number(line, 0, NULL);
}

static int32_t take_date(struct line *line)
{
    char text[CALENDAR_DATE_BYTES + 9];
    int64_t time_us = 0;
    int length = snprintf(text, sizeof text, "%s 00:00:00", take_field(line));
    if (length != CALENDAR_DATE_BYTES + 8 || !calendar_parse_time(text, (size_t)length, &time_us))
        line->bad = true;
    return (int32_t)(time_us / CALENDAR_US_PER_DAY - (time_us % CALENDAR_US_PER_DAY < 0 ? 1 : 0));
}

/* A number ≥ 0 with exactly ${decimals} decimals, times 10^decimals; empty is NULL. */
static int64_t take_decimal(struct line *line, size_t decimals, bool *has)
{
    const char *field = take_field(line);
    const char *point = strchr(field, '.');
    int64_t number = 0;
    *has = field[0] != '\0';
    if (!*has)
        return 0;
    if (point == NULL || point == field || strlen(point + 1) != decimals || strlen(field) > 18)
        line->bad = true;
    for (const char *at = field; *at != '\0' && !line->bad; at++) {
        if (at == point)
            continue;
        if (*at < '0' || *at > '9')
            line->bad = true;
        else
            number = number * 10 + (*at - '0');
    }
    return number;
}

/* Whether one more fits behind ${count}, with the room doubled where it is needed. */
static void *make_room(void *items, size_t count, size_t *capacity, size_t item_bytes)
{
    if (count < *capacity)
        return items;
    size_t wanted = *capacity == 0 ? 256 : *capacity * 2;
    void *grown = realloc(items, wanted * item_bytes);
    if (grown != NULL)
        *capacity = wanted;
    return grown;
}

static int add_cohort(struct marts_rows *rows, struct line *line, struct failure *failure)
{
    struct mart_cohort_row row = {0};
    row.course_id = take_id(line);
    row.cohort_week_start = take_date(line);
    row.users_started = take_count(line);
    row.users_completed_course = take_count(line);
    row.course_completion_rate_e6 = take_decimal(line, 6, &row.has_completion_rate);
    row.total_lessons = (int32_t)take_number(line, INT32_MIN, &row.has_total_lessons);
    if (line->bad || line->at != NULL)
        return 0;
    struct marts *marts = rows->marts;
    void *room = make_room(marts->cohorts, marts->cohort_count, &rows->cohort_capacity, sizeof row);
    if (room == NULL)
        return failure_memory(failure, "the marts", sizeof row * marts->cohort_count);
    marts->cohorts = room;
    marts->cohorts[marts->cohort_count++] = row;
    return 1;
}

static int add_lesson(struct marts_rows *rows, struct line *line, struct failure *failure)
{
    struct mart_lesson_row row = {0};
    row.course_id = take_id(line);
    row.cohort_week_start = take_date(line);
    row.lesson_id = take_id(line);
    row.users_started = take_count(line);
    row.users_completed = take_count(line);
    row.lesson_completion_rate_e6 = take_decimal(line, 6, &row.has_completion_rate);
    row.funnel_retention_rate_e6 = take_decimal(line, 6, &row.has_retention_rate);
    row.avg_time_spent_sec_e3 = take_decimal(line, 3, &row.has_avg_time_spent);
    if (line->bad || line->at != NULL)
        return 0;
    struct marts *marts = rows->marts;
    void *room = make_room(marts->lessons, marts->lesson_count, &rows->lesson_capacity, sizeof row);
    if (room == NULL)
        return failure_memory(failure, "the marts", sizeof row * marts->lesson_count);
    marts->lessons = room;
    marts->lessons[marts->lesson_count++] = row;
    return 1;
}

int marts_rows_add(struct marts_rows *rows, bool lessons, const char *line, size_t bytes,
                   struct failure *failure)
{
    struct line left;
    digest_add(lessons ? rows->lessons_digest : rows->cohorts_digest, line, bytes);
    if (bytes > 0 && line[bytes - 1] == '\n')
        bytes--;
    if (bytes == 0 || bytes >= sizeof left.text || memchr(line, '\0', bytes) != NULL)
        return 0;
    memcpy(left.text, line, bytes);
    left.text[bytes] = '\0';
    left.at = left.text;
    left.bad = false;
    return lessons ? add_lesson(rows, &left, failure) : add_cohort(rows, &left, failure);
}

struct marts *marts_rows_finish(struct marts_rows *rows)
{
    struct marts *marts = rows->marts;
    digest_text(rows->cohorts_digest, marts->cohorts_digest);
    digest_text(rows->lessons_digest, marts->lessons_digest);
    rows->marts = NULL;
    marts_rows_free(rows);
    return marts;
}
