#include "course_funnel/key_group.h"
#include "course_funnel/manifest.h"
#include "course_funnel/rejects.h"
#include "course_funnel/rules.h"
#include "course_funnel/store.h"
#include "store/seal.h"

#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every field that is kept, with values that only fit 64 bits and odd bytes in a path. */
static void make(struct manifest *manifest)
{
    *manifest = (struct manifest){.kind = MANIFEST_STATE,
                                  .history_id = "87654321-1234-1234-1234-123456789abc",
                                  .run_id = "12345678-1234-1234-1234-123456789abc",
                                  .version = "1.0.0",
                                  .columns = "user_id=a \"b\"",
                                  .sessions = "s.\"t\"(profile_id=p)",
                                  .attempt = 3,
                                  .generation = 17,
                                  .ranks = 4,
                                  .resumes = 2,
                                  .started_us = INT64_C(1795360739895130),
                                  .planned_us = INT64_C(1795360739895128),
                                  .attempt_us = INT64_C(1795360739895129),
                                  .written_us = INT64_C(1795360739895131),
                                  .range_bytes = UINT64_C(1) << 40,
                                  .disk_bytes = UINT64_MAX,
                                  .done_bytes = UINT64_MAX - 1,
                                  .split_count = 10,
                                  .next = {7, 1},
                                  .first_event_us = -INT64_C(62135596800000000),
                                  .last_event_us = INT64_MIN,
                                  .as_of = "2026-05-05",
                                  .marts_only = 1,
                                  .leave_out_foreign = 1,
                                  .is_finished = 1,
                                  .listed_empty = UINT64_C(1) << 60,
                                  .listed_left_out = 3,
                                  .base = {2, UINT32_MAX, ""},
                                  .pairs_started = UINT64_C(9007199254740993),
                                  .pairs_completed = 1,
                                  .match = {1, UINT64_MAX, UINT64_C(9007199254740993), 7}};
    memset(manifest->input_fingerprint, 'a', 32);
    struct failure failure = {0};
    const int64_t days[] = {-3, -40, 20000, 20002, 20001, 20002};
    days_begin(&manifest->days, 20000);
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        (void)days_add(&manifest->days, days[i] * CALENDAR_US_PER_DAY + 5, &failure);
    manifest->days.later = 9;
    uint64_t *counts = (uint64_t *)&manifest->ledger;
    for (size_t i = 0; i < LEDGER_COUNTS; i++)
        counts[i] = (UINT64_C(1) << 50) + i;
    /* The books of a checkpoint balance. */
    struct ledger *ledger = &manifest->ledger;
    ledger->kept = ledger->sent = ledger->received = ledger->folded = UINT64_C(1) << 62;
    ledger->records_read = ledger->other + ledger_rejected(ledger) + ledger->kept;
    manifest->base_ledger = *ledger;
    manifest->base_ledger.lines_read = 1;
    memset(manifest->base.digest, 'b', DIGEST_BYTES - 1);
    manifest->inputs = calloc(2, sizeof *manifest->inputs);
    manifest->inputs[0] =
        (struct manifest_input){.path = strdup("/d/a\"\\\n\x01 \xc3\xa9\xff.json"),
                                .bytes = UINT64_MAX,
                                .identity = INT64_C(1751387694837000001),
                                .splits = UINT32_MAX,
                                .is_base = 1};
    manifest->inputs[1] = (struct manifest_input){
        .path = strdup("/d/b"), .identity = -5, .changes = {16384, 9, UINT64_MAX, 2, 3, 4}};
    manifest->input_count = 2;
    manifest->unfinished = calloc(2, sizeof *manifest->unfinished);
    manifest->unfinished[0] = (struct schedule_item){.split = 9, .offset = UINT64_MAX};
    manifest->unfinished_count = 2;
    manifest->files = calloc(2, sizeof *manifest->files);
    manifest->files[0] = (struct manifest_file){0, 99, 1234, 2345, ""};
    manifest->files[1] = (struct manifest_file){100, KEY_GROUPS - 1, 5678, 6789, ""};
    memset(manifest->files[0].digest, '0', 32);
    memset(manifest->files[1].digest, '1', 32);
    manifest->file_count = 2;
    memset(manifest->stretches.digest, '2', 32);
    manifest->parts = calloc(2, sizeof *manifest->parts);
    manifest->parts[0] = (struct manifest_part){2, 31, UINT64_C(1) << 41, ""};
    manifest->parts[1] = (struct manifest_part){3, REJECTS_JOINED_RANK, 1, ""};
    memset(manifest->parts[0].digest, '3', 32);
    memset(manifest->parts[1].digest, '4', 32);
    manifest->part_count = 2;
}

