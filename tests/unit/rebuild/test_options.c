#include "commands/rebuild/rebuild_options.h"
#include "course_funnel/options.h"
#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

static void test_numbers(void)
{
    struct failure failure = {0};
    uint64_t value = 0;
    CU_ASSERT(options_number("--n", "17", 1, 20, &value, &failure) == 0 && value == 17);
    static const char *const bad[] = {
        "", "0", "21", "-1", "+3", " 3", "3 ", "3.0", "0x3", "x", "99999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        failure.code = 0;
        CU_ASSERT(options_number("--n", bad[i], 1, 20, &value, &failure) == -1);
        CU_ASSERT_EQUAL(failure.code, EXIT_USAGE);
        CU_ASSERT(strstr(failure.message, "--n takes a whole number from 1 to 20") != NULL);
    }
}

static void test_sizes(void)
{
    struct failure failure = {0};
    uint64_t value = 0;
    CU_ASSERT(options_bytes("--b", "3K", 0, UINT64_MAX, &value, &failure) == 0 && value == 3072);
    CU_ASSERT(options_bytes("--b", "2G", 0, UINT64_MAX, &value, &failure) == 0 &&
              value == UINT64_C(2) << 30);
    CU_ASSERT(options_bytes("--b", "9", 0, UINT64_MAX, &value, &failure) == 0 && value == 9);
    static const char *const bad[] = {"3k", "3KB", "K", "", "-1K", "99999999999T"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        failure.code = 0;
        CU_ASSERT(options_bytes("--b", bad[i], 0, UINT64_MAX, &value, &failure) == -1);
        CU_ASSERT_EQUAL(failure.code, EXIT_USAGE);
    }
}

static void test_shares(void)
{
    struct failure failure = {0};
    double value = 0;
    CU_ASSERT(options_share("--s", "0.25", &value, &failure) == 0 && value == 0.25);
    static const char *const bad[] = {"", "x", "1.1", "-0.1", "nan", "inf", "0.5%"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        failure.code = 0;
        CU_ASSERT(options_share("--s", bad[i], &value, &failure) == -1);
        CU_ASSERT_EQUAL(failure.code, EXIT_USAGE);
    }
}

/* Parse a command line given as one text of words between blanks. */
static int parse(const char *line, struct rebuild_options *options, struct failure *failure)
{
    static char words[512];
    char *argv[32] = {0};
    int argc = 0;
    *failure = (struct failure){0};
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    return rebuild_options_parse(argc, argv, options, failure);
}

static void test_rebuild_line(void)
{
    struct rebuild_options options;
    struct failure failure;
    CU_ASSERT_FATAL(parse("rebuild --from a b --to=host=h --from c --schema s --dry-run "
                          "--max-line-bytes 2M --max-ratio 9 --log-format json",
                          &options, &failure) == 0);
    CU_ASSERT_EQUAL_FATAL(options.from_count, 3);
    CU_ASSERT_STRING_EQUAL(options.from[0], "a");
    CU_ASSERT_STRING_EQUAL(options.from[1], "b");
    CU_ASSERT_STRING_EQUAL(options.from[2], "c");
    CU_ASSERT_STRING_EQUAL(options.to, "host=h");
    CU_ASSERT_STRING_EQUAL(options.schema, "s");
    CU_ASSERT_STRING_EQUAL(options.rejects, "rejects.ndjson");
    CU_ASSERT(options.dry_run && options.json_log && !options.allow_empty);
    CU_ASSERT_EQUAL(options.limits.max_line_bytes, 2 << 20);
    CU_ASSERT_EQUAL(options.limits.max_ratio, 9);
    rebuild_options_clear(&options);
}

