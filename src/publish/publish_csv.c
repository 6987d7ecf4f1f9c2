#include "course_funnel/marts_table.h"
#include "marts_files.h"
#include "publish_folder.h"
#include "publish_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A record is some 2 KiB; anything far larger is not one. */
#define RECORD_BYTES (64 * 1024)

/* The record of the last publication. Returns whether there is one that can be read. */
static bool read_record(int directory_fd, struct run_record *record)
{
    char *text = malloc(RECORD_BYTES + 1);
    int fd = openat(directory_fd, PUBLISH_CSV_RECORD, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool good = false;
    if (text != NULL && fd >= 0) {
        size_t used = 0;
        ssize_t got;
        do {
            got = read(fd, text + used, RECORD_BYTES - used);
            if (got > 0)
                used += (size_t)got;
        } while (got > 0 || (got < 0 && errno == EINTR));
        text[used] = '\0';
        good = got == 0 && run_record_parse(text, record) == 0;
    }
    if (fd >= 0)
        (void)close(fd);
    free(text);
    return good;
}

/* As in PostgreSQL: 1 when the run is published already, 0 when it may be, -1 when it may not. */
static int look_up(int directory_fd, const char *directory, struct run_record *record,
                   struct failure *failure)
{
    struct run_record last;
    if (!read_record(directory_fd, &last))
        return 0;
    /* What it had changed stays as it was found. */
    if (strcmp(last.run_id, record->run_id) == 0) {
        record->has_cells = last.has_cells;
        record->cells_added = last.cells_added;
        record->cells_removed = last.cells_removed;
        record->cells_changed = last.cells_changed;
    }
    bool same = strcmp(last.cohorts_digest, record->cohorts_digest) == 0 &&
                strcmp(last.lessons_digest, record->lessons_digest) == 0;
    if (strcmp(last.run_id, record->run_id) == 0)
        return same
                   ? 1
                   : failure_set(failure, EXIT_GATE,
                                 "The run %s has published to %s already, with other rows (digests "
                                 "%s and %s, now %s and %s). Nothing was changed; start a new run.",
                                 record->run_id, directory, last.cohorts_digest,
                                 last.lessons_digest, record->cohorts_digest,
                                 record->lessons_digest);
    if (last.attempt_us > record->planned_us)
        return failure_set(
            failure, EXIT_GATE,
            "A later attempt has published to %s already: run %s. Its files stay; " PUBLISH_AGAIN,
            directory, last.run_id);
    return 0;
}

#define NAME_BYTES 64
_Static_assert(MARTS_TABLES + 1 <= PUBLISH_FILES, "each table is a file, and so is the record");

static void name_files(char names[MARTS_TABLES][NAME_BYTES])
{
    for (enum marts_table table = 0; table < MARTS_TABLES; table++)
        snprintf(names[table], NAME_BYTES, "%s" PUBLISH_CSV_ENDING, marts_shapes[table].name);
}

int publish_csv_check(const char *directory, int64_t *planned_us, struct failure *failure)
{
    int directory_fd = -1;
    struct run_record last;
    char tables[MARTS_TABLES][NAME_BYTES];
    const char *names[MARTS_TABLES + 1];
    if (publish_folder_open(directory, &directory_fd, failure) != 0)
        return -1;
    name_files(tables);
    for (int table = 0; table < MARTS_TABLES; table++)
        names[table] = tables[table];
    names[MARTS_TABLES] = PUBLISH_CSV_RECORD;
    /* All machines that publish here share the file server's clock. */
    int status =
        publish_folder_try(directory_fd, directory, names, MARTS_TABLES + 1, planned_us, failure);
    if (status == 0 && read_record(directory_fd, &last) && *planned_us <= last.attempt_us)
        *planned_us = last.attempt_us + 1;
    (void)close(directory_fd);
    return status;
}

int publish_csv_newest(const char *directory, char newest[37], struct failure *failure)
{
    int directory_fd = -1;
    struct run_record last;
    if (publish_folder_open(directory, &directory_fd, failure) != 0)
        return -1;
    if (read_record(directory_fd, &last))
        memcpy(newest, last.run_id, sizeof last.run_id);
    (void)close(directory_fd);
    return 0;
}

static int write_table(FILE *out, const struct publish_file *file)
{
    enum marts_table table = (enum marts_table)file->which;
    char row[MARTS_ROW_BYTES];
    _Static_assert(MARTS_ROW_BYTES >= MARTS_COLUMNS_BYTES, "the header has to fit too");
    marts_columns(table, marts_shapes[table].column_count, row);
    fprintf(out, "%s\n", row);
    for (size_t i = 0; i < marts_count(file->what, table) && ferror(out) == 0; i++) {
        (void)marts_format(file->what, table, i, row);
        fprintf(out, "%s\n", row);
    }
    return ferror(out) == 0 ? 0 : -1;
}

static int write_text(FILE *out, const struct publish_file *file)
{
    return fputs(file->what, out) < 0 ? -1 : 0;
}

/* What goes into which files, and which go. */
struct files {
    char names[MARTS_TABLES][NAME_BYTES];
    struct publish_file written[MARTS_TABLES + 1];
    size_t count;
    const char *stale[MARTS_TABLES];
    size_t stale_count;
};

/* What an earlier run said of sessions or in further tables does not belong to what this one says.
 */
static void choose_files(struct files *files, const struct publish_target *target,
                         const struct marts *marts, const struct marts *changes,
                         const struct run_record *record, bool published)
{
    name_files(files->names);
    for (enum marts_table table = 0; table < MARTS_TABLES; table++) {
        bool wanted = table == MARTS_MATCHES ? record->has_sessions
                                             : target->further || !marts_shapes[table].is_further;
        const struct marts *rows = table == MARTS_CHANGES ? changes : marts;
        if (!wanted)
            files->stale[files->stale_count++] = files->names[table];
        else if (table != MARTS_CHANGES || !published)
            files->written[files->count++] =
                (struct publish_file){files->names[table], write_table, rows, (int)table};
    }
}

/* Compare with the marts that stand there, if they are those of their record. */
static int find_changes(int directory_fd, const char *directory, const struct marts *marts,
                        struct marts *changes, struct run_record *record, struct failure *failure)
{
    struct marts *old = NULL;
    struct marts_origin origin;
    struct failure ignored = {0};
    char names[MARTS_TABLES][NAME_BYTES];
    name_files(names);
    if (faccessat(directory_fd, PUBLISH_CSV_RECORD, F_OK, 0) != 0 &&
        faccessat(directory_fd, names[MARTS_COHORTS], F_OK, 0) != 0) {
        record->has_cells = true;
        return 0;
    }
    if (marts_files_read(directory, &old, &origin, &ignored) != 0)
        return 0;
    int status = 0;
    if (origin.matches) {
        status = marts_changes(old, origin.record.has_as_of ? &origin.record.as_of_us : NULL, marts,
                               changes, failure);
        record->has_cells = status == 0;
        for (size_t i = 0; i < changes->change_count; i++) {
            const struct change_row *row = &changes->changes[i];
            record->cells_added += !row->has_old;
            record->cells_removed += !row->has_new;
            record->cells_changed += row->has_old && row->has_new;
        }
    }
    marts_free(old);
    return status;
}

static int write_files(int directory_fd, const struct publish_target *target,
                       const struct marts *marts, struct run_record *record, bool published,
                       struct failure *failure)
{
    struct files files = {.count = 0};
    struct marts changes = {.change_count = 0};
    char *json = NULL;
    int status = 0;
    if (target->further && !published)
        status = find_changes(directory_fd, target->target, marts, &changes, record, failure);
    if (status == 0 && run_record_json(record, &json, failure) == 0) {
        choose_files(&files, target, marts, &changes, record, published);
        files.written[files.count++] =
            (struct publish_file){PUBLISH_CSV_RECORD, write_text, json, 0};
        status = publish_folder_write(directory_fd, target->target, files.written, files.count,
                                      files.stale, files.stale_count, published, failure);
    } else {
        status = -1;
    }
    free(changes.changes);
    free(json);
    return status;
}

int publish_csv(const struct publish_target *target, const struct marts *marts,
                struct run_record *record, struct failure *failure)
{
    int directory_fd = -1;
    if (publish_folder_open(target->target, &directory_fd, failure) != 0)
        return -1;
    int status = look_up(directory_fd, target->target, record, failure);
    if (status >= 0)
        status = write_files(directory_fd, target, marts, record, status > 0, failure);
    (void)close(directory_fd);
    return status < 0 ? -1 : 0;
}
