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

/* Where the first byte of ${text} that is no blank stands, a byte order mark passed over. */
static size_t skip_blanks(const unsigned char *text, size_t bytes)
{
    size_t at = holds(text, bytes, 0, "\xEF\xBB\xBF", 3) ? 3 : 0;
    while (at < bytes && memchr(" \t\r\n", text[at], 4) != NULL)
        at++;
    return at;
}

static bool is_zlib(const unsigned char *text, size_t bytes)
{
    return bytes >= 2 && text[0] == 0x78 && (text[0] * 256 + text[1]) % 31 == 0;
}

/* UTF-16, by its mark or as a text whose every other byte is NUL. */
static bool is_utf16(const unsigned char *text, size_t bytes)
{
    if (holds(text, bytes, 0, "\xFF\xFE", 2) || holds(text, bytes, 0, "\xFE\xFF", 2))
        return true;
    return bytes >= 4 && (text[0] == 0) != (text[1] == 0) && (text[0] == 0) == (text[2] == 0) &&
           (text[1] == 0) == (text[3] == 0);
}

/* Names between commas, semicolons or tabs on the first line, and no brace before them. */
static bool is_csv(const unsigned char *text, size_t bytes)
{
    const unsigned char *end = memchr(text, '\n', bytes);
    size_t line = end != NULL ? (size_t)(end - text) : bytes;
    return memchr(text, ',', line) != NULL || memchr(text, ';', line) != NULL ||
           memchr(text, '\t', line) != NULL;
}

const char *source_guess(const void *head, size_t head_bytes)
{
    static const struct magic formats[] = {
        {0, 4, "Obj\1", "Avro. Convert it to JSON lines (avro-tools tojson)"},
        {0, 4, "PAR1", "Parquet. Convert it to JSON lines, or load it into a table"},
        {0, 3, "ORC", "ORC. Convert it to JSON lines, or load it into a table"},
    };
    const unsigned char *text = head;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (holds(text, head_bytes, 0, formats[i].text, formats[i].bytes))
            return formats[i].name;
    if (is_utf16(text, head_bytes))
        return "UTF-16. Convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)";
    if (is_zlib(text, head_bytes))
        return "a zlib stream. Unpack it, or compress it with gzip";
    size_t at = skip_blanks(text, head_bytes);
    text += at;
    head_bytes -= at;
    if (holds(text, head_bytes, 0, "PK\3\4", 4) || holds(text, head_bytes, 0, "\x1F\x8B", 2))
        return "an archive with something before it. Fetch the file again";
    if (holds(text, head_bytes, 0, "[", 1))
        return "a JSON array. Make lines of it, one event each (jq -c '.[]')";
    if (holds(text, head_bytes, 0, "<", 1))
        return "HTML or XML, such as a page that tells of an error. Fetch the file again";
    if (holds(text, head_bytes, 0, "{", 1)) {
        bool names_error = memmem(text, head_bytes, "\"error", 6) != NULL;
        return names_error ? "a JSON error, in place of what was asked for. Fetch the file again"
                           : "JSON, but none of its lines is an object with a text \"event_type\" "
                             "at its top level: keys in another case, an envelope around the "
                             "events, or an object on several lines. Make lines of it, one event "
                             "each (jq -c)";
    }
    if (is_csv(text, head_bytes))
        return "CSV. Load it into a table, or convert it to JSON lines";
    return "something else than JSON lines. See whether it is the right file";
}