static void test_tables_belong_to_sources(void)
{
    struct rebuild_options options;
    struct failure failure;
    CU_ASSERT_FATAL(parse("rebuild --events-table s.t --from a host=h b --events-table s.u --to c",
                          &options, &failure) == 0);
    CU_ASSERT_EQUAL(options.file_count, 2);
    CU_ASSERT_EQUAL_FATAL(options.tables.request_count, 2);
    CU_ASSERT_STRING_EQUAL(options.tables.requests[0].table, "s.t");
    CU_ASSERT_STRING_EQUAL(options.tables.requests[1].table, "s.u");
    CU_ASSERT_PTR_EQUAL(options.tables.requests[0].target, options.from[1]);
    rebuild_options_clear(&options);

    CU_ASSERT_FATAL(parse("rebuild --from host=h postgres://k/d --events-table s.u --to c",
                          &options, &failure) == 0);
    CU_ASSERT_EQUAL(options.file_count, 0);
    CU_ASSERT_EQUAL_FATAL(options.tables.request_count, 2);
    CU_ASSERT_STRING_EQUAL(options.tables.requests[0].table, TABLE_DEFAULT_NAME);
    CU_ASSERT_STRING_EQUAL(options.tables.requests[1].table, "s.u");
    CU_ASSERT_PTR_EQUAL(options.tables.requests[1].target, options.from[1]);
    rebuild_options_clear(&options);
}

static void test_columns_belong_to_tables(void)
{
    struct rebuild_options options;
    struct failure failure;
    CU_ASSERT_FATAL(parse("rebuild --column user_id=u --column uuid=i --events-table s.t --from "
                          "host=h --column user_id=v --column record=r --events-table s.u --column "
                          "profile_id=p --to c",
                          &options, &failure) == 0);
    const struct table_request *requests = options.tables.requests;
    CU_ASSERT_EQUAL_FATAL(options.tables.request_count, 2);
    CU_ASSERT_STRING_EQUAL(requests[0].columns[TABLE_USER_ID], "v");
    CU_ASSERT_STRING_EQUAL(requests[0].columns[TABLE_UUID], "i");
    CU_ASSERT_STRING_EQUAL(requests[0].columns[TABLE_RECORD], "r");
    CU_ASSERT_STRING_EQUAL(requests[1].columns[TABLE_USER_ID], "u");
    CU_ASSERT_PTR_NULL(requests[1].columns[TABLE_RECORD]);
    CU_ASSERT_STRING_EQUAL(options.tables.columns[TABLE_PROFILE_ID], "p");
    CU_ASSERT_STRING_EQUAL(options.sessions, "raw_funnelfox.sessions(profile_id=p)");
    CU_ASSERT_STRING_EQUAL(options.columns, "s.t(user_id=v uuid=i record=r) s.u(user_id=u uuid=i)");
    rebuild_options_clear(&options);

    /* What is the same for all tables is told once, wherever it stands. */
    static const char *const lines[] = {
        "rebuild --from host=h --events-table s.t --column uuid=i --to c",
        "rebuild --from host=h --column uuid=i --events-table s.t --events-table s.u --to c",
        ("rebuild --from host=h --events-table s.t --column uuid=i --events-table s.u"
         " --column uuid=i --to c"),
        "rebuild --from host=h --column uuid=i --to c"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        CU_ASSERT_FATAL(parse(lines[i], &options, &failure) == 0);
        CU_ASSERT_STRING_EQUAL(options.columns, "uuid=i");
        rebuild_options_clear(&options);
    }
}

