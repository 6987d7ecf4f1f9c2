#include "publish_internal.h"
#include "publish_sql.h"

#include "course_funnel/calendar.h"
#include "course_funnel/fault.h"
#include "course_funnel/stop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/*
 * One try: a new connection, and one short transaction, with which its staging tables end. What may
 * pass by itself is tried again: a restart of the server takes a second or so, a failover some
 * ten; whoever is down for longer is a matter for people, and the run's sums are kept for them.
 */
#define TRIES 6
#define FIRST_PAUSE_MS 500 /* doubled from try to try, so about 15 s in all */

/* Rows go to the server in pieces of this size. */
#define PIECE_BYTES (64 * 1024)

enum outcome {
    OUTCOME_FAILED,   /* as the failure says */
    OUTCOME_PASSING,  /* likewise, but it may pass: try again */
    OUTCOME_IN_DOUBT, /* likewise, and the server may have committed */
    OUTCOME_DONE
};

struct publication {
    const struct publish_target *target;
    const struct marts *marts;
    struct run_record *record;
};

/* A text that is sent to the server piece by piece. */
struct piece {
    struct postgres *connection;
    const char *what;
    size_t used;
    char text[PIECE_BYTES];
};

static int piece_send(struct piece *piece, struct failure *failure)
{
    (void)FAULT("publish.copy");
    int status =
        postgres_copy_in_send(piece->connection, piece->what, piece->text, piece->used, failure);
    piece->used = 0;
    return status;
}

/* Room for one more row at the end of the piece; sends it when it is full. */
static char *piece_row(struct piece *piece, struct failure *failure)
{
    size_t most = (size_t)FAULT_NUMBER("publish.piece_bytes", sizeof piece->text);
    if (piece->used + MARTS_ROW_BYTES + 1 > most && piece_send(piece, failure) != 0)
        return NULL;
    return piece->text + piece->used;
}

static void piece_add(struct piece *piece, size_t bytes)
{
    piece->text[piece->used + bytes] = '\n';
    piece->used += bytes + 1;
}

static int copy_rows(struct piece *piece, const struct marts *marts, enum marts_table table,
                     struct failure *failure)
{
    for (size_t i = 0; i < marts_count(marts, table); i++) {
        char *row = piece_row(piece, failure);
        if (row == NULL)
            return -1;
        piece_add(piece, marts_format(marts, table, i, row));
    }
    return piece_send(piece, failure);
}

static int copy_table(struct postgres *connection, const struct marts *marts,
                      enum marts_table table, struct failure *failure)
{
    uint64_t sent = marts_count(marts, table);
    uint64_t taken = 0;
    char *sql = NULL;
    struct piece *piece = malloc(sizeof *piece);
    if (piece == NULL)
        return failure_memory(failure, "rows on their way to PostgreSQL", sizeof *piece);
    piece->connection = connection;
    piece->what = "Copying rows to a staging table";
    piece->used = 0;
    int status =
        publish_sql_place(connection, "COPY pg_temp.:table (:columns) FROM STDIN (FORMAT csv)",
                          "pg_temp", table, &sql, failure);
    if (status == 0)
        status = postgres_copy_in_begin(connection, piece->what, sql, failure);
    if (status == 0)
        status = copy_rows(piece, marts, table, failure);
    if (status == 0)
        status = postgres_copy_in_end(connection, piece->what, &taken, failure);
    free(sql);
    free(piece);
    if (status == 0 && taken != sent)
        return failure_set(failure, EXIT_BUG,
                           "%" PRIu64 " rows were sent for %s, but the server took %" PRIu64
                           ". Nothing was published; please report this.",
                           sent, marts_shapes[table].name, taken);
    return status;
}

static int copy_tables(struct postgres *connection, const struct marts *marts,
                       struct failure *failure)
{
    for (enum marts_table table = 0; table < MARTS_TABLES; table++)
        if (copy_table(connection, marts, table, failure) != 0)
            return -1;
    return 0;
}

