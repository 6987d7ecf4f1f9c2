#include "reject_line.h"

#include "course_funnel/base64.h"
#include "course_funnel/utf8.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether ${text} is UTF-8 without NUL: what a JSON text can hold. */
static bool is_plain_text(const char *text, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        size_t more = utf8_character_bytes(text + at, bytes - at);
        if (more == 0 || text[at] == '\0')
            return false;
        at += more;
    }
    return true;
}

int reject_line_format(const char *source, uint64_t offset, enum reject_reason reason,
                       const char *text, size_t bytes, char **line, struct failure *failure)
{
    bool plain = is_plain_text(text, bytes);
    size_t room = plain ? bytes + 1 : BASE64_BYTES(bytes);
    char *copy = malloc(room);
    if (copy == NULL)
        return failure_memory(failure, "a reject", room);
    if (plain) {
        memcpy(copy, text, bytes);
        copy[bytes] = '\0';
    } else {
        base64_encode(text, bytes, copy);
    }

    char number[24];
    snprintf(number, sizeof number, "%" PRIu64, offset);
    *line = NULL;
    cJSON *object = cJSON_CreateObject();
    if (object != NULL && cJSON_AddStringToObject(object, "source", source) != NULL &&
        cJSON_AddRawToObject(object, "offset", number) != NULL &&
        cJSON_AddStringToObject(object, "reason", event_reject_name(reason)) != NULL &&
        cJSON_AddStringToObject(object, plain ? "text" : "text_base64", copy) != NULL)
        *line = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    free(copy);
    return *line != NULL ? 0 : failure_memory(failure, "a reject", bytes);
}
