#include "course_funnel/table_columns.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#define COLUMN(column_name, column_type, column_category)                                          \
    {                                                                                              \
        .name = column_name, .type = column_type, .category = column_category, .readable = true    \
    }
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const none[TABLE_COLUMNS];

static const struct table_column_fact plain[] = {
    COLUMN("event_type", "text", 'S'),
    COLUMN("user_id", "int8", 'N'),
    COLUMN("event_time", "timestamptz", 'D'),
    COLUMN("event_properties", "json", 'U'),
};

static void test_usual_names(void)
{
    static const struct table_column_fact facts[] = {
        COLUMN("INSERT_ID", "varchar", 'S'), COLUMN("USER_ID", "text", 'S'),
        COLUMN("user_id", "uuid", 'U'),      COLUMN("Event_Time", "timestamp", 'D'),
        COLUMN("EVENT_TYPE", "kind", 'E'),   COLUMN("event_properties", "jsonb", 'U'),
        COLUMN("$insert_id", "text", 'S'),   COLUMN("_insert_id", "text", 'S'),
        COLUMN("UUID", "uuid", 'U'),
    };
    struct failure failure = {0};
    struct table_shape shape;
    CU_ASSERT_FATAL(table_columns_choose("s.t", facts, COUNT(facts), none, &shape, &failure) == 0);
    CU_ASSERT_STRING_EQUAL(shape.select,
                           "\"EVENT_TYPE\"::text, \"user_id\"::text, \"Event_Time\", "
                           "\"event_properties\", \"UUID\"::text, \"$insert_id\"::text");
    CU_ASSERT(shape.is_binary_time && shape.is_binary_json);
    CU_ASSERT(strstr(shape.filter, "\"EVENT_TYPE\"::text COLLATE \"C\" IN (") == shape.filter);
    CU_ASSERT(shape.has_id && !shape.is_record);
}

static void test_ids_may_be_absent(void)
{
    struct failure failure = {0};
    struct table_shape shape;
    CU_ASSERT_FATAL(table_columns_choose("s.t", plain, COUNT(plain), none, &shape, &failure) == 0);
    CU_ASSERT_FALSE(shape.has_id);
    CU_ASSERT(strstr(shape.select, "NULL::text, NULL::text") != NULL);
    CU_ASSERT(shape.is_binary_time && !shape.is_binary_json);
}

/* A column that marks rows as deleted is one more field, the last. */
static void test_deleted(void)
{
    static const char *const names[] = {"_fivetran_deleted", "_SDC_DELETED_AT", "__deleted",
                                        "_ab_cdc_deleted_at"};
    struct failure failure = {0};
    struct table_shape shape, before;
    struct table_column_fact facts[COUNT(plain) + 1];
    char due[200];
    memcpy(facts, plain, sizeof plain);
    CU_ASSERT_FATAL(table_columns_choose("s.t", plain, COUNT(plain), none, &before, &failure) == 0);
    CU_ASSERT_STRING_EQUAL(before.deleted, "");
    for (size_t i = 0; i < COUNT(names); i++) {
        facts[COUNT(plain)] = (struct table_column_fact)COLUMN(names[i], "bool", 'B');
        CU_ASSERT_FATAL(table_columns_choose("s.t", facts, COUNT(facts), none, &shape, &failure) ==
                        0);
        CU_ASSERT_STRING_EQUAL(shape.deleted, names[i]);
        snprintf(due, sizeof due, ", CASE WHEN lower(\"%s\"::text) NOT IN (", names[i]);
        CU_ASSERT(strstr(shape.select, due) == shape.select + strlen(before.select));
        CU_ASSERT_STRING_EQUAL(shape.filter, before.filter);
        /* What may not be read is no reason to fail. */
        facts[COUNT(plain)].readable = false;
        CU_ASSERT_FATAL(table_columns_choose("s.t", facts, COUNT(facts), none, &shape, &failure) ==
                        0);
        CU_ASSERT_STRING_EQUAL(shape.select, before.select);
    }
}