/* What the server counts in the staging tables, against what was sent. */
static int check_staged(struct postgres *connection, const struct marts *marts,
                        struct failure *failure)
{
    static const char *const columns[] = {"cohort_rows",  "cohort_starts",  "cohort_completions",
                                          "lesson_rows",  "lesson_starts",  "lesson_completions",
                                          "not_a_monday", "too_many_users", "no_such_lesson"};
    static const char *const names[] = {"cohort rows",
                                        "users_started of cohorts",
                                        "users_completed_course",
                                        "lesson rows",
                                        "users_started of lessons",
                                        "users_completed of lessons",
                                        "cohorts that do not begin on a Monday",
                                        "lessons with more users than their cohort",
                                        "cohorts whose total_lessons nobody completed"};
    uint64_t expected[9] = {marts->cohort_count, 0, 0, marts->lesson_count, 0, 0, 0, 0, 0};
    for (size_t i = 0; i < marts->cohort_count; i++) {
        expected[1] += (uint64_t)marts->cohorts[i].users_started;
        expected[2] += (uint64_t)marts->cohorts[i].users_completed_course;
    }
    for (size_t i = 0; i < marts->lesson_count; i++) {
        expected[4] += (uint64_t)marts->lessons[i].users_started;
        expected[5] += (uint64_t)marts->lessons[i].users_completed;
    }
    struct postgres_result *result = NULL;
    if (postgres_query(connection, "Checking the staged rows", sql_staged_sums, NULL, 0, &result,
                       failure) != 0)
        return -1;
    int at[9];
    int status = postgres_columns(result, columns, 9, at, failure);
    for (int i = 0; status == 0 && i < 9; i++) {
        const char *found = postgres_value(result, 0, at[i]);
        if (found == NULL || strtoull(found, NULL, 10) != expected[i])
            status = failure_set(failure, EXIT_BUG,
                                 "The staged rows are not those of the run: %s: %s at the server, "
                                 "%" PRIu64 " expected. Nothing was published; please report this.",
                                 names[i], found == NULL ? "NULL" : found, expected[i]);
    }
    postgres_result_free(result);
    return status;
}

/* Whether this run is published already (1) or not (0), or may not be (-1). */
static int look_up(struct postgres *connection, const struct publication *publication,
                   struct failure *failure)
{
    static const char *const names[] = {"cohorts_digest", "lessons_digest", "newer_at",
                                        "newer_run_id", "further"};
    const struct run_record *record = publication->record;
    int at[5];
    char planned[CALENDAR_TIME_BYTES];
    const char *values[] = {record->run_id, planned};
    char *sql = NULL;
    struct postgres_result *result = NULL;
    calendar_format_time(record->planned_us, planned);
    if (postgres_place_schema(connection, sql_published_before, publication->target->schema, &sql,
                              failure) != 0)
        return -1;
    int status = postgres_query(connection, "Looking for this run among the published", sql, values,
                                2, &result, failure);
    free(sql);
    if (status != 0)
        return -1;
    if (postgres_columns(result, names, 5, at, failure) != 0) {
        postgres_result_free(result);
        return -1;
    }
    const char *cohorts = postgres_value(result, 0, at[0]);
    const char *lessons = postgres_value(result, 0, at[1]);
    const char *newer = postgres_value(result, 0, at[2]);
    bool published = cohorts != NULL && lessons != NULL;
    bool further = strcmp(postgres_value(result, 0, at[4]), "t") == 0;
    if (published && (strcmp(cohorts, record->cohorts_digest) != 0 ||
                      strcmp(lessons, record->lessons_digest) != 0)) {
        status = failure_set(failure, EXIT_GATE,
                             "The run %s is published already, with other rows (digests %s and "
                             "%s, now %s and %s). Nothing was changed; start a new run.",
                             record->run_id, cohorts, lessons, record->cohorts_digest,
                             record->lessons_digest);
    } else if (published && further != publication->target->further) {
        /* Its record, which stays, would tell of other tables than are there. */
        status = failure_set(failure, EXIT_GATE,
                             "The run %s is published already, with --tables %s. Nothing was "
                             "changed; give the same, or start a new run (with --checkpoint: "
                             "--restart).",
                             record->run_id, further ? "all" : "marts");
    } else if (newer != NULL) {
        status = failure_set(failure, EXIT_GATE,
                             "A later attempt has published already: run %s of %s; this one is of "
                             "%s. Its marts stay; " PUBLISH_AGAIN,
                             postgres_value(result, 0, at[3]), newer, planned);
    } else {
        status = published ? 1 : 0;
    }
    postgres_result_free(result);
    return status;
}

