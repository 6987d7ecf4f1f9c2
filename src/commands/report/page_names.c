#include "page_names.h"

#include "course_funnel/array.h"
#include "course_funnel/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum column { COURSE, LESSON, TITLE, MODULE, POSITION, COLUMNS };
static const char *const column_names[COLUMNS] = {"course_id", "lesson_id", "title", "module",
                                                  "position"};
/* More columns than that are hardly a file of names. */
#define MOST_FIELDS 64
#define MOST_BYTES (64 << 20)

/* Where the parser is. */
struct reader {
    const char *at, *end;
    const char *path;
    size_t line;       /* from 1 */
    size_t open_quote; /* the line of a quote that the file ends in, or 0 */
};

static void free_row(struct page_name *row)
{
    free(row->title);
    free(row->module);
}

void page_names_free(struct page_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free_row(&names->rows[i]);
    free(names->rows);
    *names = (struct page_names){.rows = NULL};
}

/* A field of CSV into ${field}, which has room for all that is left. Returns whether more fields
 * follow in the row. */
static bool read_field(struct reader *reader, char *field)
{
    bool is_quoted = reader->at < reader->end && *reader->at == '"';
    size_t begin = reader->line;
    if (is_quoted)
        reader->at++;
    while (reader->at < reader->end) {
        char byte = *reader->at++;
        if (is_quoted && byte == '"') {
            if (reader->at < reader->end && *reader->at == '"')
                *field++ = *reader->at++;
            else
                is_quoted = false;
            continue;
        }
        if (!is_quoted && (byte == ',' || byte == '\n')) {
            *field = '\0';
            reader->line += byte == '\n';
            return byte == ',';
        }
        reader->line += byte == '\n';
        if (byte != '\0' && (is_quoted || byte != '\r'))
            *field++ = byte;
    }
    if (is_quoted)
        reader->open_quote = begin;
    *field = '\0';
    return false;
}

/* The fields of the next row, their texts one behind the other in ${buffer}. Returns how many. */
static size_t read_row(struct reader *reader, char *buffer, const char *fields[MOST_FIELDS])
{
    size_t count = 0;
    bool more = true;
    while (more) {
        more = read_field(reader, buffer);
        if (count < MOST_FIELDS)
            fields[count++] = buffer;
        buffer += strlen(buffer) + 1;
    }
    return count;
}

static bool read_number(const char *text, int64_t least, int64_t most, int64_t *number)
{
    char *end = NULL;
    errno = 0;
    long long found = strtoll(text, &end, 10);
    *number = found;
    return end != text && *end == '\0' && errno == 0 && found >= least && found <= most;
}

static int wrong(const struct reader *reader, size_t line, const char *what, const char *text,
                 struct failure *failure)
{
    char shown[44];
    (void)utf8_show(text, strlen(text), shown, sizeof shown);
    return failure_set(failure, EXIT_USAGE, "--names %s: line %zu: %s, not \"%s\".", reader->path,
                       line, what, shown);
}

static int add_row(const struct reader *reader, size_t line, const char *const texts[COLUMNS],
                   struct page_names *names, struct failure *failure)
{
    struct page_name row = {.is_course = texts[LESSON][0] == '\0'};
    int64_t number = 0;
    if (!read_number(texts[COURSE], INT32_MIN, INT32_MAX, &number))
        return wrong(reader, line, "course_id is a whole number", texts[COURSE], failure);
    row.course_id = (int32_t)number;
    if (!row.is_course && !read_number(texts[LESSON], INT32_MIN, INT32_MAX, &number))
        return wrong(reader, line, "lesson_id is a whole number, or empty", texts[LESSON], failure);
    row.lesson_id = row.is_course ? 0 : (int32_t)number;
    row.has_position = texts[POSITION][0] != '\0';
    if (row.has_position && !read_number(texts[POSITION], INT32_MIN, INT32_MAX, &row.position))
        return wrong(reader, line, "position is a whole number, or empty", texts[POSITION],
                     failure);
    if (array_extend(&names->rows, names->count, sizeof row, "the names", failure) != 0)
        return -1;
    row.title = strdup(texts[TITLE]);
    row.module = strdup(texts[MODULE]);
    if (row.title == NULL || row.module == NULL) {
        free_row(&row);
        return failure_memory(failure, "the names", strlen(texts[TITLE]));
    }
    names->rows[names->count++] = row;
    return 0;
}

static int compare_rows(const void *left, const void *right)
{
    const struct page_name *a = left, *b = right;
    if (a->course_id != b->course_id)
        return a->course_id < b->course_id ? -1 : 1;
    if (a->is_course != b->is_course)
        return a->is_course ? -1 : 1;
    return (a->lesson_id > b->lesson_id) - (a->lesson_id < b->lesson_id);
}

/* Each thing has one name. */
static int sort_rows(struct page_names *names, const char *path, struct failure *failure)
{
    if (names->count > 0)
        qsort(names->rows, names->count, sizeof *names->rows, compare_rows);
    for (size_t i = 1; i < names->count; i++) {
        const struct page_name *row = &names->rows[i];
        if (compare_rows(row - 1, row) != 0)
            continue;
        if (row->is_course)
            return failure_set(failure, EXIT_USAGE, "--names %s: course %d is named twice.", path,
                               (int)row->course_id);
        return failure_set(failure, EXIT_USAGE,
                           "--names %s: lesson %d of course %d is named twice.", path,
                           (int)row->lesson_id, (int)row->course_id);
    }
    return 0;
}

