#include "store_internal.h"

#include "course_funnel/fault.h"
#include "seal.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_BYTES 4096

/* A network file system may show the others an old state of the folder for some time. */
#define JOIN_TRIES 100U
#define JOIN_PAUSE_NS 100000000L

static bool get_number(const cJSON *root, const char *name, uint32_t *number)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(root, name);
    if (!cJSON_IsNumber(found) || !(found->valuedouble >= 1 && found->valuedouble < UINT32_MAX))
        return false;
    *number = (uint32_t)found->valuedouble;
    return true;
}

static bool parse(const char *text, size_t byte_count, struct store_attempt *attempt)
{
    if (!seal_is_right(text, byte_count))
        return false;
    cJSON *root = cJSON_ParseWithLengthOpts(text, byte_count + 1, NULL, 1);
    const char *history_id =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "history_id"));
    bool whole = history_id != NULL && strlen(history_id) == sizeof attempt->history_id - 1 &&
                 get_number(root, "attempt", &attempt->number) &&
                 get_number(root, "first_attempt", &attempt->first_number);
    if (whole)
        memcpy(attempt->history_id, history_id, sizeof attempt->history_id);
    cJSON_Delete(root);
    return whole;
}

int store_read_attempt(const struct store *store, struct store_attempt *attempt,
                       struct failure *failure)
{
    struct durable_bytes text = {0};
    struct failure trouble = {0};
    int result = 0;
    if (durable_read(&store->folder, STORE_ATTEMPT_NAME, MOST_BYTES, &text, &trouble) == 0)
        result = parse((char *)text.bytes, text.byte_count, attempt);
    else if (trouble.code != STORE_DAMAGED)
        result = failure_set(failure, trouble.code, "%s", trouble.message);
    durable_bytes_free(&text);
    return result;
}

int store_write_attempt(const struct store *store, const struct store_attempt *attempt,
                        struct failure *failure)
{
    cJSON *root = cJSON_CreateObject();
    char *text = NULL, *grown = NULL;
    if (root != NULL && cJSON_AddNumberToObject(root, "attempt", attempt->number) != NULL &&
        cJSON_AddNumberToObject(root, "first_attempt", attempt->first_number) != NULL &&
        cJSON_AddStringToObject(root, "history_id", attempt->history_id) != NULL)
        text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    size_t bytes = text != NULL ? strlen(text) : 0;
    grown = text != NULL ? realloc(text, bytes + SEAL_BYTES) : NULL;
    if (grown == NULL) {
        free(text);
        return failure_memory(failure, "the attempt", bytes);
    }
    bytes = seal_write(grown, bytes);
    int result = durable_write(&store->folder, STORE_ATTEMPT_NAME, grown, bytes, failure);
    if (result == 0)
        result = durable_sync(&store->folder, failure);
    free(grown);
    return result;
}

static bool is_same(const struct store_attempt *a, const struct store_attempt *b)
{
    return a->number == b->number && strcmp(a->history_id, b->history_id) == 0;
}

int store_check_attempt(const struct store *store, bool *overtaken, struct failure *failure)
{
    struct store_attempt found = {0};
    int read = store_read_attempt(store, &found, failure);
    *overtaken = read == 1 && !is_same(&found, &store->attempt);
    if (read < 0 || (read == 1 && !*overtaken))
        return read < 0 ? -1 : 0;
    if (*overtaken)
        return failure_set(failure, EXIT_CHECKPOINT,
                           "%s: attempt %u of this run has begun, so attempt %u, which this job "
                           "is, keeps and publishes nothing more.",
                           store->folder.path, found.number, store->attempt.number);
    return failure_set(failure, EXIT_CHECKPOINT,
                       "%s/" STORE_ATTEMPT_NAME
                       ": cannot be read, or was changed by somebody else.",
                       store->folder.path);
}

int store_join(const char *path, const struct store_attempt *attempt, struct store *store,
               struct failure *failure)
{
    *store = (struct store){.lock = -1};
    uint64_t most_tries = FAULT_NUMBER("store.join_tries", JOIN_TRIES);
    for (uint64_t tries = 0; tries < most_tries; tries++) {
        struct failure trouble = {0};
        struct store_attempt found = {0};
        if (durable_open(path, STORE_CODES, &store->folder, &trouble) == 0) {
            int read = store_read_attempt(store, &found, &trouble);
            if (read == 1 && is_same(&found, attempt)) {
                store->attempt = *attempt;
                return 0;
            }
            durable_close(&store->folder);
        }
        if (trouble.code == EXIT_BUG)
            return failure_set(failure, trouble.code, "%s", trouble.message);
        (void)nanosleep(&(struct timespec){.tv_nsec = JOIN_PAUSE_NS}, NULL);
    }
    return failure_set(
        failure, EXIT_CHECKPOINT,
        "%s: is not the folder that rank 0 sees under this name. Name a --checkpoint "
        "folder that all hosts share.",
        path);
}
