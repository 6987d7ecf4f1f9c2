#include "table/table_rows.h"

#include "support/random.h"
#include "unit/unit.h"

#include <string.h>

#define SIGNATURE "PGCOPY\n\377\r\n\0"

/* A stream that is put together by hand. */
struct stream {
    char bytes[1 << 16];
    size_t used;
};

static void put(struct stream *stream, const void *bytes, size_t count)
{
    memcpy(stream->bytes + stream->used, bytes, count);
    stream->used += count;
}

static void put_number(struct stream *stream, uint32_t number, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0;) {
        char byte = (char)(number >> (8 * i) & 255);
        put(stream, &byte, 1);
    }
}

static void begin(struct stream *stream, uint32_t flags, uint32_t extension)
{
    stream->used = 0;
    put(stream, SIGNATURE, 11);
    put_number(stream, flags, 4);
    put_number(stream, extension, 4);
    for (uint32_t i = 0; i < extension; i++)
        put(stream, "x", 1);
}

static void put_field(struct stream *stream, const char *text)
{
    if (text == NULL) {
        put_number(stream, UINT32_MAX, 4);
        return;
    }
    put_number(stream, (uint32_t)strlen(text), 4);
    put(stream, text, strlen(text));
}

static bool value_is(const struct table_value *value, const char *text)
{
    if (text == NULL || value->text == NULL)
        return text == value->text;
    return value->bytes == strlen(text) && memcmp(value->text, text, value->bytes) == 0;
}

/* Rows come out the same however the stream was cut. */
static void test_pieces_end_anywhere(void)
{
    static struct stream stream;
    static const char *const texts[3][2] = {{"one", NULL}, {"", "two"}, {NULL, NULL}};
    begin(&stream, 0, 5);
    for (int i = 0; i < 3; i++) {
        put_number(&stream, 2, 2);
        put_field(&stream, texts[i][0]);
        put_field(&stream, texts[i][1]);
    }
    put_number(&stream, 0xffff, 2);

    for (size_t piece = 1; piece <= stream.used; piece++) {
        struct failure failure = {0};
        struct table_rows rows = {.max_row_bytes = 100};
        table_rows_restart(&rows, 2);
        int row = 0;
        for (size_t at = 0; at < stream.used; at += piece) {
            size_t bytes = stream.used - at < piece ? stream.used - at : piece;
            CU_ASSERT_FATAL(table_rows_add(&rows, stream.bytes + at, bytes, &failure) == 0);
            struct table_value values[TABLE_ROWS_MAX_FIELDS];
            while (table_rows_next(&rows, values, &failure) == 1) {
                CU_ASSERT_FATAL(row < 3);
                CU_ASSERT(value_is(&values[0], texts[row][0]));
                CU_ASSERT(value_is(&values[1], texts[row][1]));
                row++;
            }
        }
        CU_ASSERT_EQUAL(failure.code, 0);
        CU_ASSERT_EQUAL(row, 3);
        CU_ASSERT_EQUAL(rows.count, 3);
        CU_ASSERT_TRUE(rows.ended);
        table_rows_clear(&rows);
    }
}

/* What the stream as it is answers to the last of its rows. */
static int last_answer(const struct stream *stream, uint64_t max_row_bytes, int *code)
{
    struct failure failure = {0};
    struct table_rows rows = {.max_row_bytes = max_row_bytes};
    struct table_value values[TABLE_ROWS_MAX_FIELDS];
    int answer = 1;
    table_rows_restart(&rows, 1);
    CU_ASSERT_FATAL(table_rows_add(&rows, stream->bytes, stream->used, &failure) == 0);
    while (answer == 1)
        answer = table_rows_next(&rows, values, &failure);
    *code = failure.code;
    table_rows_clear(&rows);
    return answer;
}

static void expect(const struct stream *stream, uint64_t max_row_bytes, int wanted)
{
    int code = 0;
    CU_ASSERT_EQUAL(last_answer(stream, max_row_bytes, &code), wanted);
    CU_ASSERT_EQUAL(code, wanted == -1 ? EXIT_SOURCE : 0);
}

static void test_what_is_no_copy_is_refused(void)
{
    static struct stream stream;
    begin(&stream, 0, 0);
    expect(&stream, 100, 0);
    stream.bytes[3] ^= 1;
    expect(&stream, 100, -1);

    begin(&stream, UINT32_C(1) << 16, 0);
    expect(&stream, 100, -1);
    begin(&stream, 1, 0);
    expect(&stream, 100, 0);

    begin(&stream, 0, 0);
    put_number(&stream, 2, 2);
    expect(&stream, 100, -1);

    begin(&stream, 0, 0);
    put_number(&stream, 1, 2);
    put_number(&stream, UINT32_C(0xfffffffe), 4);
    expect(&stream, UINT64_MAX, -1);

    begin(&stream, 0, 0);
    put_number(&stream, 0xffff, 2);
    expect(&stream, 100, 0);
    put(&stream, "x", 1);
    expect(&stream, 100, -1);
}

/* A row at the limit is read, a longer one refused before it is there, with what came before. */
static void test_long_rows_are_refused(void)
{
    static struct stream stream;
    begin(&stream, 0, 0);
    put_number(&stream, 1, 2);
    put_field(&stream, "12345");
    expect(&stream, 5, 0);
    expect(&stream, 4, -2);
    begin(&stream, 0, 0);
    put_number(&stream, 1, 2);
    put_number(&stream, 1000000, 4);
    expect(&stream, 1000000, 0);
    expect(&stream, 999999, -2);

    struct failure failure = {0};
    struct table_rows rows = {.max_row_bytes = 10};
    struct table_value values[TABLE_ROWS_MAX_FIELDS];
    memset(values, 1, sizeof values);
    begin(&stream, 0, 0);
    put_number(&stream, 3, 2);
    put_field(&stream, "six   ");
    put_field(&stream, "five ");
    put_field(&stream, "more");
    table_rows_restart(&rows, 3);
    CU_ASSERT_FATAL(table_rows_add(&rows, stream.bytes, stream.used, &failure) == 0);
    CU_ASSERT_EQUAL(table_rows_next(&rows, values, &failure), -2);
    CU_ASSERT(value_is(&values[0], "six   "));
    CU_ASSERT(value_is(&values[1], NULL));
    CU_ASSERT(value_is(&values[2], NULL));
    table_rows_clear(&rows);
}

static void test_any_bytes_do_no_harm(void)
{
    static struct stream stream;
    uint64_t seed = random_seed();
    for (int i = 0; i < 20000; i++) {
        begin(&stream, 0, 0);
        size_t count = random_next(&seed) % 60;
        for (size_t j = 0; j < count; j++) {
            char byte = (char)(random_next(&seed) % 4 == 0 ? random_next(&seed) : 0);
            put(&stream, &byte, 1);
        }
        int code = 0;
        int answer = last_answer(&stream, 1000, &code);
        CU_ASSERT(answer == -1 ? code == EXIT_SOURCE : (answer == 0 || answer == -2) && code == 0);
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"pieces end anywhere", test_pieces_end_anywhere},
        {"what is no COPY is refused", test_what_is_no_copy_is_refused},
        {"long rows are refused", test_long_rows_are_refused},
        {"any bytes do no harm", test_any_bytes_do_no_harm},
    };
    return unit_main("table_rows", tests, sizeof tests / sizeof tests[0]);
}
