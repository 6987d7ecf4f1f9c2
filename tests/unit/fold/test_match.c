#include "course_funnel/fold.h"
#include "course_funnel/key_group.h"
#include "course_funnel/marts_table.h"
#include "course_funnel/match.h"
#include "course_funnel/parcel.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

/* An event of the user in the course; with course 0 a profile id, which has nothing else. */
static void add(struct parcel *parcel, const char *user, int32_t course)
{
    struct failure failure = {0};
    struct event event = {.user = user, .user_bytes = (uint32_t)strlen(user), .course_id = course};
    if (course != 0) {
        event.kind = EVENT_COURSE_COMPLETED;
        event.time_spent_us = EVENT_TIME_UNUSABLE;
    }
    CU_ASSERT_FATAL(parcel_add(parcel, &event, key_group_hash(user, strlen(user)), &failure) == 0);
}

static struct state *make_state(void)
{
    struct failure failure = {0};
    struct state *state = NULL;
    struct parcel parcel = {0};
    struct ledger ledger = {0};
    CU_ASSERT_FATAL(state_create(0, 1, &state, &failure) == 0);
    add(&parcel, "ann", 1);
    add(&parcel, "ann", 2);
    add(&parcel, "bob", 2);
    add(&parcel, "bob", 2);
    add(&parcel, "cid", -3);
    CU_ASSERT_FATAL(fold_events(state, parcel.bytes, parcel.used, &ledger, &failure) == 0);
    parcel_free(&parcel);
    return state;
}

static void test_users_match_once_and_byte_for_byte(void)
{
    struct failure failure = {0};
    struct state *state = make_state();
    struct match *match = NULL;
    struct parcel parcel = {0};
    struct tally tally = {0};
    struct marts marts = {0};
    uint64_t with = 0, without = 0;
    struct ledger ledger = {0};
    CU_ASSERT_FATAL(match_create(state, &match, &failure) == 0);
    static const char *const profiles[] = {"ann", "ann", "Bob", "bob ", "nobody", "cid", "ann"};
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
        add(&parcel, profiles[i], 0);
    CU_ASSERT(match_take(match, parcel.bytes, parcel.used, &ledger, &failure) == 0);
    CU_ASSERT_EQUAL(ledger.received, 7);
    CU_ASSERT_EQUAL(ledger.folded, 7);
    match_count(match, &with, &without);
    CU_ASSERT_EQUAL(with, 2);
    CU_ASSERT_EQUAL(without, 1);

    static const struct match_row expected[] = {{-3, 1, 1, 0}, {1, 1, 1, 0}, {2, 2, 1, 1}};
    CU_ASSERT_FATAL(match_tally(match, &tally, &failure) == 0);
    CU_ASSERT_FATAL(marts_set_matches(&tally, &marts, &failure) == 0);
    CU_ASSERT_EQUAL_FATAL(marts.match_count, 3);
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(marts.matches[i].course_id, expected[i].course_id);
        CU_ASSERT_EQUAL(marts.matches[i].users, expected[i].users);
        CU_ASSERT_EQUAL(marts.matches[i].users_with_session, expected[i].users_with_session);
        CU_ASSERT_EQUAL(marts.matches[i].users_without_session, expected[i].users_without_session);
    }
    char text[MARTS_ROW_BYTES];
    CU_ASSERT_EQUAL(marts_format(&marts, MARTS_MATCHES, 2, text), strlen("2,2,1,1"));
    CU_ASSERT_STRING_EQUAL(text, "2,2,1,1");

    free(marts.matches);
    tally_clear(&tally);
    parcel_free(&parcel);
    match_free(match);
    state_free(state);
}

static void test_other_bytes_are_refused(void)
{
    struct failure failure = {0};
    struct state *state = make_state();
    struct match *match = NULL;
    struct parcel parcel = {0};
    struct ledger ledger = {0};
    CU_ASSERT_FATAL(match_create(state, &match, &failure) == 0);
    CU_ASSERT(match_take(match, NULL, 0, &ledger, &failure) == 0);
    add(&parcel, "ann", 0);
    CU_ASSERT(match_take(match, parcel.bytes, parcel.used - 8, &ledger, &failure) == -1);
    CU_ASSERT_EQUAL(ledger.received, 0);
    CU_ASSERT_EQUAL(failure.code, EXIT_BUG);
    parcel_free(&parcel);
    match_free(match);
    state_free(state);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"users match once and byte for byte", test_users_match_once_and_byte_for_byte},
        {"other bytes are refused", test_other_bytes_are_refused},
    };
    return unit_main("match", tests, sizeof tests / sizeof tests[0]);
}
