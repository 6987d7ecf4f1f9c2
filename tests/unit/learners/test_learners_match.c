#include "commands/learners/learners_match.h"

#include "course_funnel/calendar.h"
#include "course_funnel/state.h"
#include "unit/unit.h"

#include <string.h>

#define MONDAY 20269 /* 2025-06-30 */
#define START_US (MONDAY * CALENDAR_US_PER_DAY)

/* Users of a course, and who of them is meant: a letter for each WHO, without and with lesson 3. */
static const struct {
    const char *what;
    int64_t first_start_us, completed_us, furthest;
    bool started_lesson, completed_lesson;
    const char *meant;        /* without a lesson */
    const char *meant_lesson; /* with lesson 3 */
} users[] = {
    {"only completed the course", STATE_NO_TIME, START_US, LEARNERS_NO_LESSON, false, false, "f",
     ""},
    {"stopped at 2", START_US, STATE_NO_TIME, 2, false, false, "spu", ""},
    {"stopped at 3", START_US, STATE_NO_TIME, 3, true, false, "spu", "srp"},
    {"stopped at 3, completed it", START_US, STATE_NO_TIME, 3, true, true, "spu", "scrp"},
    {"completed 3 without a start", STATE_NO_TIME, STATE_NO_TIME, 3, false, true, "p", "crp"},
    {"skipped 3", START_US, STATE_NO_TIME, 7, false, false, "spu", "r"},
    {"went on from 3", START_US, STATE_NO_TIME, 7, true, true, "spu", "scr"},
    {"completed all", START_US, START_US, 7, true, true, "sf", "scr"},
    {"completed the course at 3", START_US, START_US, 3, true, true, "sf", "scr"},
    {"a lesson below 0", START_US, STATE_NO_TIME, INT32_MIN, false, false, "spu", ""},
};

static const char letters[LEARNERS_WHOS + 1] = "scfrpu";

static void test_who(void)
{
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        struct learners_facts facts = {.first_start_us = users[i].first_start_us,
                                       .completed_us = users[i].completed_us,
                                       .furthest = users[i].furthest,
                                       .cohort_week = MONDAY,
                                       .started_lesson = users[i].started_lesson,
                                       .completed_lesson = users[i].completed_lesson};
        for (int who = 0; who < LEARNERS_WHOS; who++)
            for (int with = 0; with < 2; with++) {
                struct learners_wish wish = {
                    .who = (enum learners_who)who, .has_lesson = with, .lesson_id = 3};
                struct failure failure = {0};
                const char *due = with ? users[i].meant_lesson : users[i].meant;
                if (learners_check_wish(&wish, &failure) != 0) {
                    CU_ASSERT_EQUAL(failure.code, EXIT_USAGE);
                    CU_ASSERT_PTR_NULL(strchr(due, letters[who]));
                    continue;
                }
                bool meant = strchr(due, letters[who]) != NULL;
                if (learners_is_meant(&wish, &facts) != meant) {
                    printf("%s: %s%s\n", users[i].what, learners_who_name(wish.who),
                           with ? " of the lesson" : "");
                    CU_FAIL("another is meant");
                }
                wish.has_cohort = true;
                wish.cohort_week = MONDAY;
                CU_ASSERT_EQUAL(learners_is_meant(&wish, &facts), meant);
                wish.cohort_week = MONDAY + 7;
                CU_ASSERT_FALSE(learners_is_meant(&wish, &facts));
            }
    }
}

static void test_which_go_with_a_lesson(void)
{
    static const char without[] = "sfpu", with[] = "scrp";
    for (int who = 0; who < LEARNERS_WHOS; who++) {
        struct learners_wish wish = {.who = (enum learners_who)who};
        struct failure failure = {0};
        enum learners_who again = LEARNERS_WHOS;
        CU_ASSERT_EQUAL(learners_check_wish(&wish, &failure) == 0,
                        strchr(without, letters[who]) != NULL);
        wish.has_lesson = true;
        CU_ASSERT_EQUAL(learners_check_wish(&wish, &failure) == 0,
                        strchr(with, letters[who]) != NULL);
        CU_ASSERT_EQUAL(learners_who_parse(learners_who_name(wish.who), &again, &failure), 0);
        CU_ASSERT_EQUAL(again, wish.who);
    }
    struct failure failure = {0};
    enum learners_who who = LEARNERS_WHOS;
    CU_ASSERT_EQUAL(learners_who_parse("Started", &who, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, EXIT_USAGE);
}

static void test_idle(void)
{
    struct learners_wish wish = {.has_idle = false};
    struct learners_facts facts = {.last_event_us = START_US + 1};
    CU_ASSERT_EQUAL(learners_idle(&wish, START_US, &facts), LEARNERS_IDLE);
    wish.has_idle = true;
    CU_ASSERT_EQUAL(learners_idle(&wish, START_US, &facts), LEARNERS_UNKNOWN);
    CU_ASSERT_EQUAL(learners_idle(&wish, START_US + 1, &facts), LEARNERS_BUSY);
    CU_ASSERT_EQUAL(learners_idle(&wish, START_US + 2, &facts), LEARNERS_IDLE);
    wish.idle_days = 14;
    int64_t as_of_us = START_US + 1 + 14 * CALENDAR_US_PER_DAY;
    CU_ASSERT_EQUAL(learners_idle(&wish, as_of_us, &facts), LEARNERS_BUSY);
    CU_ASSERT_EQUAL(learners_idle(&wish, as_of_us + 1, &facts), LEARNERS_IDLE);
    wish.idle_days = 1000000;
    CU_ASSERT_EQUAL(learners_idle(&wish, as_of_us, &facts), LEARNERS_BUSY);
}

static void test_order(void)
{
    struct learners_row a = {.user = "a", .user_bytes = 1}, ab = {.user = "ab", .user_bytes = 2},
                        high = {.user = "\xff", .user_bytes = 1};
    CU_ASSERT(learners_compare(&a, &ab) < 0 && learners_compare(&ab, &a) > 0);
    CU_ASSERT(learners_compare(&ab, &high) < 0 && learners_compare(&high, &a) > 0);
    CU_ASSERT_EQUAL(learners_compare(&a, &a), 0);
}

/* A row as it is written, and what is due. */
static void writes(const struct learners_row *row, const char *entry_point, const char *due)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    learners_row_print(out, row, entry_point,
                       entry_point != NULL ? (uint32_t)strlen(entry_point) : 0);
    CU_ASSERT_EQUAL_FATAL(fclose(out), 0);
    if (strcmp(text, due) != 0)
        printf("%s where this is due:\n%s", text, due);
    CU_ASSERT_STRING_EQUAL(text, due);
    free(text);
}

