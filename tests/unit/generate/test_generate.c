#include "commands/generate/generate_learners.h"
#include "commands/generate/generate_line.h"
#include "commands/generate/generate_numbers.h"
#include "commands/generate/generate_random.h"
#include "unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Learners and their lines, without files. */

static struct generate_options some_options(void)
{
    return (struct generate_options){
        .out = "unused",
        .courses = 5,
        .lessons = 12,
        .events = 40000,
        .weeks = 8,
        .start_days = 20094,
        .course_share = 0.4,
        .late = 0.05,
        .app = 7,
        .seed = 3,
        .file_lines = 1000,
        .level = 1,
    };
}

struct summary {
    struct generate_sink sink;
    const struct generate_plan *plan;
    uint64_t digest;
    uint64_t lines;
    uint64_t course_lines;
    uint64_t copies;
    uint64_t late;
    uint64_t out_of_bounds;
};

static void take_record(struct generate_sink *sink, const struct generate_record *record)
{
    struct summary *summary = (struct summary *)sink;
    const struct generate_plan *plan = summary->plan;
    uint64_t words[4];
    memcpy(words, record, sizeof words);
    for (int i = 0; i < 4; i++)
        summary->digest = generate_hash(summary->digest, words[i], 0);
    summary->lines++;
    summary->course_lines += record->kind < GENERATE_FIRST_OTHER;
    summary->copies += record->copy;
    summary->late += record->copy == 0 && record->delay_s >= 3600;
    if (record->time_ms < 0 || record->time_ms >= plan->end_ms ||
        generate_hour(record) >= plan->hours || record->kind >= GENERATE_KINDS ||
        record->course >= plan->options->courses ||
        record->lesson >= generate_course_lessons(plan, record->course) ||
        (record->kind == EVENT_LESSON_COMPLETED && record->spent_ms == 0))
        summary->out_of_bounds++;
}

static struct summary summarize(const struct generate_plan *plan)
{
    struct summary summary = {.sink = {take_record}, .plan = plan};
    for (uint64_t user = 0; user < plan->users; user++)
        generate_learner(plan, (uint32_t)user, &summary.sink);
    return summary;
}

static struct summary summary_of(const struct generate_options *options, uint64_t *users)
{
    struct failure failure = {0};
    struct generate_plan plan;
    CU_ASSERT_EQUAL_FATAL(generate_plan_create(options, &plan, &failure), 0);
    generate_numbers_set(&plan);
    struct summary summary = summarize(&plan);
    if (users != NULL)
        *users = plan.users;
    generate_plan_free(&plan);
    summary.plan = NULL;
    return summary;
}

static bool is_near(double value, double expected, double tolerance)
{
    bool near = value > expected * (1 - tolerance) && value < expected * (1 + tolerance);
    if (!near)
        printf("\n    %g is not near to %g\n", value, expected);
    return near;
}

static void test_same_seed_same_records(void)
{
    struct generate_options options = some_options();
    struct summary first = summary_of(&options, NULL);
    struct summary second = summary_of(&options, NULL);
    CU_ASSERT_EQUAL(first.digest, second.digest);
    CU_ASSERT_EQUAL(first.out_of_bounds, 0);
    options.seed++;
    struct summary other = summary_of(&options, NULL);
    CU_ASSERT_NOT_EQUAL(first.digest, other.digest);
}

static void test_numbers_are_met(void)
{
    static const double shares[] = {0.05, 0.3, 0.7};
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        struct generate_options options = some_options();
        options.events = 200000;
        options.course_share = shares[i];
        struct summary summary = summary_of(&options, NULL);
        double lines = (double)summary.lines;
        CU_ASSERT(is_near(lines, 200000, 0.15));
        CU_ASSERT(is_near((double)summary.course_lines / lines, shares[i], 0.15));
        CU_ASSERT(is_near((double)summary.late / lines, 0.05, 0.1));
        CU_ASSERT_EQUAL(summary.copies, 0);
    }
}

static void test_users_are_met(void)
{
    struct generate_options options = some_options();
    uint64_t users = 0;
    options.users = 300;
    struct summary summary = summary_of(&options, &users);
    CU_ASSERT_EQUAL(users, 300);
    CU_ASSERT(is_near((double)summary.lines, 40000, 0.3));
}

