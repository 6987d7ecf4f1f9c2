#include "night_plan.h"

#include <string.h>

static bool is_later(struct store_generation a, struct store_generation b)
{
    return a.attempt != b.attempt ? a.attempt > b.attempt : a.number > b.number;
}

static const struct night_generation *by_name(const struct night_generation *generations,
                                              size_t count, struct store_generation name)
{
    for (size_t i = 0; i < count; i++)
        if (store_is_same(generations[i].name, name))
            return &generations[i];
    return NULL;
}

/* The newest sums of a finished state. Those of another run of it may be of another day. */
static const struct night_generation *sums_of(const struct night_generation *generations,
                                              size_t count, const struct night_generation *state,
                                              bool of_its_run)
{
    for (size_t i = 0; i < count && state != NULL; i++)
        if (generations[i].kind == NIGHT_SUMS &&
            store_is_same(generations[i].sums_of, state->name) &&
            (!of_its_run || strcmp(generations[i].run_id, state->run_id) == 0))
            return &generations[i];
    return NULL;
}

/*
 * Whether a finished state was published: the mark says so; or a night stands on it, which only
 * happens to what was; or the target has a record of its run, or of a later run of the same state,
 * where the mark was lost.
 */
static bool is_published(const struct night_generation *generations, size_t count,
                         const struct store_mark *mark, const struct night_generation *state)
{
    if (mark != NULL && (store_is_same(mark->base, state->name) ||
                         (mark->has_before && store_is_same(mark->before, state->name))))
        return true;
    bool published = state->is_published;
    for (size_t i = 0; i < count; i++)
        published =
            published ||
            (generations[i].is_base_there && store_is_same(generations[i].base, state->name)) ||
            (generations[i].kind == NIGHT_SUMS && generations[i].is_published &&
             store_is_same(generations[i].sums_of, state->name));
    return published;
}

/*
 * The state that is fallen back on where the base is damaged: as marked; or where the mark does not
 * name the base, as that was published and not marked, what it stands on, or else what is marked.
 */
static void find_before(const struct night_generation *generations, size_t count,
                        const struct store_mark *mark, struct night_found *found)
{
    const struct night_generation *before = NULL;
    if (found->is_marked && mark->has_before)
        before = by_name(generations, count, mark->before);
    if (!found->is_marked)
        before = by_name(generations, count, found->base->base);
    if (!found->is_marked && before == NULL && mark != NULL)
        before = by_name(generations, count, mark->base);
    found->has_before = before != NULL && before->kind == NIGHT_FINISHED;
    if (found->has_before)
        found->before = before->name;
}

void night_find(const struct night_generation *generations, size_t count,
                const struct store_mark *mark, struct night_found *found)
{
    *found = (struct night_found){.base = NULL};
    for (size_t i = 0; i < count && found->base == NULL; i++)
        if (generations[i].kind == NIGHT_FINISHED &&
            is_published(generations, count, mark, &generations[i]))
            found->base = &generations[i];
    const struct night_generation *base = found->base;
    for (size_t i = 0; i < count && found->top == NULL; i++)
        if (generations[i].kind != NIGHT_SUMS &&
            (base == NULL || (is_later(generations[i].name, base->name) &&
                              strcmp(generations[i].run_id, base->run_id) != 0)))
            found->top = &generations[i];
    found->base_sums = sums_of(generations, count, base, false);
    found->top_sums = sums_of(generations, count, found->top, true);
    for (size_t i = 0; i < count && base != NULL; i++)
        found->has_rest = found->has_rest || night_is_rest(found, &generations[i]);
    found->is_marked = base != NULL && mark != NULL && store_is_same(mark->base, base->name);
    if (base != NULL)
        find_before(generations, count, mark, found);
}

bool night_is_rest(const struct night_found *found, const struct night_generation *generation)
{
    return is_later(generation->name, found->base->name) &&
           !(generation->kind == NIGHT_SUMS &&
             store_is_same(generation->sums_of, found->base->name));
}

/*
 * Nothing is new: what the target lost is mended. The run that summed the base up last is published
 * again, or else the base is summed up again: as a new run, where its own is of another day or
 * another was published since. The sums are kept with that run's id, which the next night finds.
 */
static struct night_plan publish_again(const struct night_facts *facts)
{
    if (facts->sums_fit)
        return (struct night_plan){NIGHT_AGAIN, false};
    return (struct night_plan){NIGHT_SUM_AGAIN,
                               !(facts->as_of == NIGHT_AS_OF_SAME && facts->is_newest)};
}

struct night_plan night_decide(const struct night_found *found, const struct night_facts *facts)
{
    const struct night_generation *base = found->base, *top = found->top;
    if (base == NULL && top == NULL)
        return (struct night_plan){facts->had_any ? NIGHT_GIVE_UP : NIGHT_READ_ALL, true};
    if (facts->differs || facts->as_of == NIGHT_AS_OF_EARLIER)
        return (struct night_plan){NIGHT_REFUSE, false};

    bool first = top != NULL && top->base.attempt == 0;
    bool same_day = facts->top_as_of == NIGHT_AS_OF_SAME;
    bool fits = top != NULL && !facts->top_changed && (same_day || first);
    if (fits && base == NULL && found->top_sums != NULL && same_day)
        return (struct night_plan){NIGHT_PUBLISH, false};
    if (fits && (base == NULL || found->top_sums == NULL))
        return (struct night_plan){NIGHT_RESUME, !same_day};
    if (base == NULL)
        return (struct night_plan){first ? NIGHT_REFUSE : NIGHT_GIVE_UP, false};
    if (found->has_rest)
        return (struct night_plan){NIGHT_DROP, false};
    if (facts->has_new_files)
        return (struct night_plan){NIGHT_EXTEND, true};
    return publish_again(facts);
}
