#include "postgres_connection.h"

#include <stdio.h>
#include <string.h>

#define NETWORK_ADVICE "Check that the server runs and can be reached."
#define LOGIN_ADVICE                                                                               \
    "Check the user, the password (PGPASSFILE, ~/.pgpass or PGPASSWORD) and the server's "         \
    "pg_hba.conf."
#define READ_ONLY_ADVICE                                                                           \
    "A standby is read-only, and so is a session where default_transaction_read_only is on for "   \
    "the server, the database or the role. Name a server and a role that may write."
#define SSL_ADVICE                                                                                 \
    "Check sslmode, sslrootcert, sslcert and sslkey, and what the server asks for (pg_hba.conf, "  \
    "ssl)."

/* Classes of SQLSTATE by their beginning; the first line that fits counts. */
static const struct {
    const char *prefix;
    bool passes;
    const char *advice;
} states[] = {
    {"08P01", true, ""},
    {"08", true, NETWORK_ADVICE},
    {"22021", false, "The text is not UTF-8."},
    {"23", false, "A table takes other rows than it should; compare its constraints and triggers."},
    {"22P05", false,
     "The database keeps texts in an encoding that lacks this character: use another name, or a "
     "database in UTF8."},
    {"25006", false, READ_ONLY_ADVICE},
    {"28", false, LOGIN_ADVICE},
    {"3D000", false, "Create the database, or name another one."},
    {"3F000", false, "Create the schema, or name another one."},
    {"40001", true, "Other sessions change the same rows; run again when they are done."},
    {"40P01", true, "Other sessions change the same tables; run again when they are done."},
    {"42501", false, "Let the owner grant the right, or use a role that has it."},
    {"42704", false, "The role, type or setting does not exist on this server."},
    {"53100", false, "The server's disk is full; make room there and run again."},
    {"53200", false,
     "The server has no memory left for this; where it speaks of locks, as with many partitions, "
     "raise max_locks_per_transaction there."},
    {"53300", true, "The server has no connection free; close some or raise max_connections."},
    {"53400", false, "Raise that limit for this role."},
    {"53", false, "The server is short of something it needs; its log says more."},
    {"55P03", true, "Another session holds a lock; pg_locks and pg_stat_activity show which."},
    {"57014", false, "The statement took too long or was cancelled; look at the server's load."},
    {"57P", true, "The server stops, starts or ended this session; run again when it is up."},
};

/* What else is to be said where the connection reads a source. */
static const struct {
    const char *prefix;
    const char *advice;
} source_states[] = {
    {"22023",
     "The snapshot of rank 0 is not known here: all ranks have to reach the same server, so "
     "name one host; or rank 0's session has ended."},
    {"25P03", "The server ended a session that was silent; look at its settings of timeouts."},
    {"40001",
     "A standby gave way to changes that it had to follow; set hot_standby_feedback = on or "
     "a longer max_standby_streaming_delay there, or read from the primary."},
    {"40P01", "Run again when the other sessions are done."},
    {"72000",
     "The server gives up old rows too soon for so long a read; raise old_snapshot_threshold."},
    {"57014",
     "The statement took too long (--statement-timeout raises the limit) or was cancelled; "
     "look at the server's load."},
};

/*
 * Where a state says too little, the words count: poolers such as PgBouncer have one state for all,
 * libpq has none. The first line that fits counts.
 */
static const struct {
    const char *state;
    const char *words;
    bool passes;
    const char *advice;
} told[] = {
    {"08P01", "unsupported startup parameter", false,
     "The pooler takes no such setting: take it out of the connection's text, its service file and "
     "the environment (PGOPTIONS and the like), or let the pooler pass over it "
     "(ignore_startup_parameters)."},
    {"08P01", "query_wait_timeout", true,
     "The pool had no connection free. With transaction pooling each rank holds one while it "
     "reads: raise its pool_size, or read on fewer with --connections."},
    {"08P01", "statement pooling", false,
     "A transaction has to stay on one connection: let the pool use transaction pooling or session "
     "pooling (pool_mode)."},
    {"0A000", "during recovery", false, READ_ONLY_ADVICE},
    {"", "session is read-only", true, READ_ONLY_ADVICE},
    {"", "server is in hot standby mode", true, READ_ONLY_ADVICE},
    {"", "no password supplied", false, LOGIN_ADVICE},
    {"", "local user with ID", false,
     "This process has no name here: say which role it is to be (user=..., PGUSER)."},
    {"", "could not translate host name", true, "Check the name of the host."},
    {"", "SSL SYSCALL", true, NETWORK_ADVICE},
    {"", "SSL connection has been closed", true, NETWORK_ADVICE},
    {"", "SSL", false, SSL_ADVICE},
    {"", "certificate", false, SSL_ADVICE},
    {"", "Is the server running", true, NETWORK_ADVICE},
    {"", "server closed the connection", true, NETWORK_ADVICE},
    {"", "could not connect", true, NETWORK_ADVICE},
    {"", "could not receive", true, NETWORK_ADVICE},
    {"", "could not send", true, NETWORK_ADVICE},
    {"", "connection not open", true, NETWORK_ADVICE},
    {"", "no connection to the server", true, NETWORK_ADVICE},
    {"", "timeout expired", true, NETWORK_ADVICE},
};