static void test_overrides(void)
{
    static const struct table_column_fact facts[] = {
        COLUMN("event_type", "text", 'S'),
        COLUMN("user_id", "bool", 'B'),
        COLUMN("a\"b", "text", 'S'),
        COLUMN("event_time", "text", 'S'),
        COLUMN("event_properties", "text", 'S'),
        COLUMN("uuid", "text", 'S'),
    };
    struct failure failure = {0};
    struct table_shape shape;
    const char *overrides[TABLE_COLUMNS] = {NULL};
    CU_ASSERT(table_columns_override("user_id=a\"b", overrides, &failure) == 0);
    CU_ASSERT(table_columns_override("uuid=", overrides, &failure) == 0);
    CU_ASSERT_FATAL(table_columns_choose("s.t", facts, COUNT(facts), overrides, &shape, &failure) ==
                    0);
    CU_ASSERT(strstr(shape.select, ", \"a\"\"b\"::text, ") != NULL);
    CU_ASSERT(strstr(shape.select, "\"uuid\"") == NULL);
    CU_ASSERT(!shape.is_binary_time && !shape.is_binary_json);
    CU_ASSERT_FALSE(shape.has_id);
}

static void test_records(void)
{
    static const struct table_column_fact facts[] = {
        COLUMN("_airbyte_raw_id", "varchar", 'S'),
        COLUMN("_airbyte_data", "jsonb", 'U'),
    };
    static const struct table_column_fact text[] = {COLUMN("_airbyte_data", "json", 'U')};
    struct failure failure = {0};
    struct table_shape shape;
    CU_ASSERT_FATAL(table_columns_choose("s.t", facts, COUNT(facts), none, &shape, &failure) == 0);
    CU_ASSERT(shape.is_record && shape.has_id);
    CU_ASSERT_STRING_EQUAL(shape.select, "\"_airbyte_data\"");
    CU_ASSERT(shape.is_binary_json);
    CU_ASSERT(strstr(shape.filter, "->> 'event_type'") != NULL);
    /* In json ->> can fail at what stands elsewhere in the text. */
    CU_ASSERT_FATAL(table_columns_choose("s.t", text, COUNT(text), none, &shape, &failure) == 0);
    CU_ASSERT(strstr(shape.filter, "->>") == NULL);
    CU_ASSERT_STRING_EQUAL(shape.select, "\"_airbyte_data\"::text");
    CU_ASSERT_FALSE(shape.is_binary_json);
}

static void expect_refused(const struct table_column_fact *facts, size_t count,
                           const char *override, int code, const char *message)
{
    struct failure failure = {0};
    struct table_shape shape;
    const char *overrides[TABLE_COLUMNS] = {NULL};
    int status = 0;
    if (override != NULL)
        status = table_columns_override(override, overrides, &failure);
    if (status == 0)
        status = table_columns_choose("s.t", facts, count, overrides, &shape, &failure);
    CU_ASSERT_EQUAL(status, -1);
    CU_ASSERT_EQUAL(failure.code, code);
    if (strstr(failure.message, message) == NULL)
        printf("\n%s\n", failure.message);
    CU_ASSERT(strstr(failure.message, message) != NULL);
}

static void test_what_cannot_be_read_is_refused(void)
{
    struct table_column_fact facts[COUNT(plain)];
    memcpy(facts, plain, sizeof plain);
    expect_refused(facts, 3, NULL, EXIT_SOURCE, "there is no column for event_properties");
    expect_refused(facts, 4, "user_id=nobody", EXIT_SOURCE, "no column \"nobody\" for user_id");
    expect_refused(facts, 4, "user_id=", EXIT_USAGE, "leaves out what every event must have");
    expect_refused(facts, 4, "session=x", EXIT_USAGE, "--column takes NAME=COLUMN");
    expect_refused(facts, 4, "uuid", EXIT_USAGE, "--column takes NAME=COLUMN");
    facts[2].type = "int8";
    facts[2].category = 'N';
    expect_refused(facts, 4, NULL, EXIT_SOURCE,
                   "\"event_time\" for event_time is of type int8, where timestamptz, timestamp");
    memcpy(facts, plain, sizeof plain);
    facts[1].type = "float8";
    expect_refused(facts, 4, NULL, EXIT_SOURCE, "is of type float8");
    memcpy(facts, plain, sizeof plain);
    facts[3].readable = false;
    expect_refused(facts, 4, NULL, EXIT_SOURCE, "may not be read by this role");
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"usual names", test_usual_names},
        {"ids may be absent", test_ids_may_be_absent},
        {"deleted", test_deleted},
        {"overrides", test_overrides},
        {"records", test_records},
        {"what cannot be read is refused", test_what_cannot_be_read_is_refused},
    };
    return unit_main("table_columns", tests, sizeof tests / sizeof tests[0]);
}