static void test_all_comes_back(void)
{
    struct manifest made, found;
    struct failure failure = {0};
    char *text = NULL;
    size_t bytes = 0;
    make(&made);
    CU_ASSERT_EQUAL_FATAL(manifest_print(&made, &text, &bytes, &failure), 0);
    CU_ASSERT_EQUAL(strlen(text), bytes);
    CU_ASSERT_EQUAL_FATAL(manifest_parse(text, bytes, &found, &failure), 0);
    char digest[DIGEST_BYTES];
    manifest_digest(text, bytes, digest);
    CU_ASSERT_EQUAL(strlen(digest), DIGEST_BYTES - 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(text + bytes - SEAL_BYTES, digest));
    CU_ASSERT_EQUAL_FATAL(found.input_count, 2);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_STRING_EQUAL(found.inputs[i].path, made.inputs[i].path);
        CU_ASSERT_EQUAL(found.inputs[i].bytes, made.inputs[i].bytes);
        CU_ASSERT_EQUAL(found.inputs[i].identity, made.inputs[i].identity);
        CU_ASSERT_EQUAL(found.inputs[i].splits, made.inputs[i].splits);
        CU_ASSERT_EQUAL(found.inputs[i].is_base, made.inputs[i].is_base);
        CU_ASSERT_EQUAL(memcmp(&found.inputs[i].changes, &made.inputs[i].changes,
                               sizeof(struct source_changes)),
                        0);
        CU_ASSERT_EQUAL(found.unfinished[i].split, made.unfinished[i].split);
        CU_ASSERT_EQUAL(found.unfinished[i].offset, made.unfinished[i].offset);
    }
    CU_ASSERT_EQUAL(found.file_count, 2);
    CU_ASSERT_EQUAL(memcmp(found.files, made.files, 2 * sizeof *made.files), 0);
    CU_ASSERT_EQUAL_FATAL(found.part_count, 2);
    CU_ASSERT_EQUAL(memcmp(found.parts, made.parts, 2 * sizeof *made.parts), 0);
    CU_ASSERT_EQUAL(memcmp(&found.stretches, &made.stretches, sizeof made.stretches), 0);

    CU_ASSERT_EQUAL_FATAL(found.days.count, 3);
    CU_ASSERT_EQUAL(memcmp(found.days.counts, made.days.counts, 3 * sizeof *made.days.counts), 0);
    CU_ASSERT_EQUAL(days_in_the_future(&found.days), 12);
    CU_ASSERT_EQUAL(days_gap(&found.days), 37);

    /* What is left when all that is pointed to is set aside is the same byte for byte. */
    struct manifest plain = made, again = found;
    plain.inputs = again.inputs = NULL;
    plain.unfinished = again.unfinished = NULL;
    plain.files = again.files = NULL;
    plain.parts = again.parts = NULL;
    plain.days.counts = again.days.counts = NULL;
    CU_ASSERT_EQUAL(memcmp(&plain, &again, sizeof plain), 0);
    manifest_clear(&made);
    manifest_clear(&found);
    free(text);
}