static void test_users(void)
{
    static const struct {
        const char *user;
        uint32_t bytes;
        const char *due;
    } texts[] = {
        {"u-1", 3, "\"u-1\","},
        {"a,\"b\"", 5, "\"a,\"\"b\"\"\","},
        {"\\.", 2, "\"\\.\","},
        {"=1+1", 4, "\"=1+1\","},
        {"\xc3\xa9 \xf0\x9f\x98\x80", 7, "\"\xc3\xa9 \xf0\x9f\x98\x80\","},
        {"a\nb", 3, ",\"YQpi\""},
        {"a\0b", 3, ",\"YQBi\""},
        {"\x7f", 1, ",\"fw==\""},
        {"\xc2\x85", 2, ",\"woU=\""},     /* a control character of two bytes */
        {"\xc2\xa0", 2, "\"\xc2\xa0\","}, /* the first behind those */
        {"a\xff", 2, ",\"Yf8=\""},
        {"\xed\xa0\x80", 3, ",\"7aCA\""}, /* a surrogate */
        {"\xc3", 1, ",\"ww==\""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char due[128], user[16];
        memcpy(user, texts[i].user, texts[i].bytes);
        struct learners_row row = {.user = user,
                                   .user_bytes = texts[i].bytes,
                                   .facts = {.cohort_week = MONDAY,
                                             .first_start_us = STATE_NO_TIME,
                                             .last_event_us = START_US,
                                             .furthest = LEARNERS_NO_LESSON,
                                             .completed_us = START_US + 1}};
        snprintf(due, sizeof due,
                 "%s,2025-06-30,,2025-06-30 00:00:00.000000Z,,2025-06-30 "
                 "00:00:00.000001Z,\"(no start)\"\n",
                 texts[i].due);
        writes(&row, NULL, due);
    }
}

/* More than what is encoded at a time. */
static void test_long_user(void)
{
    static char user[1537], due[2048 + 128];
    memset(user, 0, sizeof user);
    size_t at = (size_t)snprintf(due, sizeof due, ",\"");
    memset(due + at, 'A', 2048);
    snprintf(due + at + 2048, sizeof due - at - 2048,
             "AA==\",2025-06-30,,2025-06-30 00:00:00.000000Z,,,\"(no start)\"\n");
    struct learners_row row = {.user = user,
                               .user_bytes = sizeof user,
                               .facts = {.cohort_week = MONDAY,
                                         .first_start_us = STATE_NO_TIME,
                                         .last_event_us = START_US,
                                         .furthest = LEARNERS_NO_LESSON,
                                         .completed_us = STATE_NO_TIME}};
    writes(&row, NULL, due);
}

static void test_entry_points(void)
{
    char user[] = "u";
    struct learners_row row = {.user = user,
                               .user_bytes = 1,
                               .facts = {.cohort_week = MONDAY,
                                         .first_start_us = START_US,
                                         .last_event_us = START_US,
                                         .furthest = -7,
                                         .completed_us = STATE_NO_TIME}};
#define BEGIN "\"u\",,2025-06-30,2025-06-30 00:00:00.000000Z,2025-06-30 00:00:00.000000Z,-7,,"
    writes(&row, NULL, BEGIN "\"(none)\"\n");
    row.entry_point = 1;
    writes(&row, "home", BEGIN "\"home\"\n");
    writes(&row, "\"a\",\nb\"", BEGIN "\"\"\"a\"\",\nb\"\"\"\n");
    writes(&row, "(other)", BEGIN "\"(other)\"\n");
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"who is meant", test_who},
        {"which go with a lesson", test_which_go_with_a_lesson},
        {"idle", test_idle},
        {"order", test_order},
        {"users", test_users},
        {"a long user", test_long_user},
        {"entry points", test_entry_points},
    };
    return unit_main("learners_match", tests, sizeof tests / sizeof tests[0]);
}
