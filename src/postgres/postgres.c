#include "postgres_connection.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Wait until the connection stands or is refused. Own polling rather than PQconnectdb, because
 * only so can the SQLSTATE of a refusal be asked for.
 */
static bool connect_poll(PGconn *libpq, int64_t deadline_ms)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
        struct pollfd wait = {.fd = PQsocket(libpq),
                              .events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        int64_t left = deadline_ms - postgres_clock_ms();
        if (left <= 0)
            return false;
        int ready = poll(&wait, 1, (int)left);
        if (ready < 0 && errno != EINTR)
            return false;
        if (ready > 0)
            state = PQconnectPoll(libpq);
    }
    return true;
}

/* How long to wait for the connection: the target's own connect_timeout if any, for each host. */
static int64_t connect_limit_ms(PGconn *libpq)
{
    int64_t seconds = 0;
    int64_t hosts = 1;
    PQconninfoOption *options = PQconninfo(libpq);
    for (PQconninfoOption *at = options; at != NULL && at->keyword != NULL; at++) {
        if (at->val == NULL)
            continue;
        if (strcmp(at->keyword, "connect_timeout") == 0)
            seconds = strtol(at->val, NULL, 10);
        if (strcmp(at->keyword, "host") == 0)
            for (const char *comma = at->val; (comma = strchr(comma, ',')) != NULL; comma++)
                hosts++;
    }
    PQconninfoFree(options);
    if (seconds <= 0 || seconds > 3600)
        seconds = POSTGRES_CONNECT_S;
    return 1000 * seconds * hosts;
}

/*
 * Take the SQLSTATE out of a verbose refusal, "...FATAL:  28P01: password ...\nLOCATION: ...", and
 * leave out what is no use to a user.
 */
static void split_refusal(char *text, char state[POSTGRES_STATE_BYTES])
{
    state[0] = '\0';
    char *location = strstr(text, "\nLOCATION:");
    if (location != NULL)
        *location = '\0';
    for (char *at = text; (at = strstr(at, ":  ")) != NULL; at++) {
        size_t digits = 0;
        while (digits < 5 && (isupper((unsigned char)at[3 + digits]) != 0 ||
                              isdigit((unsigned char)at[3 + digits]) != 0))
            digits++;
        if (digits == 5 && at[8] == ':' && at[9] == ' ') {
            memcpy(state, at + 3, 5);
            state[5] = '\0';
            memmove(at + 1, at + 9, strlen(at + 9) + 1);
        }
    }
}

/* One line, each line of ${text} a sentence, one blank at a time; refuse puts the last full stop.
 */
static void join_lines(const char *text, char *out, size_t size)
{
    size_t length = 0;
    for (; *text != '\0' && length + 3 < size; text++) {
        if (*text == '\n' && length > 0 && strchr("?.", out[length - 1]) == NULL)
            out[length++] = '.';
        char byte = *text == '\n' || *text == '\t' ? ' ' : *text;
        if (byte != ' ' || (length > 0 && out[length - 1] != ' '))
            out[length++] = byte;
    }
    while (length > 0 && strchr(" .?", out[length - 1]) != NULL)
        length--;
    out[length] = '\0';
}

static int refuse(struct postgres *connection, bool *passing, struct failure *failure)
{
    char text[1000];
    char line[1200];
    char state[POSTGRES_STATE_BYTES];
    snprintf(text, sizeof text, "%s", PQerrorMessage(connection->libpq));
    split_refusal(text, state);
    join_lines(text, line, sizeof line);
    *passing = postgres_state_passes(state, line);
    const char *advice = postgres_state_advice(state, line, connection->failure_code);
    return failure_set(failure, connection->failure_code,
                       "No connection to PostgreSQL: %s%s%s%s.%s%s", line,
                       state[0] != '\0' ? " (SQLSTATE " : "", state, state[0] != '\0' ? ")" : "",
                       advice[0] != '\0' ? " " : "", advice);
}

