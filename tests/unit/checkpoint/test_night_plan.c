#include "checkpoint/night_plan.h"
#include "unit/unit.h"

#include <stdio.h>

/*
 * A folder in words, the newest first, each NUMBER KIND RUN, all of attempt 1: P, F or S, then what
 * it stands on (F of a night: its base; S: its state), and `!` where the target knows the run.
 */
struct folder {
    struct night_generation generations[8];
    size_t count;
    struct store_mark mark;
    bool has_mark;
};

static struct store_generation at(uint32_t number)
{
    return (struct store_generation){number > 0, number};
}

static void add(struct folder *folder, uint32_t number, char kind, const char *run, uint32_t on,
                bool known)
{
    struct night_generation *generation = &folder->generations[folder->count++];
    *generation = (struct night_generation){.name = at(number),
                                            .kind = kind == 'P'   ? NIGHT_PARTIAL
                                                    : kind == 'F' ? NIGHT_FINISHED
                                                                  : NIGHT_SUMS,
                                            .run_id = run,
                                            .is_published = known};
    if (kind == 'S')
        generation->sums_of = at(on);
    else
        generation->base = at(on);
}

static void mark(struct folder *folder, uint32_t base, uint32_t before)
{
    folder->has_mark = true;
    folder->mark = (struct store_mark){.base = at(base), .before = at(before)};
    folder->mark.has_before = before > 0;
}

static struct night_found find(struct folder *folder)
{
    struct night_found found;
    for (size_t i = 0; i < folder->count; i++)
        for (size_t j = 0; j < folder->count; j++)
            if (folder->generations[i].base.attempt > 0 &&
                store_is_same(folder->generations[i].base, folder->generations[j].name))
                folder->generations[i].is_base_there = true;
    night_find(folder->generations, folder->count, folder->has_mark ? &folder->mark : NULL, &found);
    return found;
}

static uint32_t number_of(const struct night_generation *generation)
{
    return generation != NULL ? generation->name.number : 0;
}

#define EXPECT(folder, base_number, top_number)                                                    \
    do {                                                                                           \
        struct night_found found_ = find(&(folder));                                               \
        CU_ASSERT_EQUAL(number_of(found_.base), base_number);                                      \
        CU_ASSERT_EQUAL(number_of(found_.top), top_number);                                        \
    } while (0)

static void test_what_is_the_base(void)
{
    struct folder none = {.count = 0};
    EXPECT(none, 0, 0);

    /* A first run: partial, finished, summed up, refused by a gate; then published. */
    struct folder first = {.count = 0};
    add(&first, 3, 'S', "a", 2, false);
    add(&first, 2, 'F', "a", 0, false);
    add(&first, 1, 'P', "a", 0, false);
    EXPECT(first, 0, 2);
    mark(&first, 2, 0);
    EXPECT(first, 2, 0);

    /* Killed between COMMIT and mark: the record tells, also by the id of sums of a later day. */
    struct folder lost = {.count = 0};
    add(&lost, 3, 'S', "b", 2, true);
    add(&lost, 2, 'F', "a", 0, false);
    EXPECT(lost, 2, 0);
    lost.generations[0].is_published = false;
    EXPECT(lost, 0, 2);
    lost.generations[1].is_published = true;
    EXPECT(lost, 2, 0);

    /* Sums of the base are of the run that made them last, as of a later day. */
    struct folder later = {.count = 0};
    add(&later, 4, 'S', "b", 2, true);
    add(&later, 3, 'S', "a", 2, true);
    add(&later, 2, 'F', "a", 0, true);
    struct night_found of_later = find(&later);
    CU_ASSERT(number_of(of_later.base) == 2 && number_of(of_later.base_sums) == 4);
    CU_ASSERT_FALSE(of_later.has_rest);
    /* Those of a run that was not published are of its own day alone. */
    for (size_t i = 0; i < later.count; i++)
        later.generations[i].is_published = false;
    of_later = find(&later);
    CU_ASSERT(number_of(of_later.top) == 2 && number_of(of_later.top_sums) == 3);
    later.generations[1] = later.generations[2];
    later.count = 2;
    of_later = find(&later);
    CU_ASSERT(number_of(of_later.top) == 2 && of_later.top_sums == NULL);

    /* A night stands on what was published, whatever mark and record say. */
    struct folder night = {.count = 0};
    add(&night, 5, 'P', "n", 2, false);
    add(&night, 3, 'S', "a", 2, false);
    add(&night, 2, 'F', "a", 0, false);
    EXPECT(night, 2, 5);
    /* But not on another that has its number. */
    struct night_found found;
    night.generations[0].is_base_there = false;
    night_find(night.generations, night.count, NULL, &found);
    CU_ASSERT_PTR_NULL(found.base);

    /* Sums whose state was not kept are no finished run: its newest state goes on. */
    struct folder full = {.count = 0};
    add(&full, 3, 'S', "a", 0, false);
    add(&full, 1, 'P', "a", 0, false);
    EXPECT(full, 0, 1);
}

