#include "postgres/postgres_connection.h"
#include "unit/unit.h"

#include <string.h>

static void test_states(void)
{
    static const struct {
        const char *state;
        const char *words;
        bool passes;
        bool has_advice;
    } cases[] = {
        {"", "server closed the connection unexpectedly", true, true},
        {"", "words that nobody knows", true, false},
        {"", "fe_sendauth: no password supplied", false, true},
        {"", "local user with ID 4711 does not exist", false, true},
        {"", "server does not support SSL, but SSL was required", false, true},
        {"", "SSL SYSCALL error: EOF detected", true, true},
        {"", "session is read-only", true, true},
        {"08006", "", true, true},
        {"08P01", "unsupported startup parameter: options", false, true},
        {"08P01", "server login failed", true, false},
        {"40001", "", true, true},
        {"40P01", "", true, true},
        {"53300", "", true, true},
        {"55P03", "", true, true},
        {"57P01", "", true, true},
        {"57014", "", false, true},
        {"42501", "", false, true},
        {"XX000", "", false, false},
        {"42", "", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT_EQUAL(postgres_state_passes(cases[i].state, cases[i].words), cases[i].passes);
        CU_ASSERT_EQUAL(postgres_state_advice(cases[i].state, cases[i].words, EXIT_TARGET)[0] !=
                            '\0',
                        cases[i].has_advice);
    }
}

/* A source is not helped by what helps a target. */
static void test_source_advice(void)
{
    CU_ASSERT_STRING_NOT_EQUAL(postgres_state_advice("40001", "", EXIT_SOURCE),
                               postgres_state_advice("40001", "", EXIT_TARGET));
    CU_ASSERT_STRING_EQUAL(postgres_state_advice("55P03", "", EXIT_SOURCE),
                           postgres_state_advice("55P03", "", EXIT_TARGET));
    CU_ASSERT_PTR_NOT_NULL(strstr(postgres_state_advice("22023", "", EXIT_SOURCE), "snapshot"));
    CU_ASSERT_STRING_EQUAL(postgres_state_advice("22023", "", EXIT_TARGET), "");
}

static void expect_placed(struct postgres *connection, const char *sql, const char *schema,
                          const char *due)
{
    struct failure failure = {0};
    char *placed = NULL;
    CU_ASSERT_EQUAL(postgres_place_schema(connection, sql, schema, &placed, &failure), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(placed);
    CU_ASSERT_STRING_EQUAL(placed, due);
    free(placed);
}

static void test_schema(void)
{
    /* Quoting needs the encoding of a connection, not a server. */
    struct postgres connection = {.libpq = PQconnectStart("host=/nonexistent"),
                                  .failure_code = EXIT_TARGET};
    CU_ASSERT_PTR_NOT_NULL_FATAL(connection.libpq);
    expect_placed(&connection, "SELECT 1", "marts", "SELECT 1");
    expect_placed(&connection, ":schema.a JOIN :schema.b", "marts", "\"marts\".a JOIN \"marts\".b");
    expect_placed(&connection, "x :schema", "a\"; DROP TABLE b", "x \"a\"\"; DROP TABLE b\"");
    expect_placed(&connection, ":schem :schema:schema", ":schema", ":schem \":schema\"\":schema\"");
    PQfinish(connection.libpq);
}

/* A result as libpq makes one: a row t, NULL, f. */
static struct postgres_result *make_result(void)
{
    PGresAttDesc columns[3] = {{.name = "first"}, {.name = "second"}, {.name = "third"}};
    char yes[] = "t", no[] = "f";
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    CU_ASSERT_EQUAL_FATAL(PQsetResultAttrs(result, 3, columns), 1);
    CU_ASSERT_EQUAL_FATAL(PQsetvalue(result, 0, 0, yes, 1), 1);
    CU_ASSERT_EQUAL_FATAL(PQsetvalue(result, 0, 1, NULL, -1), 1);
    CU_ASSERT_EQUAL_FATAL(PQsetvalue(result, 0, 2, no, 1), 1);
    return (struct postgres_result *)(void *)result;
}

static void test_columns(void)
{
    static const char *const names[] = {"third", "first", "second"};
    static const char *const missing[] = {"first", "fourth"};
    struct postgres_result *result = make_result();
    struct failure failure = {0};
    int at[3];
    CU_ASSERT_EQUAL(postgres_columns(result, names, 3, at, &failure), 0);
    CU_ASSERT_STRING_EQUAL(postgres_value(result, 0, at[0]), "f");
    CU_ASSERT_STRING_EQUAL(postgres_value(result, 0, at[1]), "t");
    CU_ASSERT_PTR_NULL(postgres_value(result, 0, at[2]));
    CU_ASSERT_FALSE(postgres_is_true(result, 0, at[0]));
    CU_ASSERT_TRUE(postgres_is_true(result, 0, at[1]));
    CU_ASSERT_FALSE(postgres_is_true(result, 0, at[2]));
    CU_ASSERT_EQUAL(postgres_columns(result, missing, 2, at, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "\"fourth\""));
    postgres_result_free(result);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"states", test_states},
        {"advice for a source", test_source_advice},
        {"placing the schema", test_schema},
        {"columns by name", test_columns},
    };
    return unit_main("postgres_statement", tests, sizeof tests / sizeof *tests);
}
