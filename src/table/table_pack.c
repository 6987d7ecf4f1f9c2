#include "course_funnel/table.h"

#include <stdlib.h>
#include <string.h>

/* The packed list: the counts, then the three arrays. It lives no longer than the job. */
struct packed_header {
    uint64_t servers, origins, relations, has_sessions;
};

static size_t packed_bytes(const struct packed_header *header)
{
    return sizeof *header + (size_t)header->servers * sizeof(struct table_server) +
           (size_t)header->origins * sizeof(struct table_origin) +
           (size_t)header->relations * sizeof(struct table_relation);
}

static unsigned char *put(unsigned char *to, const void *from, size_t bytes)
{
    if (bytes > 0)
        memcpy(to, from, bytes);
    return to + bytes;
}

int table_pack(const struct table_list *list, unsigned char **bytes, size_t *byte_count,
               struct failure *failure)
{
    struct packed_header header = {list->server_count, list->origin_count, list->relation_count,
                                   list->has_sessions};
    *byte_count = packed_bytes(&header);
    *bytes = malloc(*byte_count);
    if (*bytes == NULL)
        return failure_memory(failure, "the packed list of tables", *byte_count);
    unsigned char *to = put(*bytes, &header, sizeof header);
    to = put(to, list->servers, list->server_count * sizeof *list->servers);
    to = put(to, list->origins, list->origin_count * sizeof *list->origins);
    (void)put(to, list->relations, list->relation_count * sizeof *list->relations);
    return 0;
}

static const unsigned char *take(const unsigned char *from, size_t count, size_t size, void **array)
{
    *array = calloc(count + 1, size);
    if (*array != NULL)
        memcpy(*array, from, count * size);
    return from + count * size;
}

int table_unpack(const unsigned char *bytes, size_t byte_count, struct table_list **list,
                 struct failure *failure)
{
    struct packed_header header;
    *list = NULL;
    if (byte_count >= sizeof header)
        memcpy(&header, bytes, sizeof header);
    if (byte_count < sizeof header || header.servers > byte_count || header.origins > byte_count ||
        header.relations > byte_count || packed_bytes(&header) != byte_count)
        return failure_set(failure, EXIT_BUG,
                           "The list of tables came damaged from another rank. Please report "
                           "this.");
    struct table_list *made = calloc(1, sizeof *made);
    if (made == NULL)
        return failure_memory(failure, "the list of tables", byte_count);
    made->server_count = (size_t)header.servers;
    made->origin_count = (size_t)header.origins;
    made->relation_count = (size_t)header.relations;
    made->has_sessions = header.has_sessions != 0;
    void *servers = NULL, *origins = NULL, *relations = NULL;
    const unsigned char *from = bytes + sizeof header;
    from = take(from, made->server_count, sizeof *made->servers, &servers);
    from = take(from, made->origin_count, sizeof *made->origins, &origins);
    (void)take(from, made->relation_count, sizeof *made->relations, &relations);
    made->servers = servers;
    made->origins = origins;
    made->relations = relations;
    if (servers == NULL || origins == NULL || relations == NULL) {
        table_free(made);
        return failure_memory(failure, "the list of tables", byte_count);
    }
    *list = made;
    return 0;
}

void table_free(struct table_list *list)
{
    if (list == NULL)
        return;
    free(list->servers);
    free(list->origins);
    free(list->relations);
    free(list);
}