/* Few learners among many visitors gave up to a fifth more lines than were asked for. */
static void test_few_learners_among_many(void)
{
    double squares = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct generate_options options = some_options();
        options.events = 100000;
        options.users = 20000;
        options.course_share = 0.3;
        options.lessons = 30;
        options.weeks = 40;
        options.seed = seed;
        double off = (double)summary_of(&options, NULL).lines / 100000 - 1;
        squares += off * off;
    }
    double mean_square = squares / 20;
    CU_ASSERT(mean_square < 0.05 * 0.05);
}

static void test_extreme_options(void)
{
    for (int i = 0; i < 6; i++) {
        struct generate_options options = some_options();
        options.weeks = i == 0 ? 1 : options.weeks;
        options.courses = i == 1 ? 1 : options.courses;
        options.lessons = i == 2 ? 1 : options.lessons;
        options.events = i == 3 ? 1 : options.events;
        options.course_share = i == 4 ? 0 : i == 5 ? 1 : options.course_share;
        options.late = i == 0 ? 1 : options.late;
        options.duplicates = i == 0 ? 1 : 0;
        struct summary summary = summary_of(&options, NULL);
        CU_ASSERT_EQUAL(summary.out_of_bounds, 0);
        CU_ASSERT(summary.lines > 0);
        if (i == 0)
            CU_ASSERT_EQUAL(summary.copies * 2, summary.lines);
        if (i == 4)
            CU_ASSERT_EQUAL(summary.course_lines, 0);
        if (i == 5)
            CU_ASSERT_EQUAL(summary.course_lines, summary.lines);
    }
}

static void test_random_means(void)
{
    struct generate_random random = {.key = 42};
    double exponential = 0;
    double around = 0;
    uint64_t below_median = 0;
    const int draws = 200000;
    for (int i = 0; i < draws; i++) {
        exponential += (double)generate_exponential(&random, 100000);
        around += (double)generate_around(&random, GENERATE_ONE * 5 / 2);
        below_median += generate_lognormal(&random, 100000) < 100000;
        CU_ASSERT(generate_below(&random, 7) < 7);
    }
    CU_ASSERT(is_near(exponential / draws, 100000, 0.02));
    CU_ASSERT(is_near(around / draws, 2.5, 0.02));
    CU_ASSERT(is_near((double)below_median / draws, 0.5, 0.02));
}

/* Every way of damage on every kind of event leaves one line, within its room. */
static void test_damage_stays_in_its_line(void)
{
    struct failure failure = {0};
    struct generate_plan plan;
    struct generate_options options = some_options();
    options.dirt = 1;
    CU_ASSERT_EQUAL_FATAL(generate_plan_create(&options, &plan, &failure), 0);
    char *line = malloc(GENERATE_DAMAGED_BYTES);
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    struct generate_counts counts = {0};
    uint64_t lines = 0;
    for (uint32_t serial = 0; serial < 30000; serial++) {
        struct generate_record record = {.time_ms = 5000 + serial,
                                         .user = serial % 100,
                                         .serial = serial,
                                         .delay_s = 5,
                                         .spent_ms = 61500,
                                         .course = 1,
                                         .lesson = 2,
                                         .kind = (uint8_t)(serial % 3)};
        char *end = generate_line_write(&plan, &record, line, &counts);
        size_t bytes = (size_t)(end - line);
        CU_ASSERT(bytes >= 1 && bytes <= 2 * GENERATE_LINE_BYTES);
        CU_ASSERT_PTR_EQUAL(memchr(line, '\n', bytes), end - 1);
        CU_ASSERT_PTR_NULL(memchr(line, '\0', bytes));
        lines++;
    }
    uint64_t outcomes = counts.made_other + counts.time_unusable + counts.odd + counts.twice;
    CU_ASSERT(counts.twice > 0);
    for (int reason = 0; reason < REJECT_REASONS; reason++) {
        CU_ASSERT(counts.rejected[reason] > 0);
        outcomes += counts.rejected[reason];
    }
    CU_ASSERT_EQUAL(outcomes, lines);
    free(line);
    generate_plan_free(&plan);
}

