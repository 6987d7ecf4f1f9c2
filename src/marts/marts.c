#include "course_funnel/marts.h"

#include "course_funnel/marts_table.h"
#include "marts_answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sums of microseconds may pass 2^64. */
__extension__ typedef unsigned __int128 wide;

/* The mean in thousandths of a second, half up; the sum is in microseconds. */
static int64_t mean_e3(const struct tally_record *record)
{
    wide sum = (wide)record->time_spent_high_us << 64 | record->time_spent_low_us;
    wide divisor = (wide)record->timed_completions * 1000;
    return (int64_t)((2 * sum + divisor) / (2 * divisor));
}

static int check_size(const struct tally_record *record, struct failure *failure)
{
    if (record->users_started <= INT32_MAX && record->users_completed <= INT32_MAX)
        return 0;
    return failure_set(failure, EXIT_GATE,
                       "Course %" PRId32 " has a count of users over %" PRId32
                       ", which its INTEGER column cannot hold. Nothing was published.",
                       record->course_id, INT32_MAX);
}

static void add_cohort(struct marts *marts, const struct tally_record *record)
{
    struct mart_cohort_row *row = &marts->cohorts[marts->cohort_count++];
    *row = (struct mart_cohort_row){
        .course_id = record->course_id,
        .cohort_week_start = record->week,
        .users_started = (int32_t)record->users_started,
        .users_completed_course = (int32_t)record->users_completed,
        .has_completion_rate = record->users_started > 0 && record->users_completed > 0,
    };
    if (row->has_completion_rate)
        row->course_completion_rate_e6 =
            marts_rate_e6(record->users_completed, record->users_started);
}

static void add_lesson(struct marts *marts, const struct tally_record *record)
{
    struct mart_cohort_row *cohort = &marts->cohorts[marts->cohort_count - 1];
    struct mart_lesson_row *row = &marts->lessons[marts->lesson_count++];
    *row = (struct mart_lesson_row){
        .course_id = record->course_id,
        .cohort_week_start = record->week,
        .lesson_id = record->lesson_id,
        .users_started = (int32_t)record->users_started,
        .users_completed = (int32_t)record->users_completed,
        .has_completion_rate = record->users_started > 0,
        .has_retention_rate = cohort->users_started > 0,
        .has_avg_time_spent = record->timed_completions > 0,
    };
    if (row->has_completion_rate)
        row->lesson_completion_rate_e6 =
            marts_rate_e6(record->users_completed, record->users_started);
    if (row->has_retention_rate)
        row->funnel_retention_rate_e6 =
            marts_rate_e6(record->users_started, (uint64_t)cohort->users_started);
    if (row->has_avg_time_spent)
        row->avg_time_spent_sec_e3 = mean_e3(record);

    /* Lessons come in the order of their ids, so the last one completed is the highest. */
    if (record->users_completed > 0) {
        cohort->has_total_lessons = true;
        cohort->total_lessons = record->lesson_id;
    }
}

static int add_record(struct marts *marts, const struct tally_record *record,
                      struct failure *failure)
{
    if (check_size(record, failure) != 0)
        return -1;
    if (record->kind == TALLY_COHORT) {
        add_cohort(marts, record);
        return 0;
    }

    const struct mart_cohort_row *cohort =
        marts->cohort_count > 0 ? &marts->cohorts[marts->cohort_count - 1] : NULL;
    if (cohort == NULL || cohort->course_id != record->course_id ||
        cohort->cohort_week_start != record->week)
        return failure_set(failure, EXIT_BUG,
                           "Lesson %" PRId32 " of course %" PRId32
                           " has no cohort. Nothing was published; please report this.",
                           record->lesson_id, record->course_id);
    if (record->users_started > (uint64_t)cohort->users_started)
        return failure_set(failure, EXIT_BUG,
                           "Lesson %" PRId32 " of course %" PRId32 " counts %" PRIu64
                           " users who started, its cohort only %" PRId32
                           ". Nothing was published; please report this.",
                           record->lesson_id, record->course_id, record->users_started,
                           cohort->users_started);
    add_lesson(marts, record);
    return 0;
}

