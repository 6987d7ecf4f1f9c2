#include "postgres_connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int postgres_connect(const struct postgres_options *options, struct postgres **connection,
                     bool *passing, struct failure *failure)
{
    *connection = NULL;
    *passing = false;
    struct postgres *made = calloc(1, sizeof *made);
    if (made == NULL)
        return failure_memory(failure, "a PostgreSQL session", sizeof *made);
    made->failure_code = options->failure_code;
    made->options = *options;
    made->statement_s = options->statement_s > 0 ? options->statement_s : POSTGRES_STATEMENT_S;
    if (postgres_reach(options, &made->libpq, passing, failure) != 0)
        goto close_connection;
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

void postgres_cancel(struct postgres *connection)
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
    postgres_cancel(connection);
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
