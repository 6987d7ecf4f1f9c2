#include "course_funnel/calendar.h"
#include "course_funnel/fold.h"
#include "course_funnel/marts_table.h"
#include "course_funnel/parcel.h"
#include "support/random.h"
#include "unit/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MONDAY INT64_C(1751241600000000) /* 2025-06-30 00:00 UTC */
#define DAY CALENDAR_US_PER_DAY
#define SECOND CALENDAR_US_PER_SECOND

static struct event started(const char *user, int32_t course, int32_t lesson, int64_t time_us)
{
    return (struct event){.user = user,
                          .user_bytes = (uint32_t)strlen(user),
                          .kind = EVENT_LESSON_STARTED,
                          .course_id = course,
                          .lesson_id = lesson,
                          .time_us = time_us,
                          .time_spent_us = EVENT_TIME_UNUSABLE};
}

static struct event completed(const char *user, int32_t course, int32_t lesson, int64_t time_us,
                              int64_t spent_us, uint64_t fingerprint)
{
    struct event event = started(user, course, lesson, time_us);
    event.kind = EVENT_LESSON_COMPLETED;
    event.time_spent_us = spent_us;
    event.fingerprint = fingerprint;
    return event;
}

static struct event finished(const char *user, int32_t course, int64_t time_us)
{
    struct event event = started(user, course, 0, time_us);
    event.kind = EVENT_COURSE_COMPLETED;
    return event;
}

struct folded {
    struct state *state;
    struct ledger ledger;
    struct tally tally;
    struct marts *marts;
};

/* Each record is found by its key, so that looking it up adds none. */
static void expect_indexed(struct state *state)
{
    struct failure failure = {0};
    for (uint32_t g = 0; g < state->group_count; g++) {
        struct state_group *group = &state->groups[g];
        for (uint32_t i = 0; i < group->user_count; i++) {
            struct state_user user = group->users[i];
            CU_ASSERT_EQUAL(
                state_look_up_user(group, user.hash, group->texts + user.text, user.bytes), i);
        }
        for (uint32_t i = 0; i < group->enrolment_count; i++) {
            struct state_enrolment of = group->enrolments[i];
            CU_ASSERT_EQUAL(state_find_enrolment(group, of.user, of.course_id, &failure), i);
        }
        for (uint32_t i = 0; i < group->progress_count; i++) {
            struct state_progress of = group->progress[i];
            CU_ASSERT_EQUAL(state_find_progress(group, of.enrolment, of.lesson_id, &failure), i);
        }
    }
}

static void fold(struct folded *folded, const struct event *events, size_t count)
{
    struct failure failure = {0};
    struct parcel parcel = {0};
    memset(folded, 0, sizeof *folded);
    CU_ASSERT_FATAL(state_create(0, 1, &folded->state, &failure) == 0);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_FATAL(parcel_add(&parcel, &events[i],
                                   key_group_hash(events[i].user, events[i].user_bytes),
                                   &failure) == 0);
    CU_ASSERT_FATAL(
        fold_events(folded->state, parcel.bytes, parcel.used, &folded->ledger, &failure) == 0);
    CU_ASSERT_EQUAL(folded->ledger.received, count);
    CU_ASSERT_EQUAL(folded->ledger.folded, count);
    CU_ASSERT_FATAL(state_validate(folded->state, &failure) == 0);
    expect_indexed(folded->state);
    CU_ASSERT_FATAL(fold_sums(folded->state, 1, &folded->tally, NULL, &failure) == 0);
    CU_ASSERT_FATAL(marts_build(&folded->tally, NULL, &folded->marts, &failure) == 0);
    parcel_free(&parcel);
}

static void release(struct folded *folded)
{
    state_free(folded->state);
    tally_clear(&folded->tally);
    marts_free(folded->marts);
}

#define EXPECT_COHORT(folded, i, expected)                                                         \
    do {                                                                                           \
        char row_text[MARTS_ROW_BYTES] = "no such row";                                            \
        if ((i) < (folded).marts->cohort_count)                                                    \
            marts_format((folded).marts, MARTS_COHORTS, (i), row_text);                            \
        CU_ASSERT_STRING_EQUAL(row_text, expected);                                                \
    } while (0)

