#include "store_internal.h"

#include "seal.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MOST_BYTES 4096

static size_t parse(const char *file, const char *text, size_t byte_count,
                    struct store_generation *generations, size_t most)
{
    if (!seal_is_right(text, byte_count))
        return 0;
    size_t count = 0;
    const cJSON *element;
    cJSON *root = cJSON_ParseWithLengthOpts(text, byte_count + 1, NULL, 1);
    cJSON_ArrayForEach(element, cJSON_GetObjectItemCaseSensitive(root, file))
    {
        const char *name = cJSON_GetStringValue(element);
        if (name != NULL && count < most && store_parse_name(name, &generations[count]))
            count++;
    }
    cJSON_Delete(root);
    return count;
}

int store_read_names(const struct store *store, const char *file,
                     struct store_generation *generations, size_t most, size_t *count,
                     struct failure *failure)
{
    struct durable_bytes text = {0};
    struct failure trouble = {0};
    *count = 0;
    if (durable_read(&store->folder, file, MOST_BYTES, &text, &trouble) == 0)
        *count = parse(file, (char *)text.bytes, text.byte_count, generations, most);
    durable_bytes_free(&text);
    if (trouble.code == 0 || trouble.code == STORE_DAMAGED)
        return 0;
    return failure_set(failure, trouble.code, "%s", trouble.message);
}

int store_write_names(const struct store *store, const char *file,
                      const struct store_generation *generations, size_t count, bool *overtaken,
                      struct failure *failure)
{
    if (store_check_attempt(store, overtaken, failure) != 0)
        return -1;
    char text[64 + STORE_KEPT * (STORE_NAME_BYTES + 3) + SEAL_BYTES + 1];
    size_t bytes = (size_t)snprintf(text, sizeof text, "{\"%s\":[", file);
    for (size_t i = 0; i < count && i < STORE_KEPT; i++) {
        char name[STORE_NAME_BYTES];
        store_name(generations[i], name);
        bytes +=
            (size_t)snprintf(text + bytes, sizeof text - bytes, "%s\"%s\"", i > 0 ? "," : "", name);
    }
    bytes += (size_t)snprintf(text + bytes, sizeof text - bytes, "]}");
    bytes = seal_write(text, bytes);
    if (durable_write(&store->folder, file, text, bytes, failure) != 0)
        return -1;
    return durable_sync(&store->folder, failure);
}

int store_unlink(const struct store *store, const char *file, struct failure *failure)
{
    if (unlinkat(store->folder.fd, file, 0) == 0 || errno == ENOENT)
        return 0;
    return failure_set(failure, EXIT_CHECKPOINT, "%s/%s: cannot be removed: %s.",
                       store->folder.path, file, strerror(errno));
}

int store_keep(const struct store *store, const struct store_generation *kept, size_t count,
               bool *overtaken, struct failure *failure)
{
    return store_write_names(store, STORE_KEPT_NAME, kept, count, overtaken, failure);
}
