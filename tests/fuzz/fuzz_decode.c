#include "support/differential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Arbitrary bytes as a text of lines, as one line, and as the event_properties of a good line.
 * The first byte chooses, the second is what follows the text in memory.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static const char before[] = "{\"event_time\":\"2025-07-01 16:34:54.837000\",\"event_properties\":";
static const char behind[] = ",\"event_type\":\"course_lesson_completed\",\"user_id\":\"u\"}";

static bool as_properties(struct differential *differential, const char *text, size_t bytes,
                          char padding)
{
    size_t all = sizeof before - 1 + bytes + sizeof behind - 1;
    char *line = malloc(all);
    if (line == NULL)
        return false;
    memcpy(line, before, sizeof before - 1);
    memcpy(line + sizeof before - 1, text, bytes);
    memcpy(line + sizeof before - 1 + bytes, behind, sizeof behind - 1);
    bool agree = differential_line(differential, line, all, padding);
    free(line);
    return agree;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static struct differential differential;
    struct failure failure = {0};
    if (differential.decoder == NULL && decode_create(&differential.decoder, &failure) != 0)
        abort();
    if (bytes < 2)
        return 0;

    const char *text = (const char *)data + 2;
    char padding = (char)data[1];
    bool agree;
    if (data[0] % 4 == 0)
        agree = differential_find(&differential, text, bytes - 2, padding);
    else if (data[0] % 4 == 1)
        agree = as_properties(&differential, text, bytes - 2, padding);
    else
        agree = differential_line(&differential, text, bytes - 2, padding);
    if (!agree) {
        fprintf(stderr, "%s\n", differential.why);
        abort();
    }
    return 0;
}