static int insert_run(struct postgres *connection, const struct publication *publication,
                      struct failure *failure)
{
    static const char what[] = "Inserting the record of the run";
    const char *values[RUN_RECORD_FIELDS];
    char *sql = NULL;
    size_t bytes = 0;
    uint64_t changed = 0;
    int status = -1;
    struct run_record_field *fields = calloc(RUN_RECORD_FIELDS, sizeof *fields);
    FILE *out = open_memstream(&sql, &bytes);
    if (fields == NULL || out == NULL) {
        failure_memory(failure, "the record of the run", sizeof *fields * RUN_RECORD_FIELDS);
        goto free_fields;
    }
    run_record_fields(publication->record, fields);
    fputs("INSERT INTO :schema.course_funnel_runs (", out);
    for (size_t i = 0; i < RUN_RECORD_FIELDS; i++)
        fprintf(out, "%s%s", i == 0 ? "" : ", ", fields[i].name);
    fputs(") VALUES (", out);
    for (size_t i = 0; i < RUN_RECORD_FIELDS; i++) {
        fprintf(out, "%s$%zu", i == 0 ? "" : ", ", i + 1);
        values[i] = fields[i].kind == RUN_RECORD_NULL ? NULL : fields[i].text;
    }
    fputc(')', out);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        out = NULL;
        failure_memory(failure, "the record of the run", bytes);
        goto free_fields;
    }
    out = NULL;
    char *placed = NULL;
    if (postgres_place_schema(connection, sql, publication->target->schema, &placed, failure) == 0)
        status =
            postgres_change(connection, what, placed, values, RUN_RECORD_FIELDS, &changed, failure);
    free(placed);
    if (status == 0 && changed != 1)
        status = failure_set(failure, EXIT_TARGET,
                             "%s: the server did not take the row. Nothing was published; look for "
                             "triggers or rules on course_funnel_runs.",
                             what);
free_fields:
    if (out != NULL)
        (void)fclose(out);
    free(sql);
    free(fields);
    return status;
}

/* All but the last step can be given up at any time: nothing was changed then. */
static enum outcome publish_with(struct postgres *connection, const struct publication *publication,
                                 struct failure *failure)
{
    const char *schema = publication->target->schema;
    struct publish_tables tables;
    if (publish_postgres_begin(connection, failure) != 0 ||
        publish_postgres_compare(connection, publication->target, failure) != 0 ||
        publish_postgres_create(connection, publication->target, failure) != 0 ||
        postgres_commit(connection, "Creating the tables", failure) != 0)
        return OUTCOME_FAILED;

    /* A run that is too late need not send its rows. The lock is taken when they are there. */
    (void)FAULT("publish.look_up");
    if (publish_postgres_begin(connection, failure) != 0 ||
        look_up(connection, publication, failure) < 0 ||
        publish_postgres_stage(connection, failure) != 0 ||
        copy_tables(connection, publication->marts, failure) != 0 ||
        check_staged(connection, publication->marts, failure) != 0 ||
        publish_postgres_lock(connection, schema, failure) != 0 ||
        publish_postgres_find_tables(connection, schema, &tables, failure) != 0)
        return OUTCOME_FAILED;

