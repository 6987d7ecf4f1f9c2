#include "course_funnel/marts_read.h"
#include "course_funnel/marts_table.h"
#include "course_funnel/publish.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

static const struct tally_record records[] = {
    {.course_id = -3,
     .week = 20089,
     .kind = TALLY_COHORT,
     .users_started = 3,
     .users_completed = 1},
    {.course_id = -3,
     .week = 20089,
     .kind = TALLY_LESSON,
     .lesson_id = -7,
     .users_started = 2,
     .users_completed = 3,
     .timed_completions = 2,
     .time_spent_low_us = 12345678},
    {.course_id = -3,
     .week = 20089,
     .kind = TALLY_LESSON,
     .lesson_id = 2147483647,
     .users_started = 0,
     .users_completed = 1},
    {.course_id = 5,
     .week = -719162,
     .kind = TALLY_COHORT,
     .users_started = 0,
     .users_completed = 2},
    {.course_id = 5,
     .week = -719162,
     .kind = TALLY_LESSON,
     .lesson_id = 1,
     .users_started = 0,
     .users_completed = 0},
};

static struct marts *make_marts(size_t count)
{
    struct tally tally = {0};
    struct marts *marts = NULL;
    struct failure failure = {0};
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL_FATAL(tally_append(&tally, &records[i], &failure), 0);
    tally.pairs_started = count == 0 ? 0 : 3;
    tally.pairs_completed = count == 0 ? 0 : 3;
    CU_ASSERT_EQUAL_FATAL(marts_build(&tally, NULL, &marts, &failure), 0);
    tally_clear(&tally);
    return marts;
}

static struct run_record make_record(const struct marts *marts)
{
    struct run_record record = {.run_id = "0f8fad5b-d9cb-469f-a165-70867728950e",
                                .planned_us = INT64_C(1751387694837001),
                                .attempt_us = INT64_C(1751387694837001),
                                .cohort_rows = marts->cohort_count,
                                .lesson_rows = marts->lesson_count};
    memcpy(record.cohorts_digest, marts->cohorts_digest, sizeof record.cohorts_digest);
    memcpy(record.lessons_digest, marts->lessons_digest, sizeof record.lessons_digest);
    return record;
}

static void path_of(const char *name, char path[256])
{
    snprintf(path, 256, "%s/%s", directory, name);
}

static void read_text(const char *name, char *text, size_t size)
{
    char path[256];
    path_of(name, path);
    FILE *in = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    size_t bytes = fread(text, 1, size - 1, in);
    text[bytes] = '\0';
    CU_ASSERT_EQUAL(fclose(in), 0);
}

static void write_text(const char *name, const char *text)
{
    char path[256];
    path_of(name, path);
    FILE *out = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT(fputs(text, out) >= 0);
    CU_ASSERT_EQUAL(fclose(out), 0);
}

static void tells_targets_apart(void)
{
    static const char *const databases[] = {
        "postgresql://h/d", "postgres://",         "dbname=x", "host = x", " user=x",
        "service=",         "application_name=a/b"};
    static const char *const directories[] = {"out",  "./x=y",         "/a/b=c", "",
                                              "=",    "3=4",           "Host=x", "a b=c",
                                              "../x", "postgresql:/x", "out.d=x"};
    for (size_t i = 0; i < sizeof databases / sizeof databases[0]; i++)
        CU_ASSERT(publish_is_postgres(databases[i]));
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
        CU_ASSERT_FALSE(publish_is_postgres(directories[i]));
}

static void writes_the_files(void)
{
    const struct publish_target target = {.target = directory};
    struct failure failure = {0};
    struct marts *marts = make_marts(5);
    struct run_record record = make_record(marts);
    char text[4096];
    CU_ASSERT_EQUAL_FATAL(publish(&target, marts, &record, &failure), 0);
    read_text("mart_course_funnel_cohorts.csv", text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "course_id,cohort_week_start,users_started,users_completed_course,"
                                 "course_completion_rate,total_lessons\n"
                                 "-3,2025-01-01,3,1,0.333333,2147483647\n"
                                 "5,0001-01-01,0,2,,\n");
    read_text("mart_course_funnel_lessons.csv", text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "course_id,cohort_week_start,lesson_id,users_started,"
                                 "users_completed,lesson_completion_rate,funnel_retention_rate,"
                                 "avg_time_spent_sec\n"
                                 "-3,2025-01-01,-7,2,3,1.500000,0.666667,6.173\n"
                                 "-3,2025-01-01,2147483647,0,1,,0.000000,\n"
                                 "5,0001-01-01,1,0,0,,,\n");
    marts_free(marts);
}

