#include "postgres_connection.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The attempts to reach a server, one after the other. */
struct attempts {
    const struct postgres_options *options;
    const PQconninfoOption *resolved;
    const char *kind;                 /* in place of the target's target_session_attrs; NULL */
    PGconn *libpq;                    /* that stands */
    bool over;                        /* no other place is to be tried */
    char state[POSTGRES_STATE_BYTES]; /* of the last that failed; empty where it has none */
    bool silent;                      /* it did not answer in time */
    char line[1200];                  /* why */
    char text[1500];                  /* what is to be said of all of them */
};

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

/* How long to wait at each place: connect_timeout if the target sets any. */
static int64_t wait_limit_ms(const PQconninfoOption *resolved)
{
    int64_t seconds = strtol(postgres_option(resolved, "connect_timeout"), NULL, 10);
    if (seconds <= 0 || seconds > 3600)
        seconds = POSTGRES_CONNECT_S;
    return 1000 * seconds;
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

/* One line, each line of ${text} a sentence, one blank at a time; without the last full stop. */
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

static void drop_notice(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

/* Whether the user has set ${keyword}; libpq fills in `any` where nobody asks for anything else. */
static bool is_set(const PQconninfoOption *resolved, const char *keyword)
{
    const char *value = postgres_option(resolved, keyword);
    return value[0] != '\0' && strcmp(value, "any") != 0;
}

static PGconn *begin(const struct attempts *attempts, const struct postgres_place *place)
{
    /* Keepalives end a wait on a dead link after 25 s; unacknowledged data needs tcp_user_timeout.
     */
    static const char *const wished[][2] = {{"keepalives_idle", "10"},
                                            {"keepalives_interval", "5"},
                                            {"keepalives_count", "3"},
                                            {"tcp_user_timeout", "20000"},
                                            {"target_session_attrs", "read-write"}};
    const struct postgres_options *options = attempts->options;
    size_t wishes = sizeof wished / sizeof wished[0];
    if (!options->writes || getenv("PGTARGETSESSIONATTRS") != NULL)
        wishes--;
    /*
     * What stands before dbname gives way to what the target itself says, and what stands behind it
     * does not; but libpq asks a service file only for what is not set yet.
     */
    const char *keywords[13] = {"fallback_application_name"};
    const char *values[13] = {options->application};
    size_t count = 1;
    for (size_t i = 0; i < wishes; i++)
        if (!is_set(attempts->resolved, wished[i][0])) {
            keywords[count] = wished[i][0];
            values[count++] = wished[i][1];
        }
    const char *const last[][2] = {
        {"dbname", options->target}, {"client_encoding", "UTF8"},
        {"host", place->name},       {"hostaddr", place->address},
        {"port", place->port},       {"target_session_attrs", attempts->kind}};
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++)
        if (last[i][1] != NULL && (i < 2 || last[i][1][0] != '\0')) {
            keywords[count] = last[i][0];
            values[count++] = last[i][1];
        }
    keywords[count] = NULL;
    values[count] = NULL;
    return PQconnectStartParams(keywords, values, 1);
}

static bool has_address(const struct postgres_place *place)
{
    return place->address[0] != '\0' && place->address[0] != ',';
}

/* Where ${libpq} turned to, as libpq's own messages say it; of a name that has several addresses
 * both. */
static void describe(PGconn *libpq, const struct postgres_place *place, char *text, size_t size)
{
    const char *host = PQhost(libpq), *port = PQport(libpq);
    const char *address = has_address(place) ? place->address : PQhostaddr(libpq);
    if (strchr("/@", host[0]) != NULL)
        snprintf(text, size, "connection to server on socket \"%s/.s.PGSQL.%s\" failed: ", host,
                 port);
    else if (address[0] == '\0' || strcmp(host, address) == 0)
        snprintf(text, size, "connection to server at \"%s\", port %s failed: ", host, port);
    else
        snprintf(text, size, "connection to server at \"%s\" (%s), port %s failed: ", host, address,
                 port);
}

/* Add to what is to be said why ${place} is none to connect to. */
static void add_refusal(struct attempts *attempts, PGconn *libpq,
                        const struct postgres_place *place)
{
    char text[1000], where[POSTGRES_NAMES_BYTES + 200];
    describe(libpq, place, where, sizeof where);
    snprintf(text, sizeof text, "%s%s", where, "it did not answer in time");
    attempts->state[0] = '\0';
    if (!attempts->silent) {
        const char *words = PQerrorMessage(libpq);
        const char *reason = strstr(words, " failed: ");
        bool named = has_address(place) && reason != NULL &&
                     strncmp(words, "connection to server at ", 24) == 0;
        snprintf(text, sizeof text, "%s%s", named ? where : "",
                 named ? reason + strlen(" failed: ") : words);
        split_refusal(text, attempts->state);
    }
    join_lines(text, attempts->line, sizeof attempts->line);
    /* What is wrong with the target itself is the same everywhere. */
    size_t used = strlen(attempts->text);
    if (strstr(attempts->text, attempts->line) == NULL)
        snprintf(attempts->text + used, sizeof attempts->text - used, "%s%s%s%s%s",
                 used > 0 ? ". " : "", attempts->line,
                 attempts->state[0] != '\0' ? " (SQLSTATE " : "", attempts->state,
                 attempts->state[0] != '\0' ? ")" : "");
}

static int try_place(struct attempts *attempts, const struct postgres_place *place,
                     struct failure *failure)
{
    PGconn *libpq = begin(attempts, place);
    if (libpq == NULL)
        return failure_memory(failure, "a PostgreSQL session", 0);
    PQsetNoticeReceiver(libpq, drop_notice, NULL);
    PQsetErrorVerbosity(libpq, PQERRORS_VERBOSE);
    attempts->silent =
        PQstatus(libpq) != CONNECTION_BAD &&
        !connect_poll(libpq, postgres_clock_ms() + wait_limit_ms(attempts->resolved));
    if (!attempts->silent && PQstatus(libpq) == CONNECTION_OK) {
        attempts->libpq = libpq;
        attempts->over = true;
        return 0;
    }
    add_refusal(attempts, libpq, place);
    /* As libpq does: a server that refuses is the last that is tried, unless it is just starting.
     */
    attempts->over = (attempts->state[0] != '\0' && strcmp(attempts->state, "57P03") != 0) ||
                     PQconnectionNeedsPassword(libpq) != 0;
    PQfinish(libpq);
    return 0;
}

static int try_hosts(struct attempts *attempts, struct failure *failure)
{
    size_t hosts = postgres_host_count(attempts->resolved);
    for (size_t i = 0; i < hosts && !attempts->over; i++) {
        struct postgres_place *places = NULL;
        size_t count = 0;
        int status = postgres_places(attempts->resolved, i, &places, &count, failure);
        for (size_t at = 0; status == 0 && at < count && !attempts->over; at++)
            status = try_place(attempts, &places[at], failure);
        free(places);
        if (status != 0)
            return -1;
    }
    return 0;
}

int postgres_reach(const struct postgres_options *options, PGconn **libpq, bool *passing,
                   struct failure *failure)
{
    /* Who prefers a standby takes another server when there is none. */
    static const char *const kinds[] = {"standby", "any"};
    PQconninfoOption *resolved = postgres_resolve(options->target);
    struct attempts attempts = {.options = options, .resolved = resolved};
    bool prefers = strcmp(postgres_option(resolved, "target_session_attrs"), "prefer-standby") == 0;
    int status = 0;
    for (size_t pass = 0; status == 0 && pass < (prefers ? 2 : 1) && !attempts.over; pass++) {
        attempts.kind = prefers ? kinds[pass] : NULL;
        attempts.text[0] = '\0';
        status = try_hosts(&attempts, failure);
    }
    PQconninfoFree(resolved);
    *libpq = attempts.libpq;
    if (status != 0 || attempts.libpq != NULL)
        return status;
    const char *advice =
        attempts.silent
            ? "Check the network and the server's load, then run again."
            : postgres_state_advice(attempts.state, attempts.line, options->failure_code);
    *passing = attempts.silent || postgres_state_passes(attempts.state, attempts.line);
    return failure_set(failure, options->failure_code, "No connection to PostgreSQL: %s.%s%s",
                       attempts.text, advice[0] != '\0' ? " " : "", advice);
}
