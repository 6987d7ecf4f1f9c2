#ifndef GENERATE_HOSTILE_H
#define GENERATE_HOSTILE_H

#include "generate_random.h"

/*
 * Local. Put bytes into the whole line [line, end) without '\n' that are hard on readers: NUL,
 * broken UTF-8, lone surrogates, deep nesting, carriage returns. Returns its new end.
 */
char *generate_hostile_apply(char *line, char *end, struct generate_random *random);

#endif
