/*
 * Publishes marts that are made from a seed: what the scenarios of publishing drive, without a run
 * of the whole job. The same seed gives the same rows.
 */
#include "course_funnel/calendar.h"
#include "course_funnel/command.h"
#include "course_funnel/marts.h"
#include "course_funnel/publish.h"
#include "course_funnel/run_record.h"
#include "course_funnel/tally.h"
#include "publish/publish_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: publish_probe describe TARGET\n"
    "       publish_probe check TARGET [SCHEMA]                prints attempt_us\n"
    "       publish_probe publish TARGET SCHEMA SEED COURSES [ATTEMPT_US [RUN_ID]]\n"
    "                                                          prints the run id\n"
    "       publish_probe differences                          prints the SQL of the check\n"
    "       publish_probe report [OPTIONS]                     as course-funnel report\n";

static uint64_t draw(uint64_t *state, uint64_t limit)
{
    /* splitmix64 */
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % limit;
}

/* A cohort with its lessons; ids with gaps, counts of 0 and averages that are missing among them.
 */
static int add_cohort(struct tally *tally, uint64_t *random, int32_t course, int32_t week,
                      struct failure *failure)
{
    struct tally_record cohort = {.course_id = course, .week = week, .kind = TALLY_COHORT};
    cohort.users_started = draw(random, 8) == 0 ? 0 : 1 + draw(random, 5000);
    cohort.users_completed = draw(random, 4) == 0 ? 0 : draw(random, 3000);
    tally->pairs_started += cohort.users_started;
    tally->pairs_completed += cohort.users_completed;
    if (tally_append(tally, &cohort, failure) != 0)
        return -1;
    int32_t lesson_id = (int32_t)draw(random, 5) - 2;
    for (uint64_t left = draw(random, 12); left > 0; left--) {
        struct tally_record lesson = {.course_id = course, .week = week, .kind = TALLY_LESSON};
        lesson.lesson_id = lesson_id;
        lesson.users_started = draw(random, cohort.users_started + 1);
        lesson.users_completed = draw(random, lesson.users_started + 3);
        lesson.timed_completions = draw(random, 3) == 0 ? 0 : lesson.users_completed;
        if (lesson.timed_completions > 0)
            lesson.time_spent_low_us = lesson.timed_completions * draw(random, 900000000);
        if (tally_append(tally, &lesson, failure) != 0)
            return -1;
        lesson_id += 1 + (int32_t)draw(random, 3);
    }
    return 0;
}

static int make_marts(uint64_t seed, uint64_t courses, struct marts **marts,
                      struct failure *failure)
{
    struct tally tally = {0};
    uint64_t random = seed;
    int32_t monday = calendar_monday(INT64_C(1735689600) * CALENDAR_US_PER_SECOND);
    int status = 0;
    for (uint64_t course = 0; status == 0 && course < courses; course++)
        for (int32_t week = 0; status == 0 && week < 10; week++)
            if (draw(&random, 4) != 0)
                status =
                    add_cohort(&tally, &random, (int32_t)course - 1, monday + 7 * week, failure);
    tally_sort(&tally);
    if (status == 0)
        status = marts_build(&tally, NULL, marts, failure);
    tally_clear(&tally);
    return status;
}

static void fill_record(struct run_record *record, const struct marts *marts, int64_t attempt_us)
{
    snprintf(record->version, sizeof record->version, "%s", COURSE_FUNNEL_VERSION);
    snprintf(record->source, sizeof record->source, "made from a seed by d\xc3\xa9mo \xff");
    snprintf(record->input_fingerprint, sizeof record->input_fingerprint, "%032d", 7);
    record->planned_us = record->attempt_us = attempt_us;
    record->started_us = INT64_C(1751387694837000);
    record->finished_us = INT64_C(1751387700000001);
    record->ranks = 2;
    record->ledger = (struct ledger){
        .lines_read = 31, .records_read = 31, .other = 10, .rejected = {1, 0, 2, 3, 4, 5, 6}};
    record->ledger.bytes_read = UINT64_C(9007199254740993);
    record->cohort_rows = marts->cohort_count;
    record->lesson_rows = marts->lesson_count;
    record->has_event_times = marts->cohort_count > 0;
    record->first_event_us = INT64_C(1735689600000000);
    record->last_event_us = INT64_C(1751328000999999);
    memcpy(record->cohorts_digest, marts->cohorts_digest, sizeof record->cohorts_digest);
    memcpy(record->lessons_digest, marts->lessons_digest, sizeof record->lessons_digest);
    memcpy(record->steps_digest, marts->steps_digest, sizeof record->steps_digest);
    memcpy(record->completion_digest, marts->completions_digest, sizeof record->completion_digest);
    memcpy(record->entry_points_digest, marts->entries_digest, sizeof record->entry_points_digest);
    record->has_as_of = true;
    record->as_of_us = INT64_C(1740000000000000);
}

/* PROBE_TABLES=marts in the environment: no further table. */
static bool wants_further(void)
{
    const char *tables = getenv("PROBE_TABLES");
    return tables == NULL || strcmp(tables, "marts") != 0;
}

static int publish_seed(int argc, char **argv, struct failure *failure)
{
    struct publish_target target = {
        .target = argv[2], .schema = argv[3], .further = wants_further()};
    struct run_record record = {0};
    struct marts *marts = NULL;
    int64_t attempt_us = 0;
    if (argc > 6)
        attempt_us = strtoll(argv[6], NULL, 10);
    else if (publish_check(&target, &record, &attempt_us, failure) != 0)
        return -1;
    if (make_marts(strtoull(argv[4], NULL, 10), strtoull(argv[5], NULL, 10), &marts, failure) != 0)
        return -1;
    fill_record(&record, marts, attempt_us);
    record.has_further = target.further;
    int status = 0;
    if (argc > 7)
        snprintf(record.run_id, sizeof record.run_id, "%s", argv[7]);
    else
        status = run_record_draw_id(record.run_id, failure);
    if (status == 0)
        status = publish(&target, marts, &record, failure);
    if (status == 0)
        puts(record.run_id);
    marts_free(marts);
    return status;
}

int main(int argc, char **argv)
{
    static struct failure failure;
    int status = 0;
    if (argc >= 2 && strcmp(argv[1], "report") == 0)
        return report_command(argc - 1, argv + 1);
    if (argc == 2 && strcmp(argv[1], "differences") == 0) {
        char *sql = NULL;
        status = publish_sql_differences(&sql, &failure);
        if (status == 0)
            puts(sql);
        free(sql);
    } else if (argc == 3 && strcmp(argv[1], "describe") == 0) {
        char *text = NULL;
        status = publish_describe(argv[2], &text, &failure);
        if (status == 0)
            puts(text);
        free(text);
    } else if ((argc == 3 || argc == 4) && strcmp(argv[1], "check") == 0) {
        struct publish_target target = {.target = argv[2],
                                        .schema = argc == 4 ? argv[3] : "public",
                                        .further = wants_further()};
        int64_t attempt_us = 0;
        status = publish_check(&target, &(struct run_record){0}, &attempt_us, &failure);
        if (status == 0)
            printf("%lld\n", (long long)attempt_us);
    } else if (argc >= 6 && argc <= 8 && strcmp(argv[1], "publish") == 0) {
        status = publish_seed(argc, argv, &failure);
    } else {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (status != 0)
        fprintf(stderr, "%s\n", failure.message);
    return failure.code;
}