static void drop_notice(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

/* Whether the user has set ${keyword}; libpq fills in `any` where nobody asks for anything else. */
static bool is_set(const PQconninfoOption *resolved, const char *keyword)
{
    for (const PQconninfoOption *at = resolved; at != NULL && at->keyword != NULL; at++)
        if (strcmp(at->keyword, keyword) == 0)
            return at->val != NULL && strcmp(at->val, "any") != 0;
    return false;
}

static PGconn *connect_begin(const struct postgres_options *options)
{
    /* Keepalives end a wait on a dead link after 25 s; unacknowledged data needs tcp_user_timeout.
     */
    static const char *const wished[][2] = {{"keepalives_idle", "10"},
                                            {"keepalives_interval", "5"},
                                            {"keepalives_count", "3"},
                                            {"tcp_user_timeout", "20000"},
                                            {"target_session_attrs", "read-write"}};
    size_t wishes = sizeof wished / sizeof wished[0];
    if (!options->writes || getenv("PGTARGETSESSIONATTRS") != NULL)
        wishes--;
    /*
     * What stands before dbname gives way to what the target itself says, and what stands behind it
     * does not; but libpq asks a service file only for what is not set yet.
     */
    const char *keywords[10] = {"fallback_application_name"};
    const char *values[10] = {options->application};
    size_t count = 1;
    PQconninfoOption *resolved = postgres_resolve(options->target);
    for (size_t i = 0; i < wishes; i++)
        if (!is_set(resolved, wished[i][0])) {
            keywords[count] = wished[i][0];
            values[count++] = wished[i][1];
        }
    PQconninfoFree(resolved);
    keywords[count] = "dbname";
    values[count++] = options->target;
    keywords[count] = "client_encoding";
    values[count++] = "UTF8";
    keywords[count] = NULL;
    values[count] = NULL;
    return PQconnectStartParams(keywords, values, 1);
}

int postgres_connect(const struct postgres_options *options, struct postgres **connection,
                     bool *passing, struct failure *failure)
{
    *connection = NULL;
    *passing = false;
    struct postgres *made = calloc(1, sizeof *made);
    if (made == NULL)
        return failure_memory(failure, "a PostgreSQL session", sizeof *made);
    made->failure_code = options->failure_code;
    made->statement_s = options->statement_s > 0 ? options->statement_s : POSTGRES_STATEMENT_S;
    made->libpq = connect_begin(options);
    if (made->libpq == NULL) {
        failure_memory(failure, "a PostgreSQL session", 0);
        goto close_connection;
    }
    PQsetNoticeReceiver(made->libpq, drop_notice, NULL);
    PQsetErrorVerbosity(made->libpq, PQERRORS_VERBOSE);
    if (PQstatus(made->libpq) != CONNECTION_BAD &&
        !connect_poll(made->libpq, postgres_clock_ms() + connect_limit_ms(made->libpq))) {
        postgres_fail_silent(made, "Connecting to PostgreSQL", failure);
        *passing = true;
        goto close_connection;
    }
    if (PQstatus(made->libpq) != CONNECTION_OK) {
        refuse(made, passing, failure);
        goto close_connection;
    }
    PQsetErrorVerbosity(made->libpq, PQERRORS_DEFAULT);
    if (PQsetnonblocking(made->libpq, 1) != 0 || postgres_prepare(made, options, failure) != 0) {
        postgres_fail(made, "Preparing the session", NULL, failure);
        *passing = made->passing;
        goto close_connection;
    }
    *connection = made;
    return 0;
close_connection:
    postgres_close(made);
    return -1;
}

/* Ask the server to stop what it does for us; without it it would go on until it has rows to send.
 */
static void cancel_statement(struct postgres *connection)
{
    char ignored[256];
    if (connection->silent || PQstatus(connection->libpq) != CONNECTION_OK ||
        PQtransactionStatus(connection->libpq) != PQTRANS_ACTIVE)
        return;
    PGcancel *cancel = PQgetCancel(connection->libpq);
    if (cancel != NULL)
        (void)PQcancel(cancel, ignored, (int)sizeof ignored);
    PQfreeCancel(cancel);
}

void postgres_close(struct postgres *connection)
{
    if (connection == NULL)
        return;
    cancel_statement(connection);
    PQfreemem(connection->row);
    PQfinish(connection->libpq);
    free(connection->settings);
    free(connection);
}

bool postgres_passing(const struct postgres *connection)
{
    return connection->passing;
}

bool postgres_denied(const struct postgres *connection)
{
    return connection->denied;
}
