#include "course_funnel/run_record.h"
#include "unit/unit.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct run_record filled(void)
{
    struct run_record record = {.version = "1.2.3",
                                .run_id = "0f8fad5b-d9cb-469f-a165-70867728950e",
                                .attempt_us = INT64_C(1751387694837001),
                                .started_us = 1,
                                .finished_us = INT64_C(1751387700000000),
                                .ranks = 4,
                                .source = "events \"quoted\" \\ and\nmore",
                                .input_fingerprint = "00112233445566778899aabbccddeeff",
                                .cohort_rows = 12,
                                .lesson_rows = 345,
                                .has_event_times = true,
                                .first_event_us = -1,
                                .last_event_us = INT64_C(253402300799999999),
                                .cohorts_digest = "0123456789abcdef0123456789abcdef",
                                .lessons_digest = "fedcba9876543210fedcba9876543210",
                                .has_sessions = true,
                                .sessions_read = 1,
                                .users_with_session = 2,
                                .users_without_session = 3,
                                .has_as_of = true,
                                .as_of_us = INT64_C(1751241600000000),
                                .events_in_the_future = 4,
                                .entry_points_in_other = 5,
                                .users_in_other = 6,
                                .has_further = true,
                                .steps_digest = "1123456789abcdef0123456789abcdef",
                                .completion_digest = "2123456789abcdef0123456789abcdef",
                                .entry_points_digest = "3123456789abcdef0123456789abcdef",
                                .has_cells = true,
                                .cells_added = 7,
                                .cells_removed = 8,
                                .cells_changed = 9};
    uint64_t *counts = (uint64_t *)&record.ledger;
    for (size_t i = 0; i < LEDGER_COUNTS; i++)
        counts[i] = UINT64_C(9007199254740993) + i;
    return record;
}

static void draws_random_uuids(void)
{
    struct failure failure = {0};
    char last[37] = "";
    for (int i = 0; i < 1000; i++) {
        char id[37];
        CU_ASSERT_EQUAL_FATAL(run_record_draw_id(id, &failure), 0);
        CU_ASSERT_EQUAL(strlen(id), 36);
        CU_ASSERT_EQUAL(strspn(id, "0123456789abcdef-"), 36);
        CU_ASSERT(id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-');
        CU_ASSERT_EQUAL(id[14], '4');
        CU_ASSERT_PTR_NOT_NULL(strchr("89ab", id[19]));
        CU_ASSERT_STRING_NOT_EQUAL(id, last);
        memcpy(last, id, sizeof last);
    }
}

static void names_every_count(void)
{
    const struct run_record record = filled();
    struct run_record_field fields[RUN_RECORD_FIELDS];
    run_record_fields(&record, fields);
    size_t counts = 0;
    for (size_t i = 0; i < RUN_RECORD_FIELDS; i++) {
        for (size_t j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(fields[i].name, fields[j].name);
        counts += fields[i].kind == RUN_RECORD_COUNT;
    }
    /*
     * All of the ledger but the weight of rejects and the rows marked as deleted; the version of
     * the rules, ranks, the rows of both marts, what is known of sessions, of the future, of other
     * entry points and of changes.
     */
    CU_ASSERT_EQUAL(counts, LEDGER_COUNTS + 11);
    CU_ASSERT_STRING_EQUAL(fields[0].name, "run_id");
    CU_ASSERT_STRING_EQUAL(fields[2].name, "attempt_at");
    CU_ASSERT_STRING_EQUAL(fields[2].text, "2025-07-01 16:34:54.837001Z");
    CU_ASSERT_STRING_EQUAL(fields[10].name, "rejected_not_json");
    CU_ASSERT_STRING_EQUAL(fields[10].text, "9007199254740996");
    CU_ASSERT_STRING_EQUAL(fields[22].name, "bytes_read");
    CU_ASSERT_STRING_EQUAL(fields[22].text, "9007199254741010");
}

static void leaves_out_unknown_times(void)
{
    struct run_record record = filled();
    struct run_record_field fields[RUN_RECORD_FIELDS];
    record.has_event_times = false;
    run_record_fields(&record, fields);
    CU_ASSERT_STRING_EQUAL(fields[25].name, "first_event_time");
    CU_ASSERT_EQUAL(fields[25].kind, RUN_RECORD_NULL);
    CU_ASSERT_EQUAL(fields[26].kind, RUN_RECORD_NULL);
}

static void makes_the_source_utf8(void)
{
    static const struct {
        const char *given, *shown;
    } cases[] = {
        {"", ""},
        {"d\xc3\xa9mo \xe2\x82\xac \xf0\x9f\x98\x80", "d\xc3\xa9mo \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xff", "?"},
        {"a\xc3", "a?"},              /* cut off */
        {"a\xe2\x82", "a??"},         /* cut off */
        {"\xc0\xaf", "??"},           /* overlong */
        {"\xe0\x80\xaf", "???"},      /* overlong */
        {"\xed\xa0\x80", "???"},      /* surrogate */
        {"\xf4\x90\x80\x80", "????"}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", "????"},
        {"\x80z", "?z"},
        {"\xe2\x82\xe2\x82\xac", "??\xe2\x82\xac"},
    };
    struct run_record_field fields[RUN_RECORD_FIELDS];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct run_record record = filled();
        snprintf(record.source, sizeof record.source, "%s", cases[i].given);
        run_record_fields(&record, fields);
        CU_ASSERT_STRING_EQUAL(fields[6].name, "source");
        CU_ASSERT_STRING_EQUAL(fields[6].text, cases[i].shown);
    }
    struct run_record record = filled();
    memset(record.source, 0xff, sizeof record.source - 1);
    run_record_fields(&record, fields);
    CU_ASSERT_EQUAL(strlen(fields[6].text), sizeof record.source - 1);
}

static void writes_json(void)
{
    const struct run_record record = filled();
    struct failure failure = {0};
    char *json = NULL;
    CU_ASSERT_EQUAL_FATAL(run_record_json(&record, &json, &failure), 0);
    CU_ASSERT_EQUAL(json[strlen(json) - 1], '\n');
    cJSON *object = cJSON_Parse(json);
    CU_ASSERT_PTR_NOT_NULL_FATAL(object);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(object), RUN_RECORD_FIELDS);
    CU_ASSERT_STRING_EQUAL(cJSON_GetStringValue(cJSON_GetObjectItem(object, "source")),
                           record.source);
    CU_ASSERT(cJSON_IsNumber(cJSON_GetObjectItem(object, "lines_read")));
    /* A reader that takes integers gets them exactly. */
    CU_ASSERT_PTR_NOT_NULL(strstr(json, "9007199254740993,"));
    cJSON_Delete(object);
    free(json);
}

