#ifndef GENERATE_DIRT_H
#define GENERATE_DIRT_H

#include "generate_counts.h"
#include "generate_edit.h"
#include "generate_random.h"

/*
 * Local. Damage or respell the fields in one way; ${choice} says which, ${random} how. Whether
 * the line is rejected, turns into another or is only odd is added to ${counts}.
 */
void generate_dirt_apply(struct generate_fields *fields, const struct generate_values *values,
                         uint64_t choice, struct generate_random *random,
                         struct generate_counts *counts);

#endif
