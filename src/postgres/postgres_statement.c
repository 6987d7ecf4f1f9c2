#include "postgres_connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A result is handed out as a type of our own, so that libpq stays in these files. */
static PGresult *result_of(const struct postgres_result *result)
{
    return (PGresult *)(uintptr_t)result;
}

static bool is_failure(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

int postgres_start(struct postgres *connection, const char *what, const char *sql,
                   const char *const *values, size_t value_count, PGresult **result,
                   struct failure *failure)
{
    int64_t deadline_ms = postgres_deadline(connection);
    *result = NULL;
    if (!connection->begins && PQtransactionStatus(connection->libpq) == PQTRANS_IDLE)
        return failure_set(failure, EXIT_BUG,
                           "%s: is asked of PostgreSQL outside of a transaction. Please report "
                           "this.",
                           what);
    /* With values a text holds one statement only; without, any number of them. */
    int sent = values == NULL ? PQsendQuery(connection->libpq, sql)
                              : PQsendQueryParams(connection->libpq, sql, (int)value_count, NULL,
                                                  values, NULL, NULL, 0);
    if (sent != 1)
        return postgres_fail(connection, what, NULL, failure);
    if (postgres_flush(connection, deadline_ms) != 0 &&
        PQstatus(connection->libpq) != CONNECTION_BAD && PQsocket(connection->libpq) >= 0)
        return postgres_fail_silent(connection, what, failure);
    if (postgres_take(connection, what, deadline_ms, result) != 0)
        return postgres_fail_silent(connection, what, failure);
    if (*result == NULL || is_failure(*result)) {
        postgres_fail(connection, what, *result, failure);
        /* Another statement may follow once all of this one's answer is taken. */
        struct failure ignored = {0};
        bool passing = connection->passing;
        bool denied = connection->denied;
        if (*result != NULL)
            (void)postgres_finish(connection, what, &ignored);
        connection->passing = passing;
        connection->denied = denied;
        PQclear(*result);
        *result = NULL;
        return -1;
    }
    return 0;
}

int postgres_finish(struct postgres *connection, const char *what, struct failure *failure)
{
    int64_t deadline_ms = postgres_deadline(connection);
    int status = 0;
    PGresult *result = NULL;
    for (;;) {
        if (postgres_take(connection, what, deadline_ms, &result) != 0)
            return postgres_fail_silent(connection, what, failure);
        if (result == NULL)
            return status;
        if (is_failure(result))
            status = postgres_fail(connection, what, result, failure);
        else if (PQcmdTuples(result)[0] != '\0')
            connection->changed = strtoull(PQcmdTuples(result), NULL, 10);
        bool lost = PQstatus(connection->libpq) == CONNECTION_BAD;
        PQclear(result);
        if (lost)
            return postgres_fail(connection, what, NULL, failure);
    }
}

int postgres_place_schema(struct postgres *connection, const char *sql, const char *schema,
                          char **placed, struct failure *failure)
{
    static const char mark[] = ":schema";
    size_t bytes = 0;
    *placed = NULL;
    char *name = PQescapeIdentifier(connection->libpq, schema, strlen(schema));
    if (name == NULL)
        return postgres_fail(connection, "Quoting the name of the schema", NULL, failure);
    FILE *out = open_memstream(placed, &bytes);
    if (out == NULL) {
        PQfreemem(name);
        return failure_memory(failure, "an SQL text", strlen(sql));
    }
    for (const char *found; (found = strstr(sql, mark)) != NULL; sql = found + sizeof mark - 1)
        fprintf(out, "%.*s%s", (int)(found - sql), sql, name);
    fputs(sql, out);
    PQfreemem(name);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(*placed);
        *placed = NULL;
        return failure_memory(failure, "an SQL text", bytes);
    }
    return 0;
}

int postgres_run(struct postgres *connection, const char *what, const char *sql,
                 struct failure *failure)
{
    PGresult *result = NULL;
    if (postgres_start(connection, what, sql, NULL, 0, &result, failure) != 0)
        return -1;
    PQclear(result);
    return postgres_finish(connection, what, failure);
}

int postgres_commit(struct postgres *connection, const char *what, struct failure *failure)
{
    PGresult *result = NULL;
    connection->commits = true;
    int status = postgres_start(connection, what, "COMMIT", NULL, 0, &result, failure);
    connection->commits = false;
    if (status != 0)
        return -1;
    /* COMMIT of a failed transaction is carried out as ROLLBACK and reported as a success. */
    if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
        failure_set(
            failure, connection->failure_code,
            "%s: the server answered COMMIT with %s. Nothing was changed; its log says why.", what,
            PQcmdStatus(result));
    PQclear(result);
    /* The answer is there, so the transaction is committed, whatever the connection does now. */
    struct failure ignored = {0};
    if (failure->code == 0)
        (void)postgres_finish(connection, what, &ignored);
    if (failure->code == 0 && connection->left_standby)
        connection->options.tell("the server has committed, but no standby has confirmed that: if "
                                 "this server is lost before one has it, so is what was published");
    return failure->code == 0 ? 0 : -1;
}

int postgres_query(struct postgres *connection, const char *what, const char *sql,
                   const char *const *values, size_t value_count, struct postgres_result **result,
                   struct failure *failure)
{
    static const char *const none[1] = {NULL};
    PGresult *rows = NULL;
    *result = NULL;
    if (postgres_start(connection, what, sql, values == NULL ? none : values, value_count, &rows,
                       failure) != 0)
        return -1;
    if (postgres_finish(connection, what, failure) != 0) {
        PQclear(rows);
        return -1;
    }
    *result = (struct postgres_result *)(void *)rows;
    return 0;
}

int postgres_change(struct postgres *connection, const char *what, const char *sql,
                    const char *const *values, size_t value_count, uint64_t *changed,
                    struct failure *failure)
{
    struct postgres_result *result = NULL;
    if (postgres_query(connection, what, sql, values, value_count, &result, failure) != 0)
        return -1;
    *changed = strtoull(PQcmdTuples(result_of(result)), NULL, 10);
    postgres_result_free(result);
    return 0;
}

size_t postgres_rows(const struct postgres_result *result)
{
    return (size_t)PQntuples(result_of(result));
}

const char *postgres_value(const struct postgres_result *result, size_t row, int column)
{
    if (PQgetisnull(result_of(result), (int)row, column) != 0)
        return NULL;
    return PQgetvalue(result_of(result), (int)row, column);
}

bool postgres_is_true(const struct postgres_result *result, size_t row, int column)
{
    return strcmp(PQgetvalue(result_of(result), (int)row, column), "t") == 0;
}

int postgres_columns(const struct postgres_result *result, const char *const *names, size_t count,
                     int *columns, struct failure *failure)
{
    for (size_t i = 0; i < count; i++) {
        columns[i] = PQfnumber(result_of(result), names[i]);
        if (columns[i] < 0)
            return failure_set(failure, EXIT_BUG,
                               "A statement gives no column \"%s\". Please report this.", names[i]);
    }
    return 0;
}

void postgres_result_free(struct postgres_result *result)
{
    PQclear(result_of(result));
}