static void test_what_is_before(void)
{
    struct folder folder = {.count = 0};
    add(&folder, 6, 'F', "n", 2, false);
    add(&folder, 2, 'F', "a", 0, false);
    mark(&folder, 6, 2);
    struct night_found found = find(&folder);
    CU_ASSERT(number_of(found.base) == 6 && found.is_marked && found.has_before);
    CU_ASSERT_EQUAL(found.before.number, 2);
    /* The base was set aside: the one before is it, and the mark names it no more. */
    folder.generations[0] = folder.generations[1];
    folder.count = 1;
    found = find(&folder);
    CU_ASSERT(number_of(found.base) == 2 && !found.is_marked && !found.has_before);
    /* Killed between COMMIT and mark: what is marked is fallen back on, not the one before. */
    struct folder unmarked = {.count = 0};
    add(&unmarked, 9, 'F', "o", 6, true);
    add(&unmarked, 6, 'F', "n", 2, false);
    add(&unmarked, 2, 'F', "a", 0, false);
    mark(&unmarked, 6, 2);
    found = find(&unmarked);
    CU_ASSERT(number_of(found.base) == 9 && !found.is_marked && found.has_before);
    CU_ASSERT_EQUAL(found.before.number, 6);
    /* Likewise of a night that outlived what it stood on. */
    unmarked.generations[1] = unmarked.generations[2];
    unmarked.count = 2;
    mark(&unmarked, 2, 0);
    found = find(&unmarked);
    CU_ASSERT(number_of(found.base) == 9 && found.has_before);
    CU_ASSERT_EQUAL(found.before.number, 2);
    /* The mark was lost: the base itself names the one before. */
    struct folder lost = {.count = 0};
    add(&lost, 6, 'F', "n", 2, true);
    add(&lost, 2, 'F', "a", 0, false);
    found = find(&lost);
    CU_ASSERT(number_of(found.base) == 6 && !found.is_marked && found.has_before);
    CU_ASSERT_EQUAL(found.before.number, 2);
}

/* What of a folder is given to the decision, in a row of the table. */
enum what {
    NOTHING,
    FIRST,
    FIRST_WHOLE,
    BASE,
    BASE_FITS, /* and its sums are what is to be published */
    BASE_NO_SUMS,
    NIGHT,
    NIGHT_WHOLE,
    NIGHT_ALONE,
    REST
};

static const struct night_generation base_of = {.name = {1, 2}, .kind = NIGHT_FINISHED},
                                     sums = {.name = {1, 3}, .kind = NIGHT_SUMS},
                                     first_of = {.name = {1, 1}},
                                     night_of = {.name = {1, 5}, .base = {1, 2}};

static struct night_found found_of(enum what what)
{
    struct night_found found = {.base = NULL};
    if (what == FIRST || what == FIRST_WHOLE)
        found.top = &first_of;
    if (what >= BASE && what != NIGHT_ALONE)
        found.base = &base_of;
    if (what >= BASE && what != BASE_NO_SUMS && what != NIGHT_ALONE)
        found.base_sums = &sums;
    if (what == NIGHT || what == NIGHT_WHOLE || what == NIGHT_ALONE)
        found.top = &night_of;
    if (what == FIRST_WHOLE || what == NIGHT_WHOLE)
        found.top_sums = &sums;
    found.has_rest = what == NIGHT || what == NIGHT_WHOLE || what == REST;
    return found;
}