#define EXPECT_LESSON(folded, i, expected)                                                         \
    do {                                                                                           \
        char row_text[MARTS_ROW_BYTES] = "no such row";                                            \
        if ((i) < (folded).marts->lesson_count)                                                    \
            marts_format((folded).marts, MARTS_LESSONS, (i), row_text);                            \
        CU_ASSERT_STRING_EQUAL(row_text, expected);                                                \
    } while (0)

static void test_users_count_once(void)
{
    const struct event events[] = {
        started("ann", 1, 1, MONDAY),
        started("ann", 1, 1, MONDAY + DAY),
        started("bob", 1, 1, MONDAY + 2 * DAY),
        completed("ann", 1, 1, MONDAY, 90 * SECOND, 0),
        completed("ann", 1, 1, MONDAY, 30 * SECOND, 0),
        finished("ann", 1, MONDAY + DAY),
        finished("ann", 1, MONDAY + 3 * DAY),
    };
    struct folded folded;
    fold(&folded, events, sizeof events / sizeof events[0]);
    CU_ASSERT_EQUAL(folded.marts->cohort_count, 1);
    CU_ASSERT_EQUAL(folded.marts->lesson_count, 1);
    EXPECT_COHORT(folded, 0, "1,2025-06-30,2,1,0.500000,1");
    EXPECT_LESSON(folded, 0, "1,2025-06-30,1,2,1,0.500000,1.000000,60.000");
    release(&folded);
}

static void test_earlier_start_moves_the_cohort(void)
{
    const struct event events[] = {
        completed("ann", 1, 2, MONDAY + 20 * DAY, 5 * SECOND, 0),
        started("ann", 1, 2, MONDAY + 14 * DAY),
        started("ann", 1, 1, MONDAY - 1),
        finished("ann", 1, MONDAY - 30 * DAY),
    };
    struct folded folded;
    fold(&folded, events, sizeof events / sizeof events[0]);
    EXPECT_COHORT(folded, 0, "1,2025-06-23,1,1,1.000000,2");
    EXPECT_LESSON(folded, 0, "1,2025-06-23,1,1,0,0.000000,1.000000,");
    EXPECT_LESSON(folded, 1, "1,2025-06-23,2,1,1,1.000000,1.000000,5.000");
    release(&folded);
}

static void test_without_a_start_the_first_event_decides(void)
{
    const struct event events[] = {
        completed("ann", 1, 3, MONDAY + 7 * DAY, EVENT_TIME_UNUSABLE, 9),
        finished("ann", 1, MONDAY + 6 * DAY),
    };
    struct folded folded;
    fold(&folded, events, sizeof events / sizeof events[0]);
    EXPECT_COHORT(folded, 0, "1,2025-06-30,0,1,,3");
    EXPECT_LESSON(folded, 0, "1,2025-06-30,3,0,1,,,");
    CU_ASSERT_EQUAL(folded.ledger.time_unusable, 1);
    release(&folded);
}

static void test_completions_that_come_again_count_once(void)
{
    struct event events[64];
    size_t count = 0;
    /* Twenty different ones and two without an id, each delivered three times. */
    for (int again = 0; again < 3; again++) {
        for (uint64_t i = 1; i <= 20; i++)
            events[count++] = completed("ann", 1, 1, MONDAY, (int64_t)i * SECOND, i << 32);
        if (again < 2)
            events[count++] = completed("ann", 1, 1, MONDAY, 100 * SECOND, EVENT_NO_FINGERPRINT);
    }
    struct folded folded;
    fold(&folded, events, count);
    CU_ASSERT_EQUAL(folded.ledger.duplicates, 40);
    EXPECT_LESSON(folded, 0, "1,2025-06-30,1,0,1,,,18.636"); /* (210 + 200) / 22 */
    release(&folded);
}

