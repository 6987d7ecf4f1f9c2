#include "course_funnel/postgres.h"
#include "unit/unit.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_forms(void)
{
    static const struct {
        const char *text;
        bool is_target;
    } cases[] = {
        {"postgresql://reader@warehouse/marts", true},
        {"postgres://", true},
        {"host=warehouse dbname=marts", true},
        {"  service = marts", true},
        {"dbname=", true},
        {"postgresql:/reader", false},
        {"/data/export", false},
        {"./host=warehouse", false},
        {"=marts", false},
        {"Host=warehouse", false},
        {"host warehouse=", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_EQUAL(postgres_is_target(cases[i].text), cases[i].is_target);
}

/* Exports are partitioned in folders that look like a target. */
static void test_folder(void)
{
    char folder[] = "/tmp/unit_postgres.XXXXXX";
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    CU_ASSERT_EQUAL_FATAL(chdir(folder), 0);
    CU_ASSERT_TRUE(postgres_is_target("date=2025-07-01"));
    CU_ASSERT_EQUAL(mkdir("date=2025-07-01", 0700), 0);
    CU_ASSERT_FALSE(postgres_is_target("date=2025-07-01"));
    CU_ASSERT_EQUAL(rmdir("date=2025-07-01"), 0);
    CU_ASSERT_EQUAL(symlink("nowhere", "date=2025-07-01"), 0);
    CU_ASSERT_FALSE(postgres_is_target("date=2025-07-01"));
    CU_ASSERT_EQUAL(unlink("date=2025-07-01"), 0);
    CU_ASSERT_EQUAL(chdir("/"), 0);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static void test_description(void)
{
    static const struct {
        const char *target;
        const char *text;
    } cases[] = {
        {"postgresql://reader@warehouse:5433/marts?sslmode=require",
         "user='reader' dbname='marts' host='warehouse' port='5433' sslmode='require'"},
        {"host='a b' dbname='it\\'s\\\\'", "dbname='it\\'s\\\\' host='a b'"},
        {"postgresql://", ""},
        {"dbname=marts password=''", "dbname='marts'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct failure failure = {0};
        char *text = NULL;
        CU_ASSERT_EQUAL(postgres_describe(cases[i].target, &text, &failure), 0);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
        /* What is written means the same when it is read. */
        char *again = NULL;
        CU_ASSERT_EQUAL(postgres_describe(text, &again, &failure), 0);
        CU_ASSERT_STRING_EQUAL(again, text);
        free(again);
        free(text);
    }
}

static void test_secrets(void)
{
    static const char *const targets[] = {
        "postgresql://reader:hush@warehouse/marts",      "host=warehouse password=hush",
        "postgresql://warehouse/marts?sslpassword=hush", "password=hush nonsense",
        "postgresql://reader:hush@warehouse:port:port/",
    };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct failure failure = {0};
        char *text = NULL;
        CU_ASSERT_EQUAL(postgres_describe(targets[i], &text, &failure), -1);
        CU_ASSERT_EQUAL(failure.code, EXIT_USAGE);
        CU_ASSERT_PTR_NULL(text);
        CU_ASSERT_PTR_NULL(strstr(failure.message, "hush"));
    }
}

/* Nobody listens there. */
static void test_no_server(void)
{
    struct postgres_options options = {.target = "host=/nonexistent dbname=marts user=reader",
                                       .application = "unit",
                                       .failure_code = EXIT_SOURCE};
    struct postgres *connection = NULL;
    struct failure failure = {0};
    bool passing = false;
    CU_ASSERT_EQUAL(postgres_connect(&options, &connection, &passing, &failure), -1);
    CU_ASSERT_PTR_NULL(connection);
    CU_ASSERT_EQUAL(failure.code, EXIT_SOURCE);
    CU_ASSERT_TRUE(passing);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "No connection to PostgreSQL: "));
    CU_ASSERT_PTR_NULL(strchr(failure.message, '\n'));
    postgres_close(NULL);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"forms", test_forms},
        {"a folder with the name of a target", test_folder},
        {"description", test_description},
        {"secrets", test_secrets},
        {"no server", test_no_server},
    };
    return unit_main("postgres_target", tests, sizeof tests / sizeof *tests);
}