/* Where each column stands; title, module and position may be missing. */
static int find_columns(const struct reader *reader, const char *const fields[MOST_FIELDS],
                        size_t count, size_t places[COLUMNS], struct failure *failure)
{
    for (enum column column = 0; column < COLUMNS; column++) {
        places[column] = MOST_FIELDS;
        for (size_t i = 0; i < count; i++)
            if (strcmp(fields[i], column_names[column]) == 0)
                places[column] = i;
        if (column <= TITLE && places[column] == MOST_FIELDS)
            return failure_set(failure, EXIT_USAGE,
                               "--names %s: its first line has no column %s. It takes CSV with "
                               "course_id,lesson_id,title,module,position.",
                               reader->path, column_names[column]);
    }
    return 0;
}

/* The text is UTF-8; otherwise letters would be lost, as spreadsheets still write other codes. */
static int check_text(const struct reader *reader, struct failure *failure)
{
    size_t line = 1;
    for (const char *at = reader->at; at < reader->end;) {
        size_t bytes = utf8_character_bytes(at, (size_t)(reader->end - at));
        if (bytes == 0)
            return failure_set(failure, EXIT_USAGE,
                               "--names %s: line %zu is not UTF-8. Save it as CSV in UTF-8.",
                               reader->path, line);
        line += *at == '\n';
        at += bytes;
    }
    return 0;
}

int page_names_parse(const char *text, size_t bytes, const char *path, struct page_names *names,
                     struct failure *failure)
{
    static const char mark[] = "\xef\xbb\xbf"; /* a byte order mark, of spreadsheets */
    struct reader reader = {text, text + bytes, path, 1, 0};
    const char *fields[MOST_FIELDS];
    size_t places[COLUMNS];
    *names = (struct page_names){.rows = NULL};
    if (bytes >= 3 && memcmp(text, mark, 3) == 0)
        reader.at += 3;
    if (check_text(&reader, failure) != 0)
        return -1;
    /* Texts are never longer than what they were read from, but for a NUL each. */
    char *buffer = malloc(2 * bytes + 2);
    if (buffer == NULL)
        return failure_memory(failure, "the names", bytes);
    int status = find_columns(&reader, fields, read_row(&reader, buffer, fields), places, failure);
    while (status == 0 && reader.at < reader.end) {
        const char *texts[COLUMNS];
        size_t line = reader.line, count = read_row(&reader, buffer, fields);
        if (count == 1 && fields[0][0] == '\0')
            continue;
        for (enum column column = 0; column < COLUMNS; column++)
            texts[column] = places[column] < count ? fields[places[column]] : "";
        status = add_row(&reader, line, texts, names, failure);
    }
    free(buffer);
    if (status == 0 && reader.open_quote > 0)
        status = failure_set(failure, EXIT_USAGE,
                             "--names %s: a quote that begins in line %zu is never closed.", path,
                             reader.open_quote);
    if (status == 0)
        status = sort_rows(names, path, failure);
    if (status != 0)
        page_names_free(names);
    return status;
}

int page_names_read(const char *path, struct page_names *names, struct failure *failure)
{
    FILE *in = fopen(path, "re");
    char *text = malloc(MOST_BYTES);
    int status = -1;
    *names = (struct page_names){.rows = NULL};
    if (text == NULL)
        failure_memory(failure, "the names", MOST_BYTES);
    else if (in == NULL)
        failure_set(failure, EXIT_USAGE, "--names %s: cannot be read: %s.", path, strerror(errno));
    else {
        size_t bytes = fread(text, 1, MOST_BYTES, in);
        if (ferror(in) != 0 || bytes == MOST_BYTES)
            failure_set(failure, EXIT_USAGE, "--names %s: cannot be read: %s.", path,
                        ferror(in) != 0 ? strerror(errno) : "it has 64 MiB or more");
        else
            status = page_names_parse(text, bytes, path, names, failure);
    }
    free(text);
    if (in != NULL)
        (void)fclose(in); /* It was only read. */
    return status;
}

static const struct page_name *find(const struct page_names *names, struct page_name key)
{
    if (names->count == 0)
        return NULL;
    return bsearch(&key, names->rows, names->count, sizeof key, compare_rows);
}

const struct page_name *page_names_course(const struct page_names *names, int32_t course_id)
{
    return find(names, (struct page_name){.course_id = course_id, .is_course = true});
}

const struct page_name *page_names_lesson(const struct page_names *names, int32_t course_id,
                                          int32_t lesson_id)
{
    return find(names, (struct page_name){.course_id = course_id, .lesson_id = lesson_id});
}

int page_names_order(const struct page_name *left, int32_t left_id, const struct page_name *right,
                     int32_t right_id)
{
    bool left_has = left != NULL && left->has_position;
    bool right_has = right != NULL && right->has_position;
    if (left_has != right_has)
        return left_has ? -1 : 1;
    if (left_has && left->position != right->position)
        return left->position < right->position ? -1 : 1;
    return (left_id > right_id) - (left_id < right_id);
}
