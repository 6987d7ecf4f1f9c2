#include "postgres_connection.h"

#include "course_funnel/fault.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

/* A wait that is watched is looked at so often, as a signal does not end it. */
#define SLICE_MS 250

int64_t postgres_clock_ms(void)
{
    struct timespec now = {0};
    /* CLOCK_MONOTONIC cannot fail on Linux; a clock that stands still would only wait longer. */
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t postgres_deadline(const struct postgres *connection)
{
    uint64_t most_s = connection->statement_s + POSTGRES_GRACE_S;
    return postgres_clock_ms() + (int64_t)FAULT_NUMBER("postgres.wait_ms", 1000 * most_s);
}

int postgres_wait(PGconn *libpq, bool write, int64_t deadline_ms)
{
    struct pollfd wait = {.fd = PQsocket(libpq),
                          .events = (short)(write ? POLLIN | POLLOUT : POLLIN)};
    /* libpq has closed the socket already: there is nothing to wait for, only an error to take. */
    if (wait.fd < 0)
        return 0;
    for (;;) {
        int64_t left = deadline_ms - postgres_clock_ms();
        if (left <= 0)
            return -1;
        int ready = poll(&wait, 1, left > 60000 ? 60000 : (int)left);
        if (ready > 0)
            return 0;
        if (ready < 0 && errno != EINTR)
            return -1;
    }
}

int postgres_flush(struct postgres *connection, int64_t deadline_ms)
{
    int left = PQflush(connection->libpq);
    while (left == 1) {
        /* A server that has much to say must be heard, or neither side gets on. */
        if (postgres_wait(connection->libpq, true, deadline_ms) != 0 ||
            PQconsumeInput(connection->libpq) != 1)
            return -1;
        left = PQflush(connection->libpq);
    }
    return left;
}

/* As postgres_wait; what is waited for is looked into, where that is wanted. */
static int wait_watched(struct postgres *connection, const char *what, int64_t since_ms,
                        int64_t *deadline_ms)
{
    if (connection->watch == NULL)
        return postgres_wait(connection->libpq, false, *deadline_ms);
    for (;;) {
        int64_t until_ms = postgres_clock_ms() + SLICE_MS;
        if (postgres_wait(connection->libpq, false,
                          until_ms < *deadline_ms ? until_ms : *deadline_ms) == 0)
            return 0;
        if (connection->watch(connection, what, since_ms, deadline_ms) != 0)
            return -1;
    }
}

int postgres_take(struct postgres *connection, const char *what, int64_t deadline_ms,
                  PGresult **result)
{
    int64_t since_ms = postgres_clock_ms();
    connection->waits_for[0] = '\0';
    while (PQisBusy(connection->libpq) != 0) {
        if (wait_watched(connection, what, since_ms, &deadline_ms) != 0)
            return -1;
        /* When the connection is lost, PQgetResult below has the words for it. */
        if (PQconsumeInput(connection->libpq) != 1)
            break;
    }
    *result = PQgetResult(connection->libpq);
    return 0;
}
