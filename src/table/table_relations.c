#include "table_listing.h"

#include "course_funnel/array.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* The oldest server that goes straight to a range of pages; others would read all for each. */
#define PAGES_VERSION 140000

/*
 * No table may be read twice. One of events would be when it is named twice, or is a part of
 * another that is named too: that is a failure. One of sessions is found twice where two sources
 * are one database: it is left out. ${identity} is the same wherever a table is named. Returns 1
 * when the table is new, 0 when it is to be left out, or -1.
 */
static int check_key(struct table_listing *listing, const char *table, const char *identity,
                     bool is_sessions, struct failure *failure)
{
    char text[200];
    snprintf(text, sizeof text, "%s %s", listing->moment.system, identity);
    const struct table_key key = {XXH3_64bits(text, strlen(text)), is_sessions};
    for (size_t i = 0; i < listing->key_count; i++) {
        if (listing->keys[i].hash != key.hash || listing->keys[i].is_sessions != is_sessions)
            continue;
        if (is_sessions)
            return 0;
        return failure_set(failure, EXIT_USAGE,
                           "%s: would be read twice, as it is named twice, or is a part of a "
                           "table that is named too. Name it once.",
                           table);
    }
    if (array_extend(&listing->keys, listing->key_count, sizeof *listing->keys,
                     "the list of tables", failure) != 0)
        return -1;
    listing->keys[listing->key_count++] = key;
    return 1;
}

/* A hash of what is read of a table: other columns give other rows. */
static uint64_t shape_hash(const struct table_shape *shape)
{
    return XXH3_64bits(shape->select, strlen(shape->select)) ^
           XXH3_64bits_withSeed(shape->filter, strlen(shape->filter), 1);
}

static int add_relation(struct table_listing *listing, struct table_relation *relation,
                        uint64_t bytes, const char *identity, const struct source_changes *changes,
                        struct failure *failure)
{
    struct table_list *list = listing->list;
    if (array_extend(&list->relations, list->relation_count, sizeof *list->relations,
                     "the list of tables", failure) != 0)
        return -1;
    /*
     * The same columns of the same snapshot of the same table give the same rows at the same
     * addresses, when they are read again. But what has no pages may give anything at any time.
     */
    char text[1400];
    const struct table_shape *shape = &list->origins[relation->origin].shape;
    const struct table_moment *moment = &listing->moment;
    bool again = relation->by_page && moment->is_lasting;
    snprintf(text, sizeof text, "%s %" PRIx64 " %s %s", identity, shape_hash(shape),
             moment->snapshot, again ? "" : moment->now);
    struct source_relation split = {.name = relation->name,
                                    .identity = text,
                                    .entry = (uint32_t)list->relation_count,
                                    .page_bytes = relation->by_page ? relation->page_bytes : 0,
                                    .bytes = bytes,
                                    .range_bytes = listing->options->range_bytes};
    if (relation->by_page && !moment->is_standby) {
        split.changes = *changes;
        split.changes.columns = shape_hash(shape);
    }
    /* What has no size that is known counts as one range. */
    if (!relation->by_page && bytes == 0)
        split.bytes = listing->options->range_bytes;
    list->relations[list->relation_count++] = *relation;
    return source_add_relation(list->origins[relation->origin].is_sessions ? listing->session_splits
                                                                           : listing->splits,
                               &split, failure);
}

static const char *text_of(const struct table_tree *tree, size_t part,
                           enum table_tree_column column)
{
    return postgres_value(tree->parts, part, tree->at[column]);
}

static uint64_t count_of(const struct table_tree *tree, size_t part, enum table_tree_column column)
{
    const char *text = text_of(tree, part, column);
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

int table_relations_add(struct table_listing *listing, uint32_t origin_index,
                        struct failure *failure)
{
    const struct table_origin *origin = &listing->list->origins[origin_index];
    const struct table_tree *tree = &listing->trees[origin_index];
    size_t parts = postgres_rows(tree->parts);
    struct table_relation relation = {.origin = origin_index,
                                      .page_bytes = listing->moment.page_bytes};
    uint64_t all_bytes = 0;
    bool each = tree->is_plain;
    int status = 0;
    for (size_t i = 0; i < parts; i++) {
        int is_new = check_key(listing, text_of(tree, i, TREE_NAME),
                               text_of(tree, i, TREE_IDENTITY), origin->is_sessions, failure);
        if (is_new <= 0)
            return is_new;
        all_bytes += count_of(tree, i, TREE_BYTES);
        each = each && postgres_is_true(tree->parts, i, tree->at[TREE_BY_ITSELF]) &&
               strlen(text_of(tree, i, TREE_NAME)) < sizeof relation.name;
    }
    for (size_t i = 0; each && status == 0 && i < parts; i++) {
        relation.alone = true;
        relation.by_page = postgres_is_true(tree->parts, i, tree->at[TREE_BY_PAGE]) &&
                           listing->list->servers[origin->server].version >= PAGES_VERSION;
        snprintf(relation.name, sizeof relation.name, "%s", text_of(tree, i, TREE_NAME));
        const struct source_changes changes = {.storage = count_of(tree, i, TREE_STORAGE),
                                               .inserted = count_of(tree, i, TREE_INSERTED),
                                               .updated = count_of(tree, i, TREE_UPDATED),
                                               .deleted = count_of(tree, i, TREE_DELETED),
                                               .vacuums = count_of(tree, i, TREE_VACUUMS)};
        status = add_relation(listing, &relation, count_of(tree, i, TREE_BYTES),
                              text_of(tree, i, TREE_IDENTITY), &changes, failure);
    }
    if (!each) {
        char whole[200];
        snprintf(whole, sizeof whole, "%s in whole", text_of(tree, 0, TREE_IDENTITY));
        memcpy(relation.name, origin->name, sizeof relation.name);
        status = add_relation(listing, &relation, all_bytes, whole, NULL, failure);
    }
    return status;
}