static void test_hostile_stays_in_its_line(void)
{
    struct failure failure = {0};
    struct generate_plan plan;
    struct generate_options options = some_options();
    options.hostile = 1;
    CU_ASSERT_EQUAL_FATAL(generate_plan_create(&options, &plan, &failure), 0);
    char *line = malloc(GENERATE_DAMAGED_BYTES);
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    struct generate_counts counts = {0};
    for (uint32_t serial = 0; serial < 2000; serial++) {
        struct generate_record record = {.user = 9, .serial = serial, .delay_s = 1};
        char *end = generate_line_write(&plan, &record, line, &counts);
        CU_ASSERT(end - line <= GENERATE_DAMAGED_BYTES);
        CU_ASSERT_PTR_EQUAL(memchr(line, '\n', (size_t)(end - line)), end - 1);
    }
    CU_ASSERT_EQUAL(counts.hostile, 2000);
    free(line);
    generate_plan_free(&plan);
}

static int parse(struct generate_options *options, struct failure *failure, int argc,
                 const char *const *words)
{
    char *argv[16];
    for (int i = 0; i <= argc && i < 16; i++)
        argv[i] = i < argc ? (char *)(uintptr_t)words[i] : NULL;
    *failure = (struct failure){0};
    return generate_parse(argc, argv, options, failure);
}

#define PARSE(...)                                                                                 \
    parse(&options, &failure,                                                                      \
          (int)(sizeof((const char *[]){"generate", __VA_ARGS__}) / sizeof(const char *)),         \
          (const char *const[]){"generate", __VA_ARGS__})

static void test_options(void)
{
    struct generate_options options;
    struct failure failure;
    CU_ASSERT_EQUAL(PARSE("--out", "somewhere"), 0);
    CU_ASSERT_EQUAL(options.events, 200000);
    CU_ASSERT_EQUAL(options.start_days, 20094);
    CU_ASSERT_EQUAL(
        PARSE("--out=x", "--start", "2024-02-29", "--format=zip", "--dirt", "0.5", "--seed", "9"),
        0);
    CU_ASSERT_EQUAL(options.start_days, 19782);
    CU_ASSERT_EQUAL(options.format, GENERATE_ZIP);
    CU_ASSERT_EQUAL(options.dirt, 0.5);
    CU_ASSERT_EQUAL(PARSE("--help"), 0);
    CU_ASSERT(options.help);
}

static void test_bad_options(void)
{
    static const char *const bad[][3] = {
        {"--start", "2025-02-30", "--start"},
        {"--start", "2025-1-1", "--start"},
        {"--start", "9999-01-01", "--start"},
        {"--format", "rar", "--format"},
        {"--dirt", "1.5", "--dirt"},
        {"--weeks", "0", "--weeks"},
        {"--level", "4", "--level"},
        {"--evnts", "3", "--evnts"},
        {"more", "words", "more"},
        {"--out", "", "--out"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct generate_options options;
        struct failure failure;
        CU_ASSERT_EQUAL(PARSE("--out", "x", bad[i][0], bad[i][1]), -1);
        CU_ASSERT_EQUAL(failure.code, EXIT_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, bad[i][2]));
    }
    struct generate_options options;
    struct failure failure;
    CU_ASSERT_EQUAL(PARSE("--events", "5"), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "--out"));
    CU_ASSERT_EQUAL(PARSE("--out", "x", "--seed"), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "--seed needs a value"));
}

static const struct unit_test tests[] = {
    {"the same seed gives the same records", test_same_seed_same_records},
    {"lines and shares are met", test_numbers_are_met},
    {"the number of users is met", test_users_are_met},
    {"few learners among many", test_few_learners_among_many},
    {"extreme options stay in bounds", test_extreme_options},
    {"random numbers have their means", test_random_means},
    {"damage stays in its line", test_damage_stays_in_its_line},
    {"hostile bytes stay in their line", test_hostile_stays_in_its_line},
    {"options", test_options},
    {"bad options are named", test_bad_options},
};

int main(void)
{
    return unit_main("generate", tests, sizeof tests / sizeof tests[0]);
}