static void reads_back_what_it_wrote(void)
{
    struct run_record record = filled();
    struct run_record read;
    struct failure failure = {0};
    char *json = NULL;
    CU_ASSERT_EQUAL_FATAL(run_record_json(&record, &json, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(run_record_parse(json, &read), 0);
    CU_ASSERT_STRING_EQUAL(read.run_id, record.run_id);
    CU_ASSERT_EQUAL(read.attempt_us, record.attempt_us);
    CU_ASSERT_EQUAL(read.finished_us, record.finished_us);
    CU_ASSERT_EQUAL(read.cohort_rows, record.cohort_rows);
    CU_ASSERT_EQUAL(read.lesson_rows, record.lesson_rows);
    CU_ASSERT(read.has_event_times);
    CU_ASSERT_EQUAL(read.first_event_us, record.first_event_us);
    CU_ASSERT_EQUAL(read.last_event_us, record.last_event_us);
    CU_ASSERT_STRING_EQUAL(read.cohorts_digest, record.cohorts_digest);
    CU_ASSERT_STRING_EQUAL(read.lessons_digest, record.lessons_digest);
    CU_ASSERT(read.has_as_of && read.has_further && read.has_cells);
    CU_ASSERT_EQUAL(read.as_of_us, record.as_of_us);
    CU_ASSERT_STRING_EQUAL(read.steps_digest, record.steps_digest);
    CU_ASSERT_STRING_EQUAL(read.completion_digest, record.completion_digest);
    CU_ASSERT_STRING_EQUAL(read.entry_points_digest, record.entry_points_digest);
    CU_ASSERT_EQUAL(read.cells_added, record.cells_added);
    CU_ASSERT_EQUAL(read.cells_removed, record.cells_removed);
    CU_ASSERT_EQUAL(read.cells_changed, record.cells_changed);

    /* Each text that is cut off is refused. */
    size_t bytes = strlen(json);
    for (size_t cut = 0; cut + 2 < bytes; cut++) {
        char last = json[cut];
        json[cut] = '\0';
        CU_ASSERT_EQUAL(run_record_parse(json, &read), -1);
        json[cut] = last;
    }
    free(json);

    record.has_event_times = record.has_as_of = record.has_further = record.has_cells = false;
    CU_ASSERT_EQUAL_FATAL(run_record_json(&record, &json, &failure), 0);
    CU_ASSERT_EQUAL(run_record_parse(json, &read), 0);
    CU_ASSERT_FALSE(read.has_event_times || read.has_as_of || read.has_further || read.has_cells);
    free(json);
}

static void refuses_what_is_no_record(void)
{
    static const char *const texts[] = {
        "",
        "null",
        "[]",
        "{}",
        "3",
        "{\"run_id\": 3}",
        "{\"run_id\": \"x\", \"attempt_at\": \"yesterday\"}",
    };
    struct run_record read;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CU_ASSERT_EQUAL(run_record_parse(texts[i], &read), -1);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"draws random UUIDs", draws_random_uuids},
        {"names every count", names_every_count},
        {"leaves out unknown times", leaves_out_unknown_times},
        {"makes the source UTF-8", makes_the_source_utf8},
        {"writes JSON", writes_json},
        {"reads back what it wrote", reads_back_what_it_wrote},
        {"refuses what is no record", refuses_what_is_no_record},
    };
    return unit_main("run_record", tests, sizeof tests / sizeof tests[0]);
}