static void test_every_row(void)
{
    enum { SAME = NIGHT_AS_OF_SAME, LATER = NIGHT_AS_OF_LATER, EARLIER = NIGHT_AS_OF_EARLIER };
    static const struct {
        enum what what;
        bool had, differs, changed;
        int as_of, top_as_of;
        bool has_new, newest;
        enum night_action action;
        bool new_run;
    } rows[] = {
        /* nothing; or what was there is damaged, or sums alone */
        {NOTHING, false, false, false, SAME, SAME, true, true, NIGHT_READ_ALL, true},
        {NOTHING, true, false, false, SAME, SAME, true, true, NIGHT_GIVE_UP, true},
        /* an unfinished first run: resumed, though newer files wait; 3 where its own changed */
        {FIRST, true, false, false, SAME, SAME, true, true, NIGHT_RESUME, false},
        {FIRST, true, true, true, SAME, SAME, true, true, NIGHT_REFUSE, false},
        {FIRST, true, false, true, SAME, SAME, true, true, NIGHT_REFUSE, false},
        {FIRST, true, false, false, LATER, LATER, true, true, NIGHT_RESUME, true},
        {FIRST, true, false, false, EARLIER, EARLIER, true, true, NIGHT_REFUSE, false},
        /* a finished first run, not published: gates and publishing; summed up for a later day */
        {FIRST_WHOLE, true, false, false, SAME, SAME, true, true, NIGHT_PUBLISH, false},
        {FIRST_WHOLE, true, false, false, LATER, LATER, true, true, NIGHT_RESUME, true},
        {FIRST_WHOLE, true, true, true, SAME, SAME, false, true, NIGHT_REFUSE, false},
        /* an unfinished night: resumed; dropped where its files or its day changed */
        {NIGHT, true, false, false, SAME, SAME, true, true, NIGHT_RESUME, false},
        {NIGHT, true, false, false, LATER, SAME, true, true, NIGHT_RESUME, false},
        {NIGHT, true, false, true, SAME, SAME, true, true, NIGHT_DROP, false},
        {NIGHT, true, false, false, LATER, LATER, true, true, NIGHT_DROP, false},
        {NIGHT, true, false, false, SAME, EARLIER, true, true, NIGHT_DROP, false},
        {NIGHT, true, true, false, SAME, SAME, true, true, NIGHT_REFUSE, false},
        {NIGHT, true, false, false, EARLIER, SAME, true, true, NIGHT_REFUSE, false},
        /* a finished night, not published: its files are read again */
        {NIGHT_WHOLE, true, false, false, SAME, SAME, true, true, NIGHT_DROP, false},
        /* sums of a night whose state was not kept go too */
        {REST, true, false, false, SAME, SAME, true, true, NIGHT_DROP, false},
        /* a night whose base is damaged holds all, as long as its files are there */
        {NIGHT_ALONE, true, false, false, SAME, SAME, true, true, NIGHT_RESUME, false},
        {NIGHT_ALONE, true, false, true, SAME, SAME, true, true, NIGHT_GIVE_UP, false},
        /* a base with new files */
        {BASE, true, false, false, SAME, SAME, true, true, NIGHT_EXTEND, true},
        {BASE, true, false, false, LATER, SAME, true, false, NIGHT_EXTEND, true},
        /* without: the run that summed it up last, its own or another */
        {BASE_FITS, true, false, false, SAME, SAME, false, true, NIGHT_AGAIN, false},
        {BASE_FITS, true, false, false, SAME, SAME, false, false, NIGHT_AGAIN, false},
        {BASE_FITS, true, false, false, LATER, SAME, false, false, NIGHT_AGAIN, false},
        /* or a new one, for a later day or behind another's publication; or its own once more */
        {BASE, true, false, false, SAME, SAME, false, false, NIGHT_SUM_AGAIN, true},
        {BASE, true, false, false, LATER, SAME, false, true, NIGHT_SUM_AGAIN, true},
        {BASE, true, false, false, SAME, SAME, false, true, NIGHT_SUM_AGAIN, false},
        {BASE_NO_SUMS, true, false, false, SAME, SAME, false, true, NIGHT_SUM_AGAIN, false},
        {BASE, true, true, false, SAME, SAME, true, true, NIGHT_REFUSE, false},
        {BASE, true, false, false, EARLIER, SAME, false, true, NIGHT_REFUSE, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct night_found found = found_of(rows[i].what);
        struct night_facts facts = {.had_any = rows[i].had,
                                    .differs = rows[i].differs,
                                    .top_changed = rows[i].changed,
                                    .as_of = (enum night_as_of)rows[i].as_of,
                                    .top_as_of = (enum night_as_of)rows[i].top_as_of,
                                    .has_new_files = rows[i].has_new,
                                    .is_newest = rows[i].newest,
                                    .sums_fit = rows[i].what == BASE_FITS};
        struct night_plan plan = night_decide(&found, &facts);
        if (plan.action != rows[i].action || plan.is_new_run != rows[i].new_run)
            fprintf(stderr, "row %zu: action %d, due %d\n", i, plan.action, rows[i].action);
        CU_ASSERT_EQUAL(plan.action, rows[i].action);
        CU_ASSERT_EQUAL(plan.is_new_run, rows[i].new_run);
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"what is the base", test_what_is_the_base},
        {"what is before it", test_what_is_before},
        {"every row of the table", test_every_row},
    };
    return unit_main("night_plan", tests, sizeof tests / sizeof tests[0]);
}
