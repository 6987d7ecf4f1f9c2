#include "postgres_connection.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static size_t count_parts(const char *list)
{
    size_t count = 1;
    for (const char *comma = list; (comma = strchr(comma, ',')) != NULL; comma++)
        count++;
    return count;
}

size_t postgres_host_count(const PQconninfoOption *resolved)
{
    const char *names = postgres_option(resolved, "host");
    const char *addresses = postgres_option(resolved, "hostaddr");
    const char *ports = postgres_option(resolved, "port");
    size_t count = count_parts(addresses[0] != '\0' ? addresses : names);
    bool match = (names[0] == '\0' || count_parts(names) == count) &&
                 (count_parts(ports) == 1 || count_parts(ports) == count);
    return match ? count : 1;
}

/* A part of a list, of which there may be just one for all. */
static void take_part(const char *list, size_t index, char *part, size_t size)
{
    for (; index > 0 && strchr(list, ',') != NULL; index--)
        list = strchr(list, ',') + 1;
    snprintf(part, size, "%.*s", (int)strcspn(list, ","), list);
}

/* One of several hosts, to stand in place of the lists. */
static void take_host(const PQconninfoOption *resolved, size_t index, struct postgres_place *host)
{
    take_part(postgres_option(resolved, "host"), index, host->name, sizeof host->name);
    take_part(postgres_option(resolved, "hostaddr"), index, host->address, sizeof host->address);
    take_part(postgres_option(resolved, "port"), index, host->port, sizeof host->port);
    if (host->name[0] == '\0')
        snprintf(host->name, sizeof host->name, "%s", host->address);
}

/*
 * For libpq what is empty stands in place of nothing: so a list of two empty parts is given for it,
 * and the same host twice.
 */
static void replace_empty(const PQconninfoOption *resolved, struct postgres_place *place)
{
    bool drops_address =
        place->address[0] == '\0' && postgres_option(resolved, "hostaddr")[0] != '\0';
    if (drops_address)
        snprintf(place->address, sizeof place->address, ",");
    if (drops_address || place->name[0] == '\0') {
        char name[POSTGRES_HOST_BYTES];
        snprintf(name, sizeof name, "%.*s", POSTGRES_HOST_BYTES - 1, place->name);
        snprintf(place->name, sizeof place->name, "%s,%s", name, name);
    }
}

/* What a name stands for; NULL when that is nothing, which libpq will say. */
static struct addrinfo *look_up(const char *name)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (name[0] == '\0' || strchr("/@", name[0]) != NULL || strchr(name, ',') != NULL ||
        getaddrinfo(name, NULL, &hints, &found) != 0)
        return NULL;
    return found;
}

int postgres_places(const PQconninfoOption *resolved, size_t index, struct postgres_place **places,
                    size_t *count, struct failure *failure)
{
    struct postgres_place host = {0};
    bool is_listed = postgres_host_count(resolved) > 1;
    const char *name = is_listed ? host.name : postgres_option(resolved, "host");
    const char *address = is_listed ? host.address : postgres_option(resolved, "hostaddr");
    if (is_listed)
        take_host(resolved, index, &host);
    struct addrinfo *found = address[0] == '\0' ? look_up(name) : NULL;
    size_t most = 1;
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
        most++;
    *places = calloc(most, sizeof **places);
    *count = 0;
    if (*places == NULL)
        failure_memory(failure, "the addresses of a host", most * sizeof **places);
    for (const struct addrinfo *at = found; *places != NULL && at != NULL; at = at->ai_next) {
        struct postgres_place *place = &(*places)[*count];
        *place = host;
        if (getnameinfo(at->ai_addr, at->ai_addrlen, place->address, sizeof place->address, NULL, 0,
                        NI_NUMERICHOST) == 0)
            ++*count;
    }
    if (found != NULL)
        freeaddrinfo(found);
    if (*places != NULL && *count == 0) {
        if (is_listed)
            replace_empty(resolved, &host);
        **places = host;
        *count = 1;
    }
    return *places != NULL ? 0 : -1;
}
