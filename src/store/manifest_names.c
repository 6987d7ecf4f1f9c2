#include "course_funnel/manifest.h"

#include "seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void manifest_file_name(const struct manifest_file *file, char name[MANIFEST_NAME_BYTES])
{
    snprintf(name, MANIFEST_NAME_BYTES, "groups-%04" PRIu32 "-%04" PRIu32 ".h5", file->first_group,
             file->last_group);
}

void manifest_identity(const struct manifest *manifest, const char *name,
                       char identity[MANIFEST_IDENTITY_BYTES])
{
    snprintf(identity, MANIFEST_IDENTITY_BYTES, "%s/%" PRIu32 "/%" PRIu32 "/%s", manifest->run_id,
             manifest->attempt, manifest->generation, name);
}

void manifest_digest(const char *text, size_t byte_count, char digest[DIGEST_BYTES])
{
    memcpy(digest, text + byte_count - sizeof SEAL_END + 1 - (DIGEST_BYTES - 1), DIGEST_BYTES - 1);
    digest[DIGEST_BYTES - 1] = '\0';
}

bool manifest_has(const struct manifest_other *other)
{
    return other->attempt > 0;
}

bool manifest_is_file_name(const char *name)
{
    static const char *const names[] = {MANIFEST_NAME, MANIFEST_STRETCHES_NAME, MANIFEST_SUMS_NAME};
    struct manifest_file file = {0};
    char again[MANIFEST_NAME_BYTES];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    if (sscanf(name, "groups-%" SCNu32 "-%" SCNu32, &file.first_group, &file.last_group) != 2)
        return false;
    manifest_file_name(&file, again);
    return strcmp(name, again) == 0;
}
