#include "course_funnel/store_mark.h"
#include "support/checkpoint_folder.h"
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[96];

#define RUN_A "aaaaaaaa-1234-1234-1234-123456789abc"
#define RUN_B "bbbbbbbb-1234-1234-1234-123456789abc"

static void begin(struct store *store, bool restart, const char *run_id)
{
    struct failure failure = {0};
    CU_ASSERT_EQUAL_FATAL(store_open(folder, store, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(store_begin(store, restart, run_id, &failure), 0);
}

static void make(struct store *store)
{
    folder_make(folder);
    CU_ASSERT_EQUAL_FATAL(chmod(folder, 0700), 0);
    snprintf(path, sizeof path, "%s/mark", folder);
    begin(store, false, RUN_A);
}

static void end(struct store *store)
{
    store_close(store);
    folder_remove(folder);
}

static const struct store_mark two = {.base = {7, 3}, .before = {2, 1000001}, .has_before = true};

static void test_one_and_two(void)
{
    struct store store;
    struct failure failure = {0};
    struct store_mark mark;
    struct store_mark one = {.base = {1, 2}};
    bool overtaken = true;
    make(&store);
    CU_ASSERT_EQUAL(store_mark_read(&store, &mark, &failure), 0);
    CU_ASSERT_FALSE(mark.is_damaged);
    CU_ASSERT_EQUAL_FATAL(store_mark_write(&store, &one, &overtaken, &failure), 0);
    CU_ASSERT_FALSE(overtaken);
    CU_ASSERT_EQUAL_FATAL(store_mark_read(&store, &mark, &failure), 1);
    CU_ASSERT(store_is_same(mark.base, one.base) && !mark.has_before);
    CU_ASSERT_EQUAL_FATAL(store_mark_write(&store, &two, &overtaken, &failure), 0);
    CU_ASSERT_EQUAL_FATAL(store_mark_read(&store, &mark, &failure), 1);
    CU_ASSERT(store_is_same(mark.base, two.base));
    CU_ASSERT(mark.has_before && store_is_same(mark.before, two.before));

    /* It is one of the folder's own names. */
    struct store_listing listing;
    CU_ASSERT_EQUAL_FATAL(store_list(&store, &listing, &failure), 0);
    CU_ASSERT_EQUAL(listing.other_count, 0);
    store_listing_free(&listing);

    CU_ASSERT_EQUAL(store_mark_remove(&store, &failure), 0);
    CU_ASSERT_EQUAL(store_mark_read(&store, &mark, &failure), 0);
    CU_ASSERT_EQUAL(store_mark_remove(&store, &failure), 0);
    end(&store);
}

/* A bit flipped in any byte, and any end cut off, makes it none. */
static void test_damage(void)
{
    struct store store;
    struct failure failure = {0};
    struct store_mark mark;
    bool overtaken = false;
    size_t bytes = 0;
    make(&store);
    CU_ASSERT_EQUAL_FATAL(store_mark_write(&store, &two, &overtaken, &failure), 0);
    unsigned char *text = folder_read(path, &bytes);
    for (size_t i = 0; i < bytes; i++) {
        text[i] ^= (unsigned char)(1U << i % 8);
        folder_write(path, text, bytes);
        text[i] ^= (unsigned char)(1U << i % 8);
        CU_ASSERT(store_mark_read(&store, &mark, &failure) == 0 && mark.is_damaged);
        folder_write(path, text, i);
        CU_ASSERT(store_mark_read(&store, &mark, &failure) == 0 && mark.is_damaged);
    }
    free(text);
    end(&store);
}

static void test_restart_removes_it(void)
{
    struct store store;
    struct failure failure = {0};
    struct store_mark mark;
    bool overtaken = false;
    make(&store);
    CU_ASSERT_EQUAL_FATAL(store_mark_write(&store, &two, &overtaken, &failure), 0);
    store_close(&store);
    begin(&store, false, RUN_B);
    CU_ASSERT_EQUAL(store_mark_read(&store, &mark, &failure), 1);
    store_close(&store);
    begin(&store, true, RUN_B);
    CU_ASSERT_EQUAL(store_mark_read(&store, &mark, &failure), 0);
    CU_ASSERT_FALSE(mark.is_damaged);
    end(&store);
}

/* Who was overtaken marks nothing. */
static void test_overtaken(void)
{
    struct store old, later;
    struct failure failure = {0};
    struct store_mark mark;
    bool overtaken = false;
    make(&old);
    close(old.lock);
    old.lock = -1;
    begin(&later, false, RUN_B);
    CU_ASSERT_EQUAL(store_mark_write(&old, &two, &overtaken, &failure), -1);
    CU_ASSERT_TRUE(overtaken);
    CU_ASSERT_EQUAL(store_mark_read(&later, &mark, &failure), 0);
    store_close(&old);
    end(&later);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"a mark of one and of two", test_one_and_two},
        {"damage", test_damage},
        {"restart removes it", test_restart_removes_it},
        {"who was overtaken marks nothing", test_overtaken},
    };
    return unit_main("store_mark", tests, sizeof tests / sizeof tests[0]);
}
