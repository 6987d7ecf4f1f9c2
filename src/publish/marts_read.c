#include "course_funnel/marts_read.h"

#include "course_funnel/marts_rows.h"
#include "course_funnel/postgres.h"
#include "publish_internal.h"
#include "publish_sql.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Files of two publications are met only in the moment between two renames. */
#define TRIES 5
#define PAUSE_NS 200000000

static int bad_row(const char *place, size_t number, struct failure *failure)
{
    return failure_set(failure, EXIT_TARGET,
                       "%s: line %zu is not a row of this mart. Publish again, or name another "
                       "target.",
                       place, number);
}

static int read_lines(FILE *in, const char *path, bool lessons, struct marts_rows *rows,
                      struct failure *failure)
{
    const char *header = lessons ? marts_lessons_header : marts_cohorts_header;
    char *line = NULL;
    size_t room = 0;
    size_t number = 0;
    int status = 1;
    ssize_t bytes;
    while (status == 1 && (bytes = getline(&line, &room, in)) >= 0) {
        if (number++ == 0)
            status =
                (size_t)bytes == strlen(header) + 1 && memcmp(line, header, (size_t)bytes - 1) == 0;
        else
            status = marts_rows_add(rows, lessons, line, (size_t)bytes, failure);
    }
    if (status == 1 && ferror(in) != 0)
        status = failure_set(failure, EXIT_TARGET, "Cannot read %s: %s.", path, strerror(errno));
    else if (status == 0 || (status == 1 && number == 0))
        status = bad_row(path, number == 0 ? 1 : number, failure);
    free(line);
    return status == 1 ? 0 : -1;
}

static int open_file(const char *directory, const char *name, char **path, FILE **in,
                     struct failure *failure)
{
    *in = NULL;
    if (asprintf(path, "%s/%s", directory, name) < 0) {
        *path = NULL;
        return failure_memory(failure, "a path", strlen(directory));
    }
    *in = fopen(*path, "re");
    if (*in != NULL)
        return 0;
    failure_set(failure, EXIT_TARGET,
                "Cannot read %s: %s. Name the directory or database that `course-funnel rebuild "
                "--to` published to.",
                *path, strerror(errno));
    free(*path);
    *path = NULL;
    return -1;
}

static int read_mart_file(const char *directory, bool lessons, struct marts_rows *rows,
                          struct failure *failure)
{
    char *path = NULL;
    FILE *in = NULL;
    if (open_file(directory, lessons ? PUBLISH_CSV_LESSONS : PUBLISH_CSV_COHORTS, &path, &in,
                  failure) != 0)
        return -1;
    int status = read_lines(in, path, lessons, rows, failure);
    /* A file that was only read has nothing left that closing could lose. */
    (void)fclose(in);
    free(path);
    return status;
}

/* Without a record, or with one that cannot be read, the origin is not known. */
static void read_record_file(const char *directory, struct marts_origin *origin)
{
    char text[64 * 1024];
    char *path = NULL;
    FILE *in = NULL;
    struct failure ignored = {0};
    if (open_file(directory, PUBLISH_CSV_RECORD, &path, &in, &ignored) != 0)
        return;
    size_t bytes = fread(text, 1, sizeof text - 1, in);
    text[bytes] = '\0';
    origin->known = ferror(in) == 0 && run_record_parse(text, &origin->record) == 0;
    (void)fclose(in);
    free(path);
}

static int read_files(const char *directory, struct marts_rows *rows, struct marts_origin *origin,
                      struct failure *failure)
{
    read_record_file(directory, origin);
    if (read_mart_file(directory, false, rows, failure) != 0)
        return -1;
    return read_mart_file(directory, true, rows, failure);
}

static int read_mart_table(struct postgres *session, const char *schema, bool lessons,
                           struct marts_rows *rows, struct failure *failure)
{
    static const char what[] = "Reading the marts";
    const char *line = NULL;
    size_t bytes = 0;
    size_t number = 0;
    char *sql = NULL;
    if (postgres_place_schema(session, lessons ? sql_read_lessons : sql_read_cohorts, schema, &sql,
                              failure) != 0)
        return -1;
    int status = postgres_copy_out_begin(session, what, sql, failure);
    free(sql);
    if (status != 0)
        return -1;
    while ((status = postgres_copy_out_next(session, what, &line, &bytes, failure)) == 1) {
        number++;
        int added = marts_rows_add(rows, lessons, line, bytes, failure);
        if (added == 0)
            return bad_row(lessons ? "mart_course_funnel_lessons" : "mart_course_funnel_cohorts",
                           number, failure);
        if (added < 0)
            return -1;
    }
    return status;
}

static int64_t number_of(const char *text)
{
    return text == NULL ? 0 : strtoll(text, NULL, 10);
}

static void copy_value(char *out, size_t size, const char *value)
{
    snprintf(out, size, "%s", value == NULL ? "" : value);
}

