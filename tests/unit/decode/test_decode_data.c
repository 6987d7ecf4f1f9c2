#include "unit/unit.h"

#include "course_funnel/decode.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/*
 * Genuine export lines and a public collection of JSON texts, which are not part of the
 * repository: COURSE_FUNNEL_TEST_DATA says where they are. Without them there is nothing to test.
 */

#define NAME_ROOM 4096
#define TEXT_ROOM ((size_t)8 << 20)
#define LINE_ROOM ((size_t)1 << 20)

static struct decoder *decoder;
static char *text;
static char *line;

/* Read a file, inflated where it is compressed, into ${text}. Returns its length, or 0. */
static size_t read_data(const char *name)
{
    char path[NAME_ROOM];
    const char *folder = getenv("COURSE_FUNNEL_TEST_DATA");
    if (folder != NULL)
        snprintf(path, sizeof path, "%s/%s", folder, name);
    else
        snprintf(path, sizeof path, "%s/../shared/data/%s", COURSE_FUNNEL_SOURCE, name);
    gzFile file = gzopen(path, "rb");
    if (file == NULL) {
        printf("skipped, as there is no %s ", path);
        CU_PASS("skipped");
        return 0;
    }
    int bytes = gzread(file, text, (unsigned)TEXT_ROOM);
    CU_ASSERT_EQUAL(gzclose(file), Z_OK);
    CU_ASSERT(bytes > 0);
    if (bytes > 0)
        memset(text + bytes, 0, DECODE_PADDING);
    return bytes > 0 ? (size_t)bytes : 0;
}

/* The same verdict at all levels, or "levels differ". */
static const char *verdict(size_t bytes, struct event *event)
{
    const char *first = NULL;
    memset(line + bytes, '}', DECODE_PADDING);
    for (int level = 0; level < SIMD_LEVELS; level++) {
        enum reject_reason reason = REJECT_REASONS;
        if (!simd_has((enum simd_level)level))
            continue;
        decode_set_level(decoder, (enum simd_level)level);
        enum decode_result result = decode_line(decoder, line, bytes, event, &reason);
        const char *word = result == DECODE_EVENT   ? "event"
                           : result == DECODE_OTHER ? "other"
                                                    : event_reject_name(reason);
        if (first != NULL && strcmp(first, word) != 0)
            return "levels differ";
        first = word;
    }
    return first;
}

/* Write before, middle and behind to ${line}; returns its length. */
static size_t write_line(const char *before, const char *middle, size_t bytes, const char *behind)
{
    size_t before_bytes = strlen(before);
    size_t behind_bytes = strlen(behind);
    memcpy(line, before, before_bytes);
    memcpy(line + before_bytes, middle, bytes);
    memcpy(line + before_bytes + bytes, behind, behind_bytes);
    return before_bytes + bytes + behind_bytes;
}

static const char good_line[] =
    "{\"event_type\":\"course_completed\",\"user_id\":\"u\",\"event_time\":\"2025-07-01 16:34:54\","
    "\"event_properties\":{\"course_id\":1}}";

/* A text of the collection between two good lines: both are found, with the text passed over. */
static bool neighbours_kept(const char *middle, size_t bytes)
{
    size_t used = sizeof good_line - 1;
    memcpy(line, good_line, used);
    line[used++] = '\n';
    memcpy(line + used, middle, bytes);
    used += bytes;
    line[used++] = '\n';
    memcpy(line + used, good_line, sizeof good_line - 1);
    used += sizeof good_line - 1;
    memset(line + used, 0, DECODE_PADDING);

    unsigned events = 0;
    uint64_t lines = 0, expected = 3;
    for (size_t i = 0; i < bytes; i++)
        expected += middle[i] == '\n';
    const char *begin = line;
    const char *found;
    size_t found_bytes = 0;
    while ((found = decode_find(begin, line + used, &found_bytes, &lines)) != NULL) {
        struct event event;
        enum reject_reason reason;
        events += decode_line(decoder, found, found_bytes, &event, &reason) == DECODE_EVENT;
        begin = found + found_bytes + 1;
    }
    return events == 2 && lines == expected;
}

/*
 * Texts that are no JSON, and yet close what they open and stand well between a comma and a brace:
 * where they are a value that no mart uses, they are skipped.
 */