static void test_rounding_is_half_up(void)
{
    char text[MARTS_ROW_BYTES];
    struct tally_record records[] = {
        {.course_id = 1, .kind = TALLY_COHORT, .users_started = 32, .users_completed = 1},
        {.course_id = 1,
         .kind = TALLY_LESSON,
         .lesson_id = 1,
         .users_started = 3,
         .users_completed = 2,
         .timed_completions = 2,
         .time_spent_low_us = 3001000},
        {.course_id = 1,
         .kind = TALLY_LESSON,
         .lesson_id = 2,
         .users_started = 1,
         .users_completed = 640,
         .timed_completions = 3,
         .time_spent_low_us = UINT64_MAX,
         .time_spent_high_us = 2},
    };
    struct tally tally = {
        .records = records, .count = 3, .pairs_started = 32, .pairs_completed = 1};
    struct marts *marts = NULL;
    struct failure failure = {0};
    CU_ASSERT_FATAL(marts_build(&tally, NULL, &marts, &failure) == 0);
    marts_format(marts, MARTS_COHORTS, 0, text);
    CU_ASSERT_STRING_EQUAL(text, "1,1970-01-01,32,1,0.031250,2");
    marts_format(marts, MARTS_LESSONS, 0, text);
    CU_ASSERT_STRING_EQUAL(text, "1,1970-01-01,1,3,2,0.666667,0.093750,1.501");
    marts_format(marts, MARTS_LESSONS, 1, text);
    CU_ASSERT_STRING_EQUAL(text, "1,1970-01-01,2,1,640,640.000000,0.031250,18446744073709.552");
    marts_free(marts);
}

static void test_rows_that_cannot_be_are_refused(void)
{
    struct tally_record records[] = {
        {.course_id = 1, .kind = TALLY_COHORT, .users_started = 2},
        {.course_id = 1, .kind = TALLY_LESSON, .lesson_id = 1, .users_started = 2},
    };
    struct tally tally = {.records = records, .count = 2, .pairs_started = 2};
    struct marts *marts = NULL;
    struct failure failure = {0};
    CU_ASSERT(marts_build(&tally, NULL, &marts, &failure) == 0);
    marts_free(marts);

    tally.pairs_started = 3;
    CU_ASSERT(marts_build(&tally, NULL, &marts, &failure) == -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_BUG);

    failure.code = 0;
    tally.pairs_started = 2;
    records[1].users_started = 3;
    CU_ASSERT(marts_build(&tally, NULL, &marts, &failure) == -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_BUG);

    failure.code = 0;
    records[0].users_started = (uint64_t)INT32_MAX + 1;
    CU_ASSERT(marts_build(&tally, NULL, &marts, &failure) == -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_GATE);
}

static void test_extreme_lesson_ids(void)
{
    const struct event events[] = {
        started("ann", INT32_MIN, INT32_MAX, MONDAY),
        started("ann", INT32_MIN, INT32_MIN, MONDAY),
        started("ann", INT32_MIN, 0, MONDAY),
        completed("ann", INT32_MIN, INT32_MIN, MONDAY, 0, 1),
        started("ann", INT32_MAX, 1, MONDAY),
    };
    struct folded folded;
    fold(&folded, events, sizeof events / sizeof events[0]);
    EXPECT_COHORT(folded, 0, "-2147483648,2025-06-30,1,0,,-2147483648");
    EXPECT_COHORT(folded, 1, "2147483647,2025-06-30,1,0,,");
    EXPECT_LESSON(folded, 0, "-2147483648,2025-06-30,-2147483648,1,1,1.000000,1.000000,0.000");
    EXPECT_LESSON(folded, 2, "-2147483648,2025-06-30,2147483647,1,0,0.000000,1.000000,");
    release(&folded);
}