/* The sums over cohorts must be those of distinct (user, course) pairs, counted on their own. */
static int check_pairs(const struct tally *tally, const struct marts *marts,
                       struct failure *failure)
{
    uint64_t started = 0, completed = 0;
    for (size_t i = 0; i < marts->cohort_count; i++) {
        started += (uint64_t)marts->cohorts[i].users_started;
        completed += (uint64_t)marts->cohorts[i].users_completed_course;
    }
    if (started == tally->pairs_started && completed == tally->pairs_completed)
        return 0;
    return failure_set(failure, EXIT_BUG,
                       "The cohorts sum to %" PRIu64 " starts and %" PRIu64
                       " completions, but there are %" PRIu64 " and %" PRIu64
                       " pairs of user and course. Nothing was published; please report this.",
                       started, completed, tally->pairs_started, tally->pairs_completed);
}

/* Of the CSV text of one table, header included. */
static int add_digest(struct marts *marts, enum marts_table table, struct failure *failure)
{
    char text[MARTS_ROW_BYTES + 1];
    struct digest *digest = NULL;
    if (marts_begin_digest(table, &digest, failure) != 0)
        return -1;
    for (size_t i = 0; i < marts_count(marts, table); i++) {
        size_t bytes = marts_format(marts, table, i, text);
        text[bytes] = '\n';
        digest_add(digest, text, bytes + 1);
    }
    digest_text(digest, (char *)marts + marts_shapes[table].digest_offset);
    digest_free(digest);
    return 0;
}

static int add_digests(struct marts *marts, struct failure *failure)
{
    for (enum marts_table table = 0; table < MARTS_TABLES; table++)
        if (marts_shapes[table].digest_offset != 0 && add_digest(marts, table, failure) != 0)
            return -1;
    return 0;
}

int marts_build(const struct tally *tally, const struct marts_answers *answers,
                struct marts **marts, struct failure *failure)
{
    size_t cohorts = 0;
    for (size_t i = 0; i < tally->count; i++)
        cohorts += tally->records[i].kind == TALLY_COHORT;
    size_t lessons = tally->count - cohorts;

    struct marts *built = calloc(1, sizeof *built);
    if (built == NULL)
        return failure_memory(failure, "the marts", sizeof *built);
    built->cohorts = calloc(cohorts > 0 ? cohorts : 1, sizeof *built->cohorts);
    built->lessons = calloc(lessons > 0 ? lessons : 1, sizeof *built->lessons);
    if (built->cohorts == NULL || built->lessons == NULL) {
        failure_memory(failure, "the marts",
                       cohorts * sizeof *built->cohorts + lessons * sizeof *built->lessons);
        goto free_marts;
    }

    for (size_t i = 0; i < tally->count; i++)
        if (add_record(built, &tally->records[i], failure) != 0)
            goto free_marts;
    if (check_pairs(tally, built, failure) != 0 ||
        (answers != NULL && marts_add_answers(tally, answers, built, failure) != 0) ||
        add_digests(built, failure) != 0)
        goto free_marts;
    *marts = built;
    return 0;

free_marts:
    marts_free(built);
    return -1;
}

int marts_set_matches(const struct tally *tally, struct marts *marts, struct failure *failure)
{
    marts->matches = calloc(tally->count + 1, sizeof *marts->matches);
    if (marts->matches == NULL)
        return failure_memory(failure, "the match with sessions",
                              tally->count * sizeof *marts->matches);
    for (size_t i = 0; i < tally->count; i++) {
        const struct tally_record *record = &tally->records[i];
        marts->matches[i] =
            (struct match_row){.course_id = record->course_id,
                               .users = record->users_with_session + record->users_without_session,
                               .users_with_session = record->users_with_session,
                               .users_without_session = record->users_without_session};
    }
    marts->match_count = tally->count;
    return 0;
}

void marts_free(struct marts *marts)
{
    if (marts == NULL)
        return;
    free(marts->cohorts);
    free(marts->lessons);
    free(marts->matches);
    free(marts->steps);
    free(marts->completions);
    free(marts->entries);
    free(marts->entry_texts);
    free(marts->changes);
    free(marts);
}
