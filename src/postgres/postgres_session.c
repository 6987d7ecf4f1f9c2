#include "postgres_connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What all statements depend on. It is set for one transaction at a time: where a pooler stands in
 * between, the session belongs to others before and after. They are SET, and no SELECT set_config,
 * as a query would take the snapshot of a transaction that is to lock tables first.
 */
static const char common_format[] =
    "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD';"
    "SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL standard_conforming_strings = on;"
    "SET LOCAL quote_all_identifiers = off; SET LOCAL lock_timeout = '%ds';"
    "SET LOCAL statement_timeout = '%us'; SET LOCAL idle_in_transaction_session_timeout = '%ds';"
    "SET LOCAL tcp_keepalives_idle = 10; SET LOCAL tcp_keepalives_interval = 5;"
    "SET LOCAL tcp_keepalives_count = 3;";

/* A limit on whole transactions would end a snapshot, and a publication. */
static const char unlimited[] = "SET LOCAL transaction_timeout = 0;";
#define UNLIMITED_VERSION 170000

/*
 * The server is to drop a client that is out of reach, and with it the locks that keep others from
 * publishing: by the keepalives above where it waits, by this where its last answer was not taken.
 * A rank that reads and is busy elsewhere may leave rows untaken for longer.
 */
static const char untaken[] = "SET LOCAL tcp_user_timeout = 20000;";
#define UNTAKEN_VERSION 120000

/* A synchronous_commit that is off would answer before it is safe. */
static const char safe_commit[] = "SELECT set_config('synchronous_commit', 'on', true)"
                                  " WHERE current_setting('synchronous_commit') = 'off';";

/* A server notices by this that the client is gone while it works for it. */
static const char look_format[] = "SET LOCAL client_connection_check_interval = '%ds';";
#define LOOK_VERSION 140000

/*
 * A database that does not know its own encoding hands out bytes as they are, or fails on the first
 * that is not UTF-8.
 */
static const char bytes_as_they_are[] = "SET LOCAL client_encoding = 'SQL_ASCII';";

int postgres_prepare(struct postgres *connection, const struct postgres_options *options,
                     struct failure *failure)
{
    int version = PQserverVersion(connection->libpq);
    const char *encoding = PQparameterStatus(connection->libpq, "server_encoding");
    bool is_ascii = encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0;
    size_t bytes = 0;
    FILE *out = open_memstream(&connection->settings, &bytes);
    if (out == NULL)
        return failure_memory(failure, "the settings of a session", sizeof common_format);
    fprintf(out, common_format, POSTGRES_LOCK_S, connection->statement_s,
            options->holds ? 0 : POSTGRES_IDLE_S);
    if (version >= UNLIMITED_VERSION)
        fputs(unlimited, out);
    if (!options->holds && version >= UNTAKEN_VERSION)
        fputs(untaken, out);
    if (options->holds && version >= LOOK_VERSION)
        fprintf(out, look_format, POSTGRES_LOOK_S);
    if (options->holds && is_ascii)
        fputs(bytes_as_they_are, out);
    if (options->settings != NULL)
        fputs(options->settings, out);
    if (options->writes)
        fputs(safe_commit, out);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed)
        return failure_memory(failure, "the settings of a session", bytes);
    return 0;
}

/* Find out which session of the server carries out the transaction that has begun. 0, or -1. */
static int find_session(struct postgres *connection, struct failure *failure)
{
    /* Asked in each transaction, as a pooler may give each another session. */
    static const char sql[] = "SELECT pid, backend_start FROM pg_stat_activity"
                              " WHERE pid = pg_backend_pid()";
    struct postgres_result *result = NULL;
    connection->session[0][0] = '\0';
    if (connection->watch == NULL)
        return 0;
    if (postgres_query(connection, "Beginning a transaction", sql, NULL, 0, &result, failure) != 0)
        return -1;
    for (int i = 0; i < 2 && postgres_rows(result) == 1; i++)
        snprintf(connection->session[i], sizeof connection->session[i], "%s",
                 postgres_value(result, 0, i));
    postgres_result_free(result);
    return 0;
}

int postgres_begin(struct postgres *connection, const char *mode, struct failure *failure)
{
    char *sql = NULL;
    if (asprintf(&sql, "BEGIN %s; %s", mode, connection->settings) < 0)
        return failure_memory(failure, "an SQL text", strlen(connection->settings));
    connection->begins = true;
    int status = postgres_run(connection, "Beginning a transaction", sql, failure);
    connection->begins = false;
    free(sql);
    return status == 0 ? find_session(connection, failure) : -1;
}