static int read_record_row(struct postgres *session, const char *schema,
                           struct marts_origin *origin, struct failure *failure)
{
    struct postgres_result *result = NULL;
    struct run_record *record = &origin->record;
    char *sql = NULL;
    if (postgres_place_schema(session, sql_last_run, schema, &sql, failure) != 0)
        return -1;
    int status =
        postgres_query(session, "Reading the record of the run", sql, NULL, 0, &result, failure);
    free(sql);
    if (status != 0)
        return -1;
    if (postgres_rows(result) > 0) {
        origin->known = true;
        copy_value(record->run_id, sizeof record->run_id, postgres_value(result, 0, 0));
        record->attempt_us = number_of(postgres_value(result, 0, 1));
        record->finished_us = number_of(postgres_value(result, 0, 2));
        record->has_event_times = postgres_value(result, 0, 3) != NULL;
        record->first_event_us = number_of(postgres_value(result, 0, 3));
        record->last_event_us = number_of(postgres_value(result, 0, 4));
        copy_value(record->cohorts_digest, sizeof record->cohorts_digest,
                   postgres_value(result, 0, 5));
        copy_value(record->lessons_digest, sizeof record->lessons_digest,
                   postgres_value(result, 0, 6));
        record->cohort_rows = (uint64_t)number_of(postgres_value(result, 0, 7));
        record->lesson_rows = (uint64_t)number_of(postgres_value(result, 0, 8));
    }
    postgres_result_free(result);
    return 0;
}

/* Which of the objects are there: both marts must be, the table of runs may be missing. */
static int look_for_tables(struct postgres *session, const char *schema, bool *runs,
                           struct failure *failure)
{
    const char *values[] = {schema};
    struct postgres_result *result = NULL;
    if (postgres_query(session, "Looking for the marts", sql_missing_objects, values, 1, &result,
                       failure) != 0)
        return -1;
    bool marts = strcmp(postgres_value(result, 0, 1), "t") == 0 &&
                 strcmp(postgres_value(result, 0, 2), "t") == 0;
    *runs = strcmp(postgres_value(result, 0, 4), "t") == 0;
    postgres_result_free(result);
    if (marts)
        return 0;
    return failure_set(failure, EXIT_TARGET,
                       "The schema \"%s\" of this database holds no marts. Name the one that "
                       "`course-funnel rebuild` published to with --schema.",
                       schema);
}

static int read_tables(const struct publish_target *from, struct marts_rows *rows,
                       struct marts_origin *origin, struct failure *failure)
{
    /* One snapshot for all three tables: a publication in between does not show. */
    static const char begin[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    struct postgres_options options = {.target = from->target,
                                       .application = "course-funnel report",
                                       .writes = false,
                                       .failure_code = EXIT_TARGET};
    struct postgres *session = NULL;
    bool passing = false;
    bool runs = false;
    if (postgres_connect(&options, &session, &passing, failure) != 0)
        return -1;
    int status = -1;
    if (postgres_run(session, "Beginning a transaction", begin, failure) == 0 &&
        look_for_tables(session, from->schema, &runs, failure) == 0 &&
        (!runs || read_record_row(session, from->schema, origin, failure) == 0) &&
        read_mart_table(session, from->schema, false, rows, failure) == 0 &&
        read_mart_table(session, from->schema, true, rows, failure) == 0)
        status = 0;
    postgres_close(session);
    return status;
}

static int read_once(const struct publish_target *from, struct marts **marts,
                     struct marts_origin *origin, struct failure *failure)
{
    struct marts_rows *rows = NULL;
    memset(origin, 0, sizeof *origin);
    if (marts_rows_create(&rows, failure) != 0)
        return -1;
    int status = publish_is_postgres(from->target)
                     ? read_tables(from, rows, origin, failure)
                     : read_files(from->target, rows, origin, failure);
    if (status != 0) {
        marts_rows_free(rows);
        return -1;
    }
    *marts = marts_rows_finish(rows);
    origin->matches = origin->known &&
                      strcmp(origin->record.cohorts_digest, (*marts)->cohorts_digest) == 0 &&
                      strcmp(origin->record.lessons_digest, (*marts)->lessons_digest) == 0;
    return 0;
}

int marts_read(const struct publish_target *from, struct marts **marts, struct marts_origin *origin,
               struct failure *failure)
{
    char *text = NULL;
    *marts = NULL;
    if (publish_describe(from->target, &text, failure) != 0)
        return -1;
    free(text);
    for (int tried = 1;; tried++) {
        if (read_once(from, marts, origin, failure) != 0)
            return -1;
        if (!origin->known || origin->matches || publish_is_postgres(from->target) ||
            tried == TRIES)
            return 0;
        marts_free(*marts);
        *marts = NULL;
        struct timespec pause = {.tv_nsec = PAUSE_NS};
        (void)nanosleep(&pause, NULL);
    }
}