static void reads_back_what_it_wrote(void)
{
    const struct publish_target target = {.target = directory};
    struct failure failure = {0};
    struct marts_origin origin;
    struct marts *marts = make_marts(5);
    struct marts *read = NULL;
    CU_ASSERT_EQUAL_FATAL(marts_read(&target, &read, &origin, &failure), 0);
    CU_ASSERT(origin.known && origin.matches);
    CU_ASSERT_STRING_EQUAL(origin.record.run_id, "0f8fad5b-d9cb-469f-a165-70867728950e");
    CU_ASSERT_EQUAL_FATAL(read->cohort_count, 2);
    CU_ASSERT_EQUAL_FATAL(read->lesson_count, 3);
    for (size_t i = 0; i < 2; i++) {
        char left[MARTS_ROW_BYTES], right[MARTS_ROW_BYTES];
        marts_format(read, MARTS_COHORTS, i, left);
        marts_format(marts, MARTS_COHORTS, i, right);
        CU_ASSERT_STRING_EQUAL(left, right);
        CU_ASSERT_EQUAL(read->cohorts[i].cohort_week_start, marts->cohorts[i].cohort_week_start);
    }
    for (size_t i = 0; i < 3; i++) {
        char left[MARTS_ROW_BYTES], right[MARTS_ROW_BYTES];
        marts_format(read, MARTS_LESSONS, i, left);
        marts_format(marts, MARTS_LESSONS, i, right);
        CU_ASSERT_STRING_EQUAL(left, right);
    }
    CU_ASSERT_STRING_EQUAL(read->cohorts_digest, marts->cohorts_digest);
    CU_ASSERT_STRING_EQUAL(read->lessons_digest, marts->lessons_digest);
    marts_free(read);
    marts_free(marts);
}

static void notices_other_rows(void)
{
    const struct publish_target target = {.target = directory};
    struct failure failure = {0};
    struct marts_origin origin;
    struct marts *read = NULL;
    char kept[4096];
    read_text("mart_course_funnel_cohorts.csv", kept, sizeof kept);
    char changed[4096];
    snprintf(changed, sizeof changed, "%s", kept);
    *strstr(changed, ",3,1,") = ',';
    memcpy(strstr(changed, ",3,1,"), ",4,1,", 5);
    write_text("mart_course_funnel_cohorts.csv", changed);
    CU_ASSERT_EQUAL(marts_read(&target, &read, &origin, &failure), 0);
    CU_ASSERT(origin.known);
    CU_ASSERT_FALSE(origin.matches);
    marts_free(read);
    write_text("mart_course_funnel_cohorts.csv", kept);
}

/* Each line in place of a row of the lessons: none may be read. */
static void refuses_what_is_no_row(void)
{
    static const char *const lines[] = {
        "",
        "1",
        "1,2025-01-06,1,1,1,1.000000,1.000000",
        "1,2025-01-06,1,1,1,1.000000,1.000000,1.000,",
        "1,2025-01-06,1,1,1,1.000000,1.000000,1.000,9",
        "x,2025-01-06,1,1,1,1.000000,1.000000,1.000",
        ",2025-01-06,1,1,1,1.000000,1.000000,1.000",
        " 1,2025-01-06,1,1,1,1.000000,1.000000,1.000",
        "+1,2025-01-06,1,1,1,1.000000,1.000000,1.000",
        "2147483648,2025-01-06,1,1,1,1.000000,1.000000,1.000",
        "1,2025-02-30,1,1,1,1.000000,1.000000,1.000",
        "1,2025-1-06,1,1,1,1.000000,1.000000,1.000",
        "1,,1,1,1,1.000000,1.000000,1.000",
        "1,2025-01-06,1,-1,1,1.000000,1.000000,1.000",
        "1,2025-01-06,1,1,1,1.00000,1.000000,1.000",
        "1,2025-01-06,1,1,1,1,1.000000,1.000",
        "1,2025-01-06,1,1,1,.000000,1.000000,1.000",
        "1,2025-01-06,1,1,1,1.00000x,1.000000,1.000",
        "1,2025-01-06,1,1,1,1.000000,1.0.0000,1.000",
        "1,2025-01-06,1,1,1,1.000000,-1.000000,1.000",
        "1,2025-01-06,1,1,1,99999999999999999999.000000,1.000000,1.000",
        "\"1\",2025-01-06,1,1,1,1.000000,1.000000,1.000",
        "1,2025-01-06,1,1,1,1.000000,1.000000,1.000\r",
    };
    const struct publish_target target = {.target = directory};
    struct marts_origin origin;
    struct marts *read = NULL;
    char text[1024], header[MARTS_COLUMNS_BYTES];
    marts_columns(MARTS_LESSONS, marts_shapes[MARTS_LESSONS].column_count, header);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct failure failure = {0};
        snprintf(text, sizeof text, "%s\n1,2025-01-06,0,1,1,1.000000,1.000000,\n%s\n", header,
                 lines[i]);
        write_text("mart_course_funnel_lessons.csv", text);
        CU_ASSERT_EQUAL(marts_read(&target, &read, &origin, &failure), -1);
        CU_ASSERT_EQUAL(failure.code, EXIT_TARGET);
        CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "line 3 is not a row"));
        CU_ASSERT_PTR_NULL(read);
    }
    struct failure failure = {0};
    write_text("mart_course_funnel_lessons.csv", "course_id\n");
    CU_ASSERT_EQUAL(marts_read(&target, &read, &origin, &failure), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "line 1 is not a row"));
}

