#include "postgres_connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool postgres_is_target(const char *text)
{
    if (strncmp(text, "postgresql://", 13) == 0 || strncmp(text, "postgres://", 11) == 0)
        return true;
    struct stat status;
    if (lstat(text, &status) == 0)
        return false;
    text += strspn(text, " ");
    size_t keyword = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
    size_t blanks = strspn(text + keyword, " ");
    return keyword > 0 && text[keyword + blanks] == '=';
}

bool postgres_knows(const char *target)
{
    target += strspn(target, " ");
    size_t bytes = strspn(target, "abcdefghijklmnopqrstuvwxyz_");
    if (strncmp(target + bytes, "://", 3) == 0)
        return true;
    PQconninfoOption *options = PQconndefaults();
    bool known = options == NULL;
    for (const PQconninfoOption *at = options; !known && at != NULL && at->keyword != NULL; at++)
        known = strlen(at->keyword) == bytes && memcmp(at->keyword, target, bytes) == 0;
    PQconninfoFree(options);
    return known;
}

/* What libpq marks as secret ('*' is shown in place of it), and what does not open a password. */
static bool is_secret(const PQconninfoOption *option)
{
    return strchr(option->dispchar, '*') != NULL || strcmp(option->keyword, "password") == 0 ||
           strcmp(option->keyword, "sslpassword") == 0;
}

/* Write the options that the target sets as KEYWORD='VALUE', quoted as libpq reads them. */
static void write_options(FILE *out, const PQconninfoOption *options)
{
    const char *gap = "";
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (option->val == NULL || is_secret(option))
            continue;
        fprintf(out, "%s%s='", gap, option->keyword);
        for (const char *at = option->val; *at != '\0'; at++) {
            if (*at == '\'' || *at == '\\')
                fputc('\\', out);
            fputc(*at, out);
        }
        fputc('\'', out);
        gap = " ";
    }
}

static int describe_options(const PQconninfoOption *options, char **text, struct failure *failure)
{
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
        if (option->val != NULL && option->val[0] != '\0' && is_secret(option))
            return failure_set(
                failure, EXIT_USAGE,
                "The connection to PostgreSQL is given with a %s in it, which everybody on this "
                "machine could read in the list of processes. Take it out and put it in a password "
                "file (PGPASSFILE or ~/.pgpass, mode 0600), a service file (PGSERVICE) or the "
                "environment (PGPASSWORD).",
                option->keyword);
    size_t bytes = 0;
    FILE *out = open_memstream(text, &bytes);
    if (out == NULL)
        return failure_memory(failure, "a connection text", 0);
    write_options(out, options);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(*text);
        *text = NULL;
        return failure_memory(failure, "a connection text", bytes);
    }
    return 0;
}

int postgres_describe(const char *target, char **text, struct failure *failure)
{
    char *complaint = NULL;
    *text = NULL;
    PQconninfoOption *options = PQconninfoParse(target, &complaint);
    if (options == NULL) {
        /* What libpq complains of may quote a piece of a password, so it is not repeated. */
        bool memory = complaint == NULL;
        PQfreemem(complaint);
        if (memory)
            return failure_memory(failure, "a connection text", strlen(target));
        return failure_set(
            failure, EXIT_USAGE,
            "The connection to PostgreSQL is not well formed (it is not repeated here, since it "
            "may hold a secret). Expected is postgresql://USER@HOST:PORT/DATABASE?KEYWORD=VALUE or "
            "\"host=HOST port=PORT dbname=DATABASE user=USER\", with the keywords of libpq; quote "
            "values with blanks in '...'; a directory of such a name can be given as ./NAME.");
    }
    int status = describe_options(options, text, failure);
    PQconninfoFree(options);
    return status;
}

PQconninfoOption *postgres_resolve(const char *target)
{
    /*
     * There is no such sslmode: libpq fills the handle in, and turns to no server. With a password
     * it looks for none.
     */
    const char *keywords[] = {"dbname", "sslmode", "password", NULL};
    const char *values[] = {target, "none", "none", NULL};
    PGconn *never = PQconnectStartParams(keywords, values, 1);
    PQconninfoOption *options = PQconninfo(never);
    PQfinish(never);
    return options;
}

const char *postgres_option(const PQconninfoOption *resolved, const char *keyword)
{
    for (const PQconninfoOption *at = resolved; at != NULL && at->keyword != NULL; at++)
        if (strcmp(at->keyword, keyword) == 0)
            return at->val != NULL ? at->val : "";
    return "";
}