#define TOLD_COUNT (sizeof told / sizeof told[0])

static size_t find_told(const char *state, const char *words)
{
    size_t i = 0;
    while (i < TOLD_COUNT &&
           (strcmp(state, told[i].state) != 0 || strstr(words, told[i].words) == NULL))
        i++;
    return i;
}

static size_t find_state(const char *state)
{
    size_t i = 0;
    while (i < sizeof states / sizeof states[0] &&
           strncmp(state, states[i].prefix, strlen(states[i].prefix)) != 0)
        i++;
    return i;
}

bool postgres_state_passes(const char *state, const char *words)
{
    size_t at = find_told(state, words);
    if (at < TOLD_COUNT)
        return told[at].passes;
    size_t i = find_state(state);
    return state[0] == '\0' || (i < sizeof states / sizeof states[0] && states[i].passes);
}

const char *postgres_state_advice(const char *state, const char *words, int code)
{
    size_t at = find_told(state, words);
    if (at < TOLD_COUNT)
        return told[at].advice;
    for (size_t i = 0; code == EXIT_SOURCE && i < sizeof source_states / sizeof *source_states; i++)
        if (strcmp(state, source_states[i].prefix) == 0)
            return source_states[i].advice;
    size_t i = find_state(state);
    return i < sizeof states / sizeof states[0] ? states[i].advice : "";
}

/* Messages of libpq end with a newline and may have several lines: make them one. */
static void flatten(const char *text, char *out, size_t size)
{
    size_t used = 0;
    for (; *text != '\0' && used + 3 < size; text++) {
        if (*text == '\n') {
            if (text[1] == '\0')
                break;
            out[used++] = ';';
            out[used++] = ' ';
        } else if (*text != '\t') {
            out[used++] = *text;
        }
    }
    out[used] = '\0';
}

int postgres_fail(struct postgres *connection, const char *what, const PGresult *result,
                  struct failure *failure)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *const more[] = {PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL),
                                PQresultErrorField(result, PG_DIAG_MESSAGE_HINT)};
    char text[1500];
    char code[32] = "";
    if (failure->code != 0)
        return -1;
    if (state == NULL)
        state = "";
    if (words == NULL)
        words = result != NULL ? PQresultErrorMessage(result) : PQerrorMessage(connection->libpq);
    flatten(words[0] != '\0' ? words : "no answer that this program expects", text, 900);
    for (size_t i = 0; i < 2; i++) {
        size_t used = strlen(text);
        if (more[i] == NULL || used + 4 >= sizeof text)
            continue;
        memcpy(text + used, "; ", 3);
        flatten(more[i], text + used + 2, sizeof text - used - 2);
    }
    if (state[0] != '\0')
        snprintf(code, sizeof code, " (SQLSTATE %s)", state);
    bool lost = PQstatus(connection->libpq) == CONNECTION_BAD;
    connection->denied = strcmp(state, "42501") == 0;
    connection->passing = lost || (state[0] != '\0' && postgres_state_passes(state, text));
    const char *advice = state[0] == '\0' && !lost
                             ? ""
                             : postgres_state_advice(state, text, connection->failure_code);
    /* Hints are whole sentences. */
    size_t end = strlen(text);
    if (end > 0 && text[end - 1] == '.')
        text[end - 1] = '\0';
    bool waited = strcmp(state, "55P03") == 0 && connection->waits_for[0] != '\0';
    return failure_set(failure, connection->failure_code, "%s: PostgreSQL: %s%s.%s%s%s%s", what,
                       text, code, waited ? " It waited for " : "",
                       waited ? connection->waits_for : "",
                       waited ? "." : (advice[0] != '\0' ? " " : ""), waited ? "" : advice);
}

int postgres_fail_silent(struct postgres *connection, const char *what, struct failure *failure)
{
    if (failure->code != 0)
        return -1;
    if (connection->stopped) {
        connection->passing = false;
        return failure_set(failure, EXIT_STOPPED,
                           "Stopped on request. %s: waited for %s. This try changed nothing.", what,
                           connection->waits_for);
    }
    connection->passing = true;
    connection->silent = true;
    return failure_set(failure, connection->failure_code,
                       "%s: the PostgreSQL server did not answer in time. Check the network and "
                       "the server's load, then run again.",
                       what);
}
