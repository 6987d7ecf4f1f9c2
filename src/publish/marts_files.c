#include "marts_files.h"

#include "course_funnel/marts_table.h"
#include "publish_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int marts_files_bad_row(const char *place, size_t number, struct failure *failure)
{
    return failure_set(failure, EXIT_TARGET,
                       "%s: line %zu is not a row of this mart. Publish again, or name another "
                       "target.",
                       place, number);
}

static int read_lines(FILE *in, const char *path, enum marts_table table, struct marts_rows *rows,
                      struct failure *failure)
{
    char header[MARTS_COLUMNS_BYTES];
    char row[MARTS_ROW_BYTES + 1];
    char *line = NULL;
    size_t room = 0, number = 0, first = 1, used = 0, quotes = 0;
    int status = 1;
    ssize_t bytes;
    marts_columns(table, marts_shapes[table].column_count, header);
    while (status == 1 && (bytes = getline(&line, &room, in)) >= 0) {
        number++;
        if (used == 0)
            first = number;
        for (ssize_t i = 0; i < bytes; i++)
            quotes += line[i] == '"';
        if (number == 1)
            status =
                (size_t)bytes == strlen(header) + 1 && memcmp(line, header, (size_t)bytes - 1) == 0;
        else if (used + (size_t)bytes > sizeof row)
            status = 0;
        else {
            /* A text in quotes may have ends of lines in it. */
            memcpy(row + used, line, (size_t)bytes);
            used += (size_t)bytes;
            if (quotes % 2 == 0) {
                status = marts_rows_add(rows, table, row, used, failure);
                used = 0;
            }
        }
    }
    if (status == 1 && used > 0)
        status = 0;
    if (status == 1 && ferror(in) != 0)
        status = failure_set(failure, EXIT_TARGET, "Cannot read %s: %s.", path, strerror(errno));
    else if (status == 0 || (status == 1 && number == 0))
        status = marts_files_bad_row(path, first, failure);
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

static int read_mart_file(const char *directory, enum marts_table table, struct marts_rows *rows,
                          struct failure *failure)
{
    char name[64];
    char *path = NULL;
    FILE *in = NULL;
    snprintf(name, sizeof name, "%s" PUBLISH_CSV_ENDING, marts_shapes[table].name);
    if (open_file(directory, name, &path, &in, failure) != 0)
        return -1;
    int status = read_lines(in, path, table, rows, failure);
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
    origin->has_further = origin->known && origin->record.has_further;
    (void)fclose(in);
    free(path);
}

int marts_files_read(const char *directory, struct marts **marts, struct marts_origin *origin,
                     struct failure *failure)
{
    struct marts_rows *rows = NULL;
    int status = 0;
    memset(origin, 0, sizeof *origin);
    if (marts_rows_create(&rows, failure) != 0)
        return -1;
    read_record_file(directory, origin);
    for (enum marts_table table = 0; status == 0 && table < MARTS_TABLES; table++)
        if (marts_files_is_read(table, origin))
            status = read_mart_file(directory, table, rows, failure);
    if (status != 0) {
        marts_rows_free(rows);
        return -1;
    }
    *marts = marts_rows_finish(rows);
    marts_files_judge(*marts, origin);
    return 0;
}

bool marts_files_is_read(enum marts_table table, const struct marts_origin *origin)
{
    return table != MARTS_MATCHES && (origin->has_further || !marts_shapes[table].is_further);
}

void marts_files_judge(const struct marts *marts, struct marts_origin *origin)
{
    const struct run_record *record = &origin->record;
    origin->matches = origin->known && strcmp(record->cohorts_digest, marts->cohorts_digest) == 0 &&
                      strcmp(record->lessons_digest, marts->lessons_digest) == 0 &&
                      (!origin->has_further ||
                       (strcmp(record->steps_digest, marts->steps_digest) == 0 &&
                        strcmp(record->completion_digest, marts->completions_digest) == 0 &&
                        strcmp(record->entry_points_digest, marts->entries_digest) == 0));
}