    int published = look_up(connection, publication, failure);
    /* Its rows may have been changed or lost since; what it had changed stays as it was found. */
    struct failure lost = {0};
    tables.wanted[MARTS_CHANGES] = tables.wanted[MARTS_CHANGES] && published == 0;
    int intact =
        published > 0 ? publish_postgres_holds_rows(connection, &tables, &lost, failure) : 0;
    if (published < 0 || intact < 0)
        return OUTCOME_FAILED;
    if (intact > 0)
        return OUTCOME_DONE;
    if (published == 0 && publication->target->further &&
        publish_postgres_stage_changes(connection, schema, publication->record, failure) != 0)
        return OUTCOME_FAILED;
    if (publish_postgres_replace(connection, &tables, failure) != 0 ||
        (published == 0 && insert_run(connection, publication, failure) != 0) ||
        publish_postgres_holds_rows(connection, &tables, failure, failure) != 1)
        return OUTCOME_FAILED;
    (void)FAULT("publish.before_commit");
    int committed = postgres_commit(connection, "Committing the publication", failure);
    (void)FAULT("publish.after_commit");
    if (committed == 0)
        return OUTCOME_DONE;
    return postgres_passing(connection) ? OUTCOME_IN_DOUBT : OUTCOME_FAILED;
}

static enum outcome publish_once(const struct publication *publication, struct failure *failure)
{
    struct postgres *connection = NULL;
    bool passing = false;
    if (publish_postgres_connect(publication->target, &connection, &passing, failure) != 0)
        return passing ? OUTCOME_PASSING : OUTCOME_FAILED;
    enum outcome outcome = publish_with(connection, publication, failure);
    if (outcome == OUTCOME_FAILED && failure->code == EXIT_TARGET && postgres_passing(connection))
        outcome = OUTCOME_PASSING;
    postgres_close(connection);
    return outcome;
}

/* Half to all of ${pause_ms}, by chance, so that several who wait do not come back as one. */
static void pause_before_next(int64_t pause_ms)
{
    uint16_t chance = 0;
    if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) != (ssize_t)sizeof chance)
        chance = UINT16_MAX / 2;
    int64_t ms = pause_ms / 2 + pause_ms / 2 * chance / UINT16_MAX;
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    /* A signal that cuts the pause short does no harm. */
    (void)nanosleep(&left, NULL);
}

int publish_postgres(const struct publish_target *target, const struct marts *marts,
                     struct run_record *record, struct failure *failure)
{
    const struct publication publication = {target, marts, record};
    struct failure last = {0};
    bool in_doubt = false;
    if (publish_postgres_schema(target->schema, failure) != 0)
        return -1;
    for (int tried = 0; tried < TRIES; tried++) {
        if (tried > 0)
            pause_before_next((int64_t)FIRST_PAUSE_MS << (tried - 1));
        last = (struct failure){0};
        enum outcome outcome = publish_once(&publication, &last);
        if (outcome == OUTCOME_DONE)
            return 0;
        if (outcome == OUTCOME_IN_DOUBT)
            in_doubt = true;
        if (outcome == OUTCOME_FAILED)
            break;
        if (stop_is_wanted() && !in_doubt) {
            return failure_set(
                failure, EXIT_STOPPED,
                "Stopped on request, before the publication was tried again. Nothing "
                "was changed. It had failed: %s",
                last.message);
        }
    }
    if (in_doubt && (last.code == EXIT_TARGET || last.code == EXIT_STOPPED))
        return failure_set(failure, last.code,
                           "%s\nThe answer to a COMMIT was lost before, so the marts may be "
                           "published or not: look for run_id %s in course_funnel_runs. Running "
                           "again is safe either way.",
                           last.message, record->run_id);
    return failure_set(failure, last.code, "%s", last.message);
}
