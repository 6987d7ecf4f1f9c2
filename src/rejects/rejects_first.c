#include "course_funnel/rejects.h"

#include "course_funnel/base64.h"
#include "course_funnel/utf8.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More of a text than a sample shows. */
#define MOST_DECODED ((size_t)REJECTS_SAMPLE_BYTES + 1)

/*
 * Where the offset of a line is and its reason follows, without reading all of it: no quote within
 * the source comes without a backslash before it.
 */
static const char *find_offset(const char *line)
{
    static const char before[] = "\",\"offset\":";
    const char *at = strstr(line, before);
    return at != NULL ? at + sizeof before - 1 : NULL;
}

static enum reject_reason reason_of(const char *offset)
{
    char name[32] = "";
    uint64_t number;
    int reason = 0;
    if (sscanf(offset, "%" SCNu64 ",\"reason\":\"%31[a-z_]", &number, name) != 2)
        return REJECT_REASONS;
    while (reason < REJECT_REASONS &&
           strcmp(event_reject_name((enum reject_reason)reason), name) != 0)
        reason++;
    return (enum reject_reason)reason;
}

/* Which sources samples are taken of. */
struct wish {
    bool (*is_wanted)(const void *whom, const char *source);
    const void *whom;
};

static void take_sample(const char *line, const char *offset, const struct wish *wish,
                        struct rejects_sample *sample)
{
    cJSON *object = cJSON_Parse(line);
    const char *source = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "source"));
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "text"));
    const char *encoded =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "text_base64"));
    char decoded[MOST_DECODED];
    size_t bytes = text != NULL ? strlen(text) : 0;
    if (text == NULL && encoded != NULL) {
        bytes = base64_decode(encoded, sizeof decoded, decoded);
        text = decoded;
    }
    bool is_wanted =
        source != NULL && (wish->is_wanted == NULL || wish->is_wanted(wish->whom, source));
    if (is_wanted && text != NULL) {
        sample->is_there = true;
        sample->offset = strtoull(offset, NULL, 10);
        (void)utf8_show(source, strlen(source), sample->source, sizeof sample->source);
        sample->is_cut = utf8_show(text, bytes, sample->text, sizeof sample->text) < bytes;
    }
    cJSON_Delete(object);
}

void rejects_first(const char *path, const uint64_t counts[REJECT_REASONS],
                   bool (*is_wanted)(const void *whom, const char *source), const void *whom,
                   struct rejects_sample samples[REJECT_REASONS])
{
    const struct wish wish = {is_wanted, whom};
    memset(samples, 0, REJECT_REASONS * sizeof *samples);
    int wanted = 0;
    for (int reason = 0; reason < REJECT_REASONS; reason++)
        wanted += counts[reason] > 0 ? 1 : 0;
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    while (wanted > 0 && file != NULL && getline(&line, &capacity, file) > 0) {
        const char *offset = find_offset(line);
        enum reject_reason reason = offset != NULL ? reason_of(offset) : REJECT_REASONS;
        if (reason == REJECT_REASONS || counts[reason] == 0 || samples[reason].is_there)
            continue;
        take_sample(line, offset, &wish, &samples[reason]);
        /* What is not understood is not looked for again; what is not wanted is. */
        if (samples[reason].is_there || is_wanted == NULL)
            wanted--;
    }
    free(line);
    /* What was read of it is good, or was not understood. */
    if (file != NULL)
        (void)fclose(file);
}
