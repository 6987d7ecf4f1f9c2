#include "source_internal.h"

#include <string.h>

struct magic {
    size_t at;
    size_t bytes;
    const char *text;
    const char *name;
};

static const struct magic unsupported_magics[] = {
    {0, 4, "\x28\xB5\x2F\xFD", "zstd"},
    {0, 3, "BZh", "bzip2"},
    {0, 6,
     "\xFD"
     "7zXZ\0",
     "xz"},
    {0, 4, "\x04\x22\x4D\x18", "lz4"},
    {0, 6, "7z\xBC\xAF\x27\x1C", "7-Zip"},
    {0, 2, "\x1F\x9D", "compress (.Z)"},
    {257, 5, "ustar", "tar"},
};

static bool holds(const unsigned char *head, size_t head_bytes, size_t at, const char *text,
                  size_t bytes)
{
    return head_bytes >= at + bytes && memcmp(head + at, text, bytes) == 0;
}

/* Whether a whole file of a few bytes is what a cut leaves of one that begins with ${magic}. */
static bool is_stump(const unsigned char *head, uint64_t total, const char *magic, size_t bytes)
{
    return total > 0 && total < bytes && memcmp(head, magic, (size_t)total) == 0;
}

enum source_format source_magic_format(const unsigned char *head, size_t head_bytes, uint64_t total,
                                       const char **unsupported)
{
    *unsupported = NULL;
    for (size_t i = 0; i < sizeof unsupported_magics / sizeof unsupported_magics[0]; i++) {
        const struct magic *magic = &unsupported_magics[i];
        if (holds(head, head_bytes, magic->at, magic->text, magic->bytes)) {
            *unsupported = magic->name;
            return SOURCE_PLAIN;
        }
    }
    if (holds(head, head_bytes, 0, "\x1F\x8B", 2) || is_stump(head, total, "\x1F\x8B", 2))
        return SOURCE_GZIP;
    if (holds(head, head_bytes, 0, "PK\3\4", 4) || holds(head, head_bytes, 0, "PK\5\6", 4) ||
        holds(head, head_bytes, 0, "PK\7\x8", 4) || is_stump(head, total, "PK\3\4", 4))
        return SOURCE_ZIP;
    return SOURCE_PLAIN;
}

const char *source_magic_doubt(const unsigned char *head, size_t head_bytes)
{
    size_t at = holds(head, head_bytes, 0, "\xEF\xBB\xBF", 3) ? 3 : 0;
    while (at < head_bytes && memchr(" \t\r\n", head[at], 4) != NULL)
        at++;
    if (at == head_bytes || head[at] == '{')
        return NULL;
    if (head[at] == '[')
        return "begins as a JSON array, where one event a line is expected: `jq -c '.[]'` makes "
               "lines of it; read all the same";
    return "does not look like JSON lines; read all the same";
}
