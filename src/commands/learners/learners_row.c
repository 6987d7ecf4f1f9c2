#include "learners_match.h"

#include "course_funnel/base64.h"
#include "course_funnel/calendar.h"
#include "course_funnel/entries.h"
#include "course_funnel/state.h"
#include "course_funnel/utf8.h"

#include <inttypes.h>
#include <string.h>

/* Whether a database, and who reads the file, can take a user's bytes as a text. */
static bool is_plain(const char *text, uint32_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        size_t more = utf8_character_bytes(text + at, bytes - at);
        unsigned char first = (unsigned char)text[at];
        bool is_control = first < 0x20 || first == 0x7f ||
                          (first == 0xc2 && more == 2 && (unsigned char)text[at + 1] < 0xa0);
        if (more == 0 || is_control)
            return false;
        at += more;
    }
    return true;
}

static void print_text(FILE *out, const char *text, size_t bytes)
{
    fputc('"', out);
    for (const char *quote; (quote = memchr(text, '"', bytes)) != NULL;) {
        size_t until = (size_t)(quote - text) + 1;
        fwrite(text, 1, until, out);
        fputc('"', out);
        text += until;
        bytes -= until;
    }
    fwrite(text, 1, bytes, out);
    fputc('"', out);
}

static void print_base64(FILE *out, const char *text, size_t bytes)
{
    fputc('"', out);
    /* A multiple of three at a time, so that only the last has padding. */
    for (size_t at = 0, step; at < bytes; at += step) {
        char encoded[BASE64_BYTES(768)];
        step = bytes - at < 768 ? bytes - at : 768;
        base64_encode(text + at, step, encoded);
        fputs(encoded, out);
    }
    fputc('"', out);
}

/* A time, or nothing, and a comma. */
static void print_time(FILE *out, int64_t time_us)
{
    char text[CALENDAR_TIME_BYTES] = "";
    if (time_us != STATE_NO_TIME)
        calendar_format_time(time_us, text);
    fprintf(out, "%s,", text);
}

void learners_row_print(FILE *out, const struct learners_row *row, const char *entry_point,
                        uint32_t entry_point_bytes)
{
    const struct learners_facts *facts = &row->facts;
    char cohort[CALENDAR_DATE_BYTES];
    bool plain = is_plain(row->user, row->user_bytes);
    if (plain)
        print_text(out, row->user, row->user_bytes);
    fputc(',', out);
    if (!plain)
        print_base64(out, row->user, row->user_bytes);
    calendar_format_date(facts->cohort_week, cohort);
    fprintf(out, ",%s,", cohort);
    print_time(out, facts->first_start_us);
    print_time(out, facts->last_event_us);
    if (facts->furthest != LEARNERS_NO_LESSON)
        fprintf(out, "%" PRId64, facts->furthest);
    fputc(',', out);
    print_time(out, facts->completed_us);
    if (facts->first_start_us == STATE_NO_TIME)
        print_text(out, ENTRIES_NO_START, sizeof ENTRIES_NO_START - 1);
    else if (row->entry_point == 0)
        print_text(out, ENTRIES_NONE, sizeof ENTRIES_NONE - 1);
    else
        print_text(out, entry_point, entry_point_bytes);
    fputc('\n', out);
}
