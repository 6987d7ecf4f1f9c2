#include "course_funnel/clock.h"
#include "course_funnel/store.h"
#include "store/record_image.h"
#include "store/state_image.h"
#include "store/state_image_tables.h"

#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t seed = 1;

static uint64_t draw(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

/* A start of an enrolment: from one of a few entry points, or without one. */
static void draw_entry_point(struct state *state, struct state_enrolment *enrolment,
                             struct failure *failure)
{
    char text[32];
    uint32_t bytes = (uint32_t)snprintf(text, sizeof text, "entry-%u", (unsigned)draw(40));
    if (enrolment->entry_point == 0 && draw(4) > 0)
        enrolment->entry_point = state_texts_take(&state->entry_points, text, bytes, failure);
}

/* A time of a lesson, now and then a long one. */
static void draw_time(struct state_group *group, uint32_t lesson, struct failure *failure)
{
    uint64_t time_us = draw(3) > 0 ? draw(1000000) : STATE_LONG_TIME + draw(2);
    if (group->progress[lesson].timed_completions++ > 0)
        (void)state_add_time(group, lesson, time_us, failure);
    group->progress[lesson].time_low_us += time_us;
}

/* What users ${first} to ${end} do; some complete lessons many times. */
static void add_users(struct state *state, uint32_t first, uint32_t end)
{
    struct failure failure = {0};
    for (uint32_t i = first; i < end; i++) {
        char name[32];
        uint32_t bytes = (uint32_t)snprintf(name, sizeof name, "user-%u", i);
        uint64_t hash = key_group_hash(name, bytes);
        struct state_group *group = &state->groups[key_group_of(hash)];
        uint32_t user = state_find_user(group, hash, name, bytes, &failure);
        for (uint64_t courses = draw(3) + 1; courses > 0; courses--) {
            uint32_t at = state_find_enrolment(group, user, (int32_t)draw(9) - 4, &failure);
            group->enrolments[at].first_event_us = (int64_t)draw(1000);
            group->enrolments[at].first_start_us = 1000;
            group->enrolments[at].last_event_us = 2000;
            group->enrolments[at].first_completion_us = draw(2) > 0 ? 1500 : STATE_NO_TIME;
            draw_entry_point(state, &group->enrolments[at], &failure);
            for (uint64_t lessons = draw(8); lessons > 0; lessons--) {
                uint32_t lesson = state_find_progress(group, at, (int32_t)draw(20), &failure);
                group->progress[lesson].flags = STATE_STARTED | STATE_COMPLETED;
                for (uint64_t times = draw(5); times > 0; times--)
                    (void)state_add_fingerprint(group, lesson, draw(UINT32_MAX) + 1, &failure);
                for (uint64_t times = draw(4); times > 0; times--)
                    draw_time(group, lesson, &failure);
            }
        }
    }
    CU_ASSERT_EQUAL_FATAL(failure.code, 0);
    CU_ASSERT_EQUAL_FATAL(state_validate(state, &failure), 0);
}

static struct state *make_state(uint32_t users)
{
    struct failure failure = {0};
    struct state *state = NULL;
    CU_ASSERT_EQUAL_FATAL(state_create(0, 1, &state, &failure), 0);
    add_users(state, 0, users);
    return state;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* The fingerprints of a lesson, sorted: a table may hold them in another order. */
static uint32_t fingerprints_of(const struct state_progress *progress, uint64_t *found)
{
    uint32_t count = 0;
    if (progress->fingerprint_log2 == 0) {
        found[0] = progress->fingerprint;
        return progress->fingerprint_count;
    }
    for (uint64_t i = 0; i < UINT64_C(1) << progress->fingerprint_log2; i++)
        if (progress->fingerprints[i] != 0)
            found[count++] = progress->fingerprints[i];
    qsort(found, count, sizeof *found, by_value);
    return count;
}

/* An entry point may have another number. */
static void expect_same_enrolment(const struct state *of_a, const struct state_enrolment *a,
                                  const struct state *of_b, const struct state_enrolment *b)
{
    struct state_enrolment x = *a, y = *b;
    CU_ASSERT_EQUAL_FATAL(a->entry_point == 0, b->entry_point == 0);
    if (a->entry_point != 0) {
        uint32_t x_bytes = 0, y_bytes = 0;
        const char *x_text = state_texts_get(&of_a->entry_points, a->entry_point, &x_bytes);
        const char *y_text = state_texts_get(&of_b->entry_points, b->entry_point, &y_bytes);
        CU_ASSERT_EQUAL_FATAL(x_bytes, y_bytes);
        CU_ASSERT_EQUAL(memcmp(x_text, y_text, x_bytes), 0);
        x.entry_point = y.entry_point = 0;
    }
    CU_ASSERT_EQUAL(memcmp(&x, &y, sizeof x), 0);
}

static void expect_same_group(const struct state *of_a, const struct state_group *a,
                              const struct state *of_b, const struct state_group *b)
{
    CU_ASSERT_EQUAL_FATAL(a->user_count, b->user_count);
    CU_ASSERT_EQUAL_FATAL(a->enrolment_count, b->enrolment_count);
    CU_ASSERT_EQUAL_FATAL(a->progress_count, b->progress_count);
    CU_ASSERT_EQUAL_FATAL(a->text_bytes, b->text_bytes);
    if (a->user_count == 0)
        return;
    CU_ASSERT_EQUAL(memcmp(a->users, b->users, a->user_count * sizeof *a->users), 0);
    CU_ASSERT_EQUAL(memcmp(a->texts, b->texts, a->text_bytes), 0);
    for (uint32_t i = 0; i < a->enrolment_count; i++)
        expect_same_enrolment(of_a, &a->enrolments[i], of_b, &b->enrolments[i]);
    CU_ASSERT_EQUAL_FATAL(a->time_count, b->time_count);
    CU_ASSERT(a->time_count == 0 ||
              memcmp(a->times, b->times, a->time_count * sizeof *a->times) == 0);
    for (uint32_t i = 0; i < a->progress_count; i++) {
        struct state_progress x = a->progress[i], y = b->progress[i];
        uint64_t of_x[64] = {0}, of_y[64] = {0};
        CU_ASSERT_EQUAL_FATAL(x.fingerprint_count, y.fingerprint_count);
        CU_ASSERT_EQUAL(fingerprints_of(&x, of_x), fingerprints_of(&y, of_y));
        CU_ASSERT_EQUAL(memcmp(of_x, of_y, sizeof of_x), 0);
        x.fingerprint = y.fingerprint = 0;
        CU_ASSERT_EQUAL(x.fingerprint_log2, y.fingerprint_log2);
        CU_ASSERT_EQUAL(memcmp(&x, &y, sizeof x), 0);
    }
}

/* A group told before it was saved what it takes when it is loaded. */
static void expect_room(const struct state_group *saved, const struct state_group *loaded)
{
    uint64_t tables = 0, told = state_loaded_bytes(saved) - loaded->room_bytes;
    for (uint32_t i = 0; i < loaded->progress_count; i++)
        if (loaded->progress[i].fingerprint_log2 > 0)
            tables += sizeof(uint64_t) << loaded->progress[i].fingerprint_log2;
    CU_ASSERT(told >= tables && told <= 3 * tables);
}

/* Written by ${from} ranks in pieces, read by ${to}: every group comes back on its new owner. */
static void there_and_back(const struct state *state, int to, uint32_t groups_a_file)
{
    struct failure failure = {0};
    struct image image = {0};
    struct state *states[16] = {0};
    for (int rank = 0; rank < to; rank++)
        CU_ASSERT_EQUAL_FATAL(state_create(rank, to, &states[rank], &failure), 0);
    for (uint32_t first = 0; first < KEY_GROUPS; first += groups_a_file) {
        uint32_t count = first + groups_a_file > KEY_GROUPS ? KEY_GROUPS - first : groups_a_file;
        CU_ASSERT_EQUAL_FATAL(state_image_create(state, first, count, &image, &failure), 0);
        for (int rank = 0; rank < to; rank++)
            CU_ASSERT_EQUAL_FATAL(state_image_load(image.bytes, image.byte_count, first,
                                                   first + count - 1, states[rank], &failure),
                                  0);
    }
    for (int rank = 0; rank < to; rank++) {
        CU_ASSERT_EQUAL(state_validate(states[rank], &failure), 0);
        for (uint32_t i = 0; i < states[rank]->group_count; i++) {
            const struct state_group *saved = &state->groups[states[rank]->first_group + i];
            expect_same_group(state, saved, states[rank], &states[rank]->groups[i]);
            expect_room(saved, &states[rank]->groups[i]);
        }
        state_free(states[rank]);
    }
    image_clear(&image);
}

static void test_pieces(void)
{
    struct state *state = make_state(20000);
    there_and_back(state, 1, KEY_GROUPS);
    there_and_back(state, 3, 1000);
    there_and_back(state, 7, 333);
    state_free(state);
    struct state *empty = make_state(0);
    there_and_back(empty, 3, 1000);
    state_free(empty);
}

static struct state *load_state(const struct image *image)
{
    struct failure failure = {0};
    struct state *loaded = NULL;
    CU_ASSERT_EQUAL_FATAL(state_create(0, 1, &loaded, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(
        state_image_load(image->bytes, image->byte_count, 0, KEY_GROUPS - 1, loaded, &failure), 0);
    return loaded;
}

/* A few more users, who fit in the room that was left for them, and then so many that none do. */
static void test_growth(void)
{
    static const uint32_t ends[] = {2010, 12000};
    struct failure failure = {0};
    struct image image = {0};
    struct state *state = make_state(2000);
    CU_ASSERT_EQUAL_FATAL(state_image_create(state, 0, KEY_GROUPS, &image, &failure), 0);
    struct state *loaded = load_state(&image);
    for (int i = 0; i < 2; i++) {
        uint64_t begun = seed;
        add_users(state, 1000, ends[i]);
        seed = begun;
        add_users(loaded, 1000, ends[i]);
        for (uint32_t group = 0; group < KEY_GROUPS; group++)
            expect_same_group(state, &state->groups[group], loaded, &loaded->groups[group]);
    }
    state_free(state);
    state_free(loaded);
    image_clear(&image);
}

/* Two users of one group, with two courses each and a lesson in either. */
static struct state *make_pairs(void)
{
    struct failure failure = {0};
    struct state *state = NULL;
    CU_ASSERT_EQUAL_FATAL(state_create(0, 1, &state, &failure), 0);
    uint32_t group = UINT32_MAX, found = 0;
    for (int i = 1000; found < 2; i++) {
        char name[8];
        uint32_t bytes = (uint32_t)snprintf(name, sizeof name, "%d", i);
        uint64_t hash = key_group_hash(name, bytes);
        if (group != UINT32_MAX && key_group_of(hash) != group)
            continue;
        group = key_group_of(hash);
        struct state_group *of = &state->groups[group];
        uint32_t user = state_find_user(of, hash, name, bytes, &failure);
        for (int course = 0; course < 2; course++) {
            uint32_t at = state_find_enrolment(of, user, course, &failure);
            (void)state_find_progress(of, at, 7, &failure);
        }
        found++;
    }
    CU_ASSERT_EQUAL(failure.code, 0);
    return state;
}

static void test_twice(void)
{
    /* Which bytes of the first record are written over those of the second make them alike. */
    static const struct {
        int table;
        size_t begin, end;
        const char *message;
    } cases[] = {
        {USERS, offsetof(struct state_user, hash), offsetof(struct state_user, text),
         "a user stands in it twice"},
        {ENROLMENTS, 0, sizeof(struct state_enrolment), "an enrolment stands in it twice"},
        {PROGRESS, 0, sizeof(struct state_progress), "a lesson's progress stands in it twice"},
    };
    struct failure failure = {0};
    struct image image = {0};
    struct state *state = make_pairs();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct image_table tables[TABLES];
        struct state *loaded = NULL;
        struct failure trouble = {0};
        memcpy(tables, state_tables, sizeof tables);
        CU_ASSERT_EQUAL_FATAL(state_image_create(state, 0, KEY_GROUPS, &image, &failure), 0);
        CU_ASSERT_EQUAL_FATAL(image_open(image.bytes, image.byte_count, tables, TABLES, &failure),
                              0);
        unsigned char *first = image.bytes + tables[cases[i].table].offset;
        size_t bytes = tables[cases[i].table].record_bytes;
        memcpy(first + bytes + cases[i].begin, first + cases[i].begin,
               cases[i].end - cases[i].begin);
        if (cases[i].table == USERS) {
            unsigned char *texts = image.bytes + tables[TEXTS].offset;
            memcpy(texts + 4, texts, 4);
        }
        CU_ASSERT_EQUAL_FATAL(state_create(0, 1, &loaded, &failure), 0);
        CU_ASSERT_EQUAL(
            state_image_load(image.bytes, image.byte_count, 0, KEY_GROUPS - 1, loaded, &trouble),
            -1);
        CU_ASSERT_STRING_EQUAL(trouble.message, cases[i].message);
        state_free(loaded);
    }
    state_free(state);
    image_clear(&image);
}

/* Whether a byte of the file is of a record. */
static bool is_record(const struct image_table *tables, size_t at)
{
    for (int i = 0; i < TABLES; i++)
        if (at >= tables[i].offset &&
            at - tables[i].offset < tables[i].count * tables[i].record_bytes)
            return true;
    return false;
}

/* Damage that a digest would let through, were it done on purpose: it must not crash either. */
static void test_wrong_records(void)
{
    struct state *state = make_state(300);
    struct image image = {0};
    struct failure failure = {0};
    CU_ASSERT_EQUAL_FATAL(state_image_create(state, 0, KEY_GROUPS, &image, &failure), 0);
    unsigned char *bytes = malloc(image.byte_count);
    unsigned refused = 0, tried = 0;
    /* The records alone: of damage in its own parts HDF5 leaks, and a digest is before those. */
    struct image_table tables[TABLES];
    memcpy(tables, state_tables, sizeof tables);
    CU_ASSERT_EQUAL_FATAL(image_open(image.bytes, image.byte_count, tables, TABLES, &failure), 0);
    for (size_t at = 0; at < image.byte_count; at += 97) {
        if (!is_record(tables, at))
            continue;
        struct failure trouble = {0};
        struct state *loaded = NULL;
        memcpy(bytes, image.bytes, image.byte_count);
        bytes[at] = (unsigned char)(bytes[at] ^ (1u << draw(8)));
        CU_ASSERT_EQUAL_FATAL(state_create(0, 1, &loaded, &failure), 0);
        if (state_image_load(bytes, image.byte_count, 0, KEY_GROUPS - 1, loaded, &trouble) != 0 ||
            state_validate(loaded, &trouble) != 0)
            refused++;
        tried++;
        state_free(loaded);
    }
    CU_ASSERT(refused > tried / 4);
    CU_ASSERT(tried > 1000);
    free(bytes);
    image_clear(&image);
    state_free(state);
}

static void test_other_range(void)
{
    struct state *state = make_state(100), *loaded = NULL;
    struct image image = {0};
    struct failure failure = {0};
    CU_ASSERT_EQUAL_FATAL(state_image_create(state, 100, 50, &image, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(state_create(0, 1, &loaded, &failure), 0);
    CU_ASSERT_EQUAL(state_image_load(image.bytes, image.byte_count, 101, 150, loaded, &failure),
                    -1);
    CU_ASSERT_EQUAL(failure.code, STORE_DAMAGED);
    CU_ASSERT_STRING_EQUAL(failure.message, "it holds other key groups than it should");
    state_free(loaded);
    state_free(state);
    image_clear(&image);
}

static void test_records(void)
{
    struct failure failure = {0};
    struct image image = {0};
    struct tally tally = {0}, loaded = {0}, matches = {0}, loaded_matches = {0};
    for (int i = 0; i < 1000; i++) {
        struct tally_record record = {.course_id = i / 10,
                                      .week = i % 10,
                                      .kind = TALLY_COHORT,
                                      .users_started = (uint64_t)i};
        CU_ASSERT_EQUAL_FATAL(tally_append(&tally, &record, &failure), 0);
    }
    struct entry some[] = {
        {.course_id = 3, .week = -4, .text = "(none)", .bytes = 6},
        {.course_id = 3, .week = -4, .users_started = 5, .text = "x", .bytes = 1}};
    struct entries_cut cut = {.course_id = 3, .texts = 7, .users = 8};
    struct entries entries = {.entries = some, .count = 2, .cuts = &cut, .cut_count = 1};
    struct entries loaded_entries = {0};
    struct tally_record match = {.course_id = -3, .users_started = 4, .users_completed = 5};
    CU_ASSERT_EQUAL_FATAL(tally_append(&matches, &match, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(record_image_create_sums(&tally, &matches, &entries, &image, &failure),
                          0);
    CU_ASSERT_EQUAL_FATAL(record_image_load_sums(image.bytes, image.byte_count, &loaded,
                                                 &loaded_matches, &loaded_entries, &failure),
                          0);
    CU_ASSERT_EQUAL_FATAL(loaded_matches.count, 1);
    CU_ASSERT_EQUAL(memcmp(loaded_matches.records, &match, sizeof match), 0);
    CU_ASSERT_EQUAL_FATAL(loaded_entries.count, 2);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(loaded_entries.entries[i].bytes, some[i].bytes);
        CU_ASSERT(memcmp(loaded_entries.entries[i].text, some[i].text, some[i].bytes) == 0);
        loaded_entries.entries[i].text = some[i].text;
    }
    CU_ASSERT(memcmp(loaded_entries.entries, some, sizeof some) == 0);
    CU_ASSERT(memcmp(loaded_entries.cuts, &cut, sizeof cut) == 0);
    entries_clear(&loaded_entries);
    tally_clear(&matches);
    tally_clear(&loaded_matches);
    CU_ASSERT_EQUAL_FATAL(loaded.count, tally.count);
    CU_ASSERT_EQUAL(memcmp(loaded.records, tally.records, 1000 * sizeof *tally.records), 0);
    tally_clear(&tally);
    tally_clear(&loaded);

    struct rejects_stretch stretches[2] = {
        {.split = 7, .rank = 1, .attempt = 2, .begin = 3, .end = 9}};
    struct rejects_stretch *found = NULL;
    size_t count = 0;
    CU_ASSERT_EQUAL_FATAL(record_image_create_stretches(stretches, 2, &image, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(
        record_image_load_stretches(image.bytes, image.byte_count, &found, &count, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    CU_ASSERT_EQUAL(memcmp(found, stretches, sizeof stretches), 0);
    free(found);
    CU_ASSERT_EQUAL(record_image_load_sums(image.bytes, image.byte_count, &loaded, &matches,
                                           &loaded_entries, &failure),
                    -1);
    CU_ASSERT_STRING_EQUAL(failure.message, "it holds other tables than it should");
    image_clear(&image);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"a state comes back on any number of ranks", test_pieces},
        {"a state that came back grows as the first does", test_growth},
        {"a record that stands twice is refused", test_twice},
        {"wrong records are refused without a crash", test_wrong_records},
        {"a file of other key groups is refused", test_other_range},
        {"sums and stretches of rejects come back", test_records},
    };
    const char *text = getenv("COURSE_FUNNEL_SEED");
    seed = text != NULL ? strtoull(text, NULL, 10) : (uint64_t)clock_now_us();
    printf("COURSE_FUNNEL_SEED=%llu\n", (unsigned long long)seed);
    return unit_main("state_image", tests, sizeof tests / sizeof tests[0]);
}