static void test_rebuild_mistakes(void)
{
    static const struct {
        const char *line, *message;
    } mistakes[] = {
        {"rebuild", "--from is missing"},
        {"rebuild --from a --to b --restart", "--restart is for checkpoints"},
        {"rebuild --from a --to b --extend", "--extend is for checkpoints"},
        {"rebuild --from a --to b --keep-learners", "--keep-learners is for checkpoints"},
        {"rebuild --from a --to b --checkpoint c --settle 5", "--settle is for --extend"},
        {"rebuild --from a --to b --checkpoint-interval auto", "--checkpoint names no folder"},
        {"rebuild --from a --to b --mean-time-to-interrupt 5", "--checkpoint names no folder"},
        {"rebuild --from a --to host=h --connections 5", "--connections is for sources"},
        {"rebuild --from a --to host=h --statement-timeout 5", "and none is named"},
        {"rebuild --from host=h --to b --schema s", "--schema is for a target in PostgreSQL"},
        {"rebuild --from a", "--to is missing"},
        {"rebuild --from a --to", "--to takes a value"},
        {"rebuild --from a --to b --to c", "--to is given twice"},
        {"rebuild a --to b", "\"a\" stands there without an option"},
        {"rebuild --from a --to b c", "\"c\" stands there without an option"},
        {"rebuild --from a --to b --frob", "There is no option \"--frob\""},
        {"rebuild --from a --to b --log-format xml", "--log-format takes text or json"},
        {"rebuild --from a --to b --max-reject-share 2", "takes a share from 0 to 1"},
        {"rebuild --from a --to b --max-line-bytes 9", "takes a size from 1K to 2G,"},
        {"rebuild --from a --to b --range-bytes 4095",
         "--range-bytes takes a size from 4K to 1T, such as 512K, 64M or 2G, not \"4095\"."},
        {"rebuild --from a --to b --range-bytes 1", "takes a size from 4K to 1T"},
        {"rebuild --from a --to b --events-table s.t", "--events-table is for sources in Post"},
        {"rebuild --from a --to b --column uuid=x", "--column is for sources in PostgreSQL"},
        {"rebuild --from host=a --to b --column uuid=x --column uuid=y", "is given twice"},
        {"rebuild --from host=a --to b --events-table s.t --column uuid=x --column uuid=y",
         "is given twice"},
        {"rebuild --from host=a --events-table s.t --from host=b --column uuid=x --to c",
         "A --column stands behind another source than the table before it, s.t."},
        {"rebuild --from host=a --to b --connections 0", "takes a whole number from 1"},
        {"rebuild --from host=a b --from host=c --to d --events-table s.t --events-table s.u "
         "--from e --events-table s.v",
         "--events-table s.v does not stand behind a PostgreSQL source"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct rebuild_options options;
        struct failure failure;
        CU_ASSERT(parse(mistakes[i].line, &options, &failure) == -1);
        CU_ASSERT_EQUAL(failure.code, EXIT_USAGE);
        if (strstr(failure.message, mistakes[i].message) == NULL)
            printf("\n%s: %s\n", mistakes[i].line, failure.message);
        CU_ASSERT(strstr(failure.message, mistakes[i].message) != NULL);
        rebuild_options_clear(&options);
    }
}

/* A table has no files, of which some could be new. */
static void test_tables_are_not_extended(void)
{
    struct rebuild_options options;
    struct failure failure;
    CU_ASSERT(parse("rebuild --from a host=h --to b --checkpoint c --extend", &options, &failure) ==
              -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_STRANGER);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "a table has no files"));
    rebuild_options_clear(&options);
    CU_ASSERT(parse("rebuild --from host=h --to b --checkpoint c --keep-learners", &options,
                    &failure) == 0);
    CU_ASSERT(options.checkpoint.keep_learners && !options.checkpoint.extend);
    rebuild_options_clear(&options);
    CU_ASSERT(parse("rebuild --from a --to b --checkpoint c --extend --settle 60", &options,
                    &failure) == 0);
    CU_ASSERT(options.checkpoint.extend && options.settle_minutes == 60);
    rebuild_options_clear(&options);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"numbers", test_numbers},
        {"sizes", test_sizes},
        {"shares", test_shares},
        {"the line of rebuild", test_rebuild_line},
        {"tables belong to sources", test_tables_belong_to_sources},
        {"columns belong to tables", test_columns_belong_to_tables},
        {"mistakes on the line of rebuild", test_rebuild_mistakes},
        {"tables are not extended", test_tables_are_not_extended},
    };
    return unit_main("options", tests, sizeof tests / sizeof tests[0]);
}