/* Any order of the events, split over any number of ranks, gives the same tally. */
static void test_order_and_ranks_do_not_matter(void)
{
    enum { EVENTS = 20000, USERS = 60 };
    uint64_t random = random_seed();
    static char names[USERS][24];
    static struct event events[EVENTS];
    for (int i = 0; i < USERS; i++)
        snprintf(names[i], sizeof names[i], "user-%d", i);
    for (int i = 0; i < EVENTS; i++) {
        const char *user = names[random_below(&random, USERS)];
        int32_t course = (int32_t)random_below(&random, 3);
        int32_t lesson = (int32_t)random_below(&random, 12);
        int64_t time_us = MONDAY + (int64_t)random_below(&random, 60) * DAY;
        switch (random_below(&random, 5)) {
        case 0:
            events[i] = finished(user, course, time_us);
            break;
        case 1:
        case 2: {
            /* As in the decoder, one fingerprint never stands for two times. */
            int64_t spent_us = (int64_t)random_below(&random, 4) - 1;
            uint64_t id = random_below(&random, 3);
            time_us = MONDAY + (int64_t)random_below(&random, 3);
            uint64_t fingerprint =
                id == 0 ? 0 : (uint64_t)time_us * 16 + (uint64_t)(spent_us + 1) * 4 + id;
            events[i] = completed(user, course, lesson, time_us, spent_us, fingerprint);
            break;
        }
        default:
            events[i] = started(user, course, lesson, time_us);
        }
    }

    struct folded once;
    fold(&once, events, EVENTS);
    CU_ASSERT(once.ledger.duplicates > 100 && once.ledger.time_unusable > 100);
    for (int ranks = 1; ranks <= 7; ranks += 3) {
        for (int i = EVENTS - 1; i > 0; i--) {
            int j = (int)random_below(&random, (uint64_t)i + 1);
            struct event swapped = events[i];
            events[i] = events[j];
            events[j] = swapped;
        }
        struct tally merged = {0};
        struct ledger ledger = {0};
        struct failure failure = {0};
        for (int rank = 0; rank < ranks; rank++) {
            struct state *state = NULL;
            struct parcel parcel = {0};
            struct tally tally = {0};
            CU_ASSERT_FATAL(state_create(rank, ranks, &state, &failure) == 0);
            for (int i = 0; i < EVENTS; i++) {
                uint64_t hash = key_group_hash(events[i].user, events[i].user_bytes);
                if (key_group_rank(key_group_of(hash), ranks) == rank)
                    CU_ASSERT_FATAL(parcel_add(&parcel, &events[i], hash, &failure) == 0);
            }
            CU_ASSERT_FATAL(fold_events(state, parcel.bytes, parcel.used, &ledger, &failure) == 0);
            CU_ASSERT_FATAL(fold_sums(state, 1, &tally, NULL, &failure) == 0);
            CU_ASSERT_FATAL(tally_merge(&merged, &tally, &failure) == 0);
            tally_clear(&tally);
            parcel_free(&parcel);
            state_free(state);
        }
        CU_ASSERT_EQUAL(merged.count, once.tally.count);
        CU_ASSERT(
            merged.count == once.tally.count &&
            memcmp(merged.records, once.tally.records, merged.count * sizeof *merged.records) == 0);
        CU_ASSERT_EQUAL(merged.pairs_started, once.tally.pairs_started);
        CU_ASSERT_EQUAL(merged.pairs_completed, once.tally.pairs_completed);
        CU_ASSERT(memcmp(&ledger, &once.ledger, sizeof ledger) == 0);
        tally_clear(&merged);
    }
    release(&once);
}

static void test_users_with_one_hash_stay_two(void)
{
    struct state_group group = {0};
    struct failure failure = {0};
    uint32_t a = state_find_user(&group, 42, "ann", 3, &failure);
    uint32_t b = state_find_user(&group, 42, "bob", 3, &failure);
    uint32_t c = state_find_user(&group, 42, "ann\0", 4, &failure);
    CU_ASSERT(a != b && b != c && a != c);
    CU_ASSERT_EQUAL(state_find_user(&group, 42, "bob", 3, &failure), b);
    CU_ASSERT_EQUAL(state_find_user(&group, 42, "ann\0", 4, &failure), c);
    free(group.users);
    free(group.texts);
    free(group.user_table.slots);
}

static struct event from(struct event event, const char *entry_point)
{
    event.entry_point = entry_point;
    event.entry_point_bytes = (uint32_t)strlen(entry_point);
    return event;
}

