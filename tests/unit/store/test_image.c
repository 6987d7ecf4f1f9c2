#include "store/image.h"

#include "course_funnel/store.h"

#include "unit/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct pair {
    int64_t key;
    uint32_t value;
    int32_t unused;
};

static const struct image_column pair_columns[] = {
    {"key", IMAGE_I64, offsetof(struct pair, key)},
    {"value", IMAGE_U32, offsetof(struct pair, value)},
    {"unused", IMAGE_I32, offsetof(struct pair, unused)},
};
static const struct image_column byte_column = {NULL, IMAGE_U8, 0};

static void set_tables(struct image_table tables[2], uint64_t pairs, uint64_t texts)
{
    tables[0] = (struct image_table){.name = "pairs",
                                     .columns = pair_columns,
                                     .column_count = 3,
                                     .record_bytes = sizeof(struct pair),
                                     .count = pairs};
    tables[1] = (struct image_table){.name = "texts",
                                     .columns = &byte_column,
                                     .column_count = 1,
                                     .record_bytes = 1,
                                     .count = texts};
}

static void there_and_back(struct image *image, uint64_t pairs, uint64_t texts)
{
    struct failure failure = {0};
    struct image_table made[2], found[2];
    set_tables(made, pairs, texts);
    CU_ASSERT_EQUAL_FATAL(image_create(image, made, 2, &failure), 0);
    for (uint64_t i = 0; i < pairs; i++) {
        struct pair pair = {.key = -(int64_t)i, .value = (uint32_t)i};
        memcpy(image->bytes + made[0].offset + i * sizeof pair, &pair, sizeof pair);
    }
    if (texts > 0)
        memset(image->bytes + made[1].offset, 'x', texts);

    set_tables(found, 77, 88);
    CU_ASSERT_EQUAL_FATAL(image_open(image->bytes, image->byte_count, found, 2, &failure), 0);
    CU_ASSERT_EQUAL(found[0].count, pairs);
    CU_ASSERT_EQUAL(found[1].count, texts);
    CU_ASSERT_EQUAL(found[0].offset, made[0].offset);
    CU_ASSERT_EQUAL(found[1].offset, made[1].offset);
    CU_ASSERT(made[0].offset % 8 == 0);
}

static void test_sizes(void)
{
    static const uint64_t sizes[][2] = {{0, 0},         {1, 0},       {0, 1}, {3, 5},
                                        {1000, 100000}, {100000, 17}, {2, 2}};
    struct image image = {0};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        there_and_back(&image, sizes[i][0], sizes[i][1]);
    image_clear(&image);
}

static void test_same_bytes(void)
{
    struct image first = {0}, second = {0};
    there_and_back(&second, 5000, 1);
    there_and_back(&first, 100, 50);
    there_and_back(&second, 100, 50);
    CU_ASSERT_EQUAL_FATAL(first.byte_count, second.byte_count);
    CU_ASSERT_EQUAL(memcmp(first.bytes, second.bytes, first.byte_count), 0);
    image_clear(&first);
    image_clear(&second);
}

static void expect_failure(const struct image *image, struct image_table *tables, size_t count,
                           int code, const char *message)
{
    struct failure failure = {0};
    CU_ASSERT_EQUAL(image_open(image->bytes, image->byte_count, tables, count, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, code);
    if (strcmp(failure.message, message) != 0)
        fprintf(stderr, "said: %s\ndue:  %s\n", failure.message, message);
    CU_ASSERT_STRING_EQUAL(failure.message, message);
}

static void expect_refusal(const struct image *image, struct image_table *tables, size_t count,
                           const char *message)
{
    expect_failure(image, tables, count, STORE_DAMAGED, message);
}

static void test_other_tables(void)
{
    struct image image = {0};
    struct image_table tables[3];
    there_and_back(&image, 10, 20);

    set_tables(tables, 0, 0);
    expect_refusal(&image, tables, 1, "it holds other tables than it should");
    set_tables(tables, 0, 0);
    tables[0].name = "pears";
    expect_refusal(&image, tables, 2, "its table \"pears\" is not there");
    set_tables(tables, 0, 0);
    tables[0].column_count = 2;
    expect_refusal(&image, tables, 2, "its table \"pairs\" has other columns");
    set_tables(tables, 0, 0);
    struct image_column columns[3];
    memcpy(columns, pair_columns, sizeof columns);
    columns[1].name = "amount";
    tables[0].columns = columns;
    expect_refusal(&image, tables, 2, "its table \"pairs\" has other columns");
    memcpy(columns, pair_columns, sizeof columns);
    columns[1].kind = IMAGE_I32;
    expect_refusal(&image, tables, 2, "its table \"pairs\" has other columns");
    set_tables(tables, 0, 0);
    struct image_column words = {NULL, IMAGE_U16, 0};
    tables[1].columns = &words;
    tables[1].record_bytes = 2;
    expect_refusal(&image, tables, 2, "its table \"texts\" has other columns");
    image_clear(&image);
}

static void test_no_file(void)
{
    static const char message[] = "it is right by its digest and HDF5 cannot open it: there is no "
                                  "memory left for it, or it was made by hand";
    struct image image = {0};
    struct image_table tables[2];
    there_and_back(&image, 10, 20);
    image.bytes[0] ^= 1;
    set_tables(tables, 0, 0);
    expect_failure(&image, tables, 2, EXIT_BUG, message);
    image.bytes[0] ^= 1;
    image.byte_count = 100;
    expect_failure(&image, tables, 2, EXIT_BUG, message);
    image_clear(&image);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"tables of any size come back", test_sizes},
        {"the same records give the same bytes", test_same_bytes},
        {"other tables are refused", test_other_tables},
        {"what is no HDF5 file is refused", test_no_file},
    };
    return unit_main("image", tests, sizeof tests / sizeof tests[0]);
}