static const char *const skipped[] = {
    "array_1_true_without_comma",
    "array_a_invalid_utf8",
    "array_colon_instead_of_comma",
    "array_comma_and_number",
    "array_double_comma",
    "array_double_extra_comma",
    "array_extra_comma",
    "array_inner_array_no_comma",
    "array_invalid_utf8",
    "array_items_separated_by_semicolon",
    "array_just_comma",
    "array_just_minus",
    "array_missing_value",
    "array_number_and_comma",
    "array_number_and_several_commas",
    "array_star_inside",
    "incomplete_false",
    "incomplete_null",
    "incomplete_true",
    "multidigit_number_then_00",
    "number_++",
    "number_+1",
    "number_+Inf",
    "number_-01",
    "number_-1.0.",
    "number_-2.",
    "number_-NaN",
    "number_.-1",
    "number_.2e-3",
    "number_0.1.2",
    "number_0.3e+",
    "number_0.3e",
    "number_0.e1",
    "number_0_capital_E+",
    "number_0_capital_E",
    "number_0e+",
    "number_0e",
    "number_1.0e+",
    "number_1.0e-",
    "number_1.0e",
    "number_1_000",
    "number_1eE2",
    "number_2.e+3",
    "number_2.e-3",
    "number_2.e3",
    "number_9.e+",
    "number_Inf",
    "number_NaN",
    "number_U+FF11_fullwidth_digit_one",
    "number_expression",
    "number_hex_1_digit",
    "number_hex_2_digits",
    "number_infinity",
    "number_invalid+-",
    "number_invalid-negative-real",
    "number_invalid-utf-8-in-bigger-int",
    "number_invalid-utf-8-in-exponent",
    "number_invalid-utf-8-in-int",
    "number_minus_infinity",
    "number_minus_sign_with_trailing_garbage",
    "number_minus_space_1",
    "number_neg_int_starting_with_zero",
    "number_neg_real_without_int_part",
    "number_neg_with_garbage_at_end",
    "number_real_garbage_after_e",
    "number_real_with_invalid_utf8_after_e",
    "number_real_without_fractional_part",
    "number_starting_with_dot",
    "number_with_alpha",
    "number_with_alpha_char",
    "number_with_leading_zero",
    "object_bad_value",
    "object_comma_instead_of_colon",
    "object_double_colon",
    "object_emoji",
    "object_garbage_at_end",
    "object_key_with_single_quotes",
    "object_lone_continuation_byte_in_key_and_trailing_comma",
    "object_missing_colon",
    "object_missing_key",
    "object_missing_semicolon",
    "object_non_string_key",
    "object_non_string_key_but_huge_number_instead",
    "object_repeated_null_null",
    "object_several_trailing_commas",
    "object_single_quote",
    "object_trailing_comma",
    "object_two_commas_in_a_row",
    "object_unquoted_key",
    "object_with_single_string",
    "string_1_surrogate_then_escape_u",
    "string_1_surrogate_then_escape_u1",
    "string_1_surrogate_then_escape_u1x",
    "string_accentuated_char_no_quotes",
    "string_backslash_00",
    "string_escape_x",
    "string_escaped_ctrl_char_tab",
    "string_escaped_emoji",
    "string_incomplete_escaped_character",
    "string_incomplete_surrogate",
    "string_incomplete_surrogate_escape_invalid",
    "string_invalid-utf-8-in-escape",
    "string_invalid_backslash_esc",
    "string_invalid_unicode_escape",
    "string_invalid_utf8_after_escape",
    "string_single_quote",
    "string_single_string_no_double_quotes",
    "string_unescaped_ctrl_char",
    "string_unescaped_newline",
    "string_unescaped_tab",
    "string_unicode_CapitalU",
    "structure_U+2060_word_joined",
    "structure_UTF8_BOM_no_data",
    "structure_angle_bracket_.",
    "structure_angle_bracket_null",
    "structure_ascii-unicode-identifier",
    "structure_capitalized_True",
    "structure_lone-invalid-utf-8",
    "structure_null-byte-outside-string",
    "structure_number_with_trailing_garbage",
    "structure_object_with_comment",
    "structure_single_eacute",
    "structure_single_star",
    "structure_unicode-identifier",
    "structure_whitespace_U+2060_word_joiner",
    "structure_whitespace_formfeed",
};

static bool is_skipped(const char *name)
{
    for (size_t i = 0; i < sizeof skipped / sizeof *skipped; i++)
        if (strncmp(name + 2, skipped[i], strlen(skipped[i])) == 0 &&
            strcmp(name + 2 + strlen(skipped[i]), ".json") == 0)
            return true;
    return false;
}

static bool judge_text(const char *name, const char *json, size_t bytes)
{
    struct event event;
    bool valid = name[0] == 'y';
    bool known = valid || name[0] == 'n';
    const char *alone, *inside;
    memcpy(line, json, bytes);
    alone = verdict(bytes, &event);
    inside = verdict(write_line("{\"event_type\":\"course_completed\",\"user_id\":\"u\","
                                "\"event_time\":\"2025-07-01 16:34:54\",\"event_properties\":"
                                "{\"course_id\":1,\"x\":",
                                json, bytes, "}}"),
                     &event);
    bool right = strcmp(alone, "event") != 0 && strcmp(inside, "levels differ") != 0;
    if (known && valid)
        right &= strcmp(alone, "other") == 0 && strcmp(inside, "event") == 0;
    if (known && !valid && is_skipped(name))
        right &= strcmp(inside, "event") == 0;
    else if (known && !valid)
        right &= strcmp(inside, "bad_properties") == 0 || strcmp(inside, "not_json") == 0;
    right &= neighbours_kept(json, bytes);
    if (!right)
        fprintf(stderr, "%s: alone %s, inside %s\n", name, alone, inside);
    return right;
}