/* The first start decides; of several at its moment the lowest text. In any order. */
static void test_entry_point_of_the_first_start(void)
{
    const struct event events[] = {
        from(started("ann", 1, 1, MONDAY + 5), "a"),
        from(started("ann", 1, 2, MONDAY), "push"),
        from(started("ann", 1, 3, MONDAY), "pus"),
        from(started("ann", 1, 3, MONDAY), "q"),
        started("ann", 1, 4, MONDAY),
        from(started("ann", 2, 1, MONDAY - DAY), "other"),
        finished("ann", 1, MONDAY - 7),
        finished("ann", 1, MONDAY + 9),
    };
    size_t count = sizeof events / sizeof *events;
    for (size_t first = 0; first < count; first++) {
        struct event turned[sizeof events / sizeof *events];
        struct folded folded;
        for (size_t i = 0; i < count; i++)
            turned[i] = events[(first + (first % 2 == 0 ? i : count - i)) % count];
        fold(&folded, turned, count);
        const struct state *state = folded.state;
        const struct state_group *group = &state->groups[key_group_of(key_group_hash("ann", 3))];
        CU_ASSERT_EQUAL_FATAL(group->enrolment_count, 2);
        for (uint32_t i = 0; i < 2; i++) {
            uint32_t bytes = 0;
            const struct state_enrolment *enrolment = &group->enrolments[i];
            const char *text =
                state_texts_get(&state->entry_points, enrolment->entry_point, &bytes);
            CU_ASSERT_EQUAL(bytes, enrolment->course_id == 1 ? 3 : 5);
            CU_ASSERT(memcmp(text, enrolment->course_id == 1 ? "pus" : "other", bytes) == 0);
            if (enrolment->course_id == 2)
                continue;
            CU_ASSERT_EQUAL(enrolment->first_completion_us, MONDAY - 7);
            CU_ASSERT_EQUAL(enrolment->last_event_us, MONDAY + 9);
        }
        release(&folded);
    }
}

static void test_foreign_bytes_are_refused(void)
{
    struct state *state = NULL;
    struct parcel parcel = {0};
    struct ledger ledger = {0};
    struct failure failure = {0};
    struct event event = started("ann", 1, 1, MONDAY);
    CU_ASSERT_FATAL(state_create(0, 2, &state, &failure) == 0);
    CU_ASSERT_FATAL(parcel_add(&parcel, &event, UINT64_MAX, &failure) == 0);
    CU_ASSERT(fold_events(state, parcel.bytes, parcel.used, &ledger, &failure) == -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
    failure.code = 0;
    parcel_empty(&parcel);
    CU_ASSERT_FATAL(parcel_add(&parcel, &event, 1, &failure) == 0);
    CU_ASSERT(fold_events(state, parcel.bytes, parcel.used - 8, &ledger, &failure) == -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
    parcel_free(&parcel);
    state_free(state);
}

static void test_every_key_group_has_one_rank(void)
{
    for (int ranks = 1; ranks <= KEY_GROUPS; ranks += ranks < 20 ? 1 : 509)
        for (uint32_t group = 0; group < KEY_GROUPS; group++) {
            int rank = key_group_rank(group, ranks);
            if (group < key_group_first(rank, ranks) || group >= key_group_first(rank + 1, ranks))
                CU_FAIL("a rank does not own what it is sent");
        }
    CU_ASSERT_EQUAL(key_group_first(0, 3), 0);
    CU_ASSERT_EQUAL(key_group_first(3, 3), KEY_GROUPS);
    CU_ASSERT_EQUAL(key_group_of(UINT64_MAX), KEY_GROUPS - 1);
}

/* A checkpoint of a file made by hand may hold any times. */
static void test_times_that_are_far_apart(void)
{
    struct state_enrolment enrolment = {.first_start_us = INT64_MIN,
                                        .first_completion_us = INT64_MAX - 1};
    uint64_t time_us = 0;
    CU_ASSERT_TRUE(fold_time_to_complete(&enrolment, &time_us));
    CU_ASSERT_EQUAL(time_us, UINT64_MAX - 1);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"times that are far apart", test_times_that_are_far_apart},
        {"users count once", test_users_count_once},
        {"an earlier start moves the cohort", test_earlier_start_moves_the_cohort},
        {"without a start the first event decides", test_without_a_start_the_first_event_decides},
        {"completions that come again count once", test_completions_that_come_again_count_once},
        {"rounding is half up", test_rounding_is_half_up},
        {"rows that cannot be are refused", test_rows_that_cannot_be_are_refused},
        {"extreme lesson ids", test_extreme_lesson_ids},
        {"order and ranks do not matter", test_order_and_ranks_do_not_matter},
        {"users with one hash stay two", test_users_with_one_hash_stay_two},
        {"the entry point of the first start", test_entry_point_of_the_first_start},
        {"foreign bytes are refused", test_foreign_bytes_are_refused},
        {"every key group has one rank", test_every_key_group_has_one_rank},
    };
    return unit_main("fold", tests, sizeof tests / sizeof tests[0]);
}
