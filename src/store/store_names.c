#include "store_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "generation-"
#define DAMAGED_PREFIX "damaged-" PREFIX

static void format(const char *prefix, struct store_generation generation,
                   char name[STORE_NAME_BYTES])
{
    snprintf(name, STORE_NAME_BYTES, "%s%04" PRIu32 "-%06" PRIu32, prefix, generation.attempt,
             generation.number);
}

void store_name(struct store_generation generation, char name[STORE_NAME_BYTES])
{
    format(PREFIX, generation, name);
}

void store_damaged_name(struct store_generation generation, unsigned copy,
                        char name[STORE_NAME_BYTES])
{
    format(DAMAGED_PREFIX, generation, name);
    size_t bytes = strlen(name);
    if (copy > 1)
        snprintf(name + bytes, STORE_NAME_BYTES - bytes, ".%u", copy);
}

bool store_parse_damaged_name(const char *name, struct store_generation *generation)
{
    char again[STORE_NAME_BYTES];
    unsigned copy = 1;
    if (sscanf(name, DAMAGED_PREFIX "%" SCNu32 "-%" SCNu32 ".%u", &generation->attempt,
               &generation->number, &copy) < 2)
        return false;
    store_damaged_name(*generation, copy, again);
    return strcmp(name, again) == 0;
}

bool store_parse_name(const char *name, struct store_generation *generation)
{
    char again[STORE_NAME_BYTES];
    if (sscanf(name, PREFIX "%" SCNu32 "-%" SCNu32, &generation->attempt, &generation->number) != 2)
        return false;
    store_name(*generation, again);
    return strcmp(name, again) == 0;
}

bool store_is_same(struct store_generation a, struct store_generation b)
{
    return a.attempt == b.attempt && a.number == b.number;
}

bool store_is_among(const struct store_generation *generations, size_t count,
                    struct store_generation generation)
{
    for (size_t i = 0; i < count; i++)
        if (store_is_same(generations[i], generation))
            return true;
    return false;
}
