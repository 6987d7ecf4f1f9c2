#include "course_funnel/rejects.h"

#include "rejects_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rejects_part_name(const char *parts, uint32_t attempt, uint32_t rank, char *name, size_t bytes)
{
    snprintf(name, bytes, "%s-%04" PRIu32 "-%" PRIu32, parts, attempt, rank);
}

bool rejects_part_parse(const char *parts, const char *name, uint32_t *attempt, uint32_t *rank)
{
    char again[REJECTS_PART_BYTES];
    size_t bytes = strlen(parts);
    if (strncmp(name, parts, bytes) != 0 ||
        sscanf(name + bytes, "-%" SCNu32 "-%" SCNu32, attempt, rank) != 2)
        return false;
    rejects_part_name("", *attempt, *rank, again, sizeof again);
    return strcmp(name + bytes, again) == 0;
}

char *rejects_part_path(const char *parts, uint32_t attempt, uint32_t rank, struct failure *failure)
{
    size_t bytes = strlen(parts) + REJECTS_PART_BYTES;
    char *path = malloc(bytes);
    if (path == NULL)
        failure_memory(failure, "the name of a reject file", bytes);
    else
        rejects_part_name(parts, attempt, rank, path, bytes);
    return path;
}