/* A text that was changed by hand and sealed anew: refused by what it says. */
static void expect_refusal(const char *from, const char *to, int code, const char *message)
{
    struct manifest made, found;
    struct failure failure = {0};
    char *text = NULL;
    size_t bytes = 0;
    make(&made);
    CU_ASSERT_EQUAL_FATAL(manifest_print(&made, &text, &bytes, &failure), 0);
    char *changed = calloc(1, bytes + 256 + SEAL_BYTES);
    char *at = strstr(text, from);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    size_t body = bytes - SEAL_BYTES;
    int length = snprintf(changed, bytes + 256, "%.*s%s%.*s}", (int)(at - text), text, to,
                          (int)(body - (size_t)(at - text) - strlen(from)), at + strlen(from));
    size_t sealed = seal_write(changed, (size_t)length);
    CU_ASSERT_EQUAL(manifest_parse(changed, sealed, &found, &failure), -1);
    CU_ASSERT_EQUAL(failure.code, code);
    if (strcmp(failure.message, message) != 0)
        fprintf(stderr, "said: %s\ndue:  %s\n", failure.message, message);
    CU_ASSERT_STRING_EQUAL(failure.message, message);
    free(changed);
    free(text);
    manifest_clear(&made);
}

static void test_what_is_refused(void)
{
    static const struct {
        const char *from, *to, *message;
    } cases[] = {
        {"\"format\":\"course", "\"format\":\"curse", "its \"format\" is missing or out of range"},
        {"\"kind\":\"state\"", "\"kind\":\"stale\"", "its \"kind\" is missing or out of range"},
        {"\"attempt\":3", "\"attempt\":-3", "its \"attempt\" is missing or out of range"},
        {"\"attempt\":3", "\"attempt\":3.5", "its \"attempt\" is missing or out of range"},
        {"\"attempt\":3", "\"attempt\":4294967296", "its \"attempt\" is missing or out of range"},
        {"\"ranks\":4", "\"ranks\":5000", "its \"ranks\" is missing or out of range"},
        {"\"key_groups\":4096", "\"key_groups\":1024",
         "its \"key_groups\" is missing or out of range"},
        {"\"next\":\"7\"", "\"next\":\"11\"", "its \"next\" is missing or out of range"},
        {"\"next_tables\":\"1\"", "\"next_tables\":\"8\"",
         "its \"next_tables\" is missing or out of range"},
        {"\"next\":\"7\"", "\"next\":7", "its \"next\" is missing or out of range"},
        {"\"next\":\"7\"", "\"next\":\"99999999999999999999\"",
         "its \"next\" is missing or out of range"},
        {"\"columns\":", "\"pillars\":", "its \"columns\" is missing or out of range"},
        {"\"sessions\":", "\"sections\":", "its \"sessions\" is missing or out of range"},
        {"\"no_time\"", "\"no_tide\"", "its \"no_time\" is missing or out of range"},
        {"\"next\":\"7\"", "\"next\":\"1\"", "its \"unfinished\" is missing or out of range"},
        {"\"folded\":\"4", "\"folded\":\"3", "its \"records_read\" is missing or out of range"},
        {"\"split\":9", "\"split\":10", "its \"unfinished\" is missing or out of range"},
        {"\"first_group\":100", "\"first_group\":101", "its \"files\" is missing or out of range"},
        {"\"last_group\":4095", "\"last_group\":4094", "its \"files\" is missing or out of range"},
        {"\"last_group\":99", "\"last_group\":4096",
         "its \"last_group\" is missing or out of range"},
        {"\"digest\":\"000", "\"digest\":\"00", "its \"digest\" is missing or out of range"},
        {"\"0 18446744073709551611 0 0 /d/b\"", "12", "its \"inputs\" is missing or out of range"},
        {" 0 0 /d/b\"", " 0 0\"", "its \"inputs\" is missing or out of range"},
        {" 0 0 /d/b\"", " 0 -0 /d/b\"", "its \"inputs\" is missing or out of range"},
        {" 0 0 /d/b\"", " 4294967296 0 /d/b\"", "its \"inputs\" is missing or out of range"},
        {" 0 0 /d/b\"", " 0 2 /d/b\"", "its \"inputs\" is missing or out of range"},
        {"\"input\":1", "\"input\":2", "its \"table_changes\" is missing or out of range"},
        {"\"input\":1", "\"input\":-1", "its \"input\" is missing or out of range"},
        {"\"input\":1", "\"input\":0.5", "its \"input\" is missing or out of range"},
        {"\"table_changes\"", "\"table_chances\"",
         "its \"table_changes\" is missing or out of range"},
        {"\"vacuums\":\"4\"", "\"vacuums\":4", "its \"vacuums\" is missing or out of range"},
        {"\"day_before_us\":\"1", "\"day_before_us\":\"0",
         "its \"days\" is missing or out of range"},
        {"\"day\":\"20000\"", "\"day\":\"20001\"", "its \"days\" is missing or out of range"},
        {"\"days\":[", "\"nights\":[", "its \"days\" is missing or out of range"},
        {"\"inputs\":[", "\"outputs\":[", "its \"inputs\" is missing or out of range"},
        {"\"digest\":\"bbb", "\"digest\":\"bb", "its \"base\" is missing or out of range"},
        {"\"sums_of\":{\"attempt\":0", "\"sums_of\":{\"attempt\":1",
         "its \"base\" is missing or out of range"},
        {"\"rank\":31", "\"rank\":4097", "its \"rank\" is missing or out of range"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_refusal(cases[i].from, cases[i].to, STORE_DAMAGED, cases[i].message);
    expect_refusal("{", "[", EXIT_BUG,
                   "it is right by its digest and cannot be read as JSON: there is no memory "
                   "left for it, or it was made by hand");
    expect_refusal("\"format_version\":7", "\"format_version\":8", EXIT_STRANGER,
                   "it is of version 8 of the format, and this program (" COURSE_FUNNEL_VERSION
                   ") reads version 7. Go on with the program that wrote it, or start over with "
                   "--restart");
    /* Rules of a program to come, and of one that wrote no version of them. */
    static const struct {
        const char *to, *version;
    } rules[] = {{"\"rules_version\":4294967295", "4294967295"}, {"\"other_version\":9", "1"}};
    char now[64], message[256];
    snprintf(now, sizeof now, "\"rules_version\":%d", RULES_VERSION);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        snprintf(message, sizeof message,
                 "what it holds was read by version %s of the rules, which tell what counts, and "
                 "this program (" COURSE_FUNNEL_VERSION ") has version %d. Go on with the program "
                 "that wrote it, or start over with --restart",
                 rules[i].version, RULES_VERSION);
        expect_refusal(now, rules[i].to, EXIT_STRANGER, message);
    }
    expect_refusal(now, "\"rules_version\":-1", STORE_DAMAGED,
                   "its \"rules_version\" is missing or out of range");
}

static void test_every_bit(void)
{
    struct manifest made, found;
    struct failure failure = {0};
    char *text = NULL;
    size_t bytes = 0;
    make(&made);
    CU_ASSERT_EQUAL_FATAL(manifest_print(&made, &text, &bytes, &failure), 0);
    for (size_t bit = 0; bit < 8 * bytes; bit++) {
        struct failure trouble = {0};
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        CU_ASSERT_EQUAL(manifest_parse(text, bytes, &found, &trouble), -1);
        CU_ASSERT_EQUAL(trouble.code, STORE_DAMAGED);
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t length = 0; length < bytes; length++) {
        struct failure trouble = {0};
        char kept = text[length];
        text[length] = '\0';
        CU_ASSERT_EQUAL(manifest_parse(text, length, &found, &trouble), -1);
        CU_ASSERT_STRING_EQUAL(trouble.message, "its digest is not that of its text");
        text[length] = kept;
    }
    CU_ASSERT_EQUAL(manifest_parse(text, bytes, &found, &failure), 0);
    manifest_clear(&found);
    manifest_clear(&made);
    free(text);
}

/* What a list of so many files of 10 bytes is, named a to j. */
struct sample {
    struct source_file files[10];
    struct source_split splits[10];
    struct source_list list;
    struct manifest_choices choices;
};

static void make_sample(struct sample *sample, const char *names)
{
    static char paths[26][4];
    *sample = (struct sample){.choices = {.range_bytes = 100}};
    for (size_t i = 0; names[i] != '\0'; i++) {
        snprintf(paths[names[i] - 'a'], 4, "/%c", names[i]);
        sample->files[i] =
            (struct source_file){.path = paths[names[i] - 'a'], .bytes = 10, .identity = 5};
        sample->list.file_count++;
        sample->list.split_count++;
        sample->list.disk_bytes += 10;
    }
    sample->list.files = sample->files;
    sample->list.splits = sample->splits;
}

static void expect_difference(struct sample *then, struct sample *now, const char *differences)
{
    struct manifest manifest = {0};
    struct failure failure = {0};
    char due[FAILURE_MESSAGE_BYTES];
    CU_ASSERT_EQUAL_FATAL(manifest_set_input(&manifest, &then->list, &then->choices, &failure), 0);
    int result = manifest_compare(&manifest, "DIR", &now->list, &now->choices, &failure);
    if (differences == NULL) {
        CU_ASSERT_EQUAL(result, 0);
    } else {
        snprintf(due, sizeof due,
                 "DIR holds the checkpoint of another run, so this one cannot go on from it:%s\n"
                 "Give the run what it had, name another --checkpoint folder, or throw away what "
                 "is there with --restart.",
                 differences);
        CU_ASSERT_EQUAL(result, -1);
        CU_ASSERT_EQUAL(failure.code, EXIT_STRANGER);
        if (strcmp(failure.message, due) != 0)
            fprintf(stderr, "said: %s\ndue:  %s\n", failure.message, due);
        CU_ASSERT_STRING_EQUAL(failure.message, due);
    }
    manifest_clear(&manifest);
}

/* The table /b, which had ${then} and has ${now}. */
static void expect_table_difference(struct source_changes then, struct source_changes now,
                                    const char *why)
{
    struct sample before, after;
    char due[512];
    make_sample(&before, "ab");
    make_sample(&after, "ab");
    before.files[1].format = after.files[1].format = SOURCE_TABLE;
    before.files[1].changes = then;
    after.files[1].changes = now;
    expect_difference(&before, &after, NULL);
    after.files[1].identity = 6;
    snprintf(due, sizeof due, "\n  /b: the rest would be read %s", why);
    expect_difference(&before, &after, due);
}

static void test_what_became_of_a_table_is_named(void)
{
    const struct source_changes then = {7, 1, 100, 20, 30, 4};
    expect_table_difference(
        then, (struct source_changes){7, 1, 101, 22, 33, 5},
        "in another snapshot, for this server was written to since (rows inserted: 1, updated: 2, "
        "deleted: 3; vacuums: 1)");
    expect_table_difference(
        then, then,
        "in another snapshot, for this server was written to since (in other tables, as far as its "
        "statistics tell)");
    expect_table_difference(then, (struct source_changes){7, 1, 1, 22, 33, 5},
                            "in another snapshot, for this server was written to since, or is "
                            "another one (its statistics "
                            "begin anew, so they do not tell what)");
    expect_table_difference(then, (struct source_changes){8, 1, 1, 0, 0, 0},
                            "in another snapshot, for the table was rewritten since");
    expect_table_difference(then, (struct source_changes){7, 2, 100, 20, 30, 4},
                            "from other columns (see --column)");
    expect_table_difference((struct source_changes){0}, (struct source_changes){0},
                            "in another snapshot, for it is a view or a foreign table, or on a "
                            "standby, whose snapshots "
                            "cannot be had again");
}

/* Sums were published with the match of another table, without a word. */
static void test_another_match(void)
{
    static const struct {
        const char *then, *now;
        uint64_t is_known;
        bool differs;
    } cases[] = {
        {"s.t", "s.t", 1, false}, {"s.t", "s.u", 1, true},  {"s.t", "s.t(profile_id=p)", 1, true},
        {"s.t", NULL, 1, false},  {"s.t", "s.u", 0, false}, {NULL, "s.u", 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sample sample;
        struct manifest manifest = {.kind = MANIFEST_SUMS, .match.is_known = cases[i].is_known};
        struct failure failure = {0};
        make_sample(&sample, "bdf");
        sample.choices.sessions = cases[i].then;
        CU_ASSERT_EQUAL_FATAL(
            manifest_set_input(&manifest, &sample.list, &sample.choices, &failure), 0);
        sample.choices.sessions = cases[i].now;
        int result = manifest_compare(&manifest, "DIR", &sample.list, &sample.choices, &failure);
        CU_ASSERT_EQUAL(result, cases[i].differs ? -1 : 0);
        if (cases[i].differs) {
            CU_ASSERT_EQUAL(failure.code, EXIT_STRANGER);
            CU_ASSERT_PTR_NOT_NULL(strstr(failure.message, "--sessions-table: users were matched "
                                                           "with s.t, now are to be with s."));
        }
        manifest_clear(&manifest);
    }
}

/* A night that only summed up again read nothing: its sums are of the same files all the same. */
static void test_sums_of_nothing_read(void)
{
    struct sample sample;
    make_sample(&sample, "bdf");
    for (int is_sums = 0; is_sums < 2; is_sums++) {
        struct manifest manifest = {.kind = is_sums ? MANIFEST_SUMS : MANIFEST_STATE};
        struct failure failure = {0};
        CU_ASSERT_EQUAL_FATAL(
            manifest_set_input(&manifest, &sample.list, &sample.choices, &failure), 0);
        manifest.split_count = 0;
        manifest.disk_bytes = 0;
        CU_ASSERT_EQUAL(manifest_compare(&manifest, "DIR", &sample.list, &sample.choices, &failure),
                        is_sums ? 0 : -1);
        manifest_clear(&manifest);
    }
}

static void test_each_difference_is_named(void)
{
    struct sample then, now;
    make_sample(&then, "bdf");
    make_sample(&now, "bdf");
    now.files[1].inode = 77;
    now.files[1].ctime_ns = 78;
    expect_difference(&then, &now, NULL);

    now.choices.range_bytes = 200;
    expect_difference(&then, &now, "\n  --range-bytes: was 100, now is 200");
    make_sample(&now, "bdf");
    now.choices.columns = "user_id=learner";
    expect_difference(&then, &now, "\n  --column: was not given, now is user_id=learner");
    then.choices.columns = "user_id=b";
    expect_difference(&then, &now, "\n  --column: was user_id=b, now is user_id=learner");
    now.choices.columns = "";
    expect_difference(&then, &now, "\n  --column: was user_id=b, now is not given");
    make_sample(&then, "bdf");
    expect_difference(&then, &now, NULL);
    make_sample(&now, "bdf");
    now.files[1].bytes = 11;
    now.files[2].identity = 6;
    expect_difference(&then, &now,
                      "\n  /d: had 10 bytes, now has 11"
                      "\n  /f: was changed since (its time of change is another)");
    make_sample(&now, "abcf");
    expect_difference(&then, &now,
                      "\n  /a: is new"
                      "\n  /c: is new"
                      "\n  /d: was read, and is not among the input now");
    make_sample(&now, "");
    expect_difference(&then, &now,
                      "\n  /b: was read, and is not among the input now"
                      "\n  /d: was read, and is not among the input now"
                      "\n  /f: was read, and is not among the input now");
    make_sample(&now, "bdf");
    now.list.split_count = 4;
    expect_difference(&then, &now, "\n  the input: was cut in 3 pieces, now is in 4");
    make_sample(&then, "b");
    make_sample(&now, "bcdefghijk");
    expect_difference(&then, &now,
                      "\n  /c: is new\n  /d: is new\n  /e: is new\n  /f: is new\n  /g: is new"
                      "\n  /h: is new\n  /i: is new\n  /j: is new\n  and 1 more");
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"all that is kept comes back", test_all_comes_back},
        {"what is out of range is refused", test_what_is_refused},
        {"every bit and every byte counts", test_every_bit},
        {"a match with another table is refused", test_another_match},
        {"sums of a run that read nothing", test_sums_of_nothing_read},
        {"sums of a run that read nothing", test_sums_of_nothing_read},
        {"each difference is named", test_each_difference_is_named},
        {"what became of a table is named", test_what_became_of_a_table_is_named},
    };
    return unit_main("manifest", tests, sizeof tests / sizeof tests[0]);
}