static void refuses_a_record_of_other_marts(void)
{
    const struct publish_target target = {.target = directory};
    struct marts *marts = make_marts(5);
    for (int damage = 0; damage < 4; damage++) {
        struct failure failure = {0};
        struct run_record record = make_record(marts);
        if (damage == 0)
            record.cohorts_digest[0] ^= 1;
        else if (damage == 1)
            record.lesson_rows++;
        else if (damage == 2)
            record.run_id[0] = '\0';
        else
            record.lessons_digest[31] ^= 1;
        CU_ASSERT_EQUAL(publish(&target, marts, &record, &failure), -1);
        CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
    }
    marts_free(marts);
}

static void gives_later_attempts_later_times(void)
{
    const struct publish_target target = {.target = directory};
    struct failure failure = {0};
    struct marts *marts = make_marts(0);
    struct run_record record = make_record(marts);
    int64_t planned_us = 0;
    CU_ASSERT_EQUAL_FATAL(publish_check(&target, &(struct run_record){0}, &planned_us, &failure),
                          0);
    CU_ASSERT(planned_us > INT64_C(1700000000000000));
    /* A publication of the year 2999, by a clock that was wrong. */
    record.planned_us = record.attempt_us = INT64_C(32472144000000000);
    memcpy(record.run_id, "1f8fad5b", 8);
    CU_ASSERT_EQUAL_FATAL(publish(&target, marts, &record, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(publish_check(&target, &(struct run_record){0}, &planned_us, &failure),
                          0);
    CU_ASSERT_EQUAL(planned_us, record.attempt_us + 1);

    /* One that may have looked at its sources earlier, though it was done with that later. */
    memcpy(record.run_id, "2f8fad5b", 8);
    record.planned_us--;
    record.attempt_us++;
    CU_ASSERT_EQUAL(publish(&target, marts, &record, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_GATE);
    marts_free(marts);
}

static void remove_all(void)
{
    static const char *const names[] = {"mart_course_funnel_cohorts.csv",
                                        "mart_course_funnel_lessons.csv", "course_funnel_run.json"};
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(names[i], path);
        CU_ASSERT_EQUAL(unlink(path), 0);
    }
    /* Fails when anything else was left in it. */
    CU_ASSERT_EQUAL(rmdir(directory), 0);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"tells targets apart", tells_targets_apart},
        {"writes the files", writes_the_files},
        {"reads back what it wrote", reads_back_what_it_wrote},
        {"notices other rows", notices_other_rows},
        {"refuses a record of other marts", refuses_a_record_of_other_marts},
        {"refuses what is no row", refuses_what_is_no_row},
        {"gives later attempts later times", gives_later_attempts_later_times},
        {"leaves nothing behind", remove_all},
    };
    const char *temporary = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/cf-csv.XXXXXX",
             temporary == NULL || strlen(temporary) > 40 ? "/tmp" : temporary);
    if (mkdtemp(directory) == NULL) {
        perror(directory);
        return EXIT_FAILURE;
    }
    return unit_main("publish_csv", tests, sizeof tests / sizeof tests[0]);
}