/* The files of a tar archive: a header of 512 bytes each, then the bytes in blocks of 512. */
static void test_json_suite(void)
{
    size_t bytes = read_data("json-test-suite/json-test-suite.tar.gz");
    unsigned texts = 0;
    for (size_t at = 0; at + 512 <= bytes && text[at] != '\0';) {
        char name[101] = {0};
        memcpy(name, text + at, 100);
        size_t size = strtoul(text + at + 124, NULL, 8);
        const char *slash = strrchr(name, '/');
        bool judged = strstr(name, "test_parsing/") != NULL && strstr(name, ".json") != NULL;
        if (judged && at + 512 + size <= bytes && size < LINE_ROOM / 2) {
            CU_ASSERT_TRUE(judge_text(slash + 1, text + at + 512, size));
            texts++;
        }
        at += 512 + (size + 511) / 512 * 512;
    }
    printf("%u texts ", texts);
    CU_ASSERT(bytes == 0 || texts == 318);
}

/* A genuine line with its event type, and its properties, replaced by those of a course event. */
static size_t make_course_event(const char *genuine, size_t bytes)
{
    static const char type_key[] = "\"event_type\":\"";
    static const char properties_key[] = "\"event_properties\":{";
    const char *type = memmem(genuine, bytes, type_key, sizeof type_key - 1);
    const char *properties = memmem(genuine, bytes, properties_key, sizeof properties_key - 1);
    if (type == NULL || properties == NULL || type < properties)
        return 0;
    type += sizeof type_key - 1;
    properties += sizeof properties_key - 1;
    const char *type_end = strchr(type, '"');
    size_t used = (size_t)(properties - genuine);
    memcpy(line, genuine, used);
    used += (size_t)snprintf(line + used, LINE_ROOM - used,
                             "\"course_id\":12,\"lesson_id\":34,\"time_spent_sec\":5.5%s",
                             *properties == '}' ? "" : ",");
    memcpy(line + used, properties, (size_t)(type - properties));
    used += (size_t)(type - properties);
    used += (size_t)snprintf(line + used, LINE_ROOM - used, "course_lesson_completed");
    memcpy(line + used, type_end, bytes - (size_t)(type_end - genuine));
    return used + bytes - (size_t)(type_end - genuine);
}

static void check_samples(const char *name, unsigned expected_lines)
{
    size_t bytes = read_data(name);
    unsigned lines = 0;
    for (const char *at = text; at < text + bytes;) {
        const char *end = memchr(at, '\n', (size_t)(text + bytes - at));
        if (end == NULL)
            end = text + bytes;
        size_t line_bytes = (size_t)(end - at);
        struct event event;
        memcpy(line, at, line_bytes);
        CU_ASSERT_STRING_EQUAL(verdict(line_bytes, &event), "other");

        bool has_user = memmem(at, line_bytes, "\"user_id\":null", 14) == NULL;
        size_t made = make_course_event(at, line_bytes);
        CU_ASSERT_STRING_EQUAL(verdict(made, &event), has_user ? "event" : "no_user");
        if (has_user) {
            CU_ASSERT_EQUAL(event.course_id, 12);
            CU_ASSERT_EQUAL(event.lesson_id, 34);
            CU_ASSERT_EQUAL(event.time_spent_us, 5500000);
            CU_ASSERT_NOT_EQUAL(event.fingerprint, EVENT_NO_FINGERPRINT);
            CU_ASSERT(event.user >= line && event.user < line + made);
            CU_ASSERT_EQUAL(memcmp(event.user - 11, "\"user_id\":\"", 11), 0);
            /* June 2025 to January 2026. */
            CU_ASSERT(event.time_us > INT64_C(1748736000000000));
            CU_ASSERT(event.time_us < INT64_C(1769904000000000));
        }
        lines++;
        at = end + 1;
    }
    printf("%u lines ", lines);
    CU_ASSERT(bytes == 0 || lines == expected_lines);
}

static void test_samples(void)
{
    check_samples("amplitude-samples/export_raw_aierie_13_redacted.ndjson", 13);
    check_samples("amplitude-samples/export_raw_dalycaolan_1_redacted.ndjson", 1);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"JSON test suite", test_json_suite},
        {"genuine export lines", test_samples},
    };
    struct failure failure = {0};
    text = malloc(TEXT_ROOM + DECODE_PADDING);
    line = malloc(LINE_ROOM + DECODE_PADDING);
    if (text == NULL || line == NULL || decode_create(&decoder, &failure) != 0)
        return EXIT_FAILURE;
    int status = unit_main("decode, data", tests, sizeof tests / sizeof *tests);
    decode_free(decoder);
    free(line);
    free(text);
    return status;
}
